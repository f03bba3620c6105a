"""`items`: what is cached, asked for by conditions."""

from __future__ import annotations

from argparse import ArgumentTypeError, BooleanOptionalAction
from typing import TYPE_CHECKING, cast

from msd.cli.daemon.lookup import library_ids, source_ids
from msd.cli.errors import ExitCode
from msd.cli.terminal.item_table import SORT_COLUMNS, item_table
from msd.cli.terminal.text import json_text
from msd.contract import LIBRARY, MAX_PAGE
from msd.dbus.messages.variant import Variant

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Iterator

    from msd.cli.daemon.client import Client, Fields
    from msd.cli.session import Commands, Session

_NOTES = """\
Every condition must hold; one that is given several times holds when any of its values
does. Types: movie, show, season, episode, artist, album, track, music-video, video,
collection, playlist. Orders: title, added, released, last-played, rating, year, random, index.

--limit is the number of items in all; --all follows the pages to the end. With --json the
answer is one object with "items", "next_cursor" (for --cursor, "" at the end) and "total"."""
_EXAMPLES = """\
msdctl items --type movie --unwatched --sort added --descending
msdctl items --type episode --parent SEASON_ID --sort index
msdctl items --all --fields genres,rating --json | jq -r '.items[] | select(.rating > 8).title'"""

DEFAULT_LIMIT = 50
_MAX_YEAR = 9999
_MAX_LIMIT = 10**9


def register(commands: Commands) -> None:
    """Declare the commands of this module."""
    items = commands.add("items", _items, notes=_NOTES, examples=_EXAMPLES)
    _add_conditions(items)
    _add_form(items)


def _add_conditions(items: ArgumentParser) -> None:
    conditions = items.add_argument_group("conditions")
    for option, metavar in (
        ("--source", "SOURCE"),
        ("--library", "LIBRARY"),
        ("--type", "TYPE"),
        ("--genre", "GENRE"),
    ):
        conditions.add_argument(option, action="append", default=[], metavar=metavar)
    conditions.add_argument("--year", action="append", default=[], type=_year, metavar="YEAR")
    conditions.add_argument("--parent", metavar="ID", help="the show, season, album, ...")
    conditions.add_argument("--text", help="words that begin words of the title")
    watched = conditions.add_mutually_exclusive_group()
    watched.add_argument("--watched", action="store_true", default=None)
    watched.add_argument("--unwatched", action="store_false", dest="watched", default=None)
    for option in ("--favourite", "--in-progress"):
        conditions.add_argument(option, action=BooleanOptionalAction)


def _add_form(items: ArgumentParser) -> None:
    form = items.add_argument_group("form of the answer")
    form.add_argument("--sort", metavar="ORDER", help="default: title")
    form.add_argument("--descending", action="store_true")
    form.add_argument("--seed", type=_number, help="makes --sort random repeatable")
    amount = form.add_mutually_exclusive_group()
    amount.add_argument("--limit", type=_number, default=DEFAULT_LIMIT, metavar="N")
    amount.add_argument("--all", action="store_true", dest="everything")
    form.add_argument("--cursor", help='go on where an earlier answer\'s "next_cursor" says')
    form.add_argument(
        "--fields",
        default="",
        metavar="KEY,KEY",
        help="item keys beyond the usual ones; '*' is all",
    )


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 0 < int(text) <= _MAX_LIMIT):
        raise ArgumentTypeError(f"'{text}' is not a number from 1 to {_MAX_LIMIT}")
    return int(text)


def _year(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) <= _MAX_YEAR):
        raise ArgumentTypeError(f"'{text}' is not a year")
    return int(text)


def _items(session: Session, options: Namespace) -> ExitCode:
    query = _query(session.client, options)
    extra = [field for field in options.fields.split(",") if field]
    sort = options.sort or ""
    limit = None if options.everything else options.limit
    pages = _pages(session.client, query, limit)
    if session.out.as_json:
        _write_document(session, pages)
        return ExitCode.OK
    count = total = 0
    for page in pages:
        items, _cursor, total = page
        if items:
            session.out.table(item_table(items, extra, sort=sort, titled=count == 0))
        count += len(items)
    if count < total:
        session.out.note(f"{count} of {total}; --all shows the rest")
    elif count == 0:
        session.out.note("no such items")
    return ExitCode.OK


def _query(client: Client, options: Namespace) -> dict[str, Variant]:
    """Return the conditions and the form that were given, with names turned into ids."""
    wanted = {
        "source_ids": Variant("as", source_ids(client, options.source)),
        "library_ids": Variant("as", library_ids(client, options.library)),
        "types": Variant("as", options.type),
        "genres": Variant("as", options.genre),
        "years": Variant("ai", options.year),
        "parent_id": Variant("s", options.parent),
        "text": Variant("s", options.text),
        "watched": Variant("b", options.watched),
        "favourite": Variant("b", options.favourite),
        "in_progress": Variant("b", options.in_progress),
        "sort": Variant("s", options.sort),
        "seed": Variant("x", options.seed),
        "descending": Variant("b", options.descending or None),
        "cursor": Variant("s", options.cursor),
        "fields": Variant("as", _fields(options)),
    }
    return {name: variant for name, variant in wanted.items() if variant.value not in (None, [])}


def _fields(options: Namespace) -> list[str]:
    """Return the keys beyond the compact set: those asked for, and the one that is sorted by."""
    fields = [field for field in options.fields.split(",") if field]
    if options.sort in SORT_COLUMNS and not options.as_json and "*" not in fields:
        fields.append(SORT_COLUMNS[options.sort][0])
    return list(dict.fromkeys(fields))


Page = tuple["list[Fields]", str, int]


def _pages(client: Client, query: dict[str, Variant], limit: int | None) -> Iterator[Page]:
    """Yield (items, cursor of the next page, total) until the limit or the end is reached."""
    left = limit
    while left is None or left > 0:
        size = MAX_PAGE if left is None else min(left, MAX_PAGE)
        page = {"limit": Variant("u", size), "count": Variant("b", value=True)}
        answer = client.call("QueryItems", "a{sv}", query | page, interface=LIBRARY)
        items, cursor, total = cast("Page", tuple(answer))
        yield items, cursor, total
        if not cursor:
            return
        query = query | {"cursor": Variant("s", cursor)}
        left = None if left is None else left - len(items)


def _write_document(session: Session, pages: Iterator[Page]) -> None:
    """Write one JSON document page by page, so that its size is nobody's problem.

    It ends well also when a later page fails; the error is a document of its own then.
    """
    separator, tail = "\n  ", ""
    try:
        for items, cursor, total in pages:
            if not tail:
                session.out.write('{"items": [')
            for item in items:
                session.out.write(separator + json_text(item))
                separator = ",\n  "
            tail = f'\n], "next_cursor": {json_text(cursor)}, "total": {total}}}\n'
    finally:
        session.out.write(tail)
