"""How many of the items that match a query are of each genre, year, letter and so on."""

import json
import sqlite3
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import cached_property, partial
from itertools import islice
from typing import Any

from msd.models import Facet, ItemQuery, SourceId
from msd.store.cache.reads.listings import Listing, check_libraries, visible_listings
from msd.store.cache.reads.pages import is_wanted
from msd.store.cache.reads.query.conditions import Conditions, conditions_of
from msd.store.cache.reads.query.rarest import Sql, rarest, rows_of
from msd.store.cache.rows.facets import LinkedFacet, key_range
from msd.store.cache.rows.sort_title import NO_LETTER, letter_of

MAX_VALUES = 500
_MANY = 8  # one row in so many: looking each up costs as much as reading all

_CHILDREN = """(item.parent_id = ? OR item.id IN (SELECT member.item_id FROM member
JOIN item AS holder ON holder.pk = member.parent WHERE holder.id = ?))"""
_FIRST = "substr(item.sort_title, 1, 1)"
_NOT_DELETED = """item_facet.item NOT IN (SELECT pk FROM item INDEXED BY item_deleted
WHERE item.deleted_at IS NOT NULL AND item.listing IN (SELECT value FROM json_each(?)))"""


class Matching:
    """The items that are counted; what several facets need is counted once."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        listings: Sequence[Listing],
        conditions: Conditions,
        rows: Sql,
        linked: Sequence[LinkedFacet],
    ) -> None:
        """Take where the items are.

        Args:
            connection: to the cache.
            listings: in which they are.
            conditions: that they meet beside that.
            rows: what stands behind FROM: all of `item`, or the rows of a rare condition.
            linked: the facets that are wanted and counted by links.
        """
        self._connection = connection
        self.listings = listings
        self._rows = rows
        self._linked = linked
        self._pks = json.dumps([listing.pk for listing in listings])
        self._all = not conditions.texts
        in_listings = "item.listing IN (SELECT value FROM json_each(?))"
        self._where = f"item.deleted_at IS NULL{conditions.and_text()} AND {in_listings}"
        self._parameters = [*conditions.parameters, self._pks]

    @cached_property
    def by_listing(self) -> Mapping[int, int]:
        """How many there are of each listing."""
        if self._all:
            return {listing.pk: listing.item_count for listing in self.listings}
        return self._summed(0)

    @cached_property
    def by_year(self) -> Mapping[int, int]:
        """How many there are of each year, the newest first."""
        found: Counter[int] = Counter()
        if self._all:  # grouped by listing, too: so the rows stand in the index
            for _, year, count in self._counted("item.listing, item.year", "item_year"):
                found[year] += count
        else:
            found = self._summed(1)
        return {year: found[year] for year in sorted(found.keys() - {None}, reverse=True)}

    @cached_property
    def by_letter(self) -> Mapping[str, int]:
        """How many there are of each letter."""
        first = dict(self._counted(_FIRST, "item_title")) if self._all else self._summed(2)
        found: Counter[str] = Counter()
        for character, count in first.items():
            found[letter_of(str(character))] += count
        return found

    def _summed(self, column: int) -> Counter[Any]:
        """Count the rows that meet conditions: they are read once for all facets."""
        found: Counter[Any] = Counter()
        for row in self._groups:
            found[row[column]] += row[3]
        return found

    @cached_property
    def _groups(self) -> list[tuple[Any, ...]]:
        return self._counted(f"item.listing, item.year, {_FIRST}")

    @cached_property
    def by_link(self) -> Mapping[int, int]:
        """How many there are of each value of the linked facets, by its key."""
        first, last = key_range(min(self._linked))[0], key_range(max(self._linked))[1]
        text = """SELECT value, count(*) FROM item_facet WHERE value BETWEEN ? AND ?
            AND listing IN (SELECT value FROM json_each(?)) AND """
        parameters: list[object] = [first, last, self._pks]
        if self._all:
            # Links of deleted items wait for the purge.
            text += _NOT_DELETED
            parameters.append(self._pks)
        else:
            rows, of_rows = self._rows
            text += f"item IN (SELECT item.pk FROM {rows} WHERE {self._where})"
            parameters += [*of_rows, *self._parameters]
        return dict(self._connection.execute(f"{text} GROUP BY 1", parameters).fetchall())

    def names(self, keys: Collection[int]) -> Mapping[int, str]:
        """Return the names of linked values."""
        text = "SELECT key, name FROM facet_value WHERE key IN (SELECT value FROM json_each(?))"
        return dict(self._connection.execute(text, (json.dumps([*keys]),)).fetchall())

    def _counted(self, columns: str, index: str = "") -> list[tuple[Any, ...]]:
        """Count by columns; where an index has them, nothing else is read."""
        rows, of_rows = (f"item INDEXED BY {index}", []) if index else self._rows
        return self._connection.execute(
            f"SELECT {columns}, count(*) FROM {rows} WHERE {self._where} GROUP BY {columns}",
            [*of_rows, *self._parameters],
        ).fetchall()


def facets(
    connection: sqlite3.Connection,
    query: ItemQuery,
    names: Collection[str],
    hidden_sources: Collection[SourceId] = (),
) -> dict[str, tuple[Facet, ...]]:
    """Return the values of each named facet, with how many items have it.

    Types, genres, studios and content ratings come with the most frequent first, years and
    decades with the newest, letters in their order with "#" for everything else at the end; at
    most `MAX_VALUES` of each.

    Args:
        connection: to the cache.
        query: its conditions; what it says of the form of an answer plays no part.
        names: keys of `READERS`.
        hidden_sources: are left out.

    Raises:
        UnknownLibraryError: a named library does not exist.
    """
    check_libraries(connection, query.library_ids, hidden_sources)
    conditions = conditions_of(query)
    if query.parent_id is not None:
        conditions.add(_CHILDREN, query.parent_id, query.parent_id)
    visible = visible_listings(connection, hidden_sources).values()
    listings = [listing for listing in visible if is_wanted(query, listing)]
    linked = [facet for facet in LinkedFacet if facet.name.lower() in names]
    rows = _rows(connection, query, listings, sum(listing.item_count for listing in visible))
    matching = Matching(connection, listings, conditions, rows, linked)
    return {
        name: tuple(
            Facet(value=value, count=count)
            for value, count in islice(READERS[name](matching), MAX_VALUES)
        )
        for name in names
    }


def _rows(
    connection: sqlite3.Connection, query: ItemQuery, listings: Sequence[Listing], in_all: int
) -> Sql:
    """Return among which rows the matching ones are looked for.

    Few are looked up one by one. Many stand all over the file: it is read from start to end.
    """
    if query.parent_id or query.show_id or query.artist_id:
        return rows_of(None)
    there = sum(listing.item_count for listing in listings)
    few = rarest(connection, query, listings, most=there // _MANY)
    if few is not None or there * 2 < in_all:
        return rows_of(few)
    return "item NOT INDEXED", []


Counts = Iterable[tuple[str, int]]


def _types(matching: Matching) -> Counts:
    counts: Counter[str] = Counter()
    for listing in matching.listings:
        counts[listing.type] += matching.by_listing.get(listing.pk, 0)
    return _frequent_first(+counts)


def _linked(facet: LinkedFacet, matching: Matching) -> Counts:
    first, last = key_range(facet)
    counts = Counter({key: n for key, n in matching.by_link.items() if first <= key <= last})
    most = dict(counts.most_common(MAX_VALUES))
    names = matching.names(most)
    return _frequent_first({names[key]: count for key, count in most.items()})


def _years(matching: Matching) -> Counts:
    return [(str(year), count) for year, count in matching.by_year.items()]


def _decades(matching: Matching) -> Counts:
    counts: Counter[int] = Counter()
    for year, count in matching.by_year.items():
        counts[year - year % 10] += count
    return [(str(decade), count) for decade, count in counts.items()]


def _letters(matching: Matching) -> Counts:
    return sorted(matching.by_letter.items(), key=lambda entry: (entry[0] == NO_LETTER, entry[0]))


def _frequent_first(counts: Mapping[str, int]) -> Counts:
    return sorted(counts.items(), key=lambda entry: (-entry[1], entry[0]))


READERS: Mapping[str, Callable[[Matching], Counts]] = {
    "types": _types,
    "genres": partial(_linked, LinkedFacet.GENRES),
    "studios": partial(_linked, LinkedFacet.STUDIOS),
    "content_ratings": partial(_linked, LinkedFacet.CONTENT_RATINGS),
    "years": _years,
    "decades": _decades,
    "letters": _letters,
}
