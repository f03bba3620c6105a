"""The cache of one source as its backend may ask about it during a pass (Y20)."""

from collections.abc import Mapping, Sequence

from msd.models import ItemType, RemoteId, WatchState
from msd.store.cache.writes.sync_writer import SyncWriter
from msd.sync.context import StoreThread


class CachedSource:
    """Implements `CachedRows`: each answer is read from the store when it is asked for."""

    def __init__(self, thread: StoreThread[SyncWriter]) -> None:
        self._thread = thread
        self._rows = thread.store.rows

    async def watch_states(self, library: RemoteId) -> Mapping[RemoteId, WatchState]:
        """Return the watch states of current rows that differ from a row never touched."""
        return await self._thread.run(self._rows.watch_states, library)

    async def places(
        self, remote_ids: Sequence[RemoteId]
    ) -> Mapping[RemoteId, tuple[RemoteId, ItemType]]:
        """Return library and type of those ids that are current rows."""
        return await self._thread.run(self._rows.places, remote_ids)

    async def expected_rows(self, library: RemoteId) -> Mapping[ItemType, int]:
        """Return how many rows each listing should have; -1: unknown."""
        return await self._thread.run(self._rows.expected_rows, library)

    async def fingerprints(self, library: RemoteId, item_type: ItemType) -> Mapping[RemoteId, int]:
        """Return the fingerprint of each current row of a listing."""
        return await self._thread.run(self._rows.fingerprints, library, item_type)

    async def members(self, remote_id: RemoteId) -> tuple[RemoteId, ...]:
        """Return the cached members of a collection or playlist in order."""
        return await self._thread.run(self._rows.members, remote_id)
