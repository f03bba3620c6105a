"""What msd serves: the root object, its branches, and the log level."""

from collections.abc import Mapping

from msd.bus.account import AccountBranch
from msd.bus.coordinator import SourceCoordinatorInterface
from msd.bus.gate import Gate
from msd.bus.job import JobBranch
from msd.bus.library import LibraryInterface
from msd.bus.log_control import LOG_CONTROL_PATH, LOG_CONTROL_SPECS, LogControlInterface
from msd.bus.login import LoginBranch
from msd.bus.names import ACCOUNTS_PATH, JOBS_PATH, LOGINS_PATH, ROOT_PATH, SOURCES_PATH
from msd.bus.server import BusServer
from msd.bus.source import SourceBranch
from msd.bus.spec import InterfaceSpec, read_specs, xml_folder


def msd_specs() -> Mapping[str, InterfaceSpec]:
    """Return every interface that msd serves."""
    return read_specs(xml_folder()) | LOG_CONTROL_SPECS


def export_root(server: BusServer, gate: Gate) -> None:
    """Serve the whole tree; calls wait at the gate for the coordinator."""
    server.tree.add(ROOT_PATH, SourceCoordinatorInterface(gate), LibraryInterface(gate))
    server.tree.add_branch(SOURCES_PATH, SourceBranch(gate))
    server.tree.add_branch(ACCOUNTS_PATH, AccountBranch(gate))
    server.tree.add_branch(JOBS_PATH, JobBranch(gate))
    server.tree.add_branch(LOGINS_PATH, LoginBranch(gate))
    server.tree.add(LOG_CONTROL_PATH, LogControlInterface())
