"""Rows of libraries, of their listings and of the losses that are held back for them."""

import sqlite3
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from msd.models import (
    ItemType,
    LibraryId,
    LibraryType,
    RemoteId,
    RemoteLibrary,
    SourceId,
    UnixSeconds,
)
from msd.store.cache import statements as sql
from msd.store.cache.rows import normalise
from msd.store.cache.writes.results import ListingState, SavedLibraries
from msd.store.database import transaction
from msd.store.ids import library_id

_CURRENT_COUNTS = """
SELECT library.id, sum(listing.item_count)
FROM library LEFT JOIN listing ON listing.library = library.pk
WHERE library.source_id = ? AND library.deleted_at IS NULL GROUP BY library.pk
"""
_STORED = """
SELECT id, source_id, remote_id, name, type, hidden, position
FROM library WHERE source_id = ? AND deleted_at IS NULL
"""
_WITHDRAWN = "SELECT id FROM library WHERE source_id = ? AND withdrawn_at IS NOT NULL"
_NO_IDS: Mapping[RemoteId, LibraryId] = MappingProxyType({})
_CURSORS = """
SELECT library.id, cursor.aspect, cursor.value
FROM library JOIN cursor ON cursor.library = library.pk WHERE library.source_id = ?
"""


class LibraryRows:
    """The libraries of one source."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        source_id: SourceId,
        ids: Mapping[RemoteId, LibraryId] = _NO_IDS,
    ) -> None:
        """Take the ids of libraries that do not derive from their remote ids (Y17)."""
        self._connection = connection
        self._source_id = source_id
        self._ids = ids
        self._listings: dict[tuple[LibraryId, ItemType], int] = {}

    def save(self, libraries: Sequence[RemoteLibrary]) -> SavedLibraries:
        """Store what the source lists, as far as it differs."""
        listed = {
            library.remote_id: library
            for library in libraries
            if normalise.is_usable_id(library.remote_id)
        }
        rows = [self._row(library) for library in listed.values()]
        stored = {tuple(row) for row in self._connection.execute(_STORED, (self._source_id,))}
        withdrawn = {row[0] for row in self._connection.execute(_WITHDRAWN, (self._source_id,))}
        if changed := [row for row in rows if row not in stored]:
            with transaction(self._connection):
                self._connection.executemany(sql.PUT_LIBRARY, changed)
        ids = {remote_id: self.id_of(remote_id) for remote_id in listed}
        stamps = self._connection.execute(
            "SELECT id, synced_at, fully_enumerated_at FROM library WHERE source_id = ?",
            (self._source_id,),
        ).fetchall()
        counts = self._connection.execute(_CURRENT_COUNTS, (self._source_id,))
        present = set(ids.values())
        vanished = {
            LibraryId(library): count or 0 for library, count in counts if library not in present
        }
        return SavedLibraries(
            ids=ids,
            vanished=vanished,
            never_synced=frozenset(
                LibraryId(library) for library, synced_at, _ in stamps if not synced_at
            ),
            returned=tuple(library for library in ids.values() if library in withdrawn),
            cursors=self._cursors(),
            fully_enumerated_at={LibraryId(library): UnixSeconds(at) for library, _, at in stamps},
        )

    def id_of(self, remote_id: RemoteId) -> LibraryId:
        """Return the id of a library."""
        return self._ids.get(remote_id) or library_id(self._source_id, remote_id)

    def use_ids(self, ids: Mapping[RemoteId, LibraryId]) -> None:
        """Take other ids of libraries that do not derive from their remote ids."""
        self._ids = ids
        self._listings.clear()

    def current(self) -> tuple[RemoteLibrary, ...]:
        """Return the libraries as they were listed last."""
        return tuple(
            RemoteLibrary(
                remote_id=RemoteId(remote_id),
                name=name,
                type=LibraryType(library_type),
                hidden=bool(hidden),
                position=position,
            )
            for _, _, remote_id, name, library_type, hidden, position in self._connection.execute(
                _STORED, (self._source_id,)
            )
        )

    def _cursors(self) -> dict[LibraryId, dict[str, str]]:
        found: dict[LibraryId, dict[str, str]] = {}
        for library, aspect, value in self._connection.execute(_CURSORS, (self._source_id,)):
            found.setdefault(LibraryId(library), {})[aspect] = value
        return found

    def listing(self, library: LibraryId, item_type: ItemType) -> int:
        """Return the key of a listing; it is made on first use."""
        key = (library, item_type)
        if key not in self._listings:
            with transaction(self._connection):
                library_pk = self.library_pk(library)
                self._connection.execute(sql.PUT_LISTING, (library_pk, item_type.value))
                found = self._connection.execute(
                    "SELECT pk FROM listing WHERE library = ? AND type = ?",
                    (library_pk, item_type.value),
                ).fetchone()
            self._listings[key] = found[0]
        return self._listings[key]

    def types(self, library: LibraryId) -> frozenset[ItemType]:
        """Return the types of which the library has current items."""
        rows = self._connection.execute(
            "SELECT type FROM listing WHERE library = ? AND item_count > 0",
            (self.library_pk(library),),
        )
        return frozenset(ItemType(item_type) for (item_type,) in rows)

    def library_pk(self, library: LibraryId) -> int:
        """Return the key of a library.

        Raises:
            KeyError: it was not saved.
        """
        found = self._connection.execute(
            "SELECT pk FROM library WHERE id = ? AND source_id = ?", (library, self._source_id)
        ).fetchone()
        if found is None:
            raise KeyError(library)
        return int(found[0])

    def count(self, library: LibraryId, item_type: ItemType) -> int:
        """Return how many current rows a listing has."""
        key = (self.listing(library, item_type),)
        found = self._connection.execute("SELECT item_count FROM listing WHERE pk = ?", key)
        return int(found.fetchone()[0])

    def listing_state(self, library: LibraryId, item_type: ItemType) -> ListingState:
        """Return what is remembered of a listing."""
        total, resume_at, lost, since = self._connection.execute(
            "SELECT complete_total, resume_at, lost, lost_since FROM listing WHERE pk = ?",
            (self.listing(library, item_type),),
        ).fetchone()
        return ListingState(
            expected=total, resume_at=resume_at, lost=lost, lost_since=UnixSeconds(since)
        )

    def finish_listing(self, listing: int, total: int, now: UnixSeconds) -> bool:
        """Record a complete enumeration inside the open transaction; later rows are new items.

        Returns:
            Whether it is the first one of the listing.
        """
        complete_at = self._connection.execute(
            "SELECT complete_at FROM listing WHERE pk = ?", (listing,)
        ).fetchone()[0]
        newest = self._connection.execute("SELECT max(pk) FROM item").fetchone()[0] or 0
        self._connection.execute(sql.FINISH_LISTING, (total, now, newest, listing))
        self._connection.execute(sql.COUNT_LOST, (0, 0, listing))
        return not complete_at

    def expect_rows(self, library: LibraryId, item_type: ItemType, total: int) -> None:
        """Record how many rows the source announced; -1: unknown."""
        listing = self.listing(library, item_type)
        with transaction(self._connection):
            self._connection.execute(sql.EXPECT_ROWS, (total, listing))

    def finish(
        self,
        library: LibraryId,
        now: UnixSeconds,
        cursors: Mapping[str, str],
        *,
        fully_enumerated: bool,
    ) -> None:
        """Record that a library is up to date as of these cursors."""
        with transaction(self._connection):
            library_pk = self.library_pk(library)
            self.put_cursors(library_pk, cursors)
            self._connection.execute(sql.FINISH_LIBRARY, (now, library_pk))
            if fully_enumerated:
                self._connection.execute(sql.FINISH_FULL_ENUMERATION, (now, library_pk))
                self._connection.execute(sql.RESUMED, (library_pk,))

    def put_cursors(self, library_pk: int, cursors: Mapping[str, str]) -> None:
        """Store cursors inside the open transaction."""
        rows = [(library_pk, aspect, value) for aspect, value in cursors.items()]
        self._connection.executemany(sql.PUT_CURSOR, rows)

    def _row(self, library: RemoteLibrary) -> tuple[object, ...]:
        return (
            self.id_of(library.remote_id),
            self._source_id,
            library.remote_id,
            normalise.text(library.name) or "?",
            library.type.value,
            bool(library.hidden),
            normalise.number(library.position, normalise.MAX_COUNT),
        )
