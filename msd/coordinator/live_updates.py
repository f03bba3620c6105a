"""What a source told, brought into the cache: rows by the front, libraries by a sync (Y9)."""

from collections.abc import Sequence

import anyio

from msd.backend_api import SkippedItem
from msd.backend_api.changes import HasPush, LocatedRow
from msd.coordinator.catalogue import Catalogue
from msd.coordinator.services import Services
from msd.coordinator.syncing import Syncing
from msd.errors import UnreachableError
from msd.events import ItemsChanged
from msd.models import (
    ItemType,
    Library,
    LibraryId,
    PushedRow,
    PushedWrite,
    RemoteId,
    SourceId,
    SyncOptions,
    SyncPolicy,
)

FOLLOW_AGAIN_S = 300.0
WITH_MEMBERS = frozenset({ItemType.COLLECTION, ItemType.PLAYLIST})


class LiveUpdates:
    """Implements `Updates` for one source.

    Rows wait for the end of a running sync: one that was listed before it changed must not be
    written after it.
    """

    def __init__(
        self,
        source_id: SourceId,
        backend: HasPush,
        services: Services,
        catalogue: Catalogue,
        syncing: Syncing,
    ) -> None:
        self._source_id = source_id
        self._backend = backend
        self._open = services.backends.live
        self._cache = services.cache
        self._registry = services.registry
        self._catalogue = catalogue
        self._syncing = syncing
        self._held: set[LibraryId] = set()  # a loss there is for a whole enumeration to judge

    async def catch_up(self) -> None:
        """Follow every live library from its cursors."""
        await self._cache.warm_up()
        await self.follow(None)

    async def follow(self, libraries: frozenset[RemoteId] | None) -> None:
        """Sync libraries, None for all that are live."""
        known = await self._catalogue.libraries(self._source_id)
        live = {one.remote_id: one.id for one in known if one.settings.sync is SyncPolicy.LIVE}
        if self._held:
            held, self._held = frozenset(self._held), set()
            await self._sync(SyncOptions(only=held, full_enumeration=True))
        if libraries is None or not libraries <= {one.remote_id for one in known}:
            await self._sync(
                SyncOptions(off=frozenset(one.id for one in known) - set(live.values()))
            )
        elif only := frozenset(live[one] for one in libraries if one in live):
            await self._sync(SyncOptions(only=only))

    async def write(self, remote_ids: Sequence[RemoteId]) -> frozenset[RemoteId] | None:
        """Write what the source has of these rows now; hide what it has no more."""
        await self._syncing.idle(self._source_id)
        libraries = await self._catalogue.libraries(self._source_id)
        found = await self._backend.fetch(remote_ids)
        aliases = await self._registry.aliases(self._source_id)
        rows = await self._rows(found, libraries)
        gone = set(remote_ids) - {one.item.remote_id for one in found}
        with anyio.CancelScope(shield=True):  # what was written is told, whatever ends meanwhile
            put, homeless = await self._cache.write_pushed_rows(
                self._source_id, rows, aliases=aliases
            )
            self._tell(put)
            buried, held = await self._cache.soft_delete_rows(
                self._source_id, sorted(gone), aliases=aliases
            )
            self._tell(buried)
        self._held |= held
        to_follow = {row.library for row in rows if row.item.type in WITH_MEMBERS}
        to_follow |= {row.library for row in homeless}
        to_follow |= {one.remote_id for one in libraries if one.id in held}
        if None in to_follow or not _libraries(found) <= {one.remote_id for one in libraries}:
            return None
        return frozenset(one for one in to_follow if one is not None)

    async def _rows(
        self, found: Sequence[LocatedRow], libraries: Sequence[Library]
    ) -> list[PushedRow]:
        """Understand the rows of live libraries."""
        live = {one.remote_id for one in libraries if one.settings.sync is SyncPolicy.LIVE}
        wanted = [one for one in found if _libraries([one]) <= live]
        parsed = await self._open(self._source_id).parse([one.item for one in wanted])
        return [
            PushedRow(
                library=None if one.listing is None else one.listing.library.remote_id,
                item=item,
                fingerprint=one.item.fingerprint,
            )
            for one, item in zip(wanted, parsed, strict=True)
            if not isinstance(item, SkippedItem) and item.parent_remote_id != item.remote_id
        ]

    def _tell(self, writes: Sequence[PushedWrite]) -> None:
        for write in writes:
            self._catalogue.saw_change(
                ItemsChanged(
                    source_id=self._source_id,
                    library_id=write.library_id,
                    changed=write.changed,
                    removed=write.removed,
                    revision=write.revision,
                )
            )
            self._catalogue.recount_soon(self._source_id)

    async def _sync(self, options: SyncOptions) -> None:
        if not await self._syncing.complete(self._source_id, options):
            # The same question at once would only make a slow server slower (Y1).
            raise UnreachableError(
                "what changed could not be followed", retry_after_s=FOLLOW_AGAIN_S
            )


def _libraries(found: Sequence[LocatedRow]) -> set[RemoteId]:
    return {one.listing.library.remote_id for one in found if one.listing is not None}
