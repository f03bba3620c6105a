"""Removing a source: hidden at once, then purged in steps that a crash can't stop (A4)."""

import logging
import shutil
from collections.abc import Awaitable, Callable

import anyio
from anyio import to_thread
from anyio.abc import TaskGroup
from anyio.lowlevel import checkpoint

from msd.coordinator.containment import contained
from msd.coordinator.services import Services
from msd.errors import LimitExceededError, MsdError
from msd.models import Account, Source, SourceId

SIGN_OUT_S = 5.0
WAIT_S = 10.0  # how long adding the same source again waits for its purge

log = logging.getLogger(__name__)


class Removing:
    """Purges removed sources in the background, also those that an earlier run left behind."""

    def __init__(self, services: Services, tasks: TaskGroup) -> None:
        self._registry = services.registry
        self._auth = services.auth
        self._backends = services.backends
        self._cache = services.cache
        self._cache_dir = services.settings.cache_dir
        self._tasks = tasks
        self._finishing = anyio.Lock()  # so that the last source of an account knows that it is
        self._purged: dict[SourceId, anyio.Event] = {}

    def resume(self) -> None:
        """Go on with the purges that an earlier run did not finish."""
        for source in self._registry.removed().values():
            self.purge_soon(source)

    def purge_soon(
        self, source: Source, *, first: Callable[[], Awaitable[None]] = checkpoint
    ) -> None:
        """Purge a source that is marked removed, in the background, until it is done.

        Args:
            source: the source.
            first: what must end before; adding the same source again waits for it too.
        """
        self._purged[source.id] = anyio.Event()
        self._tasks.start_soon(self._purge_until_done, source, first)

    async def purged(self, source_id: SourceId) -> None:
        """Return when nothing is left of an earlier source with this id.

        Raises:
            LimitExceededError: its purge takes longer than `WAIT_S`.
        """
        event = self._purged.get(source_id)
        if event is None:
            return
        with anyio.move_on_after(WAIT_S) as scope:
            await event.wait()
        if scope.cancelled_caught:
            raise LimitExceededError("the same source is still being removed; try again later")

    async def _purge_until_done(self, source: Source, first: Callable[[], Awaitable[None]]) -> None:
        await first()
        was_told = False
        while True:
            try:
                await contained(lambda: self._purge(source), f"removing {source.id}")
            except MsdError as error:
                if not was_told:
                    log.warning("%s is not removed completely yet: %s", source.id, error)
                was_told = True
                await self._auth.changed()  # at the latest after a minute
            else:
                self._purged.pop(source.id).set()
                return

    async def _purge(self, source: Source) -> None:
        await self._cache.purge_source(source.id)
        private = self._cache_dir / "backends" / source.id
        await to_thread.run_sync(lambda: shutil.rmtree(private, ignore_errors=True))
        async with self._finishing:
            account = self._last_account(source)
            if account is not None:
                await self._sign_out(source, account)
                await self._auth.forget(account)
            await self._backends.close(source.id)
            await self._registry.finish_removal(source.id)

    def _last_account(self, source: Source) -> Account | None:
        """Return the account when this was its last source."""
        if source.account_id is None or self._registry.sources_of(source.account_id):
            return None
        waiting = [other.account_id for other in self._registry.removed().values()]
        if waiting.count(source.account_id) > 1:
            return None  # the last of them to be purged signs out
        return self._registry.account(source.account_id)

    async def _sign_out(self, source: Source, account: Account) -> None:
        """Sign the account out, best effort and never blocking (A4)."""

        async def sign_out() -> None:
            credentials = await self._auth.credentials(account)
            await self._backends.sign_out(source, account, credentials)

        with anyio.move_on_after(SIGN_OUT_S):
            try:
                await contained(sign_out, f"signing {source.id} out")
            except MsdError as error:
                log.info("%s was not signed out: %s", source.id, error)
