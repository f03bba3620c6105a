"""CacheManager: answers from the cache and small writes to it, off the event loop."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Self, TypeVar, TypeVarTuple

import anyio
from anyio import to_thread

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
from msd.store.cache.database import CacheStore
from msd.sync.enumeration import is_suspicious

READERS = 4
Args = TypeVarTuple("Args")
Result = TypeVar("Result")


class CacheManager:
    """Reads run beside one another, writes one at a time; neither waits for a network."""

    def __init__(self, store: CacheStore, revision: int) -> None:
        """Use `open` instead."""
        self._store = store
        self._readers = anyio.CapacityLimiter(READERS)
        self._writer = anyio.CapacityLimiter(1)
        self._counts: dict[SourceId, tuple[int, int]] = {}
        self.revision = revision

    @classmethod
    async def open(cls, store: CacheStore) -> Self:
        """Read how far the cache is."""
        return cls(store, await to_thread.run_sync(store.revision))

    @property
    def rebuilt_because(self) -> str:
        """Why the cache had to be made anew at this start; "" when it had not."""
        return self._store.rebuilt_because

    async def newest_revision(self) -> int:
        """Return the revision that the cache is at, also if nobody told of it."""
        return await self._read(self._store.revision)

    def saw_revision(self, revision: int) -> None:
        """Take note of a revision that a sync worker committed."""
        self.revision = max(self.revision, revision)

    # --- reading ---------------------------------------------------------------------------

    async def libraries(
        self,
        source_id: SourceId | None,
        *,
        settings: Mapping[LibraryId, LibrarySettings],
        hidden: Collection[SourceId],
    ) -> tuple[Library, ...]:
        """Return the cached libraries of one source, or of all."""
        return await self._read(self._store.libraries, source_id, hidden, settings)

    async def query(self, query: ItemQuery, *, hidden: Collection[SourceId]) -> ItemPage:
        """Return one page of items."""
        return await self._read(self._store.query_items, query, hidden)

    async def items(
        self, ids: Sequence[ItemId], fields: tuple[str, ...], *, hidden: Collection[SourceId]
    ) -> tuple[ItemFields, ...]:
        """Return the named items in the order of their ids; unknown ones are absent."""
        return await self._read(self._store.items, ids, fields, hidden)

    async def changes(self, since: int, limit: int, *, hidden: Collection[SourceId]) -> ChangeSet:
        """Return what changed after a revision, at most `limit` items (Y10)."""
        return await self._read(self._store.changes, since, limit, hidden)

    async def remote_ids(self, ids: Sequence[ItemId]) -> Mapping[ItemId, tuple[SourceId, RemoteId]]:
        """Return where items come from; unknown ones are absent."""
        return await self._read(self._store.remote_ids, ids)

    def counts(self, source_id: SourceId) -> tuple[int, int]:
        """Return how many libraries and items a source had at the last `count`."""
        return self._counts.get(source_id, (0, 0))

    async def count(self, source_id: SourceId) -> bool:
        """Count a source's libraries and items anew; return whether the numbers changed."""
        before = self._counts.get(source_id)
        self._counts[source_id] = await self._read(self._store.counts, source_id)
        return self._counts[source_id] != before

    # --- writing ---------------------------------------------------------------------------

    async def store_item(
        self, source_id: SourceId, item: MediaItem, *, aliases: Mapping[RemoteId, ItemId]
    ) -> tuple[LibraryId, int] | None:
        """Store the details of a cached item; None when it is not cached.

        Args:
            source_id: the item's source.
            item: as its backend reports it.
            aliases: ids of the source's items that were re-keyed.
        """
        stored = await self._write(self._store.store_item, source_id, item, aliases)
        if stored is not None:
            self.saw_revision(stored[1])
        return stored

    async def warm_up(self) -> None:
        """Get ready to write single rows."""
        await self._write(self._store.warm_up)

    async def write_pushed_rows(
        self, source_id: SourceId, rows: Sequence[PushedRow], *, aliases: Mapping[RemoteId, ItemId]
    ) -> tuple[list[PushedWrite], list[PushedRow]]:
        """Store single rows; return what changed by library, and the rows without a place."""
        return await self._write(self._store.write_pushed_rows, source_id, rows, aliases)

    async def soft_delete_rows(
        self,
        source_id: SourceId,
        remote_ids: Sequence[RemoteId],
        *,
        aliases: Mapping[RemoteId, ItemId],
    ) -> tuple[list[PushedWrite], set[LibraryId]]:
        """Hide single rows; return that, and the libraries that a sync is to judge (Y7, I2)."""
        return await self._write(
            self._store.soft_delete_rows, source_id, remote_ids, aliases, is_suspicious
        )

    async def purge_source(self, source_id: SourceId) -> None:
        """Delete everything of a source, a batch at a time."""
        while await self._write(self._store.purge_source, source_id):
            await anyio.lowlevel.checkpoint()
        self._counts.pop(source_id, None)

    async def purge_tombstones(self, older_than: UnixSeconds) -> None:
        """Delete what was hidden before a time, a batch at a time."""
        while await self._write(self._store.purge_tombstones, older_than):
            await anyio.lowlevel.checkpoint()

    async def _read(self, call: Callable[[*Args], Result], *args: *Args) -> Result:
        return await to_thread.run_sync(call, *args, limiter=self._readers)

    async def _write(self, call: Callable[[*Args], Result], *args: *Args) -> Result:
        return await to_thread.run_sync(call, *args, limiter=self._writer)
