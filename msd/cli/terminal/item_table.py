"""How items look to a person."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msd.cli.terminal.table import Column, Table
from msd.cli.terminal.text import cell, duration, moment

if TYPE_CHECKING:
    from collections.abc import Sequence

    from msd.cli.daemon.client import Fields

# What the usual columns show already.
_SHOWN = frozenset(
    {
        "id",
        "type",
        "title",
        "year",
        "watched",
        "position_ms",
        "show_title",
        "season_number",
        "episode_number",
        "artist",
        "album",
        "track_number",
    }
)
# Keys that --fields '*' brings and no table can show.
_TOO_LONG = frozenset({"overview", "artwork"})
_TIMES = frozenset({"added", "last_played", "fetched"})
# What rows are sorted by, where that is no title: its key and the title of its column.
SORT_COLUMNS = {
    "added": ("added", "added"),
    "released": ("released", "released"),
    "last-played": ("last_played", "last played"),
    "rating": ("rating", "rating"),
}


def item_table(
    items: Sequence[Fields], fields: Sequence[str], *, sort: str = "", titled: bool = True
) -> Table:
    """Return items as a table.

    The first column is what the rows are sorted by, the last one the id; a show, an album or an
    artist stands in a column of its own.

    Args:
        items: one page of items.
        fields: keys beyond the usual ones that were asked for; "*" shows all short ones.
        sort: the order that was asked for, a key of `SORT_COLUMNS` or another word.
        titled: whether the titles of the columns are shown.
    """
    first, title = SORT_COLUMNS.get(sort, ("", ""))
    extra = list(dict.fromkeys(key for key in fields if key != "*"))
    if "*" in fields:
        extra = sorted({key for item in items for key in item} - _TOO_LONG)
    extra = [key for key in extra if key not in _SHOWN and key != first]
    columns = [
        *([Column(title)] if first else []),
        Column("title", least=18),
        Column("of", least=14, rank=3),
        Column("type", rank=1),
        Column("year", right=True, rank=2),
        Column("seen", rank=2),
        *(Column(key.replace("_", " "), least=8, rank=4) for key in extra),
        Column("id", rank=5),
    ]
    with_numbers = sort == "index"
    rows = [_row(item, first, extra, with_numbers=with_numbers) for item in items]
    return Table(columns, rows, titled=titled)


def placing(item: Fields) -> str:
    """Return what an item is part of: `S01E02 · Dark`, `Low · Hey What`.

    The number of an episode comes first, for the end is what a narrow terminal leaves out. Empty
    for an item that stands alone.
    """
    if item.get("type") in ("episode", "season"):
        return _joined(_episode_number(item), cell(item.get("show_title")))
    return _joined(cell(item.get("artist")), cell(item.get("album")))


def _row(item: Fields, first: str, extra: Sequence[str], *, with_numbers: bool) -> list[str]:
    return [
        *([_value(first, item.get(first))] if first else []),
        _title(item, with_numbers=with_numbers),
        placing(item),
        cell(item.get("type")),
        cell(item.get("year")),
        _seen(item),
        *(_value(key, item.get(key)) for key in extra),
        cell(item.get("id")),
    ]


def _value(key: str, value: object) -> str:
    if key.endswith("_ms"):
        return duration(value)
    return moment(value) if key in _TIMES else cell(value)


def _seen(item: Fields) -> str:
    if item.get("watched"):
        return "yes"
    position = duration(item.get("position_ms"))
    return f"at {position}" if position else ""


def _title(item: Fields, *, with_numbers: bool) -> str:
    """Return the title, behind the number of a track where rows are sorted by it."""
    title = cell(item.get("title"))
    track = item.get("track_number")
    return f"{track:02} {title}" if with_numbers and isinstance(track, int) else title


def _episode_number(item: Fields) -> str:
    numbers = (("S", item.get("season_number")), ("E", item.get("episode_number")))
    return "".join(f"{letter}{number:02}" for letter, number in numbers if isinstance(number, int))


def _joined(*parts: str) -> str:
    return " · ".join(part for part in parts if part)
