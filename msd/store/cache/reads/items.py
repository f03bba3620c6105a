"""Answers from the cache: hand-written SQL over a read-only connection, SQLAlchemy stays out."""

import json
import sqlite3
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from msd.models import (
    ItemFields,
    ItemId,
    ItemPage,
    ItemQuery,
    ItemType,
    Library,
    LibraryId,
    LibrarySettings,
    LibraryType,
    RemoteId,
    SourceId,
    UnixSeconds,
)
from msd.store.cache.reads import page_cursor as cursors
from msd.store.cache.reads.fields import projection
from msd.store.cache.reads.listings import Listing, visible_listings
from msd.store.cache.reads.page_cursor import Cursor
from msd.store.cache.reads.query import (
    Conditions,
    conditions_of,
    order_of,
    page_of,
    page_of_listings,
)

_LIBRARIES = """
SELECT library.id, source_id, remote_id, name, library.type, hidden, position,
       coalesce(sum(listing.item_count), 0), synced_at
FROM library LEFT JOIN listing ON listing.library = library.pk
WHERE library.deleted_at IS NULL AND (?1 IS NULL OR source_id = ?1)
GROUP BY library.pk ORDER BY source_id, position, library.pk
"""
_COUNTS = """
SELECT count(DISTINCT library.pk), coalesce(sum(listing.item_count), 0)
FROM library LEFT JOIN listing ON listing.library = library.pk
WHERE library.deleted_at IS NULL AND source_id = ?
"""
_MEMBER_ROWS = "member CROSS JOIN item ON item.id = member.item_id"
_WITH_MEMBERS = (ItemType.COLLECTION, ItemType.PLAYLIST)


def libraries(
    connection: sqlite3.Connection,
    source_id: SourceId | None,
    settings: Mapping[LibraryId, LibrarySettings],
) -> Iterator[Library]:
    """Return the libraries of one source or of all, with the user's settings."""
    for row in connection.execute(_LIBRARIES, (source_id,)):
        yield Library(
            id=LibraryId(row[0]),
            source_id=SourceId(row[1]),
            remote_id=RemoteId(row[2]),
            name=row[3],
            type=LibraryType(row[4]),
            hidden=bool(row[5]),
            position=row[6],
            item_count=row[7],
            synced_at=UnixSeconds(row[8]),
            settings=settings.get(LibraryId(row[0]), LibrarySettings()),
        )


def counts(connection: sqlite3.Connection, source_id: SourceId) -> tuple[int, int]:
    """Return how many libraries and items a source has."""
    found = connection.execute(_COUNTS, (source_id,)).fetchone()
    return found[0], found[1]


def remote_ids(
    connection: sqlite3.Connection, ids: Sequence[ItemId]
) -> dict[ItemId, tuple[SourceId, RemoteId]]:
    """Return the source and remote id of those items that are there."""
    rows = connection.execute(
        "SELECT item.id, library.source_id, item.remote_id FROM item"
        " JOIN listing ON listing.pk = item.listing JOIN library ON library.pk = listing.library"
        " WHERE item.id IN (SELECT value FROM json_each(?)) AND item.deleted_at IS NULL",
        (json.dumps(ids),),
    )
    return {ItemId(one): (SourceId(source), RemoteId(remote)) for one, source, remote in rows}


def items(
    connection: sqlite3.Connection,
    ids: Sequence[ItemId],
    fields: Sequence[str],
    hidden_sources: Collection[SourceId],
) -> tuple[ItemFields, ...]:
    """Return items in the order of their ids; unknown ones are left out."""
    shown = projection(tuple(fields))
    listings = visible_listings(connection, hidden_sources)
    rows = connection.execute(
        f"SELECT {shown.columns} FROM item{shown.joins}"
        " WHERE item.id IN (SELECT value FROM json_each(?)) AND item.deleted_at IS NULL"
        " AND item.listing IN (SELECT value FROM json_each(?))",
        (json.dumps(ids), json.dumps(list(listings))),
    ).fetchall()
    found = {item["id"]: item for item in shown.items(connection, listings, rows)}
    return tuple(found[one] for one in ids if one in found)


def query_items(
    connection: sqlite3.Connection, query: ItemQuery, hidden_sources: Collection[SourceId]
) -> ItemPage:
    """Return one page of the items that match.

    Raises:
        InvalidArgumentError: a field is unknown, or the cursor is not from this query.
    """
    shown = projection(query.fields)
    listings = visible_listings(connection, hidden_sources)
    chosen = [one for one in listings.values() if _is_wanted(query, one)]
    keys, parameters, total, shape = _Search(connection, query, chosen).page()
    rows = connection.execute(
        f"SELECT {shown.columns}, page.* FROM ({keys}) AS page"
        f" CROSS JOIN item ON item.pk = page.pk{shown.joins}"
        f" ORDER BY {_page_order(query, len(shape))}",
        parameters,
    ).fetchall()
    return ItemPage(
        items=tuple(shown.items(connection, listings, rows[: query.limit])),
        next_cursor=_cursor_after(query, rows, len(shape)),
        total=total,
    )


class _Search:
    """Where the rows of one query are looked for, and how many there are."""

    def __init__(
        self, connection: sqlite3.Connection, query: ItemQuery, listings: Sequence[Listing]
    ) -> None:
        self._connection = connection
        self._query = query
        self._listings = listings
        self._conditions = conditions_of(query)

    def page(self) -> tuple[str, list[object], int, tuple[type, ...]]:
        """Return SQL and parameters of the page's keys, the total, and the keys' types."""
        if self._query.parent_id is None:
            return self._in_listings()
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

    def _in_listings(self) -> tuple[str, list[object], int, tuple[type, ...]]:
        order = order_of(self._query, of_members=False)
        cursor = cursors.decode(self._query, order.shape)
        filled = [one for one in self._listings if one.item_count]
        pks = [one.pk for one in filled] or [-1]
        text, parameters = page_of_listings(self._query, order, self._conditions, pks, cursor)
        if not self._conditions.texts:
            total = sum(one.item_count for one in filled)
        else:
            total = self._count("item", self._conditions)
        return text, parameters, total, order.shape

    def _among(
        self, rows: str, *, of_members: bool
    ) -> tuple[str, list[object], int, tuple[type, ...]]:
        order = order_of(self._query, of_members=of_members)
        cursor = cursors.decode(self._query, order.shape)
        total = self._count(rows, self._conditions)
        pks = json.dumps([one.pk for one in self._listings])
        self._conditions.add("item.listing IN (SELECT value FROM json_each(?))", pks)
        text, parameters = page_of(self._query, order, rows, self._conditions, cursor)
        return text, parameters, total, order.shape

    def _count(self, rows: str, conditions: Conditions) -> int:
        pks = json.dumps([one.pk for one in self._listings])
        found = self._connection.execute(
            f"SELECT count(*) FROM {rows} WHERE item.deleted_at IS NULL{conditions.and_text()}"
            " AND item.listing IN (SELECT value FROM json_each(?))",
            (*conditions.parameters, pks),
        ).fetchone()
        return int(found[0])


def _is_wanted(query: ItemQuery, listing: Listing) -> bool:
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
    return Cursor((*sort_keys, pk)).encode(query)
