"""Pages of items that match a query."""

import json
import sqlite3
from collections.abc import Collection, Sequence
from typing import Any

from msgspec import Struct

from msd.errors import InvalidArgumentError
from msd.models import ItemId, ItemPage, ItemQuery, ItemType, SourceId
from msd.store.cache.reads import page_cursor
from msd.store.cache.reads.fields import projection
from msd.store.cache.reads.listings import Listing, check_libraries, visible_listings
from msd.store.cache.reads.page_cursor import PageCursor
from msd.store.cache.reads.query.conditions import Conditions, conditions_of
from msd.store.cache.reads.query.order import Order, Scan, order_of, order_of_members
from msd.store.cache.reads.query.page import page_in_order, page_of_rows, page_order
from msd.store.cache.reads.query.rarest import Candidate, Sql, own_index, rarest, rows_of

_CHILDREN = "item INDEXED BY item_parent"
_MEMBERS = "member CROSS JOIN item ON item.id = member.item_id"
_WITH_MEMBERS = (ItemType.COLLECTION, ItemType.PLAYLIST)


def query_items(
    connection: sqlite3.Connection, query: ItemQuery, hidden_sources: Collection[SourceId] = ()
) -> ItemPage:
    """Return one page of the items that match.

    Raises:
        InvalidArgumentError: a field is unknown, the cursor is not from this query, or an offset
            is given beside it.
        UnknownLibraryError: a named library does not exist.
    """
    if query.offset and query.cursor:
        raise InvalidArgumentError("offset and cursor can't be used together")
    shown = projection(query.fields)
    check_libraries(connection, query.library_ids, hidden_sources)
    listings = visible_listings(connection, hidden_sources)
    chosen = [listing for listing in listings.values() if is_wanted(query, listing)]
    found = _Search(connection, query, chosen).found()
    text, parameters = found.page
    rows = connection.execute(
        f"SELECT {shown.columns}, page.* FROM ({text}) AS page"
        f" CROSS JOIN item ON item.pk = page.pk{shown.joins}"
        f" ORDER BY {page_order(found.order, query, 'page.')}",
        parameters,
    ).fetchall()
    return ItemPage(
        items=tuple(shown.items(listings, rows[: query.limit])),
        next_cursor=_cursor_after(query, rows, found.order),
        total=found.total,
    )


class _Found(Struct, frozen=True):
    """Where the rows of a query were found."""

    page: Sql
    order: Order
    total: int | None  # None: it was not asked for


class _Search:
    """Where the rows of one query are looked for, and how many there are."""

    def __init__(
        self, connection: sqlite3.Connection, query: ItemQuery, listings: Sequence[Listing]
    ) -> None:
        self._connection = connection
        self._query = query
        self._listings = listings
        self._conditions = conditions_of(query)

    def found(self) -> _Found:
        """Return what reads the page."""
        if self._query.parent_id is not None:
            return self._below_parent(self._query.parent_id)
        if self._query.show_id is not None or self._query.artist_id is not None:
            return self._among(_CHILDREN, order_of(self._query, self._listings))
        return self._in_listings()

    def _below_parent(self, parent_id: ItemId) -> _Found:
        parent = self._connection.execute(
            "SELECT item.pk, listing.type FROM item JOIN listing ON listing.pk = item.listing"
            " WHERE item.id = ? AND item.deleted_at IS NULL",
            (parent_id,),
        ).fetchone()
        if parent is not None and parent[1] in _WITH_MEMBERS:
            self._conditions.add("member.parent = ?", parent[0])
            return self._among(_MEMBERS, order_of_members(self._query, self._listings))
        self._conditions.add("item.parent_id = ?", parent_id)
        return self._among(_CHILDREN, order_of(self._query, self._listings))

    def _among(self, rows: str, order: Order) -> _Found:
        """Look among few rows: those below an item."""
        cursor = page_cursor.decode(self._query, order.shape)
        listed = self._listed(self._listings)
        total = self._count((rows, []), listed) if self._query.with_total else None
        return _Found(page_of_rows(self._query, order, (rows, []), listed, cursor), order, total)

    def _in_listings(self) -> _Found:
        order = order_of(self._query, self._listings)
        cursor = page_cursor.decode(self._query, order.shape)
        filled = [listing for listing in self._listings if listing.item_count]
        total = self._total(filled) if self._query.with_total else None
        page = None
        if order.scan is not None:
            ways = {listing: self._few(order.scan(listing.type), listing) for listing in filled}
            page = page_in_order(self._query, order, self._conditions, ways, cursor)
        if page is None:
            few = rarest(self._connection, self._query, filled, most=_rows_in(filled))
            page = page_of_rows(self._query, order, rows_of(few), self._listed(filled), cursor)
        return _Found(page, order, total)

    def _few(self, scan: Scan, listing: Listing) -> Candidate | None:
        """Return the condition whose rows are read and sorted; None: read in order."""
        if own_index(self._query, scan) and len(self._conditions.texts) == 1:
            return None
        return rarest(self._connection, self._query, [listing])

    def _total(self, listings: Sequence[Listing]) -> int:
        rows = _rows_in(listings)
        if not self._conditions.texts:
            return rows
        few = rarest(self._connection, self._query, listings, most=rows)
        if few is not None and few.is_exact and len(self._conditions.texts) == 1:
            return few.count(self._connection, rows)
        return self._count(rows_of(few), self._listed(listings))

    def _count(self, rows: Sql, conditions: Conditions) -> int:
        text, parameters = rows
        counted = self._connection.execute(
            f"SELECT count(*) FROM {text} WHERE item.deleted_at IS NULL{conditions.and_text()}",
            (*parameters, *conditions.parameters),
        ).fetchone()
        return int(counted[0])

    def _listed(self, listings: Sequence[Listing]) -> Conditions:
        """Return the conditions and that a row is of one of the listings."""
        found = Conditions([*self._conditions.texts], [*self._conditions.parameters])
        pks = json.dumps([listing.pk for listing in listings])
        found.add("item.listing IN (SELECT value FROM json_each(?))", pks)
        return found


def _rows_in(listings: Sequence[Listing]) -> int:
    return sum(listing.item_count for listing in listings)


def is_wanted(query: ItemQuery, listing: Listing) -> bool:
    """Return whether a query asks for the source, library and type of a listing."""
    return (
        (not query.source_ids or listing.source_id in query.source_ids)
        and (not query.library_ids or listing.library_id in query.library_ids)
        and (not query.types or listing.type in query.types)
    )


def _cursor_after(query: ItemQuery, rows: Sequence[Sequence[Any]], order: Order) -> str:
    if len(rows) <= query.limit:
        return ""
    pk, zone, *keys = rows[query.limit - 1][-(2 + len(order.keys)) :]
    return PageCursor(zone, (*keys, pk)).encode(query)
