"""Syncs as jobs: one per source, joined when asked for again, started by themselves when due."""

import logging
import math
import time
from collections import defaultdict
from collections.abc import Callable
from typing import TYPE_CHECKING, Unpack

from msgspec.structs import replace

from msd.backend_api import Credentials
from msd.coordinator.access import Access
from msd.coordinator.board import StatusBoard
from msd.coordinator.catalogue import Catalogue
from msd.coordinator.containment import contained
from msd.coordinator.jobs import JobHandle, Jobs, Result
from msd.coordinator.pace import Pace
from msd.coordinator.services import Services
from msd.coordinator.status import Auth
from msd.errors import (
    AuthRequiredError,
    BackendError,
    MsdError,
    NotSupportedError,
    UnknownSourceError,
)
from msd.events import Event, ItemsChanged, SourceChanged
from msd.managers.registry import SourceColumns
from msd.models import (
    JobId,
    JobKind,
    JobState,
    Library,
    LibraryId,
    SourceId,
    SyncOptions,
    SyncPolicy,
    SyncReport,
    UnixSeconds,
)

if TYPE_CHECKING:  # msgspec is imported when the first sync starts, not before
    from msd.sync.messages import Changed, Progress, SyncRequest

RETRY_S = 300.0  # a failed sync is not begun again by itself sooner than this
COUNT_EVERY_S = 1.0

log = logging.getLogger(__name__)


EVERYTHING = SyncOptions()


class Syncing:
    """Starts syncs and takes in what they report."""

    def __init__(  # noqa: PLR0913 - what a sync touches
        self,
        services: Services,
        catalogue: Catalogue,
        board: StatusBoard,
        jobs: Jobs,
        access: Access,
        *,
        pace: Pace,
        publish: Callable[[Event], None],
        failed: Callable[[SourceId], None],
    ) -> None:
        self._settings = services.settings
        self._device_name = services.backends.device_name
        self._registry = services.registry
        self._access = access
        self._syncs = services.syncs
        self._catalogue = catalogue
        self._board = board
        self._jobs = jobs
        self._publish = publish
        self._failed = failed
        self.pace = pace
        self._begun: dict[SourceId, float] = {}
        self._type_changed: defaultdict[SourceId, set[LibraryId]] = defaultdict(set)

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
        axes = self._board.axes(source_id)
        if axes.auth is Auth.NEEDS_AUTH:
            raise AuthRequiredError(axes.auth_detail, reason=axes.auth_reason)
        self._begun[source_id] = time.monotonic()
        # Kept until a sync has read them, which may be one after this.
        self._type_changed[source_id] |= options.type_changed

        async def work(job: JobHandle) -> Result:
            request = await self._request(source_id, options)
            return await self._run(source_id, request, job)

        job_id = self._jobs.start(JobKind.SYNC, source_id, work)
        self._publish(SourceChanged(source_id))
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
        self._begun.pop(source_id, None)
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

    async def catch_up(self, source_id: SourceId) -> float:
        """Start a sync when a library's policy asks for one now (O6); never raises.

        Returns:
            In how many seconds to ask again.
        """
        try:
            return await contained(
                lambda: self._start_if_due(source_id), f"catching up {source_id}"
            )
        except MsdError as error:
            log.info("%s was not caught up: %s", source_id, error)
            return RETRY_S

    async def _start_if_due(self, source_id: SourceId) -> float:
        if self.job(source_id) is not None:
            return RETRY_S  # its end is told
        begun_s = time.monotonic() - self._begun.get(source_id, -math.inf)
        libraries = await self._catalogue.libraries(source_id)
        waits_s = {library.id: self._wait_s(source_id, library) for library in libraries}
        wait_s = min(waits_s.values(), default=self._wait_s(source_id, None))
        if wait_s > 0 or begun_s < RETRY_S:
            return max(wait_s, RETRY_S - begun_s)
        due = frozenset(one for one, wait_s in waits_s.items() if wait_s <= 0)
        never = frozenset(one for one, wait_s in waits_s.items() if math.isinf(wait_s))
        # What is named is all that is synced, so libraries that are new would be left out.
        is_all = due | never == waits_s.keys()
        self.start(source_id, SyncOptions(off=never) if is_all else SyncOptions(only=due))
        return RETRY_S

    def _wait_s(self, source_id: SourceId, library: Library | None) -> float:
        """Return how long a library may wait; without one, the source's first sync."""
        source = self._registry.source(source_id)
        interval_s = self.pace.interval_s(source_id, library.settings if library else None)
        synced_at = max(source.last_sync, library.synced_at) if library else source.last_sync
        if interval_s is None:
            return math.inf
        ago_s = time.time() - synced_at
        # A time in the future means that the clock was wrong, then or now.
        return interval_s - ago_s if ago_s >= 0 else 0.0

    async def _request(self, source_id: SourceId, options: SyncOptions) -> "SyncRequest":
        from msd.sync.messages import SyncRequest  # noqa: PLC0415 - see above

        source = self._registry.source(source_id)
        account = self._registry.account_of(source)
        credentials = await self._access.credentials(source) or Credentials(user_id="", token="")
        never = {
            library_id
            for library_id, own in self._registry.library_settings().items()
            if own.sync is SyncPolicy.OFF
        }
        return SyncRequest(
            source=self._registry.source(source_id),
            user_id=credentials.user_id,
            token=credentials.token,
            device_id="" if account is None else account.device_id,
            device_name=self._device_name,
            cache_db=str(self._settings.cache_db),
            state_db=str(self._settings.state_db),
            cache_dir=str(self._settings.cache_dir),
            options=replace(
                options,
                off=options.off | never,
                type_changed=frozenset(self._type_changed[source_id]),
            ),
            content_types=self._catalogue.content_types(source_id),
        )

    async def _run(self, source_id: SourceId, request: "SyncRequest", job: JobHandle) -> Result:
        counted = 0.0

        def progress(message: "Progress") -> None:
            job.progress(phase=message.phase, done=message.done, total=message.total)

        def changed(message: "Changed") -> None:
            nonlocal counted
            self._catalogue.saw_change(
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
                self._catalogue.recount_soon(source_id)

        try:
            report = await contained(
                lambda: self._syncs.run(
                    request, started=job.running, progress=progress, changed=changed
                ),
                f"syncing {source_id}",
            )
        except MsdError as error:
            await self._catalogue.tell_untold(source_id)
            await self._record(source_id, last_sync_error=str(error))
            if isinstance(error, BackendError):
                self._failed(source_id)
            raise
        finally:
            self._catalogue.recount_soon(source_id)
        options = request.options
        if not options.only or options.type_changed <= options.only:
            self._type_changed[source_id] -= options.type_changed
        self.pace.noted(
            source_id, has_changed=bool(report.added or report.updated or report.removed)
        )
        columns: SourceColumns = {"last_sync_error": "", "held_deletes": report.withheld}
        if not options.only:
            columns["last_sync"] = UnixSeconds(int(time.time()))
            columns["skipped_items"] = report.skipped
        await self._record(source_id, **columns)
        return _result(report)

    async def _record(self, source_id: SourceId, **columns: Unpack[SourceColumns]) -> None:
        try:
            source = await self._registry.change(source_id, **columns)
        except UnknownSourceError:
            return  # removed while it was synced
        self._board.set_held_deletes(source_id, source.held_deletes)
        self._publish(SourceChanged(source_id))


def _result(report: SyncReport) -> Result:
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
    }
