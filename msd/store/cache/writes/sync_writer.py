"""The cache of one source as its sync writes it, from the worker process."""

import json
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from types import MappingProxyType

from msgspec.structs import replace

from msd.models import (
    ItemId,
    ItemType,
    LibraryId,
    MediaItem,
    RemoteId,
    RemoteLibrary,
    SourceId,
    SyncProgressMark,
    UnixSeconds,
)
from msd.store.cache import statements as sql
from msd.store.cache.file import (
    next_revision,
    noting_damage,
)
from msd.store.cache.reads.source_rows import SourceRows
from msd.store.cache.rows import normalise
from msd.store.cache.rows.item_row import identity_hash, item_row
from msd.store.cache.writes import item_writer, omissions, rekeying, search_index
from msd.store.cache.writes.containers import containers_above, containers_of_library, settle
from msd.store.cache.writes.known_items import KnownItems
from msd.store.cache.writes.losses.loss_writer import LossWriter
from msd.store.cache.writes.losses.purge import delete_items, delete_library, raise_feed_floor
from msd.store.cache.writes.results import ListingState, SavedLibraries, WriteResult
from msd.store.database import connect_writer, storage_errors, transaction
from msd.store.ids import IdBook
from msd.store.ids import library_id as derive_library_id
from msd.store.state.store import (
    read_aliases,
    read_library_ids,
    write_aliases,
    write_library_ids,
)

MANY_NEW_ROWS = 10_000
_KNOWN = """
SELECT pk, remote_id, fingerprint, deleted_at IS NULL FROM item
WHERE listing = :listing AND deleted_at IS NULL
UNION ALL
SELECT pk, remote_id, fingerprint, deleted_at IS NULL FROM item
WHERE listing = :listing AND deleted_at IS NOT NULL
"""
_LIBRARIES_WITH = """
SELECT library.id, count(*)
FROM library JOIN listing ON listing.library = library.pk JOIN item ON item.listing = listing.pk
WHERE library.source_id = ? AND item.deleted_at IS NULL
AND (item.id IN (SELECT value FROM json_each(?))
     OR item.identity IN (SELECT value FROM json_each(?)))
GROUP BY library.id
"""
_AMONG = """
SELECT item.pk, item.remote_id, item.fingerprint, item.deleted_at IS NULL, item.listing,
       item.id, library.id, listing.type
FROM item JOIN listing ON listing.pk = item.listing JOIN library ON library.pk = listing.library
WHERE item.id IN (SELECT value FROM json_each(?))
"""
_NO_CURSORS: Mapping[str, str] = MappingProxyType({})
_NO_PROGRESS = SyncProgressMark()
_MEMBERS = "SELECT item_id FROM member WHERE parent = ? ORDER BY position"


