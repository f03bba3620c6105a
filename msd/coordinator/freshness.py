"""Keeping what is cached fresh: syncs, when they are due, and live updates."""

import random

from anyio.abc import TaskGroup

from msd.backend_api.changes import HasChanges
from msd.coordinator.access import Access
from msd.coordinator.board import StatusBoard
from msd.coordinator.catalogue import Catalogue
from msd.coordinator.fleet import Fleet
from msd.coordinator.jobs import Jobs
from msd.coordinator.live import Live
from msd.coordinator.pace import Pace
from msd.coordinator.schedule import Schedule
from msd.coordinator.services import Services
from msd.coordinator.syncing import Syncing
from msd.errors import UnreachableError
from msd.events import EventStream, JobFinished
from msd.models import LiveState, SourceId


class Freshness:
    """What brings changes into the cache, built and run together."""

    def __init__(  # noqa: PLR0913 - what a sync touches
        self,
        services: Services,
        catalogue: Catalogue,
        board: StatusBoard,
        jobs: Jobs,
        access: Access,
        fleet: Fleet,
        *,
        events: EventStream,
        tasks: TaskGroup,
    ) -> None:
        self._backends = services.backends
        self._events = events
        self._tasks = tasks
        pace = Pace(
            services.settings.sync.interval_s,
            is_live=lambda source_id: board.live(source_id) is LiveState.OK,
            is_cheap=self._is_cheap,
            rng=random.Random(),  # noqa: S311 - jitter, not a secret
        )
        self.syncing = Syncing(
            services,
            catalogue,
            board,
            jobs,
            access,
            pace=pace,
            publish=events.publish,
            failed=fleet.check,
        )
        self._live = Live(services, catalogue, board, self.syncing, tasks, lost=fleet.check)
        self._schedule = Schedule(services, board, self.syncing)

    def start(self) -> None:
        """Begin to look at the clock."""
        self._tasks.start_soon(self._schedule.run)
        self._tasks.start_soon(self._follow_syncs)

    def look(self, source_id: SourceId) -> None:
        """Take in that a source was connected, or that the policy of a library changed."""
        self._live.look(source_id)
        self._schedule.changed()

    def renew(self, source_id: SourceId) -> None:
        """Listen to a source anew, at once: it is signed in to with something else."""
        self._live.renew(source_id)

    def _is_cheap(self, source_id: SourceId) -> bool:
        try:
            return isinstance(self._backends.live(source_id), HasChanges)
        except UnreachableError:
            return False

    async def _follow_syncs(self) -> None:
        """Look at the clock anew after each sync."""
        with self._events.subscribe() as events:
            async for event in events:
                if isinstance(event, JobFinished):
                    self._schedule.changed()
