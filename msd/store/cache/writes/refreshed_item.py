"""Stores one item that was fetched by itself."""

import sqlite3
from collections.abc import Mapping

from msd.models import ItemId, LibraryId, MediaItem, RemoteId, SourceId, UnixSeconds
from msd.store.cache import statements as sql
from msd.store.cache.file import current_revision
from msd.store.cache.rows.item_row import item_row
from msd.store.cache.writes import item_writer
from msd.store.ids import IdBook

_PLACE = """
SELECT item.pk, item.listing, item.fingerprint, library.id
FROM item JOIN listing ON listing.pk = item.listing JOIN library ON library.pk = listing.library
WHERE item.id = ? AND library.source_id = ? AND item.deleted_at IS NULL
"""


def store_item(
    connection: sqlite3.Connection,
    source_id: SourceId,
    item: MediaItem,
    aliases: Mapping[RemoteId, ItemId],
    now: UnixSeconds,
) -> tuple[LibraryId, int] | None:
    """Store an item inside the open transaction; return its library and the revision.

    Nothing happens and None is returned when the item is not in the cache.
    """
    # The ids of relations that nobody has seen yet need no record: the sync makes the same.
    row = item_row(item, 0, IdBook(source_id, aliases, record=lambda _: None))
    if row is None:
        return None
    place = connection.execute(_PLACE, (row.id, source_id)).fetchone()
    if place is None:
        return None
    pk, listing, row.fingerprint, library = place
    planned = item_writer.plan(connection, [row], listing)
    revision = item_writer.execute(connection, planned, listing, now).revision
    if row.full is not None:
        connection.execute(sql.PUT_FULL, (pk, now, row.full))
    return LibraryId(library), revision or current_revision(connection)
