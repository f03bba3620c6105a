"""`discover`: what answers on the local network."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from msd.cli.daemon.connection import PEER
from msd.cli.errors import CommandError, ExitCode, not_reachable
from msd.cli.terminal.table import Column, Table
from msd.cli.terminal.text import cell
from msd.contract import JOB

if TYPE_CHECKING:
    from argparse import Namespace

    from msd.cli.daemon.client import Fields, Signals
    from msd.cli.session import Commands, Session

_COLUMNS = ("name", "kind", "address", "version", "is_known")


def register(commands: Commands) -> None:
    """Declare the command of this module."""
    commands.add(
        "discover",
        _discover,
        notes="With --json each server is a line as soon as it has answered.",
        examples="msdctl discover",
    )


def find_servers(session: Session) -> list[Fields]:
    """Return the servers that answer on the local network; with --json each is also written.

    Raises:
        CommandError: the daemon does not answer, or it can't search.
    """
    session.client.call("Ping", interface=PEER)
    with session.client.signals() as signals:
        (path,) = session.client.call("DiscoverServers")
        return _until_finished(session, signals, str(path))


def _discover(session: Session, _options: Namespace) -> ExitCode:
    servers = find_servers(session)
    if session.out.as_json:
        return ExitCode.OK
    if not servers:
        session.out.say("no server answered")
        return ExitCode.OK
    columns = (
        Column("name", least=10),
        Column("kind"),
        Column("address"),
        Column("version", rank=2),
        Column("added", rank=1),
    )
    rows = [[cell(server.get(name)) for name in _COLUMNS] for server in servers]
    session.out.table(Table(columns, rows))
    session.out.note("hint: `msdctl login KIND` or `msdctl login jellyfin ADDRESS` signs in")
    return ExitCode.OK


def _until_finished(session: Session, signals: Signals, path: str) -> list[Fields]:
    properties = session.client.properties(path, JOB)  # it may have been running before
    found = _servers(properties.get("Result"))
    _show(session, found)
    while properties.get("State") in ("queued", "running"):
        signal = signals.next()
        if signal is None:
            continue
        if signal.is_departure:
            raise not_reachable("the daemon stopped")
        if signal.member == "ServerFound" and signal.args[0] == path:
            server = cast("Fields", signal.args[1])
            if server not in found:
                found.append(server)
                _show(session, [server])
        elif signal.path == path and signal.member == "Finished":
            state, error, _ = signal.args
            if state != "done":
                raise CommandError(str(error) or str(state), exit_code=ExitCode.FAILED)
            break
    return found


def _servers(result: object) -> list[Fields]:
    return list(cast("dict[str, list[Fields]]", result or {}).get("servers", []))


def _show(session: Session, servers: list[Fields]) -> None:
    if session.out.as_json:
        for server in servers:
            session.out.record(server)
