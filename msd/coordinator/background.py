"""What runs in the background for as long as msd does, besides the sources themselves."""

import logging
import time
from collections.abc import Awaitable, Callable

import anyio
from anyio.abc import TaskGroup

from msd.coordinator.accounts.server_lists import ServerLists
from msd.coordinator.error_boundary import guarded
from msd.coordinator.services import Services
from msd.coordinator.sources.supervisors import Supervisors
from msd.errors import MsdError
from msd.events import DaemonChanged, EventStream, NetworkChanged
from msd.models import UnixSeconds

DAY_S = 86_400
CLEAN_UP_AFTER_S = 600  # not while everything starts
TOMBSTONE_S = 30 * DAY_S
RETRY_S = 60.0

log = logging.getLogger(__name__)


class BackgroundTasks:
    """Follows keyring, network and accounts; cleans up the cache."""

    def __init__(
        self,
        services: Services,
        supervisors: Supervisors,
        server_lists: ServerLists,
        events: EventStream,
    ) -> None:
        self._services = services
        self._supervisors = supervisors
        self._server_lists = server_lists
        self._events = events

    def start(self, tasks: TaskGroup) -> None:
        """Begin, in the task group that is given."""
        tasks.start_soon(self._repeat, self._watch_keyring, "watching the keyring")
        tasks.start_soon(self._repeat, self._supervisors.follow_keyring, "following the keyring")
        tasks.start_soon(self._repeat, self._follow_network, "following the network")
        tasks.start_soon(self._repeat, self._server_lists.follow, "following the accounts")
        tasks.start_soon(self._repeat, self._clean_up, "cleaning up the cache")

    async def _repeat(self, work: Callable[[], Awaitable[None]], what: str) -> None:
        """Do the work again, a minute after it failed."""
        while True:
            try:
                return await guarded(work, what)
            except MsdError as error:
                log.warning("%s failed and is tried again in a minute: %s", what, error)
            await anyio.sleep(RETRY_S)

    async def _watch_keyring(self) -> None:
        await self._services.auth.watch(lambda: self._events.publish(DaemonChanged()))

    async def _follow_network(self) -> None:
        def changed() -> None:
            self._events.publish(DaemonChanged())
            self._events.publish(NetworkChanged())

        await self._services.network.watch(changed)

    async def _clean_up(self) -> None:
        """Purge, once a day, what was deleted more than 30 days ago (Y7)."""
        while True:
            await anyio.sleep(CLEAN_UP_AFTER_S)
            old = UnixSeconds(int(time.time()) - TOMBSTONE_S)
            await self._services.cache.purge_soft_deleted(old)
            await anyio.sleep(DAY_S - CLEAN_UP_AFTER_S)
