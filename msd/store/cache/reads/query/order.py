"""What an answer is sorted by, as SQL.

Items without the value come last in either direction: they are a zone of their own behind the
others. So the key of a row is its zone, then the keys of the order, then its primary key, which
makes it unique.
"""

from collections.abc import Callable, Sequence
from functools import cache
from hashlib import blake2b
from types import UnionType

from msgspec import Struct
from msgspec.structs import replace

from msd.models import ItemQuery, ItemType, SortKey
from msd.store.cache.reads.listings import Listing
from msd.store.cache.rows.place import UNKNOWN_ARTIST

Kind = type | UnionType
_PRIME = 2**31 - 1
_NUMBER = (
    "coalesce(item.season_number, item.disc_number, 0) * 1000000"
    " + coalesce(item.episode_number, item.track_number, item.year, 999999)"
)
_PLACE = "CASE item.place WHEN '' THEN item.sort_title ELSE item.place END"
_IN_SHOWS = frozenset({ItemType.SEASON, ItemType.EPISODE})
_BY_ARTISTS = frozenset({ItemType.ALBUM, ItemType.TRACK, ItemType.MUSIC_VIDEO})


class Zone(Struct, frozen=True):
    """Rows of a listing that have the value (0), or that have none (1)."""

    number: int
    condition: str = ""  # SQL; "" = all rows


class Scan(Struct, frozen=True):
    """How the rows of one listing are read in order."""

    index: str
    keys: tuple[str, ...]
    zones: tuple[Zone, ...] = (Zone(0),)


class Order(Struct, frozen=True, kw_only=True):
    """An order: keys of a row, their types, and how whole listings are read in it."""

    keys: tuple[str, ...]
    shape: tuple[Kind, ...]
    zone: str = "0"  # of a row, in brackets
    zones: tuple[int, ...] = (0,)
    scan: Callable[[ItemType], Scan] | None = None  # None: no index has it

    def of_members(self) -> "Order":
        """Return the order among the members of a container, which may hold an item twice."""
        return Order(keys=(*self.keys, "member.position"), shape=(*self.shape, int), zone=self.zone)


def order_of(query: ItemQuery, listings: Sequence[Listing]) -> Order:
    """Return the order that a query asks for, over rows of these listings."""
    match query.sort:
        case SortKey.RANDOM:
            return Order(keys=(_shuffled(query.seed),), shape=(int,))
        case SortKey.INDEX:
            return _PLACED if query.parent_id is None else _NUMBERED
        case SortKey.ARTIST:
            return _by_artist(listings)
        case SortKey.YEAR if query.years:
            # An index is not read in the order of a list; in one year, titles decide.
            return _COLUMNS[SortKey.TITLE] if len(query.years) == 1 else _OF_YEARS
        case _:
            return _COLUMNS[query.sort]


def order_of_members(query: ItemQuery, listings: Sequence[Listing]) -> Order:
    """Return the order of the members of a collection or playlist."""
    if query.sort is SortKey.INDEX:
        return Order(keys=("member.position",), shape=(int,))
    return order_of(query, listings).of_members()


def _by_column(column: str, kind: Kind, index: str, known: str, unknown: str, *more: str) -> Order:
    keys = (f"item.{column}", *more)
    scan = Scan(
        index, keys, (Zone(0, f"item.{column} {known}"), Zone(1, f"item.{column} {unknown}"))
    )
    return Order(
        keys=keys,
        shape=(kind, *(str for _ in more)),
        zone=f"(item.{column} {unknown})",
        zones=(0, 1),
        scan=lambda _: scan,
    )


_TITLES = Scan("item_title", ("item.sort_title",))
_PLACES = Scan("item_place", ("item.place",))
_COLUMNS = {
    SortKey.TITLE: Order(keys=("item.sort_title",), shape=(str,), scan=lambda _: _TITLES),
    SortKey.ADDED: _by_column("added", int, "item_added", "> 0", "= 0"),
    SortKey.RELEASED: _by_column("released", str, "item_released", "> ''", "= ''"),
    SortKey.LAST_PLAYED: _by_column("last_played", int, "item_last_played", "> 0", "= 0"),
    SortKey.RATING: _by_column("rating", float, "item_rating", ">= 0", "< 0"),
    SortKey.YEAR: _by_column(
        "year", int | None, "item_year", "NOT NULL", "IS NULL", "item.sort_title"
    ),
}
_OF_YEARS = replace(_COLUMNS[SortKey.YEAR], scan=None)
_NUMBERED = Order(keys=(_NUMBER, "item.released", "item.sort_title"), shape=(int, str, str))


def _by_index(item_type: ItemType) -> Scan:
    return _PLACES if item_type in _IN_SHOWS | _BY_ARTISTS else _TITLES


def _by_artist(listings: Sequence[Listing]) -> Order:
    with_artists = [one.pk for one in listings if one.type in _BY_ARTISTS | {ItemType.ARTIST}]
    known = f"item.listing IN ({', '.join(map(str, with_artists))})"
    return Order(
        keys=(_PLACE,),
        shape=(str,),
        zone=f"(NOT ({known} AND item.place < '{UNKNOWN_ARTIST}'))",
        zones=(0, 1),
        scan=_of_artists,
    )


_PLACED = Order(keys=(_PLACE,), shape=(str,), scan=_by_index)


@cache
def _of_artists(item_type: ItemType) -> Scan:
    scan = _by_index(item_type)
    if item_type in _BY_ARTISTS:
        known, unknown = (f"item.place {sign} '{UNKNOWN_ARTIST}'" for sign in ("<", ">="))
        zones: tuple[Zone, ...] = Zone(0, known), Zone(1, unknown)
    else:
        zones = (Zone(0 if item_type is ItemType.ARTIST else 1),)
    return Scan(scan.index, scan.keys, zones)


def _shuffled(seed: int) -> str:
    """Return SQL for a number that looks random and is the same for one seed and row.

    Every step stays below 2^62, as SQLite turns integers that overflow into fractions.
    """
    digest = blake2b(str(seed).encode(), digest_size=12).digest()
    factor, first, second = (
        1 + int.from_bytes(digest[at : at + 4]) % (_PRIME - 1) for at in (0, 4, 8)
    )
    mixed = f"((item.pk % {_PRIME} * {factor} + {first}) % {_PRIME})"
    return f"(({mixed} * {mixed} + {second}) % {_PRIME})"
