"""The libraries of the cache, and how much a source has."""

import sqlite3
from collections.abc import Collection, Mapping
from types import MappingProxyType

from msd.models import (
    ItemType,
    Library,
    LibraryId,
    LibrarySettings,
    LibraryType,
    RemoteId,
    SourceId,
    UnixSeconds,
)

MOST_LEFT_OUT = 2**32 - 1  # what the bus can say
_NO_SETTINGS: Mapping[LibraryId, LibrarySettings] = MappingProxyType({})
_LIBRARIES = """
SELECT library.id, source_id, remote_id, name, library.type, hidden, position,
       coalesce(sum(listing.item_count), 0), synced_at
FROM library LEFT JOIN listing ON listing.library = library.pk
WHERE library.deleted_at IS NULL AND (?1 IS NULL OR source_id = ?1)
GROUP BY library.pk ORDER BY source_id, position, library.pk
"""
_BY_TYPE = """
SELECT library.id, listing.type, listing.item_count
FROM listing JOIN library ON library.pk = listing.library
WHERE listing.item_count ORDER BY listing.type
"""
_LEFT_OUT = """
SELECT library, coalesce(nullif(thing, ''), kind) AS what, sum(number) FROM omission
WHERE library IS NOT NULL AND (?1 IS NULL OR source_id = ?1) GROUP BY library, what
"""
_COUNTS = """
SELECT count(DISTINCT library.pk), coalesce(sum(listing.item_count), 0)
FROM library LEFT JOIN listing ON listing.library = library.pk
WHERE library.deleted_at IS NULL AND source_id = ?
"""


def libraries(
    connection: sqlite3.Connection,
    source_id: SourceId | None,
    hidden_sources: Collection[SourceId] = (),
    settings: Mapping[LibraryId, LibrarySettings] = _NO_SETTINGS,
) -> tuple[Library, ...]:
    """Return the libraries of one source or of all, by source and position.

    Args:
        connection: to the cache.
        source_id: the source; None for all.
        hidden_sources: sources of which nothing is served.
        settings: what the user set; libraries that are not named have the defaults.
    """
    left_out: dict[str, dict[str, int]] = {}
    for library, what, number in connection.execute(_LEFT_OUT, (source_id,)):
        left_out.setdefault(library, {})[what] = min(number, MOST_LEFT_OUT)
    by_type: dict[str, dict[ItemType, int]] = {}
    for library, item_type, count in connection.execute(_BY_TYPE):
        by_type.setdefault(library, {})[ItemType(item_type)] = count
    return tuple(
        Library(
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
            counts=by_type.get(row[0], {}),
            left_out=left_out.get(row[0], {}),
        )
        for row in connection.execute(_LIBRARIES, (source_id,))
        if row[1] not in hidden_sources
    )


def counts(connection: sqlite3.Connection, source_id: SourceId) -> tuple[int, int]:
    """Return how many libraries and items a source has."""
    libraries_there, items_there = connection.execute(_COUNTS, (source_id,)).fetchone()
    return libraries_there, items_there
