"""The title of a row that has none, and its sort title in plain form."""

import re
from pathlib import PurePosixPath

from msd.backend_api.values import LONGEST_NAME, day, number, text
from msd.backends.jellyfin.parse.wire import Row
from msd.models import ItemType

UNTITLED = "(untitled)"

# The SortName of these is made of their place in the parent, e.g. "001 - 0003 - Title".
PLACE_SORTED = frozenset({ItemType.SEASON, ItemType.EPISODE, ItemType.TRACK})
_NUMBERED = {ItemType.SEASON: "Season", ItemType.EPISODE: "Episode", ItemType.TRACK: "Track"}
_PADDED = re.compile(r"(?<!\d)0{1,9}(?=\d)", re.ASCII)


def title(row: Row, item_type: ItemType) -> str:
    """Return a title that is never empty.

    Without a name it is the original title, the sort title, the file's name, "Season 2" or the
    like, the date, and at last "(untitled)".
    """
    if name := text(row.name, LONGEST_NAME):
        return name
    return next(filter(None, _substitutes(row, item_type)), UNTITLED)


def sort_title(row: Row, item_type: ItemType) -> str:
    """Return by what the server sorts, "" where that is the place in the parent.

    The server pads numbers to ten digits: "0000002001 nights" becomes "2001 nights".
    """
    if item_type in PLACE_SORTED or not row.sort_name:
        return ""
    name = text(row.sort_name, LONGEST_NAME)
    return _PADDED.sub("", name) if "0" in name else name


def _substitutes(row: Row, item_type: ItemType) -> tuple[str, ...]:
    numbered = number(row.index_number)
    return (
        text(row.original_title, LONGEST_NAME),
        sort_title(row, item_type),
        text(row.season_name, LONGEST_NAME) if item_type is ItemType.SEASON else "",
        _file_name(row.path),
        f"{_NUMBERED[item_type]} {numbered}"
        if numbered is not None and item_type in _NUMBERED
        else "",
        day(row.premiere_date),
    )


def _file_name(path: str | None) -> str:
    """Return the name of a file without its ending; servers on Windows write backslashes."""
    return text(PurePosixPath((path or "").replace("\\", "/")).stem, LONGEST_NAME)
