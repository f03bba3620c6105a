"""`connections`: the addresses at which a source's server may be reached."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from msd.cli.daemon.lookup import source_id
from msd.cli.errors import ExitCode
from msd.cli.terminal.table import Column, Table
from msd.cli.terminal.text import cell
from msd.contract import SOURCE, source_path

if TYPE_CHECKING:
    from argparse import Namespace

    from msd.cli.daemon.client import Fields
    from msd.cli.session import Commands, Session

_COLUMNS = ("address", "route", "outcome", "latency_ms", "in_use", "pinned", "detail")


def register(commands: Commands) -> None:
    """Declare the command of this module."""
    connections = commands.add(
        "connections",
        _connections,
        "list the addresses of a source's server, try them, or pin one",
        notes="SOURCE is an id, the unique start of one, or the exact name of a source.",
        examples="msdctl connections --test plex_3f\n"
        "msdctl connections --pin https://192.168.1.20:32400 plex_3f\n"
        "msdctl connections --unpin plex_3f",
    )
    connections.add_argument("source", metavar="SOURCE")
    what = connections.add_mutually_exclusive_group()
    what.add_argument("--test", action="store_true", help="try every address once")
    what.add_argument("--pin", metavar="ADDRESS", help="use this address and no other")
    what.add_argument("--unpin", action="store_true", help="let msd choose the address again")


async def _connections(session: Session, options: Namespace) -> ExitCode:
    path = source_path(await source_id(session.client, options.source))
    if options.pin is not None or options.unpin:
        address = options.pin or ""
        await session.client.call("PinConnection", "s", address, path=path, interface=SOURCE)
    member = "TestConnections" if options.test else "ListConnections"
    (answer,) = await session.client.call(member, path=path, interface=SOURCE)
    rows = cast("list[Fields]", answer)
    if session.out.as_json:
        session.out.document(rows)
        return ExitCode.OK
    columns = [Column(name.removesuffix("_ms").replace("_", " ")) for name in _COLUMNS]
    session.out.table(Table(columns, [[_shown(row, name) for name in _COLUMNS] for row in rows]))
    return ExitCode.OK


def _shown(row: Fields, name: str) -> str:
    value = row.get(name)
    if name == "latency_ms":
        return f"{value} ms" if value else ""
    return "" if value is False else cell(value)
