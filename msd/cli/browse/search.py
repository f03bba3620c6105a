"""`search`: what fits best, over titles, shows, albums, artists and people."""

from __future__ import annotations

from argparse import ArgumentTypeError
from typing import TYPE_CHECKING, cast

from msd.cli.daemon.lookup import library_ids, source_ids
from msd.cli.errors import CommandError, ExitCode
from msd.cli.terminal.item_table import item_table, placing
from msd.cli.terminal.text import cell
from msd.contract import ARTWORK, LIBRARY
from msd.dbus.messages.variant import Variant

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterator, Sequence

    from msd.cli.daemon.client import Client, Fields
    from msd.cli.session import Commands, Session

_MOST = 100
_ICON_WIDTH = 96
_NOTES = """\
Case, accents and punctuation don't matter, the last word may be unfinished, and typing mistakes are
forgiven where hardly anything fits. At most three episodes of one show or tracks of one album are
shown; --every shows all. With --json: a list of items with "match", which says what fitted.

--json-lines is for launchers. Each line is one hit, the best first, with four texts:
  id        for `msdctl show ID`
  title     e.g. "Lies"
  subtitle  e.g. "episode · S01E02 · Dark"
  icon      path of a picture file, "" when there is none yet; the next call may have it

Nothing is written when nothing fits; the exit code is 0 then, too."""


def register(commands: Commands) -> None:
    """Declare the command of this module."""
    search = commands.add(
        "search",
        _search,
        notes=_NOTES,
        examples="msdctl search alien\n"
        "msdctl search low hey --type album\n"
        "msdctl search --json-lines alien | jq -r .title",
    )
    search.add_argument("words", nargs="+", metavar="WORD")
    search.add_argument("--type", action="append", default=[], metavar="TYPE")
    search.add_argument("--source", action="append", default=[], metavar="SOURCE")
    search.add_argument("--library", action="append", default=[], metavar="LIBRARY")
    search.add_argument(
        "--limit", type=_limit, default=20, metavar="N", help=f"at most {_MOST}; default: 20"
    )
    search.add_argument("--every", action="store_true", help="every episode and track")
    search.add_argument("--json-lines", action="store_true", help="one JSON object a line")


def _limit(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 0 < int(text) <= _MOST):
        raise ArgumentTypeError(f"'{text}' is not a number from 1 to {_MOST}")
    return int(text)


def _search(session: Session, options: Namespace) -> ExitCode:
    text = " ".join(options.words)
    hits = _hits(session.client, text, options)
    if options.json_lines:
        for line in _lines(session.client, hits):
            session.out.record(line)
    elif session.out.as_json:
        session.out.document(hits)
    elif hits:
        session.out.table(item_table([_with_reason(hit) for hit in hits], ("found_in",)))
    else:
        session.out.note(f"nothing fits '{cell(text)}'")
    return ExitCode.OK


def _hits(client: Client, text: str, options: Namespace) -> list[Fields]:
    wanted = {
        "types": Variant("as", options.type),
        "source_ids": Variant("as", source_ids(client, options.source)),
        "library_ids": Variant("as", library_ids(client, options.library)),
        "limit": Variant("u", options.limit),
        "grouped": Variant("b", not options.every),
    }
    query = {name: value for name, value in wanted.items() if value.value != []}
    answer = client.call("Search", "sa{sv}", text, query, interface=LIBRARY)
    return cast("list[Fields]", answer[1])


def _with_reason(hit: Fields) -> Fields:
    """Return a hit with what fitted where it was not the title; the table makes it safe."""
    match = str(hit.get("match") or "")
    if match == "person" and hit.get("matched"):
        return {**hit, "found_in": f"with {hit['matched']}"}
    return {**hit, "found_in": "" if match == "title" else match.replace("_", " ")}


def _lines(client: Client, hits: Sequence[Fields]) -> Iterator[dict[str, str]]:
    """Yield what a launcher shows of each hit."""
    icons = _icons(client, [cell(hit["id"]) for hit in hits])
    for hit in hits:
        identifier = cell(hit["id"])
        about = (cell(hit.get("type")), placing(hit), cell(hit.get("year")))
        yield {
            "id": identifier,
            "title": cell(hit.get("title")),
            "subtitle": " · ".join(part for part in about if part),
            "icon": icons.get(identifier, ""),
        }


def _icons(client: Client, ids: list[str]) -> dict[str, str]:
    """Return the pictures that are there; msd fetches the others, and nobody waits for them."""
    if not ids:
        return {}
    wanted: tuple[object, ...] = (ids, "poster", _ICON_WIDTH, {})
    try:
        (files,) = client.call("GetArtworks", "assua{sv}", *wanted, interface=ARTWORK)
    except CommandError:
        return {}  # a launcher without pictures is still one
    return cast("dict[str, str]", files)
