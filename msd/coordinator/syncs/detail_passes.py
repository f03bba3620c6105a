"""Begins and ends idle passes over the sources whose details are due, one at a time (Y24).

A pass is a worker that is ended whenever something else wants its source, and begun again after
a quiet time. Nothing is lost by that: what is due stands in the rows.
"""

import logging
import math
import random
from collections import defaultdict

import anyio
from msgspec import Struct

from msd.coordinator.error_boundary import guarded
from msd.coordinator.source_tasks import SourceTasks
from msd.coordinator.sources.status_registry import StatusRegistry
from msd.coordinator.syncs.detail_worker import DetailWorker, DueDetails
from msd.coordinator.syncs.idle_sources import IdleSources
from msd.coordinator.timing import Backoff
from msd.errors import BackendError, MsdError, NotSupportedError
from msd.events import (
    EventStream,
    ItemsChanged,
    JobAdded,
    JobFinished,
    LibrarySettingsChanged,
    NetworkChanged,
    SourceAccessChanged,
    SourceConnected,
    SourceRemoved,
    SourceStatusChanged,
    SourceUsed,
)
from msd.models import DetailsState, SourceId

RETRY_S = 60.0  # after msd's own cache could not be read

log = logging.getLogger(__name__)


class DetailTiming(Struct, frozen=True, kw_only=True):
    """When a pass may begin."""

    quiet_s: float = 10.0  # after the source was used or connected
    count_every_s: float = 5.0  # what is due is counted again no sooner, however much changes
    again_s: float = 600.0  # after a pass that left nothing: a few changed rows can wait
    retry_first_s: float = 60.0  # after a pass that failed; grows with each further one …
    retry_longest_s: float = 3600.0  # … up to this

    def backoff(self) -> Backoff:
        """Return the waits after failures."""
        rng = random.Random()  # noqa: S311 - jitter, not a secret
        return Backoff(rng, first_s=self.retry_first_s, longest_s=self.retry_longest_s)


class _Running(Struct):
    """The pass that runs."""

    source_id: SourceId
    scope: anyio.CancelScope


