"""Stores the full answer for one item: it adds details and overwrites nothing (Y22).

Lists are the authority for what lists carry: a single answer may be older than the list that was
read before it, and what it changed the next full sync would change back.
"""

import json
import sqlite3
from collections.abc import Mapping

from msgspec import json as msgspec_json
from xxhash import xxh3_64_digest

from msd.models import ItemId, LibraryId, MediaItem, RemoteId, SourceId, UnixSeconds
from msd.store.cache import statements as sql
from msd.store.cache.file import current_revision, next_revision
from msd.store.cache.rows.item_row import ItemRow, item_row
from msd.store.cache.writes import search_index
from msd.store.ids import IdBook

_PLACE = """
SELECT item.pk, item.full_content, item_detail.body, library.id
FROM item JOIN listing ON listing.pk = item.listing JOIN library ON library.pk = listing.library
LEFT JOIN item_detail ON item_detail.item = item.pk
WHERE item.id = ? AND library.source_id = ? AND item.deleted_at IS NULL
"""


def store_item(
    connection: sqlite3.Connection,
    source_id: SourceId,
    item: MediaItem,
    aliases: Mapping[RemoteId, ItemId],
    now: UnixSeconds,
) -> tuple[LibraryId, int] | None:
    """Store an item's details inside the open transaction; return its library and the revision.

    The revision moves only when the details differ from those that are stored. Nothing happens
    and None is returned when the item is not in the cache.
    """
    # The ids of relations that nobody has seen yet need no record: the sync makes the same.
    row = item_row(item, 0, IdBook(source_id, aliases, record=lambda _: None))
    if row is None:
        return None
    place = connection.execute(_PLACE, (row.id, source_id)).fetchone()
    if place is None:
        return None
    pk, full_content, listed, library = place
    full, beyond_list = row.full or b"{}", _beyond_list(row, listed)
    connection.execute(sql.PUT_FULL, (pk, now, full, beyond_list))
    content = int.from_bytes(xxh3_64_digest(full + beyond_list), signed=True)
    if content == full_content:
        return LibraryId(library), current_revision(connection)
    revision = next_revision(connection)
    connection.execute(sql.SET_FULL_CONTENT, (content, revision, pk))
    if row.people is not None:
        search_index.set_people(connection, pk, row.people)
    return LibraryId(library), revision


def _beyond_list(row: ItemRow, listed: str | None) -> bytes:
    """Return what the full answer says and the listing left out, as JSON; b"" = nothing."""
    carried = json.loads(listed) if listed else {}
    full = json.loads(row.detail) if row.detail else {}
    added = {key: value for key, value in full.items() if key not in carried and key != "images"}
    return msgspec_json.encode(added) if added else b""
