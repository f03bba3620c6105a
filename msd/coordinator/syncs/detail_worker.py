"""One idle pass over one source: what is due, and the worker that fetches it (Y24)."""

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

from msgspec import Struct

from msd.coordinator.library import MediaLibrary
from msd.coordinator.services import Services
from msd.coordinator.syncs.worker_requests import WorkerRequests
from msd.errors import MsdError
from msd.events import ItemsChanged
from msd.models import LibraryId, SourceId, SyncPolicy

if TYPE_CHECKING:  # the engine's messages are imported when the first worker starts
    from msd.sync.messages import Changed, Progress

LEFT_ALONE = frozenset({SyncPolicy.OFF, SyncPolicy.MANUAL})

log = logging.getLogger(__name__)


class DueDetails(Struct, frozen=True):
    """Of how many items of a source the details are due, and which libraries are left alone."""

    missing: int
    off: frozenset[LibraryId]


class DetailWorker:
    """Counts what is due and has a worker fetch it."""

    def __init__(self, services: Services, library: MediaLibrary, requests: WorkerRequests) -> None:
        self._cache = services.cache
        self._syncs = services.syncs
        self._library = library
        self._requests = requests

    async def due(self, source_id: SourceId) -> DueDetails:
        """Return what is due, but in libraries that the user does not have synced by themselves.

        Raises:
            StorageError: the cache can't be read.
        """
        libraries = await self._library.libraries(source_id)
        off = frozenset(one.id for one in libraries if one.settings.sync in LEFT_ALONE)
        return DueDetails(await self._cache.count_due_details(source_id, off), off)

    async def fetch(
        self, source_id: SourceId, due: DueDetails, *, left: Callable[[int], None]
    ) -> None:
        """Fetch what is due; cancelling ends the worker after the page that it writes.

        Args:
            source_id: the source.
            due: what is due.
            left: called after each page with the number of items that are still due.

        Raises:
            NotSupportedError: the source gives no details in pages.
            MsdError: why it ended early; what was written stays.
        """

        def progress(message: "Progress") -> None:
            if message.total is not None:
                left(message.total - message.done)

        def changed(message: "Changed") -> None:
            self._library.publish_change(
                ItemsChanged(
                    source_id=source_id,
                    library_id=message.library_id,
                    changed=message.changed,
                    removed=message.removed,
                    revision=message.revision,
                )
            )

        request = await self._requests.details(source_id, due.off)
        await self._syncs.run(request, started=lambda: None, progress=progress, changed=changed)

    async def publish_missed_changes(self, source_id: SourceId) -> None:
        """Publish the page that a worker wrote before it was ended, should it not have said so."""
        try:
            await self._library.publish_missed_changes(source_id)
        except MsdError as error:
            log.info("changes of %s can't be looked for: %s", source_id, error)
