"""SourceCoordinator: the single interface to every media source of one user.

It has the operations on sources as a whole; everything else is offered by its parts. Every call
names its source: there is no active or default one.

    coordinator ─┬─ sources       can each be reached?   names, order, on and off, status
                 ├─ connections   the addresses of a server
                 ├─ certificates  what a source trusts besides the system's authorities
                 ├─ accounts      who signs in, and the servers that an account brings
                 ├─ logins        interactive sign-ins
                 ├─ keyring       unlocking the store of secrets
                 ├─ syncs         is it fresh?           syncs, policies, pushed changes
                 ├─ library       what is cached
                 ├─ artwork       pictures of items, as files
                 ├─ jobs          long operations
                 └─ discovery     servers on the local network

The parts know only the parts that they are built with. What one of them learns travels as an
event to the others (`EventStream.listen`), e.g. `SourceConnected` starts a sync that is due.
"""

from collections.abc import Mapping, Sequence

import anyio
from anyio.abc import TaskGroup

from msd.backend_api.accounts import OptionValue
from msd.coordinator.accounts.accounts import Accounts
from msd.coordinator.accounts.adding import Adding
from msd.coordinator.accounts.keyring import Keyring
from msd.coordinator.accounts.logins import Logins
from msd.coordinator.accounts.removal import Removal
from msd.coordinator.accounts.server_lists import ServerLists
from msd.coordinator.artwork import Artwork
from msd.coordinator.background import BackgroundTasks
from msd.coordinator.discovery import Discovery
from msd.coordinator.jobs import Jobs
from msd.coordinator.library import MediaLibrary
from msd.coordinator.notifications import Notifications
from msd.coordinator.services import Services
from msd.coordinator.source_tasks import SourceTasks
from msd.coordinator.sources.certificates import Certificates
from msd.coordinator.sources.connections import Connections
from msd.coordinator.sources.sources import Sources
from msd.coordinator.sources.status_registry import StatusRegistry
from msd.coordinator.sources.supervisors import Supervisors
from msd.coordinator.syncs.sync_jobs import SyncJobs
from msd.coordinator.syncs.syncs import Syncs
from msd.coordinator.syncs.worker_requests import WorkerRequests
from msd.events import (
    AccountChanged,
    EventStream,
    SourceChanged,
    SourceFailed,
    SourceStatusChanged,
    StateChanged,
)
from msd.models import (
    BackendKind,
    DaemonState,
    DaemonView,
    JobId,
    LibraryId,
    SourceId,
    SourceStatus,
    SourceView,
    SyncMode,
)

CANCEL_S = 4.0


