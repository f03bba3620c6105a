"""`skipped`: what a source has and msd leaves out, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from msd.cli.daemon.lookup import called, list_libraries, list_sources, match
from msd.cli.errors import ExitCode
from msd.cli.terminal.table import Column, Table
from msd.cli.terminal.text import ago, cell, count
from msd.contract import SOURCE, source_path
from msd.dbus.messages.variant import Variant

if TYPE_CHECKING:
    from argparse import Namespace

    from msd.cli.daemon.client import Fields
    from msd.cli.session import Commands, Session
    from msd.models import SourceId

_PAGE = 500
_NOTES = """\
Files that can't be read, names that say nothing, kinds that msd does not serve. SOURCE is an id, a
name, or the unique start of either; without it, every source is asked. --json: one object with
"rows" for each source; keys of a row as Source.ListSkipped has them."""


def register(commands: Commands) -> None:
    """Declare the command of this module."""
    skipped = commands.add(
        "skipped", _skipped, notes=_NOTES, examples="msdctl skipped\nmsdctl skipped Films"
    )
    skipped.add_argument("source", nargs="?", metavar="SOURCE")
    skipped.add_argument("--all", action="store_true", help="every row, not only the worst 500")


def _skipped(session: Session, options: Namespace) -> ExitCode:
    sources = list_sources(session.client)
    chosen = sources
    if options.source is not None:
        identifier = match("Source", sources, options.source)
        chosen = [row for row in sources if row["id"] == identifier]
    pages = {str(row["id"]): _rows(session, row, everything=options.all) for row in chosen}
    if session.out.as_json:
        document = [{"source_id": name, "rows": rows} for name, rows in pages.items()]
        session.out.document(document)
        return ExitCode.OK
    if not any(pages.values()):
        session.out.say("nothing is left out")
    libraries = {row["id"]: cell(row.get("name")) for row in list_libraries(session.client)}
    for source in chosen:
        _show(session, source, sources, pages[str(source["id"])], libraries)
    return ExitCode.OK


def _rows(session: Session, source: Fields, *, everything: bool) -> list[Fields]:
    path = source_path(cast("SourceId", str(source["id"])))
    rows: list[Fields] = []
    cursor = ""
    while True:
        page = {"limit": Variant("u", _PAGE)}
        if cursor:
            page["cursor"] = Variant("s", cursor)
        answer = session.client.call("ListSkipped", "a{sv}", page, path=path, interface=SOURCE)
        more, cursor = cast("tuple[list[Fields], str]", answer)
        rows += more
        if not cursor or not everything:
            return rows


def _show(
    session: Session,
    source: Fields,
    sources: list[Fields],
    rows: list[Fields],
    libraries: dict[object, str],
) -> None:
    if not rows:
        return
    more = "" if len(rows) < _PAGE else f"; `msdctl skipped --all {called(source, sources)}`"
    session.out.say(f"{cell(source.get('name'))}: {count(len(rows), 'row')}{more}")
    columns = (
        Column("what", least=18),
        Column("why", least=22),
        Column("library", least=8, rank=2),
        Column("kind", rank=3),
        Column("since", rank=4),
    )
    session.out.table(Table(columns, [_cells(row, libraries) for row in rows]))


def _cells(row: Fields, libraries: dict[object, str]) -> tuple[str, ...]:
    return (
        cell(row.get("title") or row.get("place")),
        cell(row.get("reason") or row.get("kind")),
        libraries.get(row.get("library_id"), ""),
        cell(row.get("kind")),
        ago(row.get("since")),
    )
