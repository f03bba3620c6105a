"""Which listings of the cache a reader may see: one item type of one library each."""

import json
import sqlite3
from collections.abc import Collection
from typing import NamedTuple

from msd.errors import UnknownLibraryError
from msd.models import ItemType, LibraryId, SourceId

_LISTINGS = """
SELECT listing.pk, library.source_id, library.id, listing.type, listing.item_count
FROM listing JOIN library ON library.pk = listing.library WHERE library.deleted_at IS NULL
"""


_KNOWN = """
SELECT id, source_id FROM library
WHERE id IN (SELECT value FROM json_each(?)) AND deleted_at IS NULL
"""


class Listing(NamedTuple):
    """The items of one type in one library."""

    pk: int
    source_id: SourceId
    library_id: LibraryId
    type: ItemType
    item_count: int


def check_libraries(
    connection: sqlite3.Connection,
    library_ids: Collection[LibraryId],
    hidden_sources: Collection[SourceId],
) -> None:
    """Return when every named library is there.

    Raises:
        UnknownLibraryError: one is not.
    """
    if not library_ids:
        return
    rows = connection.execute(_KNOWN, (json.dumps([*library_ids]),))
    known = {library for library, source in rows if source not in hidden_sources}
    for library_id in library_ids:
        if library_id not in known:
            raise UnknownLibraryError(f"no library has the id {library_id!r}")


def visible_listings(
    connection: sqlite3.Connection, hidden_sources: Collection[SourceId]
) -> dict[int, Listing]:
    """Return every listing by its key, but those of hidden sources."""
    return {
        pk: Listing(pk, SourceId(source), LibraryId(library), ItemType(item_type), count)
        for pk, source, library, item_type, count in connection.execute(_LISTINGS)
        if source not in hidden_sources
    }
