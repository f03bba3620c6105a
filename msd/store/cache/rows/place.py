"""Where an item stands in the order `index`: show by show, and artist by artist, album by album.

"breaking bad␟show1␟000002␟000013" is the thirteenth episode of the second season of the show
with the id "show1"; "beatles␟001969␟abbey road␟album1␟000001␟000007" is the seventh track of an
album of 1969. Shows, artists and everything else have no place but their sort titles, which sort
directly before what is below them.
"""

from collections.abc import Sequence
from typing import Any

from msd.models import ItemType
from msd.store.cache.rows.columns import CONTENT_COLUMNS
from msd.store.cache.rows.sort_title import sort_title

UNKNOWN_ARTIST = "\U0010ffff"  # behind every other
END = 14  # characters at the end of the place of what is in a show or an album
BELOW = "\x1f"  # sorts before all that a title consists of
_LAST = 999_999
_FIRST = "      "  # before every number
_SORT_TITLE, _YEAR = CONTENT_COLUMNS.index("sort_title"), CONTENT_COLUMNS.index("year")
_NAMES = CONTENT_COLUMNS.index("show_title")


def place(item_type: ItemType, values: Sequence[Any], item_id: str, above: str) -> str:
    """Return the place of an item as far as it can be told without its show or album; "" = none.

    Args:
        item_type: what it is.
        values: its columns in the order of CONTENT_COLUMNS, at least up to the numbers.
        item_id: its id.
        above: the id of its show or album, "" when it is not known.
    """
    show_title, season, episode, artist, album, disc, track = values[_NAMES : _NAMES + 7]
    match item_type:
        case ItemType.SEASON:
            show = f"{sort_title(show_title or '')}{BELOW}{above}"
            return f"{show}{BELOW}{_number(season)}{BELOW}{_FIRST}"
        case ItemType.EPISODE:
            show = f"{sort_title(show_title or '')}{BELOW}{above}"
            return show + _end(season or 0, episode)
        case ItemType.ALBUM | ItemType.MUSIC_VIDEO:
            return _album(artist, values[_YEAR], values[_SORT_TITLE], item_id)
        case ItemType.TRACK:
            of_album = _album(artist, values[_YEAR], sort_title(album or ""), above)
            return of_album + _end(disc or 0, track)
        case _:
            return ""


def _album(artist: str | None, year: int | None, title: str, album: str) -> str:
    of_artist = sort_title(artist) if artist else UNKNOWN_ARTIST
    return BELOW.join((of_artist, _number(year), title, album))


def _end(outer: int | None, inner: int | None) -> str:
    return f"{BELOW}{_number(outer)}{BELOW}{_number(inner)}"


def _number(value: int | None) -> str:
    return f"{_LAST if value is None else max(0, value):06}"
