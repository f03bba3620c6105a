"""How many of the items that match a query are of each genre, year, letter and so on."""

import json
import sqlite3
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import partial

from msgspec import Struct

from msd.models import Facet, ItemQuery, SourceId
from msd.store.cache.reads.listings import Listing, check_libraries, visible_listings
from msd.store.cache.reads.pages import is_wanted
from msd.store.cache.reads.query.conditions import Conditions, conditions_of
from msd.store.cache.reads.query.rarest import Sql, rarest, rows_of
from msd.store.cache.rows.facets import LinkedFacet, key_range
from msd.store.cache.rows.sort_title import NO_LETTER, letter_of

MAX_VALUES = 500

_CHILDREN = """(item.parent_id = ? OR item.id IN (SELECT member.item_id FROM member
JOIN item AS holder ON holder.pk = member.parent WHERE holder.id = ?))"""
_DELETED = """item_facet.item NOT IN (SELECT pk FROM item INDEXED BY item_deleted
WHERE item.deleted_at IS NOT NULL AND item.listing IN (SELECT value FROM json_each(?)))"""


class Matching(Struct):
    """The items that are counted."""

    connection: sqlite3.Connection
    listings: Sequence[Listing]
    conditions: Conditions  # but the listings
    rows: Sql  # among which they are

    @property
    def pks(self) -> str:
        """The listings as JSON."""
        return json.dumps([listing.pk for listing in self.listings])

    def where(self) -> tuple[str, list[object]]:
        """Return what holds for the rows of `item`, and its parameters."""
        text = f"item.deleted_at IS NULL{self.conditions.and_text()}"
        in_listings = " AND item.listing IN (SELECT value FROM json_each(?))"
        return text + in_listings, [*self.conditions.parameters, self.pks]

    def counted(self, column: str, index: str) -> list[tuple[object, int]]:
        """Count by a column; `index` has it, so that nothing else is read without conditions."""
        where, parameters = self.where()
        rows, of_rows = self.rows if self.conditions.texts else (f"item INDEXED BY {index}", [])
        text = f"SELECT {column}, count(*) FROM {rows} WHERE {where} GROUP BY 1"
        return self.connection.execute(text, [*of_rows, *parameters]).fetchall()


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
    listings = [
        listing
        for listing in visible_listings(connection, hidden_sources).values()
        if is_wanted(query, listing)
    ]
    few = rarest(connection, query, listings, in_order=False)
    matching = Matching(connection, listings, conditions, rows_of(few))
    return {
        name: tuple(
            Facet(value=value, count=count)
            for value, count in list(READERS[name](matching))[:MAX_VALUES]
        )
        for name in names
    }


Counts = Iterable[tuple[str, int]]


def _types(matching: Matching) -> Counts:
    by_listing: Mapping[object, int] = {one.pk: one.item_count for one in matching.listings}
    if matching.conditions.texts:
        by_listing = dict(matching.counted("item.listing", "item_title"))
    counts: Counter[str] = Counter()
    for listing in matching.listings:
        counts[listing.type] += by_listing.get(listing.pk, 0)
    return _frequent_first(+counts)


def _linked(facet: LinkedFacet, matching: Matching) -> Counts:
    """Count the links of a facet; those of deleted items wait for the purge, and don't count."""
    parameters: list[object] = [*key_range(facet), matching.pks]
    text = """SELECT value, count(*) AS items FROM item_facet WHERE value BETWEEN ? AND ?
        AND listing IN (SELECT value FROM json_each(?)) AND """
    if matching.conditions.texts:
        where, values = matching.where()
        among, of_rows = matching.rows
        text += f"item IN (SELECT item.pk FROM {among} WHERE {where})"
        parameters += [*of_rows, *values]
    else:
        text += _DELETED
        parameters.append(matching.pks)
    rows = matching.connection.execute(
        f"""SELECT facet_value.name, counted.items FROM ({text} GROUP BY 1) AS counted
        JOIN facet_value ON facet_value.key = counted.value ORDER BY 2 DESC, 1 LIMIT ?""",
        [*parameters, MAX_VALUES],
    )
    return [(str(name), int(count)) for name, count in rows]


def _years(matching: Matching) -> Counts:
    return [(str(year), count) for year, count in _by_year(matching)]


def _decades(matching: Matching) -> Counts:
    counts: Counter[int] = Counter()
    for year, count in _by_year(matching):
        counts[year - year % 10] += count
    return [(str(decade), count) for decade, count in counts.items()]


def _by_year(matching: Matching) -> list[tuple[int, int]]:
    rows = matching.counted("item.year", "item_year")
    return sorted(((int(str(year)), n) for year, n in rows if year is not None), reverse=True)


def _letters(matching: Matching) -> Counts:
    counts: Counter[str] = Counter()
    for first, count in matching.counted("substr(item.sort_title, 1, 1)", "item_title"):
        counts[letter_of(str(first))] += count
    return sorted(counts.items(), key=lambda entry: (entry[0] == NO_LETTER, entry[0]))


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
