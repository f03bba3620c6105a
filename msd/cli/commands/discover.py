"""`discover`: what answers on the local network."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from msd.cli.errors import CommandError, ExitCode, not_reachable, signals_ended
from msd.cli.terminal.table import Column, Table
from msd.cli.terminal.text import cell
from msd.contract import JOB
from msd.dbus.names import PEER

if TYPE_CHECKING:
    from argparse import Namespace

    from anyio.streams.memory import MemoryObjectReceiveStream

    from msd.cli.daemon.client import Fields, Signal
    from msd.cli.session import Commands, Session

_COLUMNS = ("kind", "name", "address", "version", "is_known")


def register(commands: Commands) -> None:
    """Declare the command of this module."""
    commands.add(
        "discover",
        _discover,
        "look for servers on the local network",
        notes="With --json each server is a line as soon as it has answered.",
        examples="msdctl discover",
    )


async def _discover(session: Session, _options: Namespace) -> ExitCode:
    await session.client.call("Ping", interface=PEER)
    async with session.client.signals() as signals:
        (path,) = await session.client.call("DiscoverServers")
        found = await _until_finished(session, signals, str(path))
    if session.out.as_json:
        return ExitCode.OK
    if not found:
        session.out.say("no server answered")
        return ExitCode.OK
    titles = ("kind", "name", "address", "version", "added")
    columns = [Column(title, whole=title in {"kind", "address"}) for title in titles]
    rows = [[cell(server.get(name)) for name in _COLUMNS] for server in found]
    session.out.table(Table(columns, rows))
    session.out.note("hint: `msdctl login KIND` or `msdctl login jellyfin ADDRESS` signs in")
    return ExitCode.OK


async def _until_finished(
    session: Session, signals: MemoryObjectReceiveStream[Signal], path: str
) -> list[Fields]:
    properties = await session.client.properties(path, JOB)  # it may have been running before
    found = _servers(properties.get("Result"))
    _show(session, found)
    while properties.get("State") in ("queued", "running"):
        signal = await _next(signals)
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


async def _next(signals: MemoryObjectReceiveStream[Signal]) -> Signal:
    async for signal in signals:
        if signal.is_departure:
            raise not_reachable("the daemon stopped")
        return signal
    raise signals_ended()


def _servers(result: object) -> list[Fields]:
    return list(cast("dict[str, list[Fields]]", result or {}).get("servers", []))


def _show(session: Session, servers: list[Fields]) -> None:
    if session.out.as_json:
        for server in servers:
            session.out.record(server)
