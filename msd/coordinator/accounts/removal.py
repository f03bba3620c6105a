"""Removing a source: hidden at once, then purged in steps that survive a crash (A4, A6).

mark removed ─► served nowhere ─► all work for it ends ─► rows ─► files ─► credentials ─► gone
"""

import logging

import anyio
from anyio import to_thread
from anyio.abc import TaskGroup

from msd.coordinator.error_boundary import guarded
from msd.coordinator.jobs import Jobs
from msd.coordinator.services import Services
from msd.coordinator.source_tasks import SourceTasks
from msd.errors import LimitExceededError, MsdError, StorageError
from msd.events import AccountChanged, AccountRemoved, EventStream, SourceRemoved
from msd.models import Account, Source, SourceId

SIGN_OUT_S = 5.0
WAIT_S = 10.0  # how long adding the same source again waits for its purge

log = logging.getLogger(__name__)


class Removal:
    """Removes sources and purges them in the background, also those of an interrupted run."""

    def __init__(
        self,
        services: Services,
        jobs: Jobs,
        work: SourceTasks,
        events: EventStream,
        tasks: TaskGroup,
    ) -> None:
        self._registry = services.registry
        self._auth = services.auth
        self._backends = services.backends
        self._cache = services.cache
        self._cache_dir = services.settings.cache_dir
        self._artwork = services.artwork
        self._jobs = jobs
        self._work = work
        self._events = events
        self._tasks = tasks
        self._finishing = anyio.Lock()  # so that one purge is the last one of an account
        self._purges: dict[SourceId, anyio.Event] = {}

    def resume(self) -> None:
        """Continue the purges that an earlier run did not finish."""
        for source in self._registry.removed().values():
            self._purge_soon(source)

    async def remove(self, source_id: SourceId) -> None:
        """Remove a source: it is served nowhere from now on; the purge follows (A4).

        Raises:
            UnknownSourceError: no source has this id.
        """
        source = await self._registry.mark_removed(source_id)
        account_id = source.account_id
        is_last = account_id is None or not self._registry.sources_of(account_id)
        if account_id is not None and not is_last and self._backends.has_servers(source.kind):
            await self._registry.hide_server(account_id, source.server_id)
        self._events.publish(SourceRemoved(source_id))
        self._purge_soon(source)
        if account_id is not None:
            changed = AccountRemoved(account_id) if is_last else AccountChanged(account_id)
            self._events.publish(changed)

    async def finished(self, source_id: SourceId) -> None:
        """Return when nothing is left of a removed source with this id.

        Raises:
            LimitExceededError: the purge takes longer than `WAIT_S`.
        """
        purged = self._purges.get(source_id)
        if purged is None:
            return
        with anyio.move_on_after(WAIT_S) as scope:
            await purged.wait()
        if scope.cancelled_caught:
            raise LimitExceededError("the same source is still being removed; try again later")

    def _purge_soon(self, source: Source) -> None:
        self._purges[source.id] = anyio.Event()
        self._tasks.start_soon(self._purge_until_done, source)

    async def _purge_until_done(self, source: Source) -> None:
        await self._jobs.end_all_of(source.id)
        await self._work.end(source.id)
        was_logged = False
        while True:
            try:
                await guarded(lambda: self._purge(source), f"removing {source.id}")
            except MsdError as error:
                if not was_logged:
                    log.warning("%s is not removed completely yet: %s", source.id, error)
                was_logged = True
                await self._auth.changed()  # returns after a minute at the latest
            else:
                self._purges.pop(source.id).set()
                return

    async def _purge(self, source: Source) -> None:
        await self._cache.purge_source(source.id)
        await self._purge_pictures(source.id)
        private = self._cache_dir / "backends" / source.id
        import shutil  # noqa: PLC0415 - takes long to import, and is seldom needed

        await to_thread.run_sync(lambda: shutil.rmtree(private, ignore_errors=True))
        async with self._finishing:
            account = self._last_account(source)
            if account is not None:
                await self._sign_out(source, account)
                await self._auth.forget(account)
            await self._backends.close(source.id)
            await self._registry.finish_removal(source.id)

    async def _purge_pictures(self, source_id: SourceId) -> None:
        try:
            await self._artwork.drop_source(source_id)
        except OSError as error:
            raise StorageError(f"pictures can't be removed: {error.strerror}") from error

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
                await guarded(sign_out, f"signing {source.id} out")
            except MsdError as error:
                log.info("%s was not signed out: %s", source.id, error)
