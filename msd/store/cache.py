"""cache.db as the front uses it: reads at any time from any thread, and small writes."""

import sqlite3
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Self

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
from msd.store import feed, reads
from msd.store.cache_file import current_revision, noting_damage, open_cache
from msd.store.database import transaction
from msd.store.reader_pool import ReaderPool

_NO_SETTINGS: Mapping[LibraryId, LibrarySettings] = MappingProxyType({})
_BATCH = 5000


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
            return feed.changes(connection, since, limit, hidden_sources)

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
        from msd.store import one_item  # noqa: PLC0415 - heavy

        with self._writing():
            return one_item.store(self._writer, source_id, item, aliases, self._now())

    def warm_up(self) -> None:
        """Import what writing needs, so that the first single row is as quick as the next."""
        from msd.store import live_rows, one_item  # noqa: F401, PLC0415 - heavy

    def put_rows(
        self, source_id: SourceId, rows: Sequence[PushedRow], aliases: Mapping[RemoteId, ItemId]
    ) -> tuple[list[PushedWrite], list[PushedRow]]:
        """Store single rows; return what changed by library, and the rows without a place."""
        from msd.store.live_rows import LiveRows  # noqa: PLC0415 - heavy

        with self._writing():
            return LiveRows(self._writer, source_id, aliases, self._now()).put(rows)

    def bury_rows(
        self,
        source_id: SourceId,
        remote_ids: Sequence[RemoteId],
        aliases: Mapping[RemoteId, ItemId],
        is_suspicious: Callable[[int, int], bool],
    ) -> tuple[list[PushedWrite], set[LibraryId]]:
        """Hide single rows; return that, and the libraries that a sync is to judge (Y7, I2)."""
        from msd.store.live_rows import LiveRows  # noqa: PLC0415 - heavy

        with self._writing():
            rows = LiveRows(self._writer, source_id, aliases, self._now())
            return rows.bury(remote_ids, is_suspicious)

    def purge_source(self, source_id: SourceId, *, batch: int = _BATCH) -> bool:
        """Delete one batch of a source's rows; True while there is more."""
        from msd.store import purge  # noqa: PLC0415 - heavy

        with self._writing():
            return purge.purge_source(self._writer, source_id, batch)

    def purge_tombstones(self, older_than: UnixSeconds, *, batch: int = _BATCH) -> bool:
        """Delete one batch of rows that were hidden before a time; True while there is more."""
        from msd.store import purge  # noqa: PLC0415 - heavy

        with self._writing():
            return purge.purge_tombstones(self._writer, older_than, batch)

    def _now(self) -> UnixSeconds:
        return UnixSeconds(int(self._clock()))

    @contextmanager
    def _writing(self) -> Iterator[None]:
        with self._write_lock, noting_damage(self._path), transaction(self._writer):
            yield
