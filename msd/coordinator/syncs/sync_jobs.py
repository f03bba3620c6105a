"""Syncs as jobs: one per source; asking for a second one joins the first (Y1)."""

import logging
import math
import random
import time
from collections import defaultdict
from typing import TYPE_CHECKING, Unpack

from msgspec.structs import replace

from msd.backend_api.changes import HasChanges
from msd.coordinator.error_boundary import guarded
from msd.coordinator.jobs import JobHandle, Jobs, Result
from msd.coordinator.library import MediaLibrary
from msd.coordinator.services import Services
from msd.coordinator.sources.status import Auth
from msd.coordinator.sources.status_registry import StatusRegistry
from msd.coordinator.syncs.poll_interval import PollIntervals
from msd.coordinator.syncs.worker_requests import WorkerRequests
from msd.errors import (
    AuthRequiredError,
    BackendError,
    MsdError,
    NotSupportedError,
    UnknownSourceError,
    UnreachableError,
)
from msd.events import (
    EventStream,
    ItemsChanged,
    SourceChanged,
    SourceFailed,
    SourceRemoved,
)
from msd.managers.registry import SourceColumns
from msd.models import (
    JobId,
    JobKind,
    JobState,
    Library,
    LibraryId,
    LiveState,
    SourceId,
    SyncOptions,
    SyncReport,
    UnixSeconds,
)

if TYPE_CHECKING:  # the engine's messages are imported when the first sync starts
    from msd.sync.messages import Changed, Progress, SyncRequest

RETRY_S = 300.0  # after a failed sync the next one starts by itself no sooner than this
COUNT_EVERY_S = 1.0

log = logging.getLogger(__name__)


EVERYTHING = SyncOptions()


