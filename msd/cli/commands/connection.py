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
        notes="SOURCE is an id, a name, or the unique start of either.",
        examples="msdctl connections --test plex_3f\n"
        "msdctl connections --pin https://192.168.1.20:32400 plex_3f\n"
        "msdctl connections --unpin plex_3f",
    )
    connections.add_argument("source", metavar="SOURCE")
    what = connections.add_mutually_exclusive_group()
    what.add_argument("--test", action="store_true", help="try every address once")
    what.add_argument("--pin", metavar="ADDRESS", help="use this address and no other")
    what.add_argument("--unpin", action="store_true", help="let msd choose the address again")


def _connections(session: Session, options: Namespace) -> ExitCode:
    path = source_path(source_id(session.client, options.source))
    if options.pin is not None or options.unpin:
        address = options.pin or ""
        session.client.call("PinConnection", "s", address, path=path, interface=SOURCE)
    member = "TestConnections" if options.test else "ListConnections"
    (answer,) = session.client.call(member, path=path, interface=SOURCE)
    rows = cast("list[Fields]", answer)
    if session.out.as_json:
        session.out.document(rows)
        return ExitCode.OK
    columns = (
        Column("address"),
        Column("route"),
        Column("outcome"),
        Column("latency", rank=2),
        Column("in use"),
        Column("pinned", rank=1),
        Column("detail", least=12, rank=3),
    )
    session.out.table(Table(columns, [[_shown(row, name) for name in _COLUMNS] for row in rows]))
    return ExitCode.OK


def _shown(row: Fields, name: str) -> str:
    value = row.get(name)
    if name == "latency_ms":
        return f"{value} ms" if value else ""
    return "" if value is False else cell(value)
