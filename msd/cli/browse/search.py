"""`search`: what fits best, over titles, shows, albums, artists and people."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from msd.cli.daemon.lookup import library_ids, source_ids
from msd.cli.errors import ExitCode
from msd.cli.terminal.item_table import item_table
from msd.contract import LIBRARY
from msd.dbus.messages.variant import Variant

if TYPE_CHECKING:
    from argparse import Namespace

    from msd.cli.daemon.client import Fields
    from msd.cli.session import Commands, Session

_MOST = 100
_NOTES = """\
Case, accents and punctuation don't matter, the last word may be unfinished, and typing mistakes are
forgiven where hardly anything fits. At most three episodes of one show or tracks of one album are
shown; --every shows all. With --json: a list of items with "match", which says what fitted."""


def register(commands: Commands) -> None:
    """Declare the command of this module."""
    search = commands.add(
        "search",
        _search,
        notes=_NOTES,
        examples="msdctl search alien\nmsdctl search low hey --type album",
    )
    search.add_argument("words", nargs="+", metavar="WORD")
    search.add_argument("--type", action="append", default=[], metavar="TYPE")
    search.add_argument("--source", action="append", default=[], metavar="SOURCE")
    search.add_argument("--library", action="append", default=[], metavar="LIBRARY")
    search.add_argument("--limit", type=int, default=20, metavar="N", help="at most 100")
    search.add_argument("--every", action="store_true", help="every episode and track")


def _search(session: Session, options: Namespace) -> ExitCode:
    wanted = {
        "types": Variant("as", options.type),
        "source_ids": Variant("as", source_ids(session.client, options.source)),
        "library_ids": Variant("as", library_ids(session.client, options.library)),
        "limit": Variant("u", max(1, min(options.limit, _MOST))),
        "grouped": Variant("b", not options.every),
    }
    query = {name: value for name, value in wanted.items() if value.value != []}
    text = " ".join(options.words)
    answer = session.client.call("Search", "sa{sv}", text, query, interface=LIBRARY)
    hits = cast("list[Fields]", answer[1])
    if session.out.as_json:
        session.out.document(hits)
    elif hits:
        session.out.table(item_table(hits, ()))
    else:
        session.out.note("nothing fits")
    return ExitCode.OK
