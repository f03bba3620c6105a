"""cache.db as the front uses it: reads at any time from any thread, and small writes."""

import sqlite3
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Self

from msd.errors import StorageError
from msd.models import (
    ChangeSet,
    ItemFields,
    ItemId,
    ItemPage,
    ItemQuery,
    Library,
    LibraryId,
    LibrarySettings,
    MediaItem,
    PushedRow,
    PushedWrite,
    RemoteId,
    SourceId,
    UnixSeconds,
)
from msd.store.cache.file import current_revision, noting_damage, open_cache
from msd.store.cache.reads import items as reads
from msd.store.cache.reads.changes import changes as changes_since
from msd.store.database import connect_reader, transaction

_NO_SETTINGS: Mapping[LibraryId, LibrarySettings] = MappingProxyType({})
_BATCH = 5000
_IDLE_READERS = 4  # connections that are kept open


class CacheStore:
    """The cache. Every method blocks; any thread may call any of them at any time.

    A read that meets damage raises `StorageError` with `damaged` set and notes it: the next
    `open` makes the cache anew.
    """

    def __init__(
        self,
        path: Path,
        writer: sqlite3.Connection,
        rebuilt_because: str,
        clock: Callable[[], float],
    ) -> None:
        """Use `open` instead."""
        self.rebuilt_because = rebuilt_because  # one sentence; "" = the cache is the old one
        self._path = path
        self._writer = writer
        self._clock = clock
        self._write_lock = threading.Lock()
        self._readers = ReaderPool(path)

    @classmethod
    def open(
        cls, path: Path, *, revision_floor: int, clock: Callable[[], float] = time.time
    ) -> Self:
        """Open the cache; make it, migrate it, or make it anew when it is damaged or too new.

        Args:
            path: the file.
            revision_floor: revisions of a cache that is made now start above it.
            clock: the time of day.

        Raises:
            StorageError: the disk fails or refuses.
        """
        writer, because = open_cache(path, revision_floor=revision_floor)
        return cls(path, writer, because, clock)

    def close(self) -> None:
        """Close the file; reads that are under way end first or fail."""
        self._readers.close()
        with self._write_lock:
            self._writer.close()

    # --- reading ----------------------------------------------------------------------------

    def revision(self) -> int:
        """Return the number of the newest change; it never goes back, also not by a rebuild."""
        with self._readers.reading() as connection:
            return current_revision(connection)

    def libraries(
        self,
        source_id: SourceId | None,
        hidden_sources: Collection[SourceId] = (),
        settings: Mapping[LibraryId, LibrarySettings] = _NO_SETTINGS,
    ) -> tuple[Library, ...]:
        """Return the libraries of one source or of all, by source and position."""
        with self._readers.reading() as connection:
            return tuple(
                library
                for library in reads.libraries(connection, source_id, settings)
                if library.source_id not in hidden_sources
            )

    def counts(self, source_id: SourceId) -> tuple[int, int]:
        """Return how many libraries and items a source has."""
        with self._readers.reading() as connection:
            return reads.counts(connection, source_id)

    def query_items(self, query: ItemQuery, hidden_sources: Collection[SourceId] = ()) -> ItemPage:
        """Return one page of the items that match; `total` counts them on all pages.

        Raises:
            InvalidArgumentError: a field is unknown, or the cursor is not from this query.
        """
        with self._readers.reading() as connection:
            return reads.query_items(connection, query, hidden_sources)

    def items(
        self,
        ids: Sequence[ItemId],
        fields: Sequence[str] = (),
        hidden_sources: Collection[SourceId] = (),
    ) -> tuple[ItemFields, ...]:
        """Return items in the order of their ids; unknown ones are left out.

        Raises:
            InvalidArgumentError: a field is unknown.
        """
        with self._readers.reading() as connection:
            return reads.items(connection, ids, fields, hidden_sources)

    def changes(
        self, since: int, limit: int, hidden_sources: Collection[SourceId] = ()
    ) -> ChangeSet:
        """Return what changed after a revision, at most `limit` items (Y10)."""
        with self._readers.reading() as connection:
            return changes_since(connection, since, limit, hidden_sources)

    def remote_ids(self, ids: Sequence[ItemId]) -> Mapping[ItemId, tuple[SourceId, RemoteId]]:
        """Return the source and remote id of those items that are there."""
        with self._readers.reading() as connection:
            return reads.remote_ids(connection, ids)

    # --- small writes -----------------------------------------------------------------------

    def store_item(
        self, source_id: SourceId, item: MediaItem, aliases: Mapping[RemoteId, ItemId]
    ) -> tuple[LibraryId, int] | None:
        """Store one item that was fetched by itself, with its details.

        Args:
            source_id: the item's source.
            item: as its backend reports it.
            aliases: those of its source, from the durable database.

        Returns:
            The item's library and the revision; None when the item is not in the cache.
        """
        from msd.store.cache.writes import refreshed_item  # noqa: PLC0415 - heavy

        with self._writing():
            return refreshed_item.store(self._writer, source_id, item, aliases, self._now())

    def warm_up(self) -> None:
        """Import what writing needs, so that the first single row is as quick as the next."""
        from msd.store.cache.writes import pushed_rows, refreshed_item  # noqa: F401, PLC0415 - heavy

    def write_pushed_rows(
        self, source_id: SourceId, rows: Sequence[PushedRow], aliases: Mapping[RemoteId, ItemId]
    ) -> tuple[list[PushedWrite], list[PushedRow]]:
        """Store single rows; return what changed by library, and the rows without a place."""
        from msd.store.cache.writes.pushed_rows import PushedRows  # noqa: PLC0415 - heavy

        with self._writing():
            return PushedRows(self._writer, source_id, aliases, self._now()).write(rows)

    def soft_delete_rows(
        self,
        source_id: SourceId,
        remote_ids: Sequence[RemoteId],
        aliases: Mapping[RemoteId, ItemId],
        is_suspicious: Callable[[int, int], bool],
    ) -> tuple[list[PushedWrite], set[LibraryId]]:
        """Hide single rows; return that, and the libraries that a sync is to judge (Y7, I2)."""
        from msd.store.cache.writes.pushed_rows import PushedRows  # noqa: PLC0415 - heavy

        with self._writing():
            rows = PushedRows(self._writer, source_id, aliases, self._now())
            return rows.soft_delete(remote_ids, is_suspicious)

    def purge_source(self, source_id: SourceId, *, batch: int = _BATCH) -> bool:
        """Delete one batch of a source's rows; True while there is more."""
        from msd.store.cache.writes import purge  # noqa: PLC0415 - heavy

        with self._writing():
            return purge.purge_source(self._writer, source_id, batch)

    def purge_tombstones(self, older_than: UnixSeconds, *, batch: int = _BATCH) -> bool:
        """Delete one batch of rows that were hidden before a time; True while there is more."""
        from msd.store.cache.writes import purge  # noqa: PLC0415 - heavy

        with self._writing():
            return purge.purge_tombstones(self._writer, older_than, batch)

    def _now(self) -> UnixSeconds:
        return UnixSeconds(int(self._clock()))

    @contextmanager
    def _writing(self) -> Iterator[None]:
        with self._write_lock, noting_damage(self._path), transaction(self._writer):
            yield


class ReaderPool:
    """Lends read-only connections to the cache."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._idle: list[sqlite3.Connection] = []
        self._is_closed = False

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Lend a connection whose reads all see the same moment.

        Raises:
            StorageError: the cache can't be read; damage is noted for the next open.
        """
        with noting_damage(self._path):
            connection = self._take()
            try:
                connection.execute("BEGIN")
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                connection.close()  # what failed is not lent again
                raise
            self._give_back(connection)

    def close(self) -> None:
        """Close what is idle now and what is lent when it comes back."""
        with self._lock:
            self._is_closed = True
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    def _take(self) -> sqlite3.Connection:
        with self._lock:
            if self._is_closed:
                raise StorageError(f"{self._path.name} is closed")
            if self._idle:
                return self._idle.pop()
        return connect_reader(self._path)

    def _give_back(self, connection: sqlite3.Connection) -> None:
        with self._lock:
            if not self._is_closed and len(self._idle) < _IDLE_READERS:
                self._idle.append(connection)
                return
        connection.close()
