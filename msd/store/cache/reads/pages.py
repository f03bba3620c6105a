"""Pages of items that match a query."""

import json
import sqlite3
from collections.abc import Collection, Sequence
from typing import Any

from msd.errors import InvalidArgumentError
from msd.models import ItemPage, ItemQuery, ItemType, SourceId
from msd.store.cache.reads import page_cursor
from msd.store.cache.reads.fields import projection
from msd.store.cache.reads.listings import Listing, visible_listings
from msd.store.cache.reads.page_cursor import PageCursor
from msd.store.cache.reads.query import (
    Conditions,
    conditions_of,
    order_of,
    page_of,
    page_of_listings,
    rows_of,
)

_MEMBER_ROWS = "member CROSS JOIN item ON item.id = member.item_id"
_WITH_MEMBERS = (ItemType.COLLECTION, ItemType.PLAYLIST)


def query_items(
    connection: sqlite3.Connection, query: ItemQuery, hidden_sources: Collection[SourceId] = ()
) -> ItemPage:
    """Return one page of the items that match.

    Raises:
        InvalidArgumentError: a field is unknown, the cursor is not from this query, or an offset
            is given beside it.
    """
    if query.offset and query.cursor:
        raise InvalidArgumentError("offset and cursor can't be used together")
    shown = projection(query.fields)
    listings = visible_listings(connection, hidden_sources)
    chosen = [listing for listing in listings.values() if is_wanted(query, listing)]
    keys, parameters, total, shape = _Search(connection, query, chosen).page()
    rows = connection.execute(
        f"SELECT {shown.columns}, page.* FROM ({keys}) AS page"
        f" CROSS JOIN item ON item.pk = page.pk{shown.joins}"
        f" ORDER BY {_page_order(query, len(shape))}",
        parameters,
    ).fetchall()
    return ItemPage(
        items=tuple(shown.items(listings, rows[: query.limit])),
        next_cursor=_cursor_after(query, rows, len(shape)),
        total=total,
    )


Found = tuple[str, list[object], int | None, tuple[type, ...]]
"""SQL and parameters of a page's keys, the total (None: not asked for), and the keys' types."""


class _Search:
    """Where the rows of one query are looked for, and how many there are."""

    def __init__(
        self, connection: sqlite3.Connection, query: ItemQuery, listings: Sequence[Listing]
    ) -> None:
        self._connection = connection
        self._query = query
        self._listings = listings
        self._conditions = conditions_of(query)

    def page(self) -> Found:
        """Return what reads the page."""
        if self._query.parent_id is None:
            return self._without_parent()
        parent = self._connection.execute(
            "SELECT item.pk, listing.type FROM item JOIN listing ON listing.pk = item.listing"
            " WHERE item.id = ? AND item.deleted_at IS NULL",
            (self._query.parent_id,),
        ).fetchone()
        if parent is not None and parent[1] in _WITH_MEMBERS:
            self._conditions.add("member.parent = ?", parent[0])
            return self._among(_MEMBER_ROWS, of_members=True)
        self._conditions.add("item.parent_id = ?", self._query.parent_id)
        return self._among("item INDEXED BY item_parent", of_members=False)

    def _without_parent(self) -> Found:
        if self._query.show_id is not None or self._query.artist_id is not None:
            return self._among("item INDEXED BY item_parent", of_members=False)
        return self._in_listings()

    def _in_listings(self) -> Found:
        order = order_of(self._query, of_members=False)
        cursor = page_cursor.decode(self._query, order.shape)
        filled = [listing for listing in self._listings if listing.item_count]
        pks = [listing.pk for listing in filled] or [-1]
        text, parameters = page_of_listings(self._query, order, self._conditions, pks, cursor)
        total: int | None
        if not self._query.with_total:
            total = None
        elif not self._conditions.texts:
            total = sum(listing.item_count for listing in filled)
        else:
            total = self._count(rows_of(self._query), self._conditions)
        return text, parameters, total, order.shape

    def _among(self, rows: str, *, of_members: bool) -> Found:
        order = order_of(self._query, of_members=of_members)
        cursor = page_cursor.decode(self._query, order.shape)
        total = self._count(rows, self._conditions) if self._query.with_total else None
        pks = json.dumps([listing.pk for listing in self._listings])
        self._conditions.add("item.listing IN (SELECT value FROM json_each(?))", pks)
        text, parameters = page_of(self._query, order, rows, self._conditions, cursor)
        return text, parameters, total, order.shape

    def _count(self, rows: str, conditions: Conditions) -> int:
        pks = json.dumps([listing.pk for listing in self._listings])
        counted = self._connection.execute(
            f"SELECT count(*) FROM {rows} WHERE item.deleted_at IS NULL{conditions.and_text()}"
            " AND item.listing IN (SELECT value FROM json_each(?))",
            (*conditions.parameters, pks),
        ).fetchone()
        return int(counted[0])


def is_wanted(query: ItemQuery, listing: Listing) -> bool:
    """Return whether a query asks for the source, library and type of a listing."""
    return (
        (not query.source_ids or listing.source_id in query.source_ids)
        and (not query.library_ids or listing.library_id in query.library_ids)
        and (not query.types or listing.type in query.types)
    )


def _page_order(query: ItemQuery, keys: int) -> str:
    direction = " DESC" if query.descending else ""
    names = [f"page.k{at}" for at in range(keys - 1)]
    return ", ".join(f"{name}{direction}" for name in [*names, "page.pk"])


def _cursor_after(query: ItemQuery, rows: Sequence[Sequence[Any]], keys: int) -> str:
    if len(rows) <= query.limit:
        return ""
    pk, *sort_keys = rows[query.limit - 1][-keys:]
    return PageCursor((*sort_keys, pk)).encode(query)
