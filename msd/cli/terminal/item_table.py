"""How items look to a person."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msd.cli.terminal.table import Column, Table
from msd.cli.terminal.text import cell, duration, moment

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

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
        "disc_number",
        "track_number",
    }
)


def item_table(items: Sequence[Fields], extra: Sequence[str], *, titled: bool) -> Table:
    """Return a table of items with a column for each further key that was asked for."""
    if "*" in extra:
        extra = sorted({key for item in items for key in item})
    extra = [key for key in extra if key not in _SHOWN]
    columns = [
        Column("id", whole=True),
        Column("type", whole=True),
        Column("title"),
        Column("year", right=True),
        Column("seen", whole=True),
        *(Column(key, whole=key.endswith("_id")) for key in extra),
    ]
    return Table(columns, [_row(item, extra) for item in items], titled=titled)


def item_pairs(item: Fields) -> Iterator[tuple[str, str]]:
    """Yield every key of an item with its value in words."""
    for key, value in item.items():
        yield key, _value(key, value)


def _row(item: Fields, extra: Sequence[str]) -> list[str]:
    return [
        cell(item.get("id")),
        cell(item.get("type")),
        _place(item) + cell(item.get("title")),
        cell(item.get("year")),
        _seen(item),
        *(_value(key, item.get(key)) for key in extra),
    ]


def _value(key: str, value: object) -> str:
    if key.endswith("_ms"):
        return duration(value)
    if key in ("added", "last_played", "fetched"):
        return moment(value)
    return cell(value)


def _seen(item: Fields) -> str:
    if item.get("watched"):
        return "yes"
    position = duration(item.get("position_ms"))
    return f"at {position}" if position else ""


def _place(item: Fields) -> str:
    """Return what places an episode or a track before its title."""
    if item.get("type") == "episode":
        numbers = "".join(
            f"{letter}{number:02}"
            for letter, number in (
                ("S", item.get("season_number")),
                ("E", item.get("episode_number")),
            )
            if isinstance(number, int)
        )
        parts = [cell(item.get("show_title")), numbers]
    else:
        track = item.get("track_number")
        number = f"{track:02}" if isinstance(track, int) else ""
        parts = [cell(item.get("artist")), cell(item.get("album")), number]
    return "".join(f"{part} · " for part in parts if part)
