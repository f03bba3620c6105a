"""Brings pushed changes into the cache: single rows directly, whole libraries by a sync (Y9)."""

import logging
from collections.abc import Sequence

import anyio

from msd.backend_api import SkippedItem
from msd.backend_api.changes import HasPush, LocatedRow
from msd.backend_api.faults import raise_if_source_failed
from msd.coordinator.library import MediaLibrary
from msd.coordinator.services import Services
from msd.coordinator.syncs.sync_jobs import SyncJobs
from msd.errors import BackendError, UnreachableError
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

RETRY_S = 300.0
log = logging.getLogger(__name__)
WITH_MEMBERS = frozenset({ItemType.COLLECTION, ItemType.PLAYLIST})


class PushWriter:
    """Writes the changes of one source.

    Rows wait for the end of a running sync: a row that the sync has listed already may be older
    than the pushed one, and must not be written after it.
    """

    def __init__(
        self,
        source_id: SourceId,
        backend: HasPush,
        services: Services,
        library: MediaLibrary,
        sync_jobs: SyncJobs,
    ) -> None:
        self._source_id = source_id
        self._backend = backend
        self._opened = services.backends.opened
        self._cache = services.cache
        self._registry = services.registry
        self._library = library
        self._sync_jobs = sync_jobs
        self._withheld: set[LibraryId] = set()  # deletions there need a full enumeration

    async def catch_up(self) -> None:
        """Sync every live library from its cursors.

        Raises:
            UnreachableError: the sync failed.
        """
        await self._cache.warm_up()
        await self.sync(None)

    async def sync(self, libraries: frozenset[RemoteId] | None) -> None:
        """Sync libraries; None means all that are live.

        Raises:
            UnreachableError: the sync failed.
        """
        known = await self._library.libraries(self._source_id)
        live = {
            library.remote_id: library.id
            for library in known
            if library.settings.sync is SyncPolicy.LIVE
        }
        if self._withheld:
            withheld, self._withheld = frozenset(self._withheld), set()
            await self._sync(SyncOptions(only=withheld, full_enumeration=True))
        if libraries is None or not libraries <= _remote_ids(known):
            others = frozenset(library.id for library in known) - set(live.values())
            await self._sync(SyncOptions(off=others))
        elif only := frozenset(live[remote_id] for remote_id in libraries if remote_id in live):
            await self._sync(SyncOptions(only=only))

    async def write(self, remote_ids: Sequence[RemoteId]) -> frozenset[RemoteId] | None:
        """Write the source's present rows with these ids; hide the rows that it no longer has.

        Returns:
            The libraries that have to be synced as well, None for all.

        Raises:
            BackendError: the source as a whole can't be asked; nothing was written.
        """
        await self._sync_jobs.idle(self._source_id)
        self._library.note_use(self._source_id)
        libraries = await self._library.libraries(self._source_id)
        try:
            located = await self._backend.fetch(remote_ids)
        except BackendError as error:
            await raise_if_source_failed(self._opened(self._source_id), error)
            log.info("pushed rows of %s can't be fetched: %s", self._source_id, error)
            return None  # the sync of all libraries finds them, and names what fails
        aliases = await self._registry.aliases(self._source_id)
        rows = await self._parsed(located, libraries)
        gone = set(remote_ids) - {row.item.remote_id for row in located}
        with anyio.CancelScope(shield=True):  # what is written has to be published
            written, homeless = await self._cache.write_pushed_rows(
                self._source_id, rows, aliases=aliases
            )
            self._publish(written)
            deleted, withheld = await self._cache.soft_delete_rows(
                self._source_id, sorted(gone), aliases=aliases
            )
            self._publish(deleted)
        self._withheld |= withheld
        to_sync = {row.library for row in rows if row.item.type in WITH_MEMBERS}
        to_sync |= {row.library for row in homeless}
        to_sync |= {library.remote_id for library in libraries if library.id in withheld}
        if None in to_sync or not _libraries_of(located) <= _remote_ids(libraries):
            return None
        return frozenset(remote_id for remote_id in to_sync if remote_id is not None)

    async def _parsed(
        self, located: Sequence[LocatedRow], libraries: Sequence[Library]
    ) -> list[PushedRow]:
        """Parse the rows of live libraries; unreadable ones are left out."""
        live = {
            library.remote_id for library in libraries if library.settings.sync is SyncPolicy.LIVE
        }
        wanted = [row for row in located if _libraries_of([row]) <= live]
        parsed = await self._opened(self._source_id).parse([row.item for row in wanted])
        return [
            PushedRow(
                library=None if row.listing is None else row.listing.library.remote_id,
                item=item,
                fingerprint=row.item.fingerprint,
            )
            for row, item in zip(wanted, parsed, strict=True)
            if not isinstance(item, SkippedItem) and item.parent_remote_id != item.remote_id
        ]

    def _publish(self, writes: Sequence[PushedWrite]) -> None:
        for write in writes:
            self._library.publish_change(
                ItemsChanged(
                    source_id=self._source_id,
                    library_id=write.library_id,
                    changed=write.changed,
                    removed=write.removed,
                    revision=write.revision,
                )
            )
            self._library.recount_soon(self._source_id)

    async def _sync(self, options: SyncOptions) -> None:
        if not await self._sync_jobs.complete(self._source_id, options):
            # The same request at once would only make a slow server slower (Y1).
            raise UnreachableError("the sync of pushed changes failed", retry_after_s=RETRY_S)


def _libraries_of(located: Sequence[LocatedRow]) -> set[RemoteId]:
    return {row.listing.library.remote_id for row in located if row.listing is not None}


def _remote_ids(libraries: Sequence[Library]) -> set[RemoteId]:
    return {library.remote_id for library in libraries}
