"""What keeps the cache fresh: syncs on request or when due, pushed changes, idle passes."""

from collections.abc import Mapping, Sequence

from anyio.abc import TaskGroup

from msd.backend_api.accounts import OptionValue
from msd.coordinator.library import MediaLibrary
from msd.coordinator.services import Services
from msd.coordinator.source_tasks import SourceTasks
from msd.coordinator.sources.status_registry import StatusRegistry
from msd.coordinator.syncs.detail_passes import DetailPasses
from msd.coordinator.syncs.detail_worker import DetailWorker
from msd.coordinator.syncs.idle_sources import IdleSources
from msd.coordinator.syncs.push import PushSubscriptions
from msd.coordinator.syncs.rights import RightsPoll
from msd.coordinator.syncs.schedule import SyncScheduler
from msd.coordinator.syncs.sync_jobs import SyncJobs
from msd.events import (
    AccountChanged,
    AccountSignedIn,
    EventStream,
    LibrarySettingsChanged,
    SourceAccessChanged,
    SourceChanged,
    SourceConnected,
    SourceRemoved,
)
from msd.models import AccountId, JobId, Library, LibraryId, SourceId, SyncMode, SyncOptions


class Syncs:
    """Every sync of every source, whoever asked for it."""

    def __init__(
        self,
        services: Services,
        library: MediaLibrary,
        statuses: StatusRegistry,
        sync_jobs: SyncJobs,
        work: SourceTasks,
        events: EventStream,
    ) -> None:
        self._registry = services.registry
        self._backends = services.backends
        self._library = library
        self._work = work
        self._events = events
        self._sync_jobs = sync_jobs
        self._scheduler = SyncScheduler(services, statuses, sync_jobs, events)
        self._rights = RightsPoll(services, statuses, sync_jobs, work)
        self._details = DetailPasses(
            IdleSources(services, statuses, sync_jobs),
            DetailWorker(services, library, sync_jobs.requests),
            statuses,
            work,
            events,
        )
        self._push = PushSubscriptions(services, library, statuses, sync_jobs, work, events)
        self._to_sync_again: set[SourceId] = set()
        events.listen(SourceConnected, lambda event: self._after_connect(event.source_id))
        events.listen(SourceAccessChanged, lambda event: self._after_new_access(event.source_id))
        events.listen(AccountSignedIn, lambda event: self._after_sign_in(event.account_id))
        events.listen(SourceRemoved, lambda event: self._forget(event.source_id))

    def begin(self, tasks: TaskGroup) -> None:
        """Start what is due from now on, in the task group that is given."""
        tasks.start_soon(self._scheduler.run)
        tasks.start_soon(self._rights.run)
        tasks.start_soon(self._details.run)

    # --- what users ask for ----------------------------------------------------------------

    async def start(
        self,
        source_id: SourceId,
        *,
        mode: SyncMode = SyncMode.AUTO,
        libraries: Sequence[LibraryId] = (),
    ) -> JobId:
        """Start a sync and return its job; a running one is joined (Y1).

        Raises:
            UnknownSourceError, UnknownLibraryError: there is no such source or library.
            AuthRequiredError: the source waits for a sign-in.
            NotSupportedError: the source is disabled.
        """
        if libraries:
            await self._library.check_libraries(source_id, libraries)
        return self._sync_jobs.start(source_id, SyncOptions(mode=mode, only=frozenset(libraries)))

    async def start_all(self) -> tuple[JobId, ...]:
        """Start a sync of every enabled source that is signed in."""
        return self._sync_jobs.start_all()

    async def confirm_deletes(self, source_id: SourceId) -> JobId:
        """Sync a source and remove the items whose deletion is withheld (Y7).

        Raises:
            As `start`.
        """
        self._registry.source(source_id)
        return await self._sync_jobs.restart(source_id, SyncOptions(confirm_deletes=True))

    async def set_policy(self, library_id: LibraryId, options: Mapping[str, OptionValue]) -> None:
        """Change when a library is synced, whether home shows it, and what it holds (A5).

        Args:
            library_id: the library.
            options: `sync`, `interval_s`, `show_in_home`, `content`; absent keys don't change.

        Raises:
            UnknownLibraryError: no library has this id.
            InvalidArgumentError: an unknown key or an impossible value.
        """
        library = await self._library.change_settings(library_id, options)
        if "content" in options:
            await self._read_again(library)
        self._events.publish(SourceChanged(library.source_id))
        self._events.publish(LibrarySettingsChanged(library.source_id))

    async def _read_again(self, library: Library) -> None:
        """Sync a library whose type changed; rows of the old type are not lost items."""
        await self._backends.close(library.source_id)
        self._events.publish(SourceAccessChanged(library.source_id))
        await self._sync_jobs.stop(library.source_id)
        only = frozenset({library.id})
        self._sync_jobs.start_if_possible(
            library.source_id, SyncOptions(only=only, type_changed=only)
        )

    # --- what happens to sources -----------------------------------------------------------

    def _after_connect(self, source_id: SourceId) -> None:
        self._work.start_soon(source_id, self._catch_up, source_id)

    async def _catch_up(self, source_id: SourceId) -> None:
        """Start the sync that was interrupted, or the one that is due (A3, O6)."""
        if source_id in self._to_sync_again:
            self._to_sync_again.discard(source_id)
            self._sync_jobs.start_if_possible(source_id)
        await self._sync_jobs.start_due(source_id)
        self._scheduler.reevaluate()

    def _after_new_access(self, source_id: SourceId) -> None:
        """Sync again, as soon as it is connected, a source whose last sync failed."""
        if self._registry.source(source_id).last_sync_error:
            self._to_sync_again.add(source_id)

    def _after_sign_in(self, account_id: AccountId) -> None:
        """Begin again with new credentials: connection, push, and the sync that failed."""
        for source_id in self._registry.sources_of(account_id):
            self._push.renew(source_id)
            self._work.start_soon(source_id, self._interrupt, source_id)
        self._events.publish(AccountChanged(account_id))

    async def _interrupt(self, source_id: SourceId) -> None:
        if self._sync_jobs.job(source_id) is not None:
            self._to_sync_again.add(source_id)
            await self._sync_jobs.stop(source_id)
        self._events.publish(SourceAccessChanged(source_id))

    def _forget(self, source_id: SourceId) -> None:
        self._to_sync_again.discard(source_id)
