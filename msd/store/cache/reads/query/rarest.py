"""Whether it costs less to read all rows of one condition than to read in order.

Reading in order passes over rows that don't match: of n matching rows in m, about m / n for each
row of the page. Reading the n rows of a condition costs n. So few rows are read and sorted, many
are met soon enough in the order of the page.
"""

import json
import sqlite3
from collections.abc import Iterator, Sequence

from msgspec import Struct

from msd.models import ItemQuery, SortKey
from msd.store.cache.reads.listings import Listing
from msd.store.cache.reads.query.conditions import (
    Conditions,
    letter_range,
    linked_keys,
    one_of,
)
from msd.store.cache.reads.query.order import Scan

_ROWS = "SELECT item.pk AS pk FROM item INDEXED BY {index} WHERE item.deleted_at IS NULL"
_IN_LISTINGS = " AND item.listing IN (SELECT value FROM json_each(?))"
_LINKED = """SELECT {distinct} item AS pk FROM item_facet
WHERE value {one_of} AND listing IN (SELECT value FROM json_each(?))"""


Sql = tuple[str, list[object]]


class Candidate(Struct, frozen=True):
    """The rows of one condition in some listings, as SQL that gives their `pk`."""

    text: str
    parameters: tuple[object, ...]
    is_exact: bool  # False: rows that were deleted may be among them

    def count(self, connection: sqlite3.Connection, most: int) -> int:
        """Return how many rows there are, or `most` when there are more."""
        counted = connection.execute(
            f"SELECT count(*) FROM ({self.text} LIMIT ?)", (*self.parameters, most)
        )
        return int(counted.fetchone()[0])


def rows_of(few: Candidate | None) -> Sql:
    """Return what stands behind FROM: the rows of a condition, or all, as `item`."""
    if few is None:
        return "item", []
    return f"({few.text}) AS few CROSS JOIN item ON item.pk = few.pk", [*few.parameters]


def own_index(query: ItemQuery, scan: Scan) -> str:
    """Return the index that has the rows of a condition in the order of the scan; "" = none."""
    match scan.index:
        case "item_last_played" if query.in_progress:
            return "item_in_progress"
        case "item_title" if query.favourite:
            return "item_favourite"
        case "item_title" if query.watched is False:
            return "item_unwatched_title"
        case "item_added" if query.watched is False:
            return "item_unwatched_added"
        case "item_title" if len(query.years) == 1:
            return "item_year"
        case _:
            return ""


def own_range(query: ItemQuery, scan: Scan) -> Conditions:
    """Return the conditions that are a range of the index of the scan."""
    found = Conditions()
    if query.letter and scan.index == "item_title":
        found.add(*letter_range(query.letter))
    if query.added_after is not None and scan.index == "item_added":
        found.add("item.added > ?", max(0, query.added_after))
    return found


def rarest(
    connection: sqlite3.Connection,
    query: ItemQuery,
    listings: Sequence[Listing],
    *,
    most: int | None = None,
) -> Candidate | None:
    """Return the condition that has the fewest rows; None: another way costs less.

    Args:
        connection: to the cache.
        query: with the conditions.
        listings: where its rows are.
        most: with more rows the other way costs less; None: that is to read in order until the
            page is full.
    """
    found = list(candidates(query, listings))
    if most is None:
        rows = sum(listing.item_count for listing in listings)
        most = _worthwhile(query, rows, len(found))
    best, least = None, most + 1
    for candidate in found:
        count = candidate.count(connection, least)
        if count < least:
            best, least = candidate, count
    return best


def _worthwhile(query: ItemQuery, rows: int, conditions: int) -> int:
    """Return how many rows cost as much as reading in order until the page is full.

    With n of m rows for each of c conditions, a row of the page is met after (m / n)^c rows.
    """
    wanted = query.offset + query.limit + 1
    return int((wanted * float(rows) ** conditions) ** (1 / (conditions + 1)))


def candidates(query: ItemQuery, listings: Sequence[Listing]) -> Iterator[Candidate]:
    """Yield the rows of each condition that an index finds; the order's own index is no matter."""
    pks = json.dumps([listing.pk for listing in listings])
    for keys in linked_keys(query):
        text, *values = one_of(keys)
        distinct = "DISTINCT" if len(keys) > 1 else ""
        linked = _LINKED.format(distinct=distinct, one_of=text)
        yield Candidate(linked, (*values, pks), is_exact=False)
    for index, text, parameters in _indexed(query):
        rows = _ROWS.format(index=index) + _IN_LISTINGS + text
        yield Candidate(rows, (pks, *parameters), is_exact=True)


def _indexed(query: ItemQuery) -> Iterator[tuple[str, str, Sequence[object]]]:
    """Yield index, condition and parameters of what a column says."""
    if query.in_progress:
        yield "item_in_progress", " AND item.position_ms > 0", ()
    if query.favourite:
        yield "item_favourite", " AND item.favourite = 1", ()
    if query.watched is not None:
        index = "item_watched" if query.watched else "item_unwatched_title"
        yield index, f" AND item.watched = {query.watched:d}", ()
    if query.years:
        text, *values = one_of(query.years)
        yield "item_year", f" AND item.year {text}", values
    if query.added_after is not None and query.sort is not SortKey.ADDED:
        yield "item_added", " AND item.added > ?", (max(0, query.added_after),)
    if query.letter and query.sort is not SortKey.TITLE:
        text, *values = letter_range(query.letter)
        yield "item_title", f" AND {text}", values
