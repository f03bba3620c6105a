"""The details of one source's items, as an idle pass reads what is due and writes what came."""

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import closing
from pathlib import Path

from msd.models import DetailPage, DueItem, LibraryId, RemoteId, SourceId, UnixSeconds
from msd.store.cache.file import connect_cache_writer, noting_damage
from msd.store.cache.reads.due_details import (
    count_due_details,
    due_details,
    item_with_details,
)
from msd.store.cache.writes.refreshed_item import store_details
from msd.store.cache.writes.results import WriteResult
from msd.store.database import connect_reader, storage_errors, transaction
from msd.store.state.store import read_aliases


class DetailWriter:
    """Every method blocks and is one transaction at most."""

    def __init__(
        self,
        cache_path: Path,
        state_path: Path,
        source_id: SourceId,
        *,
        off: Collection[LibraryId] = (),
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Open the cache, which the front has brought up to date.

        Args:
            cache_path: cache.db.
            state_path: state.db, of which only the re-keyed ids are read.
            source_id: the source.
            off: libraries that are left alone.
            clock: tells the time.
        """
        with closing(connect_reader(state_path)) as state, storage_errors(state_path):
            self._aliases = read_aliases(state, source_id)
        self._cache_path = cache_path
        self._source_id = source_id
        self._off = off
        self._clock = clock
        self._connection = connect_cache_writer(cache_path)

    def close(self) -> None:
        """Close the cache."""
        self._connection.close()

    def count(self) -> int:
        """Return of how many items the details are due."""
        with noting_damage(self._cache_path):
            return count_due_details(self._connection, self._source_id, self._off)

    def due(self, limit: int) -> Sequence[DueItem]:
        """Return some of them, at most `limit`."""
        with noting_damage(self._cache_path):
            return due_details(self._connection, self._source_id, self._off, limit)

    def item_with_details(self) -> RemoteId | None:
        """Return an item that the source gave details of before; None when there is none."""
        with noting_damage(self._cache_path):
            return item_with_details(self._connection, self._source_id)

    def store(self, asked: Sequence[DueItem], page: DetailPage) -> Mapping[LibraryId, WriteResult]:
        """Store a page and that all of it was asked for; return what differs, by library."""
        now = UnixSeconds(int(self._clock()))
        with noting_damage(self._cache_path), transaction(self._connection):
            revision, changed = store_details(
                self._connection, self._source_id, asked, page, self._aliases, now
            )
        return {
            library_id: WriteResult(revision=revision or 0, changed=tuple(item_ids))
            for library_id, item_ids in changed.items()
        }
