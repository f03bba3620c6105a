"""`show`: items as pages in words, with their posters where the terminal can draw."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, cast

from msd.cli.daemon.lookup import list_libraries, list_sources
from msd.cli.errors import CommandError, ExitCode, unknown_error
from msd.cli.terminal.item_page import decision_lines, details, headline, summary
from msd.cli.terminal.picture import draw, drawing_program
from msd.cli.terminal.text import cell
from msd.contract import ARTWORK, LIBRARY, MAX_GET_ITEMS, MAX_REFRESHED
from msd.dbus.messages.variant import Variant

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Sequence

    from msd.cli.daemon.client import Client, Fields, Signals
    from msd.cli.session import Commands, Session

_NOTES = """\
Give ids, or the title of one item. Details that were never read are awaited from the server
for at most 4 seconds; stale ones are refreshed for the next time. The poster is drawn by chafa
where it is installed, or by the program that comes with kitty or WezTerm."""
_EXAMPLES = """\
msdctl show blade runner
msdctl show 9f3kQ2 | less
msdctl show "The Matrix" --why
msdctl --json show 9f3kQ2 8aLm01"""

Sources = dict[object, "Fields"]
"""The sources by their id."""

_PATIENCE_S = 4
_GLANCE_S = 0.3
_POSTER_WIDTH = 320
_WIDE = frozenset({"episode", "video", "music-video"})
_MOST_GUESSES = 3


def register(commands: Commands) -> None:
    """Declare the command of this module."""
    show = commands.add("show", _show, notes=_NOTES, examples=_EXAMPLES)
    show.add_argument("words", nargs="+", metavar="ITEM", help="ids, or the words of a title")
    show.add_argument(
        "--why", action="store_true", help="say what each value of a file was made from"
    )


def _show(session: Session, options: Namespace) -> ExitCode:
    client = session.client
    wanted: list[str] = options.words
    items = _read(client, wanted, refresh=True)
    if not items:
        wanted = [_called(session, " ".join(options.words))]
        items = _read(client, wanted, refresh=True)
    sources = {source["id"]: source for source in list_sources(client)}
    if _lack_details(items, sources):
        items = _await_details(client, wanted, sources)
    if session.out.as_json:
        session.out.document(items)
    else:
        for index, item in enumerate(items):
            session.out.say(*[""] * bool(index))
            if options.why:
                session.out.say(*decision_lines(item))
            else:
                _write_page(session, item, sources.get(item["source_id"], {}))
    known = {item["id"] for item in items}
    missing = next((identifier for identifier in wanted if identifier not in known), None)
    if missing is not None:
        raise unknown_error("Item", missing)
    return ExitCode.OK


def _read(client: Client, ids: Sequence[str], *, refresh: bool = False) -> list[Fields]:
    """Return the items of these ids with every key; unknown ids are left out.

    With `refresh` the daemon also asks the servers of a few items for details that are stale.
    """
    found: list[Fields] = []
    wanted = {"details": Variant("b", value=True)}
    if refresh and len(ids) <= MAX_REFRESHED:
        wanted["refresh"] = Variant("b", value=True)
    for start in range(0, len(ids), MAX_GET_ITEMS):
        some = list(ids[start : start + MAX_GET_ITEMS])
        (items,) = client.call("GetItems", "asa{sv}", some, wanted, interface=LIBRARY)
        found += cast("list[Fields]", items)
    return found


def _lack_details(items: Sequence[Fields], sources: Sources) -> bool:
    """Return whether details that were never read are coming from a server."""
    return any(
        "fetched" not in item and _is_connected(source) and "details" in _capabilities(source)
        for item in items
        for source in [sources.get(item["source_id"], {})]
    )


def _await_details(client: Client, ids: Sequence[str], sources: Sources) -> list[Fields]:
    """Return the items once the details that were asked for came, or as they are after a moment."""
    until = time.monotonic() + _PATIENCE_S
    with client.signals() as signals:
        items = _read(client, ids)
        # Details that say nothing new are not announced.
        while _lack_details(items, sources) and time.monotonic() < until:
            _await_named(signals, "ItemsChanged", ids, _GLANCE_S)
            items = _read(client, ids)
    return items


def _is_connected(source: Fields) -> bool:
    return source.get("status") == "connected"


def _capabilities(source: Fields) -> Sequence[str]:
    return cast("Sequence[str]", source.get("capabilities") or ())


def _called(session: Session, title: str) -> str:
    """Return the id of the item that is called so; when several are, the others are named.

    Raises:
        CommandError: nothing is called so, or the words fit several titles.
    """
    answer = session.client.call("Search", "sa{sv}", title, {}, interface=LIBRARY)
    hits = cast("list[Fields]", answer[1])
    exact = [hit for hit in hits if _folded(hit) == _folded({"title": title})]
    if exact:
        for other in exact[1:]:
            session.out.note(f"also called so: {headline(other)}, `msdctl show {other['id']}`")
        return str(exact[0]["id"])
    if len(hits) == 1 and _folded({"title": title}) in _folded(hits[0]):
        return str(hits[0]["id"])
    near = hits[:_MOST_GUESSES]
    guesses = ", or ".join(f"`msdctl show {hit['id']}` ({headline(hit)})" for hit in near)
    hint = f"did you mean {guesses}?" if guesses else "`msdctl search WORD` finds items by words"
    raise unknown_error("Item", title, hint=hint)


def _folded(hit: Fields) -> str:
    """Return a title without accents and case, to compare it with what was typed."""
    import unicodedata  # noqa: PLC0415 - for titles alone

    letters = unicodedata.normalize("NFKD", cell(hit.get("title")))
    return "".join(letter for letter in letters if not unicodedata.combining(letter)).casefold()


def _write_page(session: Session, item: Fields, source: Fields) -> None:
    out = session.out
    if out.is_styled and drawing_program():
        path = _poster(session.client, item, source)
        if path:
            out.flush()
            draw(path)
    out.heading(headline(item))
    out.paragraph(summary(item))
    for text in ("tagline", "overview"):
        if item.get(text):
            out.say("")
            out.paragraph(cell(item[text]))
    out.say("")
    out.pairs(details(item, _origin(session.client, item, source)))


def _origin(client: Client, item: Fields, source: Fields) -> str:
    """Return where an item is: `Films on Living room`."""
    libraries = list_libraries(client, cell(item["source_id"]))
    library = next((one for one in libraries if one["id"] == item.get("library_id")), {})
    return " on ".join(cell(place["name"]) for place in (library, source) if place.get("name"))


def _poster(client: Client, item: Fields, source: Fields) -> str:
    """Return the path of the picture; empty without one, or when it takes too long."""
    item_id = cell(item["id"])
    kind = "thumb" if item.get("type") in _WIDE else "poster"
    try:
        with client.signals() as signals:
            files = _files(client, item_id, kind)
            if item_id not in files and _is_connected(source):
                _await_named(signals, "ArtworkReady", [item_id], _PATIENCE_S)
                files = _files(client, item_id, kind)
    except CommandError:
        return ""  # the words matter more
    return files.get(item_id, "")


def _files(client: Client, item_id: str, kind: str) -> dict[str, str]:
    wanted: tuple[object, ...] = ([item_id], kind, _POSTER_WIDTH, {})
    (files,) = client.call("GetArtworks", "assua{sv}", *wanted, interface=ARTWORK)
    return cast("dict[str, str]", files)


def _await_named(signals: Signals, member: str, ids: Sequence[str], patience_s: float) -> None:
    """Wait until a signal names one of these items, for this time at most."""
    until = time.monotonic() + patience_s
    while (left := until - time.monotonic()) > 0:
        signal = signals.next(left)
        if signal is None or signal.member != member:
            continue
        named = [name for arg in signal.args if isinstance(arg, list) for name in arg]
        if not set(ids).isdisjoint(named):
            return
