"""Syncs as jobs: one per source, joined when asked for again, started by themselves when due."""

import logging
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from msd.backend_api import Credentials
from msd.coordinator.access import Access
from msd.coordinator.board import StatusBoard
from msd.coordinator.catalogue import Catalogue
from msd.coordinator.containment import contained
from msd.coordinator.jobs import JobHandle, Jobs, Result
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
from msd.models import (
    JobId,
    JobKind,
    Library,
    LibraryId,
    Source,
    SourceId,
    SyncMode,
    SyncPolicy,
    SyncReport,
    UnixSeconds,
)

if TYPE_CHECKING:  # msgspec is imported when the first sync starts, not before
    from msd.sync.messages import Changed, Progress, SyncRequest

RETRY_S = 300.0  # a failed sync is not begun again by itself sooner than this
COUNT_EVERY_S = 1.0
AUTOMATIC = frozenset({SyncPolicy.INTERVAL, SyncPolicy.LIVE})

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What one sync is to do; without any wish it does everything."""

    mode: SyncMode = SyncMode.AUTO
    only: frozenset[LibraryId] = frozenset()  # empty: every library but those in `off`
    off: frozenset[LibraryId] = frozenset()
    confirm_deletes: bool = False  # the losses that are held are real
    anew: frozenset[LibraryId] = frozenset()  # hold something else now: their losses are none
    sweep: bool = False  # enumerate, whatever the cursors say


EVERYTHING = Wish()


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
        self._begun: dict[SourceId, float] = {}
        self._anew: defaultdict[SourceId, set[LibraryId]] = defaultdict(set)

    def job(self, source_id: SourceId) -> JobId | None:
        """Return the sync that runs or waits for a source."""
        return self._jobs.active(JobKind.SYNC, source_id)

    def start(self, source_id: SourceId, wish: Wish = EVERYTHING) -> JobId:
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
        self._anew[source_id] |= wish.anew  # until a sync has read them, also one after this

        async def work(job: JobHandle) -> Result:
            request = await self._request(source_id, wish)
            return await self._run(source_id, request, job)

        job_id = self._jobs.start(JobKind.SYNC, source_id, work)
        self._publish(SourceChanged(source_id))
        return job_id

    def start_all(self) -> tuple[JobId, ...]:
        """Start a sync of every source that can be synced now."""
        started = [self.start_if_possible(source.id) for source in self._registry.sources()]
        return tuple(job_id for job_id in started if job_id is not None)

    def start_if_possible(self, source_id: SourceId, wish: Wish = EVERYTHING) -> JobId | None:
        """Start a sync; None when the source is disabled or waits for the user."""
        try:
            return self.start(source_id, wish)
        except MsdError as error:
            log.info("%s is not synced: %s", source_id, error)
            return None

    async def restart(self, source_id: SourceId, wish: Wish) -> JobId:
        """Start a sync of its own, in place of one that runs."""
        while self.job(source_id) is not None:
            await self.stop(source_id)
        return self.start(source_id, wish)

    async def stop(self, source_id: SourceId) -> None:
        """Cancel a running sync and return when it has ended."""
        self._begun.pop(source_id, None)
        running = self.job(source_id)
        if running is not None:
            self._jobs.cancel(running)
            await self._jobs.ended(running)

    async def catch_up(self, source_id: SourceId) -> None:
        """Start a sync when a library's policy asks for one now (O6); never raises."""
        try:
            await contained(lambda: self._start_if_due(source_id), f"catching up {source_id}")
        except MsdError as error:
            log.info("%s was not caught up: %s", source_id, error)

    async def _start_if_due(self, source_id: SourceId) -> None:
        begun = self._begun.get(source_id)
        if begun is not None and time.monotonic() - begun < RETRY_S:
            return
        source = self._registry.source(source_id)
        libraries = await self._catalogue.libraries(source_id)
        own = [library for library in libraries if library.settings.sync in AUTOMATIC]
        due = [library.id for library in own if self._is_due(source, library)]
        if not libraries and self._is_due(source, None):
            self.start(source_id)
        elif due:
            manual = frozenset(library.id for library in libraries if library not in own)
            wish = Wish(off=manual) if len(due) == len(own) else Wish(only=frozenset(due))
            self.start(source_id, wish)

    def _is_due(self, source: Source, library: Library | None) -> bool:
        interval_s, synced_at = self._settings.sync.interval_s, source.last_sync
        if library is not None:
            interval_s = library.settings.interval_s or interval_s
            synced_at = max(synced_at, library.synced_at)
        # A time in the future means that the clock was wrong, then or now.
        return not 0 <= time.time() - synced_at < interval_s

    async def _request(self, source_id: SourceId, wish: Wish) -> "SyncRequest":
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
            mode=wish.mode,
            only=wish.only,
            off=wish.off | never,
            content_types=self._catalogue.content_types(source_id),
            confirm_deletes=wish.confirm_deletes,
            anew=frozenset(self._anew[source_id]),
            sweep=wish.sweep,
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
            await self._record(source_id, last_sync_error=str(error))
            if isinstance(error, BackendError):
                self._failed(source_id)
            raise
        finally:
            self._catalogue.recount_soon(source_id)
        if not request.only or request.anew <= request.only:
            self._anew[source_id] -= request.anew
        columns: dict[str, object] = {"last_sync_error": "", "held_deletes": report.held}
        if not request.only:
            columns["last_sync"] = UnixSeconds(int(time.time()))
            columns["skipped_items"] = report.skipped
        await self._record(source_id, **columns)
        return _result(report)

    async def _record(self, source_id: SourceId, **columns: object) -> None:
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
        "held": report.held,
        "complete": report.complete,
        "duration_ms": report.duration_ms,
        "skipped_examples": "\n".join(report.skipped_examples),
    }
