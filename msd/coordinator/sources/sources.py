"""What is shown of sources, and what the user changes about them: name, order, on and off (A5)."""

from collections import defaultdict
from collections.abc import Sequence

import anyio

from msd.coordinator.jobs import Jobs
from msd.coordinator.services import Services
from msd.coordinator.source_tasks import SourceTasks
from msd.coordinator.sources.status import disabled, first_axes
from msd.coordinator.sources.status import enabled as enabled_axes
from msd.coordinator.sources.status_registry import StatusRegistry
from msd.coordinator.sources.supervisors import Supervisors
from msd.errors import InvalidArgumentError
from msd.events import EventStream, SourceChanged
from msd.models import ConnectAttempt, JobKind, Source, SourceId, SourceView

MAX_NAME = 200


class Sources:
    """Every source that is configured; answers come from memory."""

    def __init__(
        self,
        services: Services,
        statuses: StatusRegistry,
        supervisors: Supervisors,
        jobs: Jobs,
        work: SourceTasks,
        events: EventStream,
    ) -> None:
        self._registry = services.registry
        self._backends = services.backends
        self._cache = services.cache
        self._statuses = statuses
        self._supervisors = supervisors
        self._jobs = jobs
        self._work = work
        self._events = events
        self._switching: defaultdict[SourceId, anyio.Lock] = defaultdict(anyio.Lock)

    # --- life ------------------------------------------------------------------------------

    def open(self) -> None:
        """Show every configured source as offline, before any socket is opened (S1)."""
        for source in self._registry.sources():
            self._statuses.add(source, first_axes(source))

    def start(self) -> None:
        """Connect every enabled source in the background (O6)."""
        for source in self._registry.sources():
            self._supervisors.start(source.id)

    # --- reading ---------------------------------------------------------------------------

    def all(self) -> tuple[SourceView, ...]:
        """Return every source in the user's order.

        A source that is being added or removed at this moment is left out.
        """
        sources = self._registry.sources()
        return tuple(self._view(source) for source in sources if self._statuses.has(source.id))

    def get(self, source_id: SourceId) -> SourceView:
        """Return everything that is shown of one source.

        Raises:
            UnknownSourceError: no source has this id.
        """
        return self._view(self._registry.source(source_id))

    def explain(self, source_id: SourceId) -> tuple[ConnectAttempt, ...]:
        """Return the steps that led to a source's status, then what comes next (S8).

        Raises:
            UnknownSourceError: no source has this id.
        """
        return self._statuses.explain(source_id)

    # --- changing --------------------------------------------------------------------------

    async def rename(self, source_id: SourceId, name: str) -> None:
        """Give a source another name.

        Raises:
            InvalidArgumentError: the name is empty, too long or not printable.
        """
        name = name.strip()
        if not name.isprintable() or not 1 <= len(name) <= MAX_NAME:
            raise InvalidArgumentError(f"a name must have 1 to {MAX_NAME} printable characters")
        await self._registry.change(source_id, name=name)
        self._events.publish(SourceChanged(source_id))

    async def set_enabled(self, source_id: SourceId, *, enabled: bool) -> None:
        """Switch a source on or off; what is cached of it stays readable."""
        async with self._switching[source_id]:
            if self._registry.source(source_id).enabled == enabled:
                return
            await self._registry.change(source_id, enabled=enabled)
            if enabled:
                self._statuses.update(source_id, enabled_axes(self._statuses.axes(source_id)))
                self._supervisors.start(source_id)
            else:
                await self._disable(source_id)
        self._events.publish(SourceChanged(source_id))

    async def reorder(self, source_ids: Sequence[SourceId]) -> None:
        """Put the named sources first; the rest keep their order."""
        await self._registry.reorder(source_ids)
        for source in self._registry.sources():
            self._events.publish(SourceChanged(source.id))

    async def reconnect(self, source_id: SourceId) -> None:
        """Connect a source now, also one that waits for its next attempt."""
        self._supervisors.reconnect(self._registry.source(source_id).id)

    # --- inside ----------------------------------------------------------------------------

    def _view(self, source: Source) -> SourceView:
        libraries, items = self._cache.counts(source.id)
        attempts, next_retry = self._statuses.retry(source.id)
        return SourceView(
            source=source,
            status=self._statuses.status(source.id),
            facts=self._statuses.axes(source.id).facts,
            next_retry=next_retry,
            attempts=attempts,
            library_count=libraries,
            item_count=items,
            withdrawn_items=self._cache.withdrawn_items(source.id),
            capabilities=self._backends.capabilities(source.id),
            live=self._statuses.live(source.id),
            sync_job=self._jobs.active(JobKind.SYNC, source.id),
            details=self._statuses.details(source.id),
            details_missing=self._statuses.details_missing(source.id),
        )

    async def _disable(self, source_id: SourceId) -> None:
        self._supervisors.forget(source_id)
        await self._jobs.end_all_of(source_id)
        await self._work.end(source_id)
        await self._backends.close(source_id)
        self._statuses.update(source_id, disabled(self._statuses.axes(source_id)))