class DetailPasses:
    """At most one pass runs, so that idle work is never more than one request at a time."""

    def __init__(
        self,
        sources: IdleSources,
        worker: DetailWorker,
        statuses: StatusRegistry,
        work: SourceTasks,
        events: EventStream,
        *,
        timing: DetailTiming = DetailTiming(),  # noqa: B008 - it can't change
    ) -> None:
        self._sources = sources
        self._worker = worker
        self._statuses = statuses
        self._work = work
        self._timing = timing
        self._changed = anyio.Event()
        self._running: _Running | None = None
        self._due: dict[SourceId, DueDetails] = {}  # as it was counted last
        self._counted_at: dict[SourceId, float] = {}
        self._changed_since: set[SourceId] = set()  # they were counted
        self._not_before: dict[SourceId, float] = {}
        self._backoffs: defaultdict[SourceId, Backoff] = defaultdict(timing.backoff)
        self._without_pages: set[SourceId] = set()  # as they answered on this connection
        events.listen(SourceUsed, lambda event: self._step_aside(event.source_id))
        events.listen(SourceAccessChanged, lambda event: self._step_aside(event.source_id))
        events.listen(SourceConnected, lambda event: self._after_connect(event.source_id))
        events.listen(LibrarySettingsChanged, lambda event: self._after_choice(event.source_id))
        events.listen(ItemsChanged, lambda event: self._count_again(event.source_id))
        events.listen(SourceRemoved, lambda event: self._forget(event.source_id))
        events.listen(JobFinished, lambda _: self._after_job())
        for kind in (JobAdded, NetworkChanged, SourceStatusChanged):
            events.listen(kind, lambda _: self._reevaluate())

    async def run(self) -> None:
        """Begin a pass whenever one is due and nothing else happens, for ever."""
        while True:
            self._changed = anyio.Event()
            try:
                wait_s = await guarded(self._start_next, "looking for details that are due")
            except MsdError as error:
                log.info("no details are fetched now: %s", error)
                wait_s = RETRY_S
            with anyio.move_on_after(wait_s):
                await self._changed.wait()

    async def _start_next(self) -> float:
        """Begin the pass that is due; return how long to wait at most before the next look."""
        if self._running is not None:
            return math.inf
        wait_s = math.inf
        for source_id in self._sources.all():
            wait_s = min(wait_s, await self._count(source_id))
            due = self._due.get(source_id)
            if due is None:
                continue  # removed meanwhile
            if self._running is None and due.missing and self._can_be_asked(source_id):
                source_wait_s = self._not_before.get(source_id, 0.0) - anyio.current_time()
                wait_s = min(wait_s, max(source_wait_s, 0.0))
                if source_wait_s <= 0:
                    self._running = _Running(source_id, anyio.CancelScope())
                    self._work.start_soon(source_id, self._pass, self._running, due)
            self._show(source_id, due.missing)
        return wait_s if self._running is None else math.inf

    async def _count(self, source_id: SourceId) -> float:
        """Count what is due if that may have changed; return in how many seconds to do so.

        Raises:
            StorageError: the cache can't be read.
        """
        if source_id in self._due and source_id not in self._changed_since:
            return math.inf
        now = anyio.current_time()
        wait_s = self._counted_at.get(source_id, -math.inf) + self._timing.count_every_s - now
        if wait_s > 0:
            return wait_s
        self._counted_at[source_id] = now
        self._changed_since.discard(source_id)  # what changes while it is counted is not in it
        try:
            due = await self._worker.due(source_id)
        except MsdError:
            self._changed_since.add(source_id)
            raise
        if source_id in self._sources.all():
            self._due[source_id] = due
        return math.inf

    def _can_be_asked(self, source_id: SourceId) -> bool:
        return source_id not in self._without_pages and self._sources.can_be_asked(source_id)

    # --- what happens to sources -----------------------------------------------------------

    def _reevaluate(self) -> None:
        """End the pass that may not run any more, and look for what is due."""
        if self._running is not None and not self._can_be_asked(self._running.source_id):
            self._running.scope.cancel()
        self._changed.set()

    def _after_job(self) -> None:
        """A sync may have ended: what it made due is shown at once."""
        self._counted_at.clear()
        self._reevaluate()

    def _step_aside(self, source_id: SourceId) -> None:
        """Leave a source to whoever uses it, for a while."""
        self._wait(source_id, self._timing.quiet_s)
        if self._running is not None and self._running.source_id == source_id:
            self._running.scope.cancel()

    def _after_connect(self, source_id: SourceId) -> None:
        self._without_pages.discard(source_id)  # it may be another version of the server by now
        self._wait(source_id, self._timing.quiet_s)

    def _after_choice(self, source_id: SourceId) -> None:
        """The user said anew which libraries are left alone."""
        self._count_again(source_id)
        self._step_aside(source_id)

    def _count_again(self, source_id: SourceId) -> None:
        self._changed_since.add(source_id)
        self._changed.set()

    def _forget(self, source_id: SourceId) -> None:
        self._due.pop(source_id, None)
        self._counted_at.pop(source_id, None)
        self._changed_since.discard(source_id)
        self._not_before.pop(source_id, None)
        self._backoffs.pop(source_id, None)
        self._without_pages.discard(source_id)

    def _wait(self, source_id: SourceId, seconds: float) -> None:
        until = anyio.current_time() + seconds
        self._not_before[source_id] = max(self._not_before.get(source_id, 0.0), until)
        self._changed.set()

    # --- a pass ----------------------------------------------------------------------------

    async def _pass(self, running: _Running, due: DueDetails) -> None:
        source_id = running.source_id
        try:
            with running.scope:
                await guarded(
                    lambda: self._worker.fetch(
                        source_id, due, left=lambda left: self._show(source_id, left)
                    ),
                    f"fetching the details of {source_id}",
                )
                self._backoffs.pop(source_id, None)
                self._wait(source_id, self._timing.again_s)
            if running.scope.cancelled_caught:
                await self._worker.publish_missed_changes(source_id)
        except NotSupportedError as error:
            log.info("no details are fetched of %s: %s", source_id, error)
            self._without_pages.add(source_id)
        except MsdError as error:
            log.info("the details of %s are fetched later: %s", source_id, error)
            retry_after_s = error.retry_after_s if isinstance(error, BackendError) else None
            self._wait(source_id, self._backoffs[source_id].next_delay_s(retry_after_s))
            await self._worker.publish_missed_changes(source_id)
        finally:
            self._running = None
            self._counted_at.pop(source_id, None)
            self._count_again(source_id)

    # --- what is shown ---------------------------------------------------------------------

    def _show(self, source_id: SourceId, missing: int) -> None:
        self._statuses.set_details(source_id, self._state(source_id, missing), missing)

    def _state(self, source_id: SourceId, missing: int) -> DetailsState:
        if not missing:
            return DetailsState.DONE
        if not self._sources.wants_details:
            return DetailsState.OFF
        if self._running is not None and self._running.source_id == source_id:
            return DetailsState.RUNNING
        if source_id in self._without_pages or not self._sources.gives_pages(source_id):
            return DetailsState.UNSUPPORTED
        return DetailsState.WAITING
