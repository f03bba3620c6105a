"""Is there a session bus, who has msd's name, and of which version is it?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, cast

from msd import __version__
from msd.cli.daemon.client import Client, Fields
from msd.cli.daemon.connection import Connection, NoBusError, session_bus_addresses
from msd.cli.doctor.finding import Finding, error, fine, warning
from msd.cli.errors import CommandError
from msd.contract import BUS_NAME, ROOT_PATH, SOURCE_COORDINATOR

if TYPE_CHECKING:
    from collections.abc import Iterator

_ANSWER_S = 5
_MSD = frozenset({"msd", "msd.__main__"})


class Bus(NamedTuple):
    """What the session bus says; `client` is None without one."""

    client: Client | None = None
    problem: str = ""
    pid: int = 0  # of the owner of msd's name, 0 when nobody owns it
    is_activatable: bool = False
    daemon: Fields | None = None  # the daemon's properties; None when it does not answer

    @property
    def is_running(self) -> bool:
        """Whether msd answers on the bus."""
        return self.daemon is not None


def look_at_bus() -> Bus:
    """Connect to the session bus and ask about msd, without starting it."""
    problem = ""
    for address in session_bus_addresses():
        try:
            client = Client(Connection(address), call_timeout_s=_ANSWER_S)
        except NoBusError as exc:
            problem = problem or str(exc)
            continue
        return _ask(client)
    return Bus(problem=problem)


def _ask(client: Client) -> Bus:
    (names,) = client.call_bus("ListActivatableNames")
    is_activatable = BUS_NAME in cast("list[str]", names)
    if not client.is_running():
        return Bus(client=client, is_activatable=is_activatable)
    (pid,) = client.call_bus("GetConnectionUnixProcessID", "s", BUS_NAME)
    try:
        daemon = client.properties(ROOT_PATH, SOURCE_COORDINATOR)
    except CommandError:
        daemon = None
    return Bus(client=client, pid=int(str(pid)), is_activatable=is_activatable, daemon=daemon)


def bus_findings(bus: Bus) -> Iterator[Finding]:
    """Yield what is wrong with the bus, the name and the versions."""
    if bus.client is None:
        yield _no_bus(bus.problem)
        return
    yield fine("bus", "the session bus answers")
    if bus.pid and not bus.is_running:
        yield _taken(bus.pid)
    elif bus.daemon is not None:
        yield from _daemon_findings(bus.daemon, bus.pid)
    elif bus.is_activatable:
        yield warning("not-running", "msd does not run; the first call starts it", "msdctl start")
    else:
        yield error("not-installed", "the session bus does not know msd", "msdctl setup")


def _no_bus(problem: str) -> Finding:
    if problem:
        return error(
            "bus-dead",
            f"the session bus does not answer: {problem}",
            "log out and in again; over ssh, `unset DBUS_SESSION_BUS_ADDRESS`",
        )
    return error(
        "no-bus",
        "there is no session bus: DBUS_SESSION_BUS_ADDRESS is not set and no socket is there",
        "log in to a desktop or with ssh (not su or sudo), or try `dbus-run-session -- msd`",
    )


def _taken(pid: int) -> Finding:
    words = _command_of(pid)
    command = " ".join(words)
    if _MSD & {word.rpartition("/")[2] for word in words}:
        sentence = f"msd, process {pid}, does not answer within {_ANSWER_S} seconds"
        return error("daemon-hangs", sentence, "msdctl restart")
    return error(
        "name-taken",
        f"another program has msd's bus name: process {pid}, {command}",
        f"kill {pid}",
    )


def _command_of(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text(errors="replace").rstrip("\0").split("\0")
    except OSError:
        return ["whose command can't be read"]


def _daemon_findings(daemon: Fields, pid: int) -> Iterator[Finding]:
    version = str(daemon.get("Version"))
    if version == __version__:
        yield fine("running", f"msd {version} runs as process {pid}")
    else:
        yield warning(
            "two-versions",
            f"msd {version} still runs, and {__version__} is installed",
            "msdctl restart",
        )
    if daemon.get("State") == "degraded":
        yield error(
            "degraded",
            "msd runs without one of its databases, so most calls fail",
            "msdctl logs; the findings below may tell more",
        )
    if daemon.get("Online") == "no":
        yield warning("offline", "this machine has no network; only the cache can be read")
