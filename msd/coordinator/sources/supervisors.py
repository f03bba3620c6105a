"""The supervisors of all enabled sources: started, stopped and woken."""

import logging

import anyio

from msd.coordinator.error_boundary import guarded
from msd.coordinator.library import MediaLibrary
from msd.coordinator.services import Services
from msd.coordinator.source_tasks import SourceTasks
from msd.coordinator.sources.status import HEALED_BY_CREDENTIALS, Auth, Link
from msd.coordinator.sources.status_registry import StatusRegistry
from msd.coordinator.sources.supervisor import Access, Supervisor
from msd.errors import MsdError
from msd.events import (
    EventStream,
    NetworkChanged,
    SourceAccessChanged,
    SourceAdded,
    SourceFailed,
    SourceRemoved,
)
from msd.models import SourceId

CLOSE_S = 3.0

log = logging.getLogger(__name__)


class Supervisors:
    """One supervisor per enabled source; a source that fails stops no other."""

    def __init__(
        self,
        services: Services,
        statuses: StatusRegistry,
        access: Access,
        library: MediaLibrary,
        work: SourceTasks,
        events: EventStream,
    ) -> None:
        self._services = services
        self._registry = services.registry
        self._backends = services.backends
        self._statuses = statuses
        self._access = access
        self._library = library
        self._work = work
        self._events = events
        self._supervisors: dict[SourceId, Supervisor] = {}
        events.listen(SourceAdded, lambda event: self.start(event.source_id))
        events.listen(SourceRemoved, lambda event: self.forget(event.source_id))
        events.listen(SourceAccessChanged, lambda event: self.reconnect(event.source_id))
        events.listen(SourceFailed, self._check)
        events.listen(NetworkChanged, lambda _: self._retry_unconnected())

    def start(self, source_id: SourceId) -> None:
        """Begin to keep a source connected; nothing happens when it is disabled or kept already."""
        if source_id in self._supervisors or not self._registry.source(source_id).enabled:
            return
        supervisor = Supervisor(
            source_id,
            self._services,
            self._statuses,
            self._access,
            self._library,
            self._events,
        )
        self._supervisors[source_id] = supervisor
        self._work.start_soon(source_id, supervisor.run)

    def forget(self, source_id: SourceId) -> None:
        """Wake a source no more; its task is ended with all others of the source."""
        self._supervisors.pop(source_id, None)

    def reconnect(self, source_id: SourceId) -> None:
        """Connect a source again now, because its credentials or address changed."""
        supervisor = self._supervisors.get(source_id)
        if supervisor is not None:
            supervisor.reconnect()

    def check_all(self) -> None:
        """Try every source again now, except those whose sign-in was just refused (S4)."""
        for supervisor in self._supervisors.values():
            supervisor.check()

    def _check(self, event: SourceFailed) -> None:
        supervisor = self._supervisors.get(event.source_id)
        if supervisor is not None:
            supervisor.check(event.reason)

    def _retry_unconnected(self) -> None:
        """Try every source again now that is not connected, refused ones included (S4, S6)."""
        for source_id, supervisor in self._supervisors.items():
            axes = self._statuses.axes(source_id)
            if axes.link is not Link.ONLINE or axes.auth is Auth.NEEDS_AUTH:
                supervisor.retry()

    async def follow_keyring(self) -> None:
        """Wake the sources that wait for the keyring when it changes (S4, O3); never returns."""
        while True:
            await self._services.auth.changed()
            for source_id, supervisor in self._supervisors.items():
                axes = self._statuses.axes(source_id)
                if axes.auth is Auth.NEEDS_AUTH and axes.auth_reason in HEALED_BY_CREDENTIALS:
                    supervisor.reconnect()

    async def close(self) -> None:
        """Close every backend within `CLOSE_S`; a slow one delays no other."""
        with anyio.move_on_after(CLOSE_S, shield=True):
            async with anyio.create_task_group() as closing:
                for source_id in self._supervisors:
                    closing.start_soon(self._close, source_id)

    async def _close(self, source_id: SourceId) -> None:
        try:
            await guarded(lambda: self._backends.close(source_id), f"closing {source_id}")
        except MsdError as error:
            log.info("%s was not closed: %s", source_id, error)
