"""What a backend sees of a cache that holds nothing."""

from collections.abc import Mapping, Sequence

from msd.models import ItemType, RemoteId, WatchState


class NoCachedRows:
    """Implements `CachedRows` over an empty cache."""

    async def watch_states(self, _library: RemoteId) -> Mapping[RemoteId, WatchState]:
        return {}

    async def places(
        self, _remote_ids: Sequence[RemoteId]
    ) -> Mapping[RemoteId, tuple[RemoteId, ItemType]]:
        return {}

    async def expected_rows(self, _library: RemoteId) -> Mapping[ItemType, int]:
        return {}

    async def fingerprints(
        self, _library: RemoteId, _item_type: ItemType
    ) -> Mapping[RemoteId, int]:
        return {}

    async def members(self, _remote_id: RemoteId) -> tuple[RemoteId, ...]:
        return ()


NO_CACHED_ROWS = NoCachedRows()
