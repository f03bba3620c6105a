"""Rows of libraries, of their listings and of the losses that are held back for them."""

import sqlite3
from collections.abc import Mapping, Sequence

from msd.models import ItemType, LibraryId, RemoteLibrary, SourceId, UnixSeconds
from msd.store.cache import statements as sql
from msd.store.cache.rows import normalise
from msd.store.cache.writes.results import ListingState, SavedLibraries, WithheldLoss
from msd.store.database import transaction
from msd.store.ids import library_id

_LIVE_COUNTS = """
SELECT library.id, sum(listing.item_count)
FROM library LEFT JOIN listing ON listing.library = library.pk
WHERE library.source_id = ? AND library.deleted_at IS NULL GROUP BY library.pk
"""
_STORED = """
SELECT id, source_id, remote_id, name, type, hidden, position
FROM library WHERE source_id = ? AND deleted_at IS NULL
"""
_CURSORS = """
SELECT library.id, cursor.lane, cursor.value
FROM library JOIN cursor ON cursor.library = library.pk WHERE library.source_id = ?
"""


class LibraryRows:
    """The libraries of one source."""

    def __init__(self, connection: sqlite3.Connection, source_id: SourceId) -> None:
        self._connection = connection
        self._source_id = source_id
        self._listings: dict[tuple[LibraryId, ItemType], int] = {}

    def save(self, libraries: Sequence[RemoteLibrary]) -> SavedLibraries:
        """Store what the source lists, as far as it differs."""
        listed = {one.remote_id: one for one in libraries if normalise.is_usable_id(one.remote_id)}
        rows = [self._row(one) for one in listed.values()]
        stored = {tuple(row) for row in self._connection.execute(_STORED, (self._source_id,))}
        if changed := [row for row in rows if row not in stored]:
            with transaction(self._connection):
                self._connection.executemany(sql.PUT_LIBRARY, changed)
        ids = {remote_id: library_id(self._source_id, remote_id) for remote_id in listed}
        stamps = self._connection.execute(
            "SELECT id, synced_at, swept_at FROM library WHERE source_id = ?", (self._source_id,)
        ).fetchall()
        counts = self._connection.execute(_LIVE_COUNTS, (self._source_id,))
        present = set(ids.values())
        vanished = {LibraryId(one): count or 0 for one, count in counts if one not in present}
        return SavedLibraries(
            ids=ids,
            vanished=vanished,
            never_synced=frozenset(LibraryId(one) for one, synced_at, _ in stamps if not synced_at),
            cursors=self._cursors(),
            fully_enumerated_at={
                LibraryId(one): UnixSeconds(swept_at) for one, _, swept_at in stamps
            },
        )

    def _cursors(self) -> dict[LibraryId, dict[str, str]]:
        found: dict[LibraryId, dict[str, str]] = {}
        for library, lane, value in self._connection.execute(_CURSORS, (self._source_id,)):
            found.setdefault(LibraryId(library), {})[lane] = value
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
        """Return the types of which the library has live items."""
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

    def withheld(self, library: LibraryId, item_type: ItemType | None) -> WithheldLoss | None:
        """Return what is held back for a listing, or for the library as a whole (None)."""
        found = self._connection.execute(
            "SELECT count, digest, since FROM hold WHERE library = ? AND type = ?",
            (self.library_pk(library), item_type or ""),
        ).fetchone()
        if found is None:
            return None
        return WithheldLoss(count=found[0], digest=found[1], since=UnixSeconds(found[2]))

    def withhold(self, library: LibraryId, item_type: ItemType | None, loss: WithheldLoss) -> None:
        """Hold a loss back; the same one again keeps the time of the first."""
        before = self.withheld(library, item_type)
        same = before is not None and before.digest == loss.digest
        since = before.since if before is not None and same else loss.since
        row = (self.library_pk(library), item_type or "", loss.count, loss.digest, since)
        with transaction(self._connection):
            self._connection.execute(sql.PUT_HOLD, row)

    def total_withheld(self) -> int:
        """Return how many items are held back in the whole source."""
        found = self._connection.execute(
            "SELECT sum(hold.count) FROM hold JOIN library ON library.pk = hold.library"
            " WHERE library.source_id = ? AND library.deleted_at IS NULL",
            (self._source_id,),
        ).fetchone()
        return int(found[0] or 0)

    def clear_withheld(self, library: LibraryId, item_type: ItemType | None) -> None:
        """Forget a held loss."""
        if self.withheld(library, item_type) is not None:
            with transaction(self._connection):
                key = (self.library_pk(library), item_type or "")
                self._connection.execute(sql.DELETE_HOLD, key)

    def count(self, library: LibraryId, item_type: ItemType) -> int:
        """Return how many live rows a listing has."""
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

    def finish_listing(
        self, library: LibraryId, item_type: ItemType, total: int, now: UnixSeconds
    ) -> None:
        """Record a complete enumeration; rows that come after it are newcomers."""
        listing = self.listing(library, item_type)
        with transaction(self._connection):
            newest = self._connection.execute("SELECT max(pk) FROM item").fetchone()[0] or 0
            self._connection.execute(sql.FINISH_LISTING, (total, now, newest, listing))
            self._connection.execute(sql.COUNT_LOST, (0, 0, listing))

    def expect_rows(self, library: LibraryId, item_type: ItemType, total: int) -> None:
        """Record how many rows the source announced; -1: that can't be told."""
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
                self._connection.execute(sql.FINISH_SWEEP, (now, library_pk))
                self._connection.execute(sql.RESUMED, (library_pk,))

    def put_cursors(self, library_pk: int, cursors: Mapping[str, str]) -> None:
        """Store cursors inside the open transaction."""
        rows = [(library_pk, lane, value) for lane, value in cursors.items()]
        self._connection.executemany(sql.PUT_CURSOR, rows)

    def _row(self, library: RemoteLibrary) -> tuple[object, ...]:
        return (
            library_id(self._source_id, library.remote_id),
            self._source_id,
            library.remote_id,
            normalise.text(library.name) or "?",
            library.type.value,
            bool(library.hidden),
            normalise.number(library.position, normalise.MAX_COUNT),
        )
