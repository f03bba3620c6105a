"""What goes on in the background for as long as msd runs, besides the sources themselves."""

import logging
import time
from collections.abc import Awaitable, Callable

import anyio
from anyio.abc import TaskGroup

from msd.coordinator.accounts import Accounts
from msd.coordinator.containment import contained
from msd.coordinator.fleet import Fleet
from msd.coordinator.services import Services
from msd.errors import MsdError
from msd.events import DaemonChanged, Event
from msd.models import UnixSeconds

DAY_S = 86_400
TIDY_AFTER_S = 600  # not while everything starts
TOMBSTONE_S = 30 * DAY_S
AGAIN_S = 60.0

log = logging.getLogger(__name__)


class Upkeep:
    """Follows keyring and network, tidies the cache."""

    def __init__(
        self,
        services: Services,
        fleet: Fleet,
        accounts: Accounts,
        publish: Callable[[Event], None],
    ) -> None:
        self._services = services
        self._fleet = fleet
        self._accounts = accounts
        self._publish = publish

    def start(self, tasks: TaskGroup) -> None:
        """Begin in the task group that is given."""
        tasks.start_soon(self._keep, self._watch_keyring, "watching the keyring")
        tasks.start_soon(self._keep, self._fleet.follow_keyring, "following the keyring")
        tasks.start_soon(self._keep, self._follow_network, "following the network")
        tasks.start_soon(self._keep, self._accounts.follow, "following the accounts")
        tasks.start_soon(self._keep, self._tidy, "tidying the cache")

    async def _keep(self, work: Callable[[], Awaitable[None]], what: str) -> None:
        """Do it again when it fails; nothing here is worth more than the daemon."""
        while True:
            try:
                return await contained(work, what)
            except MsdError as error:
                log.warning("%s failed and is tried again: %s", what, error)
            await anyio.sleep(AGAIN_S)

    async def _watch_keyring(self) -> None:
        await self._services.auth.watch(lambda: self._publish(DaemonChanged()))

    async def _follow_network(self) -> None:
        """Try again at once when the network changed or the machine woke up (S6)."""

        def changed() -> None:
            self._publish(DaemonChanged())
            self._fleet.check_unconnected()
            self._accounts.wake()

        await self._services.network.watch(changed)

    async def _tidy(self) -> None:
        """Forget, once a day, what was deleted long ago (Y7)."""
        while True:
            await anyio.sleep(TIDY_AFTER_S)
            old = UnixSeconds(int(time.time()) - TOMBSTONE_S)
            await self._services.cache.purge_soft_deleted(old)
            await anyio.sleep(DAY_S - TIDY_AFTER_S)
