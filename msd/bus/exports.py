"""What msd serves: the root object, its branches, and the log level."""

from collections.abc import Mapping
from pathlib import Path

from msd.bus.account import AccountInterface
from msd.bus.gate import Gate
from msd.bus.job import JobInterface, job_number
from msd.bus.log_control import LOG_CONTROL_PATH, LOG_CONTROL_SPECS, LogControlInterface
from msd.bus.login import LoginInterface, login_number
from msd.bus.outgoing import SecretsFilter, error_reply
from msd.bus.reads.artwork import ArtworkInterface
from msd.bus.reads.json_reads import JsonInterface
from msd.bus.reads.library import LibraryInterface
from msd.bus.served import ObjectBranch
from msd.bus.source import SourceInterface
from msd.bus.source_coordinator import SourceCoordinatorInterface
from msd.contract import ACCOUNTS_PATH, JOBS_PATH, LOGINS_PATH, ROOT_PATH, SOURCES_PATH
from msd.dbus.serving.server import BusServer
from msd.dbus.serving.spec import InterfaceSpec, read_specs
from msd.redaction import Redactor

_DATA = Path(__file__).parent.parent


def xml_folder() -> Path:
    """Return where the interface XML is: in the installed package, else in the checkout."""
    packaged = _DATA / "_data" / "dbus"
    return packaged if packaged.is_dir() else _DATA.parent / "dbus"


def msd_specs() -> Mapping[str, InterfaceSpec]:
    """Return every interface that msd serves."""
    return read_specs(xml_folder()) | LOG_CONTROL_SPECS


def export_root(server: BusServer, gate: Gate) -> None:
    """Serve the whole tree; calls wait at the gate for the coordinator."""
    root = (SourceCoordinatorInterface(gate), LibraryInterface(gate), ArtworkInterface(gate))
    server.tree.add(ROOT_PATH, *root, JsonInterface(gate, root, server.specs))
    for path, branch in _branches(gate).items():
        server.tree.add_branch(path, branch)
    server.tree.add(LOG_CONTROL_PATH, LogControlInterface())


def _branches(gate: Gate) -> Mapping[str, ObjectBranch]:
    return {
        SOURCES_PATH: ObjectBranch(
            gate,
            names=lambda coordinator: [view.source.id for view in coordinator.list_sources()],
            interface=SourceInterface,
        ),
        ACCOUNTS_PATH: ObjectBranch(
            gate,
            names=lambda coordinator: [view.account.id for view in coordinator.accounts.all()],
            interface=AccountInterface,
        ),
        JOBS_PATH: ObjectBranch(
            gate,
            names=lambda coordinator: [str(job.id) for job in coordinator.jobs.all()],
            interface=lambda coordinator, name: JobInterface(coordinator, job_number(name)),
        ),
        LOGINS_PATH: ObjectBranch(
            gate,
            names=lambda coordinator: [str(login.id) for login in coordinator.logins.all()],
            interface=lambda coordinator, name: LoginInterface(coordinator, login_number(name)),
        ),
    }


def new_server(
    *, address: str | None = None, library: str | None = None, redactor: Redactor | None = None
) -> BusServer:
    """Make the server of msd's interfaces; secrets that the redactor knows never leave it (K1)."""
    return BusServer(
        msd_specs(),
        address=address,
        root=ROOT_PATH,
        library=library,
        outgoing=SecretsFilter(redactor) if redactor else None,
        errors=error_reply,
    )