class SyncWriter(LossWriter):
    """Stores one sync of one source. Every method blocks and is one transaction at most.

    The front opens the cache first (`CacheDatabase.open`), so the schema is there and current.
    Writers of other processes take turns with this one.
    """

    def __init__(
        self,
        cache_path: Path,
        state_path: Path,
        source_id: SourceId,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        super().__init__(cache_path, source_id, clock)
        self._state_path = state_path
        self._new_rows = 0  # since the search index was merged
        self._is_merging = False
        self._ids = IdBook(source_id, self._stored_aliases(), self._record_aliases)
        with self._state() as state:
            self._libraries.use_ids(read_library_ids(state, source_id))
        self.rows = SourceRows(self._connection, source_id, self._ids)

    def close(self) -> None:
        """Close the cache."""
        self._connection.close()

    # --- libraries --------------------------------------------------------------------------

    def save_libraries(self, libraries: Sequence[RemoteLibrary]) -> SavedLibraries:
        """Store the listed libraries; return their ids and those not listed any more.

        The rows of a library whose right had been withdrawn are shown again (Y19).
        """
        with noting_damage(self._cache_path):
            saved = self._libraries.save(libraries)
        restored = {library: self.restore_library(library) for library in saved.returned}
        return replace(saved, restored=restored)

    def rekey_library(self, library_id: LibraryId, new: RemoteLibrary) -> None:
        """Let a library go on under the remote id that its server has given it now (Y17).

        Its id, rows and settings stay. The new id is recorded durably first, so that a rebuilt
        cache gives the same one.
        """
        with self._state() as state:
            ids = read_library_ids(state, self._source_id)
            ids = {remote: known for remote, known in ids.items() if known != library_id}
            ids[new.remote_id] = library_id
            write_library_ids(state, self._source_id, ids)
        derived = derive_library_id(self._source_id, new.remote_id)
        with noting_damage(self._cache_path), transaction(self._connection):
            if derived != library_id:
                delete_library(self._connection, derived)
            row = (new.remote_id, normalise.text(new.name) or "?", library_id)
            self._connection.execute(sql.REKEY_LIBRARY, row)
        self._libraries.use_ids(ids)

    def libraries_with(
        self, remote_ids: Sequence[RemoteId], identities: Sequence[str]
    ) -> Counter[LibraryId]:
        """Count in which cached libraries rows with these remote ids or identities are (Y17)."""
        usable = [remote_id for remote_id in remote_ids if normalise.is_usable_id(remote_id)]
        parameters = (
            self._source_id,
            json.dumps([self._ids.known_id(remote_id) for remote_id in usable]),
            json.dumps([identity_hash(identity) for identity in identities if identity]),
        )
        with noting_damage(self._cache_path):
            rows = self._connection.execute(_LIBRARIES_WITH, parameters)
            return Counter({LibraryId(library): count for library, count in rows})

    def types(self, library_id: LibraryId) -> frozenset[ItemType]:
        """Return the types of which the library has current items."""
        with noting_damage(self._cache_path):
            return self._libraries.types(library_id)

    def listing_state(self, library_id: LibraryId, item_type: ItemType) -> ListingState:
        """Return what is remembered of a listing."""
        with noting_damage(self._cache_path):
            return self._libraries.listing_state(library_id, item_type)

    def finish_listing(
        self, library_id: LibraryId, item_type: ItemType, *, total: int, now: UnixSeconds
    ) -> WriteResult:
        """Record a complete enumeration and the total that was announced with it.

        When it is the first one, the containers of the library are settled: from now on they are
        what their members are (Y21).
        """
        with noting_damage(self._cache_path):
            listing = self._libraries.listing(library_id, item_type)
            with transaction(self._connection):
                if self._libraries.finish_listing(listing, total, now):
                    return self._settle_library(library_id)
                return WriteResult(revision=self._revision())

    def expect_rows(self, library_id: LibraryId, item_type: ItemType, total: int) -> None:
        """Record how many rows the source announced; -1: unknown."""
        with noting_damage(self._cache_path):
            self._libraries.expect_rows(library_id, item_type, total)

    def begin_library(self, library_id: LibraryId, cursors: Mapping[str, str]) -> None:
        """Record where the source stood when the first sync of a library began (Y8)."""
        with noting_damage(self._cache_path), transaction(self._connection):
            self._libraries.put_cursors(self._libraries.library_pk(library_id), cursors)

    def finish_library(
        self,
        library_id: LibraryId,
        *,
        now: UnixSeconds,
        cursors: Mapping[str, str] = _NO_CURSORS,
        fully_enumerated: bool = True,
    ) -> None:
        """Record that the library is up to date as of these cursors.

        Args:
            library_id: the library.
            now: the time.
            cursors: by aspect.
            fully_enumerated: every listing of it was enumerated.
        """
        with noting_damage(self._cache_path):
            self._libraries.finish(library_id, now, cursors, fully_enumerated=fully_enumerated)

    def tend_search_index(self) -> bool:
        """Do a piece of what the search index needs after a sync; True while there is more.

        After many new rows the index is merged, which makes searches quicker; after few ones that
        would cost more than it is worth.
        """
        with noting_damage(self._cache_path), transaction(self._connection):
            if self._new_rows < MANY_NEW_ROWS:
                return False
            is_more = search_index.merge(self._connection, is_first=not self._is_merging)
            self._is_merging = is_more
            self._new_rows = self._new_rows if is_more else 0
            return is_more

    # --- items ------------------------------------------------------------------------------

    def known_items(self, library_id: LibraryId, item_type: ItemType) -> KnownItems:
        """Return what is cached of a listing."""
        with noting_damage(self._cache_path):
            listing = self._libraries.listing(library_id, item_type)
            return KnownItems(self._connection.execute(_KNOWN, {"listing": listing}))

    def known_items_among(
        self, library_id: LibraryId, item_type: ItemType, remote_ids: Sequence[RemoteId]
    ) -> tuple[KnownItems, dict[RemoteId, tuple[LibraryId, ItemType]]]:
        """Return what is cached of these rows of a listing, at a cost that follows their number.

        Also returned are those that live in another listing of the source.
        """
        ids = {
            self._ids.id_of(remote_id): remote_id
            for remote_id in remote_ids
            if normalise.is_usable_id(remote_id)
        }
        with noting_damage(self._cache_path):
            listing = self._libraries.listing(library_id, item_type)
            rows = self._connection.execute(_AMONG, (json.dumps(list(ids)),)).fetchall()
        own = KnownItems(row[:4] for row in rows if row[4] == listing)
        elsewhere = {
            ids[item_id]: (LibraryId(library), ItemType(kind))
            for _, _, _, is_live, where, item_id, library, kind in rows
            if is_live and where != listing
        }
        return own, elsewhere

    def count(self, library_id: LibraryId, item_type: ItemType) -> int:
        """Return how many current rows a listing has."""
        with noting_damage(self._cache_path):
            return self._libraries.count(library_id, item_type)

    def write(
        self,
        library_id: LibraryId,
        item_type: ItemType,
        items: Sequence[tuple[MediaItem, int]],
        mark: SyncProgressMark = _NO_PROGRESS,
    ) -> WriteResult:
        """Store items with their fingerprints; rows that are the same are left alone (Y5).

        An item that was in another library moves here, a deleted one comes back. `watch` and
        `details` that are None keep what is stored. The mark is set in the same transaction.
        """
        rows = [item_row(item, fingerprint, self._ids) for item, fingerprint in items]
        usable = [row for row in rows if row is not None]
        with noting_damage(self._cache_path):
            listing = self._libraries.listing(library_id, item_type)
            with transaction(self._connection):
                planned = item_writer.plan(self._connection, usable, listing)
                done = item_writer.execute(self._connection, planned, listing, self._now())
                omissions.drop_readable(
                    self._connection, self._source_id, [row.remote_id for row in usable]
                )
                self._set(mark, library_id, listing)
            self._new_rows += len(planned.new)
            return WriteResult(
                revision=done.revision or self._revision(),
                containers=done.containers,
                added=len(planned.new),
                updated=len(planned.changed),
                unchanged=planned.unchanged,
                refused=len(rows) - len(usable),
                changed=planned.changed_ids,
            )

    def rekey(self, library_id: LibraryId, item_type: ItemType, keys: Sequence[int]) -> WriteResult:
        """Let new items take over the ids of missing rows with the same identity (I2).

        A new item is a current row of the same source, type and identity that came after the
        listing's last complete pass. It keeps what its server says of it; the watch state and the
        details of the missing row stay when the new item has none.
        """
        with noting_damage(self._cache_path):
            listing = self._libraries.listing(library_id, item_type)
            found = rekeying.find(self._connection, self._source_id, listing, keys)
            if not found:
                return WriteResult(revision=self._revision())
            # First the durable database: an alias without its row is harmless, a row whose
            # alias got lost would change its id with the next rebuild of the cache.
            self._ids.give({pair.new_item.remote_id: pair.gone.id for pair in found})
            with transaction(self._connection):
                revision = next_revision(self._connection)
                ids = [row.id for pair in found for row in (pair.gone, pair.new_item)]
                above = containers_above(self._connection, ids)
                rekeying.keep_details(self._connection, found, revision)
                delete_items(self._connection, [pair.gone.pk for pair in found])
                raise_feed_floor(self._connection, revision)  # the new items' ids leave no trace
                item_writer.count_items(self._connection, Counter({listing: -len(found)}))
                rekeying.rekey(self._connection, found, revision)
                containers = settle(self._connection, above, lambda: revision)
            return WriteResult(
                revision=revision,
                containers=containers,
                updated=len(found),
                changed=tuple(pair.gone.id for pair in found),
                removed=tuple(pair.new_item.id for pair in found),
            )

    def set_members(self, parent: RemoteId, members: Sequence[RemoteId]) -> WriteResult:
        """Store the members of a collection or playlist in order; they may come later."""
        parent_id = self._ids.id_of(parent)
        ids = [self._ids.id_of(member) for member in members if normalise.is_usable_id(member)]
        with noting_damage(self._cache_path), transaction(self._connection):
            key = self._connection.execute(
                "SELECT pk FROM item WHERE id = ? AND deleted_at IS NULL", (parent_id,)
            ).fetchone()
            if key is None:
                return WriteResult(revision=self._revision())
            stored = [ItemId(item) for (item,) in self._connection.execute(_MEMBERS, key)]
            if stored == ids:
                return WriteResult(revision=self._revision(), unchanged=1)
            revision = next_revision(self._connection)
            self._connection.execute(sql.MARK_CHANGED, (revision, key[0]))
            self._connection.execute(sql.DELETE_MEMBERS, key)
            entries = [(key[0], position, item) for position, item in enumerate(ids)]
            self._connection.executemany(sql.PUT_MEMBER, entries)
            containers = settle(self._connection, [parent_id], lambda: revision)
        return WriteResult(
            revision=revision, updated=1, changed=(parent_id,), containers=containers
        )

    # --- inside -----------------------------------------------------------------------------

    def _set(self, mark: SyncProgressMark, library_id: LibraryId, listing: int) -> None:
        if mark.resume_at is not None:
            self._connection.execute(sql.RESUME_AT, (mark.resume_at, listing))
        if mark.new_rows:
            self._connection.execute(sql.GROW_LISTING, (mark.new_rows, listing))
        if mark.cursors:
            self._libraries.put_cursors(self._libraries.library_pk(library_id), mark.cursors)

    def _settle_library(self, library_id: LibraryId) -> WriteResult:
        library_pk = self._libraries.library_pk(library_id)
        ids = containers_of_library(self._connection, library_pk)
        return self._settled(ids)

    def _settled(self, ids: Sequence[str]) -> WriteResult:
        containers = settle(self._connection, ids, partial(next_revision, self._connection))
        return WriteResult(revision=self._revision(), containers=containers)

    def _stored_aliases(self) -> dict[RemoteId, ItemId]:
        with self._state() as state:
            return read_aliases(state, self._source_id)

    def _record_aliases(self, aliases: Mapping[RemoteId, ItemId]) -> None:
        with self._state() as state:
            write_aliases(state, self._source_id, aliases)

    @contextmanager
    def _state(self) -> Iterator[sqlite3.Connection]:
        """Open state.db for a moment: aliases are rare, and the front owns the file."""
        connection = connect_writer(self._state_path, synchronous="FULL")
        with closing(connection), storage_errors(self._state_path):
            yield connection