class SyncJobs:
    """Starts syncs, shows their progress and stores their outcome."""

    def __init__(
        self,
        services: Services,
        library: MediaLibrary,
        statuses: StatusRegistry,
        jobs: Jobs,
        requests: WorkerRequests,
        events: EventStream,
    ) -> None:
        self._registry = services.registry
        self._backends = services.backends
        self._syncs = services.syncs
        self._library = library
        self._statuses = statuses
        self._jobs = jobs
        self.requests = requests
        self._events = events
        self._intervals = PollIntervals(
            services.settings.sync.interval_s,
            rng=random.Random(),  # noqa: S311 - jitter, not a secret
        )
        self._started_at: dict[SourceId, float] = {}
        self._type_changed: defaultdict[SourceId, set[LibraryId]] = defaultdict(set)
        events.listen(SourceRemoved, lambda event: self._forget(event.source_id))

    def job(self, source_id: SourceId) -> JobId | None:
        """Return the sync that runs or waits for a source."""
        return self._jobs.active(JobKind.SYNC, source_id)

    def start(self, source_id: SourceId, options: SyncOptions = EVERYTHING) -> JobId:
        """Start a sync, or join the one that runs (Y1).

        Raises:
            AuthRequiredError: the source waits for new credentials (S4).
            NotSupportedError: the source is disabled.
        """
        source = self._registry.source(source_id)
        running = self.job(source_id)
        if running is not None:
            return running
        if not source.enabled:
            raise NotSupportedError("the source is disabled; enable it first")
        axes = self._statuses.axes(source_id)
        if axes.auth is Auth.NEEDS_AUTH:
            raise AuthRequiredError(axes.auth_detail, reason=axes.auth_reason)
        self._started_at[source_id] = time.monotonic()
        self._type_changed[source_id] |= (
            options.type_changed
        )  # until a sync has read them: this one or a later one

        async def work(job: JobHandle) -> Result:
            type_changed = frozenset(self._type_changed[source_id])
            wanted = replace(options, type_changed=type_changed)
            request = await self.requests.sync(source_id, wanted)
            return await self._run(source_id, request, job)

        job_id = self._jobs.start(JobKind.SYNC, source_id, work)
        self._events.publish(SourceChanged(source_id))
        return job_id

    def start_all(self) -> tuple[JobId, ...]:
        """Start a sync of every source that can be synced now."""
        started = [self.start_if_possible(source.id) for source in self._registry.sources()]
        return tuple(job_id for job_id in started if job_id is not None)

    def start_if_possible(
        self, source_id: SourceId, options: SyncOptions = EVERYTHING
    ) -> JobId | None:
        """Start a sync; None when the source is disabled or waits for the user."""
        try:
            return self.start(source_id, options)
        except MsdError as error:
            log.info("%s is not synced: %s", source_id, error)
            return None

    async def restart(self, source_id: SourceId, options: SyncOptions) -> JobId:
        """Start a sync of its own, in place of one that runs."""
        while self.job(source_id) is not None:
            await self.stop(source_id)
        return self.start(source_id, options)

    async def stop(self, source_id: SourceId) -> None:
        """Cancel a running sync and return when it has ended."""
        self._started_at.pop(source_id, None)
        running = self.job(source_id)
        if running is not None:
            self._jobs.cancel(running)
            await self._jobs.ended(running)

    async def idle(self, source_id: SourceId) -> None:
        """Return when no sync of a source runs."""
        while (running := self.job(source_id)) is not None:
            await self._jobs.ended(running)

    async def complete(self, source_id: SourceId, options: SyncOptions) -> bool:
        """Run a sync of its own, after one that runs already; return whether it succeeded."""
        await self.idle(source_id)
        job_id = self.start_if_possible(source_id, options)
        if job_id is None:
            return False
        await self._jobs.ended(job_id)
        return self._jobs.get(job_id).state is JobState.DONE

    async def start_due(self, source_id: SourceId) -> float:
        """Start a sync when a library is due by its policy (O6); never raises.

        Returns:
            How many seconds later to call this again.
        """
        try:
            return await guarded(
                lambda: self._start_if_due(source_id), f"starting the sync of {source_id}"
            )
        except MsdError as error:
            log.info("the sync of %s was not started: %s", source_id, error)
            return RETRY_S

    async def _start_if_due(self, source_id: SourceId) -> float:
        if self.job(source_id) is not None:
            return RETRY_S  # its end wakes the scheduler
        started_s_ago = time.monotonic() - self._started_at.get(source_id, -math.inf)
        libraries = await self._library.libraries(source_id)
        waits_s = {library.id: self._wait_s(source_id, library) for library in libraries}
        wait_s = min(waits_s.values(), default=self._wait_s(source_id, None))
        if wait_s > 0 or started_s_ago < RETRY_S:
            return max(wait_s, RETRY_S - started_s_ago)
        due = frozenset(library_id for library_id, wait_s in waits_s.items() if wait_s <= 0)
        never = frozenset(
            library_id for library_id, wait_s in waits_s.items() if math.isinf(wait_s)
        )
        # A sync of named libraries doesn't look for new ones, so name them only where needed.
        is_all = due | never == waits_s.keys()
        self.start(source_id, SyncOptions(off=never) if is_all else SyncOptions(only=due))
        return RETRY_S

    def _wait_s(self, source_id: SourceId, library: Library | None) -> float:
        """Return how long a library may wait; without one, the source's first sync."""
        source = self._registry.source(source_id)
        interval_s = self._intervals.interval_s(
            source_id,
            library.settings if library else None,
            is_live=self._statuses.live(source_id) is LiveState.OK
            and not self._statuses.faults(source_id),
            is_cheap=self._follows_changes(source_id),
        )
        synced_at = max(source.last_sync, library.synced_at) if library else source.last_sync
        if interval_s is None:
            return math.inf
        ago_s = time.time() - synced_at
        # A time in the future means that the clock was wrong, then or now.
        return interval_s - ago_s if ago_s >= 0 else 0.0

    def _follows_changes(self, source_id: SourceId) -> bool:
        """Return whether the source can be asked for changes alone, which costs little."""
        try:
            return isinstance(self._backends.opened(source_id), HasChanges)
        except UnreachableError:
            return False

    def _forget(self, source_id: SourceId) -> None:
        self._started_at.pop(source_id, None)
        self._type_changed.pop(source_id, None)
        self._intervals.forget(source_id)

    async def _run(self, source_id: SourceId, request: "SyncRequest", job: JobHandle) -> Result:
        counted = 0.0

        def progress(message: "Progress") -> None:
            job.progress(phase=message.phase, done=message.done, total=message.total)

        def changed(message: "Changed") -> None:
            nonlocal counted
            self._library.publish_change(
                ItemsChanged(
                    source_id=source_id,
                    library_id=message.library_id,
                    changed=message.changed,
                    removed=message.removed,
                    revision=message.revision,
                )
            )
            if time.monotonic() - counted >= COUNT_EVERY_S:
                counted = time.monotonic()
                self._library.recount_soon(source_id)

        try:
            report = await guarded(
                lambda: self._syncs.run(
                    request, started=job.running, progress=progress, changed=changed
                ),
                f"syncing {source_id}",
            )
        except MsdError as error:
            await self._library.publish_missed_changes(source_id)
            await self._record(source_id, last_sync_error=str(error))
            if isinstance(error, BackendError):
                self._events.publish(SourceFailed(source_id, error.reason))
            raise
        finally:
            self._library.recount_soon(source_id)
        options = request.options
        if not options.only or options.type_changed <= options.only:
            self._type_changed[source_id] -= options.type_changed
        self._intervals.synced(
            source_id, has_changed=bool(report.added or report.updated or report.removed)
        )
        columns: SourceColumns = {
            "last_sync_error": await self._note_faults(source_id, options, report),
            "held_deletes": report.withheld,
        }
        if not options.only:
            columns["last_sync"] = UnixSeconds(int(time.time()))
            columns["skipped_items"] = report.skipped
        await self._record(source_id, **columns)
        return result_of(report)

    async def _note_faults(
        self, source_id: SourceId, options: SyncOptions, report: SyncReport
    ) -> str:
        """Remember what failed in a sync, for `Explain`, and return it in one line (S9).

        A sync of some libraries leaves what is known of the others as it is.
        """
        faults = report.faults
        if options.only:
            libraries = await self._library.libraries(source_id)
            synced = {library.name for library in libraries if library.id in options.only}
            known = self._statuses.faults(source_id)
            faults = (*(fault for fault in known if fault.library not in synced), *faults)
        self._statuses.set_faults(source_id, faults)
        return "; ".join(fault.sentence() for fault in faults)

    async def _record(self, source_id: SourceId, **columns: Unpack[SourceColumns]) -> None:
        try:
            source = await self._registry.change(source_id, **columns)
        except UnknownSourceError:
            return  # removed while it was synced
        self._statuses.set_held_deletes(source_id, source.held_deletes)
        self._events.publish(SourceChanged(source_id))


def result_of(report: SyncReport) -> Result:
    """Return what the job of a sync shows of its report."""
    return {
        "seen": report.seen,
        "added": report.added,
        "updated": report.updated,
        "removed": report.removed,
        "unchanged": report.unchanged,
        "skipped": report.skipped,
        "held": report.withheld,
        "complete": report.complete,
        "duration_ms": report.duration_ms,
        "skipped_examples": "\n".join(report.skipped_examples),
        "faults": "\n".join(fault.sentence() for fault in report.faults),
    }
