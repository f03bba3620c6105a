"""Items that may fit: from the index, by the beginning of their title, or named by the caller."""

import json
import sqlite3
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from msgspec import Struct

from msd.models import ItemId, ItemType
from msd.store.cache.reads.listings import Listing
from msd.store.cache.rows.details import people_names
from msd.store.cache.rows.search_text import listing_mark

MOST_EXAMINED = 10_000  # rows of the index that one step looks at, deleted ones included
MOST_COUNTED = 10_000

_COLUMNS = """
item.pk, item.listing, item.title, item.show_title, item.artist, item.album, item.year,
coalesce(item.show_id, item.album_id), item.position_ms, item.play_count
"""
_VISIBLE = "item.deleted_at IS NULL AND item.listing IN (SELECT value FROM json_each(?))"
_IN_INDEX = f"""
SELECT {_COLUMNS}
FROM (SELECT rowid AS pk FROM {{index}} WHERE {{index}} MATCH ? LIMIT {MOST_EXAMINED}) AS found
LEFT JOIN item ON item.pk = found.pk AND {_VISIBLE}
"""
_BEGINNINGS = f"""
SELECT {_COLUMNS} FROM item INDEXED BY item_title
WHERE listing = ? AND deleted_at IS NULL AND sort_title >= ? AND sort_title < ?
ORDER BY sort_title LIMIT ?
"""
_NAMED = f"""
SELECT {_COLUMNS} FROM item WHERE item.id IN (SELECT value FROM json_each(?)) AND {_VISIBLE}
"""
_COUNT = f"""
SELECT count(*), sum(item.pk IS NOT NULL)
FROM (SELECT rowid AS pk FROM search WHERE search MATCH ? LIMIT {MOST_COUNTED + 1}) AS found
LEFT JOIN item ON item.pk = found.pk AND {_VISIBLE}
"""
_ORIGINALS = """
SELECT named.value, coalesce(json_extract(item_detail.body, '$.original_title'),
                             json_extract(nullif(item_full.beyond_list, ''), '$.original_title'))
FROM json_each(?) AS named LEFT JOIN item_detail ON item_detail.item = named.value
LEFT JOIN item_full ON item_full.item = named.value
"""
_PEOPLE = "SELECT item, body FROM item_full WHERE item IN (SELECT value FROM json_each(?))"


# Of items that fit alike.
TYPE_ORDER = {
    ItemType.COLLECTION: 1,
    ItemType.ALBUM: 2,
    ItemType.PLAYLIST: 2,
    ItemType.SEASON: 3,
    ItemType.MUSIC_VIDEO: 3,
    ItemType.VIDEO: 3,
    ItemType.TRACK: 4,
    ItemType.EPISODE: 4,
}


class Candidate(Struct, frozen=True):
    """What is compared of an item."""

    pk: int
    type: ItemType
    title: str
    show: str | None
    artist: str | None
    album: str | None
    year: int | None
    container: str | None  # id of the show or album
    position_ms: int
    play_count: int


class CandidateReader:
    """Reads candidates of the listings that a search may see."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        listings: Mapping[int, Listing],
        *,
        is_everything: bool,
    ) -> None:
        """Take the listings, and whether the cache has no others."""
        self._connection = connection
        self.listings = listings
        self._within = () if is_everything else tuple(listings)
        self._pks = json.dumps(list(listings))

    def in_index(self, index: str, expression: str, limit: int) -> tuple[list[Candidate], bool]:
        """Return items that an index has for an expression, and whether these are all.

        When they are not all, those of the types that come first among equals are there as well.

        Args:
            index: `search` or `search_title`.
            expression: as FTS5 has it.
            limit: of the items.
        """
        found, is_all = self._in_listings(index, expression, self._within, limit)
        first = [pk for pk, listing in self.listings.items() if not TYPE_ORDER.get(listing.type)]
        if not is_all and 0 < len(first) < len(self.listings):
            of_first, _ = self._in_listings(index, expression, first, limit)
            found = [*{item.pk: item for item in (*of_first, *found)}.values()]
        return found, is_all

    def _in_listings(
        self, index: str, expression: str, listings: Sequence[int], limit: int
    ) -> tuple[list[Candidate], bool]:
        """Return items of some listings; none named: of all."""
        rows = self._connection.execute(
            _IN_INDEX.format(index=index), (_within(expression, listings), self._pks)
        )
        found: list[Candidate] = []
        examined = 0
        for row in rows:
            examined += 1
            if row[0] is not None:
                found.append(self._candidate(row))
                if len(found) == limit:
                    return found, False
        return found, examined < MOST_EXAMINED

    def beginning_with(self, first: str, limit: int) -> tuple[list[Candidate], bool]:
        """Return items whose sort title begins with a text, and whether these are all.

        The limit holds for each listing.
        """
        found: list[Candidate] = []
        if not first:
            return found, True
        is_all = True
        for listing in self.listings:
            rows = self._connection.execute(
                _BEGINNINGS, (listing, first, first + "\U0010ffff", limit)
            ).fetchall()
            found += map(self._candidate, rows)
            is_all &= len(rows) < limit
        return found, is_all

    def named(self, ids: Collection[ItemId]) -> Sequence[Candidate]:
        """Return items by their ids."""
        rows = self._connection.execute(_NAMED, (json.dumps(list(ids)), self._pks))
        return [self._candidate(row) for row in rows]

    def count(self, expression: str) -> int | None:
        """Return how many items the index has for an expression, None for very many."""
        within = _within(expression, self._within)
        row = self._connection.execute(_COUNT, (within, self._pks)).fetchone()
        return None if row[0] > MOST_COUNTED else row[1] or 0

    def originals(self, pks: Collection[int]) -> Mapping[int, str]:
        """Return original titles; items without one are absent."""
        rows = self._connection.execute(_ORIGINALS, (json.dumps(list(pks)),))
        return {pk: original for pk, original in rows if original}

    def people(self, pks: Collection[int]) -> Mapping[int, Sequence[str]]:
        """Return the names of people; items without any are absent."""
        rows = self._connection.execute(_PEOPLE, (json.dumps(list(pks)),))
        return {pk: people_names(body) for pk, body in rows}

    def _candidate(self, row: Sequence[Any]) -> Candidate:
        pk, listing, *values = row
        return Candidate(pk, self.listings[listing].type, *values)


def _within(expression: str, listings: Sequence[int]) -> str:
    if not listings:
        return expression
    marks = " OR ".join(f'"{listing_mark(listing)}"' for listing in listings)
    return f"({expression}) AND ({marks})"
