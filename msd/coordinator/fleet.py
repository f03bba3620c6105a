"""The supervisors of all enabled sources: started, stopped, woken."""

import logging
from collections.abc import Callable, Mapping

import anyio
from anyio.abc import TaskGroup

from msd.coordinator.access import Access
from msd.coordinator.board import StatusBoard
from msd.coordinator.containment import contained
from msd.coordinator.services import Services
from msd.coordinator.status import HEALED_BY_CREDENTIALS, Auth, Link
from msd.coordinator.supervisor import Supervisor
from msd.errors import MsdError
from msd.models import LibraryType, RemoteId, SourceId

CLOSE_S = 3.0

log = logging.getLogger(__name__)


class Fleet:
    """One supervisor per enabled source; a failing one takes no other down."""

    def __init__(
        self,
        services: Services,
        board: StatusBoard,
        access: Access,
        tasks: TaskGroup,
        *,
        content_types: Callable[[SourceId], Mapping[RemoteId, LibraryType]],
        connected: Callable[[SourceId], None],
    ) -> None:
        self._services = services
        self._registry = services.registry
        self._backends = services.backends
        self._board = board
        self._access = access
        self._tasks = tasks
        self._content_types = content_types
        self._connected = connected
        self._supervisors: dict[SourceId, Supervisor] = {}

    def start(self, source_id: SourceId) -> None:
        """Begin to keep a source connected; it may be so already."""
        if source_id in self._supervisors or not self._registry.source(source_id).enabled:
            return
        supervisor = Supervisor(
            source_id,
            self._services,
            self._board,
            self._access,
            content_types=self._content_types,
            connected=self._connected,
        )
        self._supervisors[source_id] = supervisor
        self._tasks.start_soon(supervisor.run)

    def leave(self, source_id: SourceId) -> None:
        """Try to connect a source no more; its backend stays open."""
        supervisor = self._supervisors.pop(source_id, None)
        if supervisor is not None:
            supervisor.scope.cancel()

    def kick(self, source_id: SourceId) -> None:
        """Make a source try again now, since something about it is different."""
        if source_id in self._supervisors:
            self._supervisors[source_id].kick()

    def check(self, source_id: SourceId) -> None:
        """Make a source try again now unless its sign-in was refused (S4)."""
        if source_id in self._supervisors:
            self._supervisors[source_id].check()

    def check_all(self) -> None:
        """Make every source try again now but those whose sign-in was refused (S4)."""
        for supervisor in self._supervisors.values():
            supervisor.check()

    def check_unconnected(self) -> None:
        """Make every source try again now that is neither connected nor waits for the user."""
        for source_id, supervisor in self._supervisors.items():
            axes = self._board.axes(source_id)
            if axes.link is not Link.ONLINE and axes.auth is not Auth.NEEDS_AUTH:
                supervisor.check()

    async def follow_keyring(self) -> None:
        """Wake the sources that wait for the keyring whenever it changes (S4, O3)."""
        while True:
            await self._services.auth.changed()
            for source_id, supervisor in self._supervisors.items():
                axes = self._board.axes(source_id)
                if axes.auth is Auth.NEEDS_AUTH and axes.auth_reason in HEALED_BY_CREDENTIALS:
                    supervisor.kick()

    async def close(self) -> None:
        """Close every backend, as far as that is quick; a slow one delays no other."""
        with anyio.move_on_after(CLOSE_S, shield=True):
            async with anyio.create_task_group() as closing:
                for source_id in self._supervisors:
                    closing.start_soon(self._close, source_id)

    async def _close(self, source_id: SourceId) -> None:
        try:
            await contained(lambda: self._backends.close(source_id), f"closing {source_id}")
        except MsdError as error:
            log.info("%s was not closed: %s", source_id, error)
