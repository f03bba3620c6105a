"""Keeps one push subscription for each source that can push its changes and shall (Y9)."""

import logging
import random

import anyio

from msd.backend_api.changes import HasPush
from msd.coordinator.error_boundary import guarded
from msd.coordinator.library import MediaLibrary
from msd.coordinator.services import Services
from msd.coordinator.source_tasks import SourceTasks
from msd.coordinator.sources.status import Link
from msd.coordinator.sources.status_registry import StatusRegistry
from msd.coordinator.syncs.push_subscription import PushSubscription
from msd.coordinator.syncs.push_writer import PushWriter
from msd.coordinator.syncs.sync_jobs import SyncJobs
from msd.coordinator.timing import Backoff
from msd.errors import BackendError, MsdError, UnknownSourceError, UnreachableError
from msd.events import (
    EventStream,
    LibrarySettingsChanged,
    SourceConnected,
    SourceFailed,
)
from msd.models import LiveState, SourceId, SyncPolicy

log = logging.getLogger(__name__)


class PushSubscriptions:
    """At most one subscription per connected source.

    A connection that is lost makes the source `degraded`: it is polled at short intervals until
    it pushes again, and each new subscription begins with a sync that catches up.
    """

    def __init__(
        self,
        services: Services,
        library: MediaLibrary,
        statuses: StatusRegistry,
        sync_jobs: SyncJobs,
        work: SourceTasks,
        events: EventStream,
    ) -> None:
        self._services = services
        self._library = library
        self._statuses = statuses
        self._sync_jobs = sync_jobs
        self._work = work
        self._events = events
        self._scopes: dict[SourceId, anyio.CancelScope] = {}
        self._lost: set[SourceId] = set()  # their connection needs the supervisor's check
        events.listen(SourceConnected, lambda event: self._after_connect(event.source_id))
        events.listen(LibrarySettingsChanged, lambda event: self._reevaluate_soon(event.source_id))

    def renew(self, source_id: SourceId) -> None:
        """Subscribe again now, without the wait that earlier failures ask for."""
        if source_id in self._scopes:
            self._scopes[source_id].cancel()  # at its end it is evaluated again

    def _after_connect(self, source_id: SourceId) -> None:
        """Show a source as degraded whose server answers while its push connection is lost.

        Not before: where the server itself is gone, its being offline is the one change (S5).
        """
        if source_id in self._lost:
            self._lost.discard(source_id)
            self._statuses.set_live(source_id, LiveState.DEGRADED)
        self._reevaluate_soon(source_id)

    def _reevaluate_soon(self, source_id: SourceId) -> None:
        self._work.start_soon(source_id, self._reevaluate, source_id)

    async def _reevaluate(self, source_id: SourceId) -> None:
        """Begin or end the subscription of a source, as it now can and shall push."""
        state = await self._wanted(source_id)
        scope = self._scopes.get(source_id)
        if scope is not None and state is not LiveState.OK:
            scope.cancel()
        elif state is not LiveState.OK:
            self._statuses.set_live(source_id, state)
        elif scope is None:
            self._scopes[source_id] = anyio.CancelScope()
            self._work.start_soon(source_id, self._keep, source_id, self._scopes[source_id])

    async def _wanted(self, source_id: SourceId) -> LiveState:
        """Return OK when there should be a subscription, else what to show instead."""
        try:
            if self._statuses.axes(source_id).link is not Link.ONLINE:
                return LiveState.OFF
            backend = self._services.backends.opened(source_id)
            libraries = await self._library.libraries(source_id)
        except (UnknownSourceError, UnreachableError):
            return LiveState.OFF
        if not isinstance(backend, HasPush):
            return LiveState.UNSUPPORTED
        is_wanted = any(library.settings.sync is SyncPolicy.LIVE for library in libraries)
        return LiveState.OK if is_wanted or not libraries else LiveState.OFF

    async def _keep(self, source_id: SourceId, scope: anyio.CancelScope) -> None:
        """Stay subscribed for as long as the source is connected."""
        backoff = Backoff(random.Random())  # noqa: S311 - jitter, not a secret
        state = LiveState.OFF
        try:
            with scope:
                while (state := await self._wanted(source_id)) is LiveState.OK:
                    retry_after_s = await self._subscribe(source_id, backoff)
                    await anyio.sleep(backoff.next_delay_s(retry_after_s))
        finally:
            del self._scopes[source_id]
            self._lost.discard(source_id)
            has_ended = state is LiveState.OK or scope.cancel_called  # else it is not wanted
            self._statuses.set_live(source_id, LiveState.OFF if has_ended else state)
            if scope.cancel_called:  # it may be wanted again by now
                self._reevaluate_soon(source_id)

    async def _subscribe(self, source_id: SourceId, backoff: Backoff) -> float | None:
        """Write what is pushed until the connection is lost; return how long to wait at least."""

        def caught_up() -> None:
            backoff.reset()
            self._lost.discard(source_id)
            self._statuses.set_live(source_id, LiveState.OK)

        async def run() -> None:
            backend = self._services.backends.opened(source_id)
            if isinstance(backend, HasPush):
                writer = PushWriter(
                    source_id, backend, self._services, self._library, self._sync_jobs
                )
                await PushSubscription(backend, writer).run(caught_up=caught_up)

        try:
            await guarded(run, f"following the pushed changes of {source_id}")
        except MsdError as error:
            log.info("%s does not push its changes now: %s", source_id, error)
            self._lost.add(source_id)
            reason = error.reason if isinstance(error, BackendError) else None
            self._events.publish(SourceFailed(source_id, reason))
            return error.retry_after_s if isinstance(error, BackendError) else None
        return None
