"""SourceCoordinator: the single interface to every media source of one user.

Every use case of the bus is one method here. Each names its source; there is no active one.

    coordinator ─┬─ adding, removing     all-or-nothing add, purge that resumes
                 ├─ logins, accounts     sign-ins that ask, and what an account brings
                 ├─ connections          the addresses of a server; discovery: what is around
                 ├─ changing             names, order, on and off, policies
                 ├─ supervisor           one task per source: connect, wait, reconnect
                 ├─ board, status        where each source stands
                 ├─ freshness            syncs, their schedule, live updates
                 ├─ jobs                 long operations
                 └─ catalogue            what is cached
"""

from collections.abc import Mapping, Sequence

import anyio
from anyio.abc import TaskGroup

from msd.backend_api.accounts import OptionValue
from msd.coordinator.accounts import Accounts
from msd.coordinator.adding import Adding
from msd.coordinator.board import StatusBoard
from msd.coordinator.catalogue import Catalogue
from msd.coordinator.changing import Changing
from msd.coordinator.connections import Connections
from msd.coordinator.discovery import Discovery
from msd.coordinator.feed import ChangeFeed
from msd.coordinator.fleet import Fleet
from msd.coordinator.freshness import Freshness
from msd.coordinator.jobs import Jobs
from msd.coordinator.logins import Logins
from msd.coordinator.notices import Notices
from msd.coordinator.removing import Removing
from msd.coordinator.resuming import Resuming
from msd.coordinator.services import Services
from msd.coordinator.signing_in import SigningIn
from msd.coordinator.status import Axes, first_axes
from msd.coordinator.unlocking import Unlocking
from msd.coordinator.upkeep import Upkeep
from msd.coordinator.views import Views
from msd.events import (
    AccountAdded,
    AccountChanged,
    AccountRemoved,
    EventStream,
    SourceAdded,
    SourceChanged,
    SourceRemoved,
    StateChanged,
)
from msd.models import (
    AccountId,
    AccountView,
    BackendKind,
    ConnectAttempt,
    DaemonState,
    ItemFields,
    ItemId,
    ItemPage,
    ItemQuery,
    Job,
    JobId,
    Library,
    LibraryId,
    Source,
    SourceId,
    SourceStatus,
    SourceView,
    SyncMode,
    SyncOptions,
)

CANCEL_S = 4.0


