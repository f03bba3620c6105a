"""Starts the syncs that are due; one timer for all sources."""

from collections.abc import Callable

import anyio

from msd.coordinator.services import Services
from msd.coordinator.sources.status import Link
from msd.coordinator.sources.status_registry import StatusRegistry
from msd.coordinator.syncs.sync_jobs import SyncJobs
from msd.coordinator.timing import until_tick_s
from msd.events import EventStream, JobFinished, LibrarySettingsChanged
from msd.models import SourceId

LONGEST_S = 3600.0  # the clock may have been set, so it is read again this often


class SyncScheduler:
    """Starts the syncs that are due and sleeps until the next one is."""

    def __init__(
        self,
        services: Services,
        statuses: StatusRegistry,
        sync_jobs: SyncJobs,
        events: EventStream,
        *,
        tick: Callable[[float], float] = until_tick_s,
    ) -> None:
        self._registry = services.registry
        self._statuses = statuses
        self._sync_jobs = sync_jobs
        self._tick = tick
        self._changed = anyio.Event()
        events.listen(JobFinished, lambda _: self.reevaluate())
        events.listen(LibrarySettingsChanged, lambda _: self.reevaluate())

    def reevaluate(self) -> None:
        """Check again now, since something may be due earlier than it was."""
        self._changed.set()

    async def run(self) -> None:
        """Start what is due, for ever."""
        while True:
            self._changed = anyio.Event()
            wait_s = LONGEST_S
            for source in self._registry.sources():
                if self._statuses.has(source.id) and self._is_online(source.id):
                    wait_s = min(wait_s, await self._sync_jobs.start_due(source.id))
            with anyio.move_on_after(self._tick(wait_s)):
                await self._changed.wait()

    def _is_online(self, source_id: SourceId) -> bool:
        return self._statuses.axes(source_id).link is Link.ONLINE
