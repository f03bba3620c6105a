"""Polls the rights of each source's user, since no server announces that they changed (Y19)."""

import logging

import anyio

from msd.backend_api.changes import HasRights
from msd.coordinator.error_boundary import guarded
from msd.coordinator.services import Services
from msd.coordinator.source_tasks import SourceTasks
from msd.coordinator.sources.status import Auth, Link
from msd.coordinator.sources.status_registry import StatusRegistry
from msd.coordinator.syncs.sync_jobs import SyncJobs
from msd.errors import MsdError
from msd.models import SourceId

EVERY_S = 180.0
ANSWER_S = 20.0

log = logging.getLogger(__name__)


class RightsPoll:
    """Asks each connected source for its user's rights; starts a sync when they changed.

    The sync hides or brings back rows, and stores the digest that the next poll compares with.
    """

    def __init__(
        self,
        services: Services,
        statuses: StatusRegistry,
        sync_jobs: SyncJobs,
        work: SourceTasks,
        *,
        every_s: float = EVERY_S,
    ) -> None:
        self._registry = services.registry
        self._backends = services.backends
        self._cache = services.cache
        self._statuses = statuses
        self._sync_jobs = sync_jobs
        self._work = work
        self._every_s = every_s
        self._asked: set[SourceId] = set()  # and not answered yet

    async def run(self) -> None:
        """Ask every source every few minutes, for ever."""
        while True:
            await anyio.sleep(self._every_s)
            for source in self._registry.sources():
                if self._can_be_asked(source.id):
                    self._asked.add(source.id)
                    self._work.start_soon(source.id, self._ask_guarded, source.id)

    def _can_be_asked(self, source_id: SourceId) -> bool:
        if source_id in self._asked or not self._statuses.has(source_id):
            return False
        axes = self._statuses.axes(source_id)
        return axes.link is Link.ONLINE and axes.auth is Auth.OK

    async def _ask_guarded(self, source_id: SourceId) -> None:
        try:
            with anyio.move_on_after(ANSWER_S):
                await guarded(lambda: self._ask(source_id), f"asking for the rights of {source_id}")
        except MsdError as error:
            log.info("the rights of the user of %s can't be asked for: %s", source_id, error)
        finally:
            self._asked.discard(source_id)

    async def _ask(self, source_id: SourceId) -> None:
        backend = self._backends.opened(source_id)
        if not isinstance(backend, HasRights):
            return
        rights = await backend.rights()
        if rights is None:  # unknown: nothing is hidden on doubt
            return
        applied = await self._cache.rights_digest(source_id)
        if applied and applied != rights.digest:  # "": the first sync has not ended yet
            log.info("the rights of the user of %s changed", source_id)
            self._sync_jobs.start_if_possible(source_id)