class SourceCoordinator:
    """Hosts every source; its tasks run in the task group that is given.

    `open` shows every configured source as offline (S1); `start` then opens sockets and the
    keyring. Every read is answered from memory or from the cache.
    """

    def __init__(self, services: Services, events: EventStream, tasks: TaskGroup) -> None:
        self.events = events
        self._services = services
        self._tasks = tasks
        self._state = DaemonState.STARTING
        work = SourceTasks(tasks)
        self.jobs = Jobs(tasks, events)
        self._statuses = StatusRegistry(events)
        self.library = MediaLibrary(services, work, events)
        self.artwork = Artwork(services, self._statuses, work, events)
        self._removal = Removal(services, self.jobs, work, events, tasks)
        self._adding = Adding(services, self._removal, self._statuses, events)
        server_lists = ServerLists(services, self._adding, events)
        self.accounts = Accounts(services, server_lists, self._removal, self._statuses)
        self.logins = Logins(services, self._adding, server_lists, events, tasks)
        self.keyring = Keyring(services, self.jobs)
        self._supervisors = Supervisors(
            services, self._statuses, self.accounts, self.library, work, events
        )
        self.sources = Sources(services, self._statuses, self._supervisors, self.jobs, work, events)
        self.connections = Connections(services, events)
        self.certificates = Certificates(services, events)
        requests = WorkerRequests(services, self.library, self.accounts)
        sync_jobs = SyncJobs(services, self.library, self._statuses, self.jobs, requests, events)
        self.syncs = Syncs(services, self.library, self._statuses, sync_jobs, work, events)
        self.discovery = Discovery(services, self.jobs, events)
        self._background = BackgroundTasks(services, self._supervisors, server_lists, events)
        self._notifications = Notifications(services, self._statuses, self.keyring, events)

    # --- life ------------------------------------------------------------------------------

    async def open(self) -> None:
        """Show every configured source, offline, with what is cached of it; use no network."""
        self.sources.open()
        await self.library.open()
        if reason := self._services.cache.rebuilt_because:
            await self._services.registry.forget_syncs(f"the cache was rebuilt: {reason}")
        self._become(DaemonState.READY)

    def start(self) -> None:
        """Open sockets and the keyring: connect every enabled source in the background (O6)."""
        self._background.start(self._tasks)
        self.syncs.begin(self._tasks)
        self._tasks.start_soon(self._notifications.run)
        self._removal.resume()
        self._tasks.start_soon(self._adding.drop_leftovers)
        self.sources.start()

    async def close(self) -> None:
        """Stop: jobs end at a page boundary, connections close, the revision is stored (O4)."""
        self._become(DaemonState.STOPPING)
        # Closing our own connections is not the fault of any server (S10).
        self._statuses.freeze()
        self.events.mute(SourceStatusChanged, SourceChanged, SourceFailed, AccountChanged)
        with anyio.move_on_after(CANCEL_S, shield=True):
            await self._services.registry.keep_revision(self.library.revision)
            await self.jobs.end_all()
            await self.logins.end_all()
            await self._supervisors.close()

    def _become(self, state: DaemonState) -> None:
        self._state = state
        self.events.publish(StateChanged(state))

    def daemon(self) -> DaemonView:
        """Return what is shown of the daemon as a whole."""
        return DaemonView(
            state=self._state,
            online=self._services.network.online,
            metered=self._services.network.metered,
            revision=self.library.revision,
            secret_store=self._services.settings.secrets.store,
            keyring_state=self._services.auth.keyring_state,
            capabilities=self._services.backends.kinds,
        )

    # --- adding and removing ---------------------------------------------------------------

    async def add_source(
        self, kind: BackendKind, options: Mapping[str, OptionValue]
    ) -> tuple[SourceId, ...]:
        """Add the source or sources that the options describe, all or nothing (A1).

        Raises:
            InvalidArgumentError, SourceExistsError, KeyringLockedError, KeyringUnavailableError,
            LimitExceededError, BackendError: nothing was added.
        """
        return await self._adding.add(kind, options)

    async def add_plex_account(self, token: str) -> tuple[SourceId, ...]:
        """Add every server of a Plex account, with a token that was obtained elsewhere."""
        return await self.add_source(BackendKind("plex"), {"token": token})

    async def add_jellyfin_source(self, url: str, username: str, password: str) -> SourceId:
        """Add a Jellyfin server as one of its users; the password is used once, never stored."""
        options: dict[str, OptionValue] = {"url": url, "username": username, "password": password}
        return (await self.add_source(BackendKind("jellyfin"), options))[0]

    async def add_local_source(self, path: str) -> SourceId:
        """Add a folder by its absolute path."""
        return (await self.add_source(BackendKind("local"), {"path": path}))[0]

    async def remove_source(self, source_id: SourceId) -> None:
        """Remove a source: it is served nowhere from now on; the purge follows (A4)."""
        await self._removal.remove(source_id)

    # --- sources and syncs -----------------------------------------------------------------

    async def initialize_all_sources(self) -> None:
        """Connect every enabled source now; a start does so by itself."""
        self._supervisors.check_all()

    def list_sources(self) -> tuple[SourceView, ...]:
        """Return every source in the user's order."""
        return self.sources.all()

    def get_backend(self, source_id: SourceId) -> SourceView:
        """Return the named source; there is no default source.

        Raises:
            UnknownSourceError: no source has this id.
        """
        return self.sources.get(source_id)

    def get_source_status(self, source_id: SourceId) -> SourceStatus:
        """Return the public status of a source.

        Raises:
            UnknownSourceError: no source has this id.
        """
        return self._statuses.status(source_id)

    def get_all_source_statuses(self) -> Mapping[SourceId, SourceStatus]:
        """Return the public status of every source."""
        return {view.source.id: view.status for view in self.sources.all()}

    async def sync_source(
        self,
        source_id: SourceId,
        *,
        mode: SyncMode = SyncMode.AUTO,
        libraries: Sequence[LibraryId] = (),
    ) -> JobId:
        """Start a sync and return its job; a running one is joined (Y1).

        Raises:
            UnknownSourceError, UnknownLibraryError, AuthRequiredError, NotSupportedError: see
                `Syncs.start`.
        """
        return await self.syncs.start(source_id, mode=mode, libraries=libraries)

    async def sync_all_sources(self) -> tuple[JobId, ...]:
        """Start a sync of every enabled source that is signed in."""
        return await self.syncs.start_all()
