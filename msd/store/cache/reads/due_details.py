"""Whose details are to be fetched: they are missing, or older than the row of their listing.

An item remembers the content of its row for which its details were last asked for. A row that
changes makes them due by itself, whoever writes it; a row for which the source has no answer is
not asked for again until it changes.
"""

import sqlite3
from collections.abc import Collection, Sequence

from msd.models import DueItem, ItemType, LibraryId, RemoteId, SourceId

_IS_DUE = "deleted_at IS NULL AND details_of IS NOT content"  # as the index item_details_due
_LISTINGS = """
SELECT listing.pk, library.id, listing.type FROM listing
JOIN library ON library.pk = listing.library
WHERE library.source_id = ? AND library.deleted_at IS NULL
"""
_DUE = f"""
SELECT pk, remote_id, content FROM item INDEXED BY item_details_due
WHERE listing = ? AND {_IS_DUE} ORDER BY pk DESC LIMIT ?
"""
_COUNT = f"""
SELECT count(*) FROM item INDEXED BY item_details_due WHERE listing = ? AND {_IS_DUE}
"""
_WITH_DETAILS = """
SELECT item.remote_id FROM item_full JOIN item ON item.pk = item_full.item
JOIN listing ON listing.pk = item.listing JOIN library ON library.pk = listing.library
WHERE library.source_id = ? AND item.deleted_at IS NULL AND item.full_content IS NOT NULL
ORDER BY item_full.item DESC LIMIT 1
"""
# Films and shows, whose cast is searched for, come first; what some servers give by no id, last.
_LAST = (ItemType.ARTIST, ItemType.COLLECTION, ItemType.PLAYLIST)
_ORDER = (*(each for each in ItemType if each not in _LAST), *_LAST)


def due_details(
    connection: sqlite3.Connection,
    source_id: SourceId,
    off: Collection[LibraryId],
    limit: int,
) -> Sequence[DueItem]:
    """Return items of a source whose details are due, the newest of each listing first.

    Args:
        connection: of the cache.
        source_id: the source.
        off: libraries that are left alone.
        limit: how many at most.
    """
    found: list[DueItem] = []
    for listing in _listings(connection, source_id, off):
        rows = connection.execute(_DUE, (listing, limit - len(found)))
        found += [DueItem(*row) for row in rows]
        if len(found) >= limit:
            break
    return found


def count_due_details(
    connection: sqlite3.Connection, source_id: SourceId, off: Collection[LibraryId]
) -> int:
    """Return of how many items the details are due."""
    listings = _listings(connection, source_id, off)
    return sum(connection.execute(_COUNT, (listing,)).fetchone()[0] for listing in listings)


def item_with_details(connection: sqlite3.Connection, source_id: SourceId) -> RemoteId | None:
    """Return an item of a source that the source gave details of; None when there is none."""
    row = connection.execute(_WITH_DETAILS, (source_id,)).fetchone()
    return None if row is None else RemoteId(row[0])


def _listings(
    connection: sqlite3.Connection, source_id: SourceId, off: Collection[LibraryId]
) -> list[int]:
    rows = connection.execute(_LISTINGS, (source_id,)).fetchall()
    wanted = [
        (_ORDER.index(ItemType(kind)), pk) for pk, library, kind in rows if library not in off
    ]
    return [pk for _, pk in sorted(wanted)]