class SourceCoordinator:
    """Hosts every source; its tasks belong to the group that it is given.

    `open` shows every configured source as offline (S1); `start` then opens sockets and
    the keyring. All answers come from memory or the cache.
    """

    def __init__(self, services: Services, events: EventStream, tasks: TaskGroup) -> None:
        self.events = events
        self.state = DaemonState.STARTING
        self._registry = services.registry
        self._backends = services.backends
        self._cache = services.cache
        self._network = services.network
        self._tasks = tasks
        self._jobs = Jobs(tasks, events.publish)
        self._board = StatusBoard(events.publish)
        self._views = Views(services, self._board, self._jobs)
        self._catalogue = Catalogue(services, tasks, events.publish)
        self._removing = Removing(services, tasks)
        self._adding = Adding(services, purged=self._removing.purged, arrived=self._arrived)
        self.accounts = Accounts(
            services,
            self._adding,
            publish=events.publish,
            reconnect=lambda source_id: self._resuming.again(source_id),  # noqa: PLW0108 - see below
        )
        self._fleet = Fleet(
            services,
            self._board,
            self.accounts,
            tasks,
            content_types=self._catalogue.content_types,
            connected=self._after_connect,
        )
        self._freshness = Freshness(
            services,
            self._catalogue,
            self._board,
            self._jobs,
            self.accounts,
            self._fleet,
            events=events,
            tasks=tasks,
        )
        self._syncing = self._freshness.syncing
        self.feed = ChangeFeed(services)
        self._changing = Changing(
            services, self._board, self._fleet, self._catalogue, self._syncing, events.publish
        )
        self._upkeep = Upkeep(services, self._fleet, self.accounts, events.publish)
        self._resuming = Resuming(services, self._fleet, self._freshness, events.publish)
        renewed = self._resuming.renewed
        signing_in = SigningIn(services, self._adding, self.accounts, renewed=renewed)
        self.logins = Logins(services, signing_in, tasks, events.publish)
        self.connections = Connections(services, publish=events.publish, reconnect=self._fleet.kick)
        self._discovery = Discovery(services, self._jobs, events.publish)
        self._unlocking = Unlocking(services, self._jobs)
        self._notices = Notices(services, self._board, events, self._unlocking.start)

    # --- life ------------------------------------------------------------------------------

    async def open(self) -> None:
        """Show every configured source, offline, with what is cached of it; touch no network."""
        for source in self._registry.sources():
            self._board.add(source, first_axes(source))
        await self._catalogue.open()
        if because := self._cache.rebuilt_because:
            await self._registry.forget_syncs(f"the cache was made anew: {because}")
        self.state = DaemonState.READY
        self.events.publish(StateChanged(self.state))

    def start(self) -> None:
        """Open sockets and the keyring: connect every enabled source in the background (O6)."""
        self._upkeep.start(self._tasks)
        self._freshness.start()
        self._tasks.start_soon(self._notices.run)
        self._removing.resume()
        self._tasks.start_soon(self._adding.drop_leftovers)
        for source in self._registry.sources():
            self._fleet.start(source.id)

    async def close(self) -> None:
        """Stop: jobs end at a page boundary, connections are closed, the revision is kept (O4)."""
        self.state = DaemonState.STOPPING
        self.events.publish(StateChanged(self.state))
        with anyio.move_on_after(CANCEL_S, shield=True):
            await self._registry.keep_revision(self._cache.revision)
            await self._jobs.cancel_all()
            await self.logins.cancel_all()
            await self._fleet.close()

    # --- what is known of the daemon -------------------------------------------------------

    @property
    def online(self) -> str:
        """Whether there is a network: yes, no or unknown."""
        return self._network.online

    @property
    def metered(self) -> str:
        """Whether the network is paid by volume: yes, no or unknown."""
        return self._network.metered

    @property
    def revision(self) -> int:
        """The revision of the newest change to any item; it never goes back."""
        return self._catalogue.revision

    @property
    def pending_writes(self) -> int:
        """Changes that wait to be sent to a source; msd has no queue yet."""
        return 0

    @property
    def secret_store(self) -> str:
        """Where credentials rest, as the user chose."""
        return self._unlocking.store

    @property
    def keyring_state(self) -> str:
        """Whether the keyring can be used: available, locked, absent, or unknown yet."""
        return self._unlocking.keyring_state

    @property
    def capabilities(self) -> tuple[str, ...]:
        """The kinds of sources that can be added."""
        return self._backends.kinds

    # --- adding, changing, removing --------------------------------------------------------

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
        """Add every server of a Plex account, by a token that was obtained elsewhere."""
        return await self.add_source(BackendKind("plex"), {"token": token})

    async def add_jellyfin_source(self, url: str, username: str, password: str) -> SourceId:
        """Add a Jellyfin server with one user; the password is used once, never stored."""
        options: dict[str, OptionValue] = {"url": url, "username": username, "password": password}
        return (await self.add_source(BackendKind("jellyfin"), options))[0]

    async def add_local_source(self, path: str) -> SourceId:
        """Add a folder, by its absolute path."""
        return (await self.add_source(BackendKind("local"), {"path": path}))[0]

    async def remove_source(self, source_id: SourceId) -> None:
        """Remove a source: from now on it is served nowhere; the purge follows (A4)."""
        source = await self._registry.mark_removed(source_id)
        await self.accounts.left(source)
        self._board.remove(source_id)
        self.events.publish(SourceRemoved(source_id))
        self._publish_account(source)
        self._fleet.leave(source_id)
        self._catalogue.forget(source_id)
        self._removing.purge_soon(source, first=lambda: self._syncing.stop(source_id))

    async def remove_account(self, account_id: AccountId) -> None:
        """Remove an account with all its sources."""
        self._registry.account(account_id)
        for source_id in self._registry.sources_of(account_id):
            await self.remove_source(source_id)

    async def rename_source(self, source_id: SourceId, name: str) -> None:
        """Give a source another name.

        Raises:
            InvalidArgumentError: the name is empty or too long.
        """
        await self._changing.rename(source_id, name)

    async def set_source_enabled(self, source_id: SourceId, *, enabled: bool) -> None:
        """Switch a source on or off; its cache stays readable (A5)."""
        await self._changing.set_enabled(source_id, enabled=enabled)

    async def reorder_sources(self, source_ids: Sequence[SourceId]) -> None:
        """Put the named sources first; the rest keep their order."""
        await self._changing.reorder(source_ids)

    async def set_library_policy(
        self, library_id: LibraryId, options: Mapping[str, OptionValue]
    ) -> None:
        """Change when a library is synced, whether it shows in home, and what it holds (A5)."""
        self._freshness.look(await self._changing.set_policy(library_id, options))

    # --- status ----------------------------------------------------------------------------

    async def initialize_all_sources(self) -> None:
        """Connect every enabled source now; a start does so by itself."""
        self._fleet.check_all()

    async def reconnect(self, source_id: SourceId) -> None:
        """Connect a source now, also one that waits for a retry."""
        self._fleet.kick(self._registry.source(source_id).id)

    def get_source_status(self, source_id: SourceId) -> SourceStatus:
        """Return the public status of a source."""
        return self._board.status(source_id)

    def get_all_source_statuses(self) -> Mapping[SourceId, SourceStatus]:
        """Return the public status of every source."""
        return {source.id: self._board.status(source.id) for source in self._registry.sources()}

    def list_sources(self) -> tuple[SourceView, ...]:
        """Return every source in the user's order."""
        return tuple(self._views.source(source) for source in self._registry.sources())

    def get_source(self, source_id: SourceId) -> SourceView:
        """Return one source with everything that is shown of it."""
        return self._views.source(self._registry.source(source_id))

    def get_backend(self, source_id: SourceId) -> SourceView:
        """Return the explicitly named source; there is no default to fall back to."""
        return self.get_source(source_id)

    def explain(self, source_id: SourceId) -> tuple[ConnectAttempt, ...]:
        """Return the steps that led to a source's status, then what comes next (S8)."""
        return self._board.explain(source_id)

    def list_accounts(self) -> tuple[AccountView, ...]:
        """Return every account."""
        return tuple(self._views.account(account) for account in self._registry.accounts())

    def get_account(self, account_id: AccountId) -> AccountView:
        """Return one account."""
        return self._views.account(self._registry.account(account_id))

    # --- jobs ------------------------------------------------------------------------------

    async def sync_source(
        self,
        source_id: SourceId,
        *,
        mode: SyncMode = SyncMode.AUTO,
        libraries: Sequence[LibraryId] = (),
    ) -> JobId:
        """Start a sync and return its job; a running one is joined (Y1).

        Raises:
            UnknownLibraryError, AuthRequiredError, NotSupportedError: see `Syncing.start`.
        """
        if libraries:
            await self._catalogue.check_libraries(source_id, libraries)
        return self._syncing.start(source_id, SyncOptions(mode=mode, only=frozenset(libraries)))

    async def sync_all_sources(self) -> tuple[JobId, ...]:
        """Start a sync of every enabled source that is signed in."""
        return self._syncing.start_all()

    async def confirm_deletes(self, source_id: SourceId) -> JobId:
        """Sync a source and believe what is missing (Y7)."""
        self._registry.source(source_id)
        return await self._syncing.restart(source_id, SyncOptions(confirm_deletes=True))

    async def unlock_secrets(self) -> JobId:
        """Raise the keyring's own prompt; a prompt that is open already is joined."""
        return self._unlocking.start()

    async def discover_servers(self) -> JobId:
        """Look for servers on the local network; a search that runs already is joined."""
        return self._discovery.start()

    def list_jobs(self) -> tuple[Job, ...]:
        """Return every job, those that ended in the last minute included."""
        return self._jobs.all()

    def get_job(self, job_id: JobId) -> Job:
        """Return one job."""
        return self._jobs.get(job_id)

    async def cancel_job(self, job_id: JobId) -> None:
        """Stop a job; a sync leaves whole pages (Y12)."""
        self._jobs.cancel(job_id)

    # --- the cache -------------------------------------------------------------------------

    async def list_libraries(self, source_id: SourceId | None) -> tuple[Library, ...]:
        """Return the libraries of a source, or of all."""
        return await self._catalogue.libraries(source_id)

    async def query_items(self, query: ItemQuery) -> ItemPage:
        """Return one page of cached items."""
        return await self._catalogue.query(query)

    async def get_items(
        self, ids: Sequence[ItemId], *, fields: tuple[str, ...] = (), refresh: bool = False
    ) -> tuple[ItemFields, ...]:
        """Return cached items by id; with `refresh` their details are fetched afterwards."""
        return await self._catalogue.items(ids, fields=fields, refresh=refresh)

    # --- inside ----------------------------------------------------------------------------

    def _arrived(self, added: Sequence[Source]) -> None:
        """Tell of new sources of one account, or of a folder, and connect them."""
        account_id = added[0].account_id if added else None
        if account_id is not None:
            self.events.publish(AccountAdded(account_id))
        for source in added:
            self._board.add(source, Axes())
            self.events.publish(SourceAdded(source.id))
            self._fleet.start(source.id)

    def _publish_account(self, removed: Source) -> None:
        if removed.account_id is None:
            return
        if self._registry.sources_of(removed.account_id):
            self.events.publish(AccountChanged(removed.account_id))
        else:
            self.events.publish(AccountRemoved(removed.account_id))

    def _after_connect(self, source_id: SourceId) -> None:
        self.events.publish(SourceChanged(source_id))
        self._tasks.start_soon(self._resuming.connected, source_id)
        self._freshness.look(source_id)
