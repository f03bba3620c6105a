"""Take rows out of the cache for good, a batch at a time so that nobody waits long."""

import sqlite3
from collections import Counter
from collections.abc import Collection
from functools import partial

from msd.models import LibraryId, SourceId, UnixSeconds
from msd.store.cache import statements as sql
from msd.store.cache.file import next_revision
from msd.store.cache.rows.links import unlink
from msd.store.cache.writes import search_index
from msd.store.cache.writes.containers import containers_above, settle
from msd.store.cache.writes.item_writer import count_items
from msd.store.cache.writes.omissions import drop_source

BATCH = 5000  # rows in one transaction

_OF_SOURCE = """
SELECT item.pk, item.revision, CASE WHEN item.deleted_at IS NULL THEN item.listing END
FROM library JOIN listing ON listing.library = library.pk JOIN item ON item.listing = listing.pk
WHERE library.source_id = ? LIMIT ?
"""
_DELETED_BEFORE = """
SELECT item.pk, item.revision, item.id FROM listing JOIN item ON item.listing = listing.pk
WHERE item.deleted_at IS NOT NULL AND item.deleted_at < ? LIMIT ?
"""
_EMPTY_LIBRARIES = """
SELECT pk FROM library WHERE deleted_at < ? AND NOT EXISTS (
    SELECT 1 FROM listing JOIN item ON item.listing = listing.pk
    WHERE listing.library = library.pk
)
"""


def delete_items(connection: sqlite3.Connection, pks: Collection[int]) -> None:
    """Delete items and all that belongs to them; counters are the caller's business."""
    unlink(connection, pks)
    search_index.remove(connection, pks)
    keys = [(pk,) for pk in pks]
    for statement in (
        sql.DELETE_DETAIL,
        sql.DELETE_FULL,
        sql.DELETE_MEMBERS,
        sql.DELETE_WITHHELD_ITEM,
        sql.DELETE_ITEM,
    ):
        connection.executemany(statement, keys)


def purge_source(connection: sqlite3.Connection, source_id: SourceId, batch: int = BATCH) -> bool:
    """Delete one batch of a source's items, at the end its libraries; True while more is left."""
    rows = connection.execute(_OF_SOURCE, (source_id, batch)).fetchall()
    delete_items(connection, [pk for pk, *_ in rows])
    raise_feed_floor(connection, max((revision for _, revision, _ in rows), default=0))
    count_items(connection, Counter({listing: -n for listing, n in _per_listing(rows).items()}))
    if len(rows) == batch:
        return True
    libraries = connection.execute("SELECT pk FROM library WHERE source_id = ?", (source_id,))
    _delete_libraries(connection, [pk for (pk,) in libraries.fetchall()])
    drop_source(connection, source_id)
    connection.execute(sql.DELETE_SOURCE_FACTS, (source_id,))
    search_index.forget_words(connection)
    return False


def purge_soft_deleted(
    connection: sqlite3.Connection, older_than: UnixSeconds, batch: int = BATCH
) -> bool:
    """Delete one batch of rows that were deleted long ago; True while more is left (Y7)."""
    rows = connection.execute(_DELETED_BEFORE, (older_than, batch)).fetchall()
    ids = [item for _, _, item in rows]
    above = containers_above(connection, ids)
    delete_items(connection, [pk for pk, *_ in rows])
    # Only here: an id that is re-keyed lives on, and so do its places in collections.
    connection.executemany(sql.DELETE_MEMBER_ENTRIES, [(item,) for item in ids])
    settle(connection, above, partial(next_revision, connection))
    raise_feed_floor(connection, max((revision for _, revision, _ in rows), default=0))
    if len(rows) == batch:
        return True
    libraries = connection.execute(_EMPTY_LIBRARIES, (older_than,)).fetchall()
    _delete_libraries(connection, [pk for (pk,) in libraries])
    return False


def raise_feed_floor(connection: sqlite3.Connection, revision: int) -> None:
    """Note that rows are gone without a trace: who knows less must read everything again (Y10)."""
    connection.execute(sql.RAISE_META, (revision, "feed_floor", revision))


def delete_library(connection: sqlite3.Connection, library: LibraryId) -> None:
    """Delete a library that has no items, inside the open transaction."""
    rows = connection.execute("SELECT pk FROM library WHERE id = ?", (library,)).fetchall()
    _delete_libraries(connection, [pk for (pk,) in rows])


def _per_listing(rows: Collection[tuple[int, int, int | None]]) -> Counter[int]:
    return Counter(listing for _, _, listing in rows if listing is not None)


def _delete_libraries(connection: sqlite3.Connection, pks: Collection[int]) -> None:
    keys = [(pk,) for pk in pks]
    for statement in (
        sql.DELETE_WITHHELD_OF_LIBRARY,
        sql.DELETE_CURSORS,
        sql.DELETE_LISTINGS,
        sql.DELETE_LIBRARY,
    ):
        connection.executemany(statement, keys)
