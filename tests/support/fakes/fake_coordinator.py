"""The coordinator's public face over values in memory, with a real EventStream."""

from collections.abc import Collection, Mapping, Sequence

import anyio
from msgspec.structs import replace

from msd.backend_api.accounts import OptionValue
from msd.errors import UnknownJobError, UnknownLibraryError, UnknownSourceError
from msd.events import (
    Event,
    EventStream,
    JobAdded,
    SourceAdded,
    SourceChanged,
    SourceRemoved,
    SourceStatusChanged,
)
from msd.models import (
    Account,
    AccountId,
    AccountView,
    BackendKind,
    BackendView,
    Capability,
    ChangeSet,
    ConnectAttempt,
    DaemonState,
    DaemonView,
    Facet,
    ItemFields,
    ItemId,
    ItemPage,
    ItemQuery,
    ItemType,
    Job,
    JobId,
    JobKind,
    JobState,
    Library,
    LibraryId,
    LibrarySettings,
    LibraryType,
    PublicStatus,
    RemoteId,
    SearchPage,
    SearchQuery,
    SkippedPage,
    Source,
    SourceId,
    SourceStatus,
    SourceView,
    StatusReason,
    SyncMode,
    UnixSeconds,
)
from msd.models.artwork import ArtworkKind
from tests.support.fakes.fake_logins import (
    FakeAccounts,
    FakeCertificates,
    FakeConnections,
    FakeLogins,
)

STARTING = SourceStatus(
    status=PublicStatus.OFFLINE,
    reason=StatusReason.STARTING,
    detail="msd has just started",
    since=UnixSeconds(1_700_000_000),
)
CONNECTED = SourceStatus(
    status=PublicStatus.CONNECTED,
    reason=StatusReason.OK,
    detail="connected",
    since=UnixSeconds(1_700_000_100),
)


def source_view(source_id: str, **changes: object) -> SourceView:
    """Return a view of a local source."""
    source = Source(
        id=SourceId(source_id),
        kind=BackendKind("local"),
        name=f"Folder {source_id}",
        account_id=None,
        server_id="/srv/media",
        address="/srv/media",
    )
    view = SourceView(source=source, status=STARTING, capabilities=frozenset({Capability.DETAILS}))
    return replace(view, **changes)


def library(library_id: str, source_id: str) -> Library:
    """Return a library of movies."""
    return Library(
        id=LibraryId(library_id),
        source_id=SourceId(source_id),
        remote_id=RemoteId("1"),
        name="Movies",
        type=LibraryType.MOVIES,
        hidden=False,
        position=0,
        item_count=3,
        synced_at=UnixSeconds(1_700_000_000),
        settings=LibrarySettings(),
        counts={ItemType.MOVIE: 3},
        left_out={"photo": 5},
    )


class FakeSources:
    """Sources one by one."""

    def __init__(self, coordinator: "FakeCoordinator") -> None:
        self._coordinator = coordinator
        self._check = coordinator.check

    def get(self, source_id: SourceId) -> SourceView:
        if source_id not in self._coordinator.source_views:
            raise UnknownSourceError("no such source")
        return self._coordinator.source_views[source_id]

    def explain(self, source_id: SourceId) -> tuple[ConnectAttempt, ...]:
        self.get(source_id)
        return (
            ConnectAttempt(
                at=UnixSeconds(5), step="connect", outcome="refused", detail="no", latency_ms=7
            ),
        )

    async def rename(self, source_id: SourceId, name: str) -> None:
        self._check("rename_source", source_id, name)
        view = self.get(source_id)
        self._coordinator.put_source(source_id, source=replace(view.source, name=name))

    async def set_enabled(self, source_id: SourceId, *, enabled: bool) -> None:
        self._check("set_source_enabled", source_id, enabled)

    async def reorder(self, source_ids: Sequence[SourceId]) -> None:
        self._check("reorder_sources", *source_ids)

    async def reconnect(self, source_id: SourceId) -> None:
        self._check("reconnect", source_id)


class FakeJobs:
    """Jobs that a test put there."""

    def __init__(self, coordinator: "FakeCoordinator") -> None:
        self._coordinator = coordinator
        self._entries = coordinator.job_entries
        self._check = coordinator.check

    def all(self) -> tuple[Job, ...]:
        return tuple(self._entries.values())

    def get(self, job_id: JobId) -> Job:
        if job_id not in self._entries:
            raise UnknownJobError("no such job")
        return self._entries[job_id]

    def cancel(self, job_id: JobId) -> None:
        self._check("cancel_job", job_id)
        self._coordinator.obey_cancel(job_id)


class FakeLibrary:
    """A cache in dictionaries."""

    def __init__(self, coordinator: "FakeCoordinator") -> None:
        self._coordinator = coordinator
        self._check = coordinator.check

    async def libraries(self, source_id: SourceId | None) -> tuple[Library, ...]:
        if source_id is not None:
            self._coordinator.sources.get(source_id)
        return tuple(
            entry
            for entry in self._coordinator.libraries.values()
            if source_id is None or entry.source_id == source_id
        )

    async def query(self, query: ItemQuery) -> ItemPage:
        self._check("query_items", query)
        await self._held()
        return self._coordinator.page(query)

    async def items(
        self, ids: Sequence[ItemId], *, fields: tuple[str, ...] = (), refresh: bool = False
    ) -> tuple[ItemFields, ...]:
        self._check("get_items", tuple(ids), fields, refresh)
        items = self._coordinator.items
        return tuple(items[item_id] for item_id in ids if item_id in items)

    async def facets(
        self, query: ItemQuery, names: Collection[str]
    ) -> Mapping[str, tuple[Facet, ...]]:
        self._check("facets", query, tuple(names))
        await self._held()
        return {name: (Facet(value=f"of {name}", count=3),) for name in names}

    async def search(self, query: SearchQuery) -> SearchPage:
        self._check("search", query)
        await self._held()
        hits = [{"match": "title", **item} for item in self._coordinator.items.values()]
        total = len(hits) if query.with_total else None
        return SearchPage(hits=tuple(hits), text=query.text, total=total)

    async def _held(self) -> None:
        """Wait until the test lets reads go on."""
        self._coordinator.querying.set()
        if self._coordinator.hold is not None:
            try:
                await self._coordinator.hold.wait()
            except anyio.get_cancelled_exc_class():
                self._coordinator.abandoned.set()
                raise

    async def skipped(self, source_id: SourceId, *, limit: int, cursor: str) -> SkippedPage:
        self._check("skipped", source_id, limit, cursor)
        return self._coordinator.skipped_page

    async def changes(self, since: int, limit: int) -> ChangeSet:
        self._check("changes", since, limit)
        return self._coordinator.change_set


class FakeArtwork:
    """Pictures that are all there."""

    async def files(
        self, ids: Sequence[ItemId], kind: ArtworkKind, width: int
    ) -> Mapping[ItemId, str]:
        return {item_id: f"/pictures/{item_id}-{kind}-{width}" for item_id in ids}

    async def file(self, item_id: ItemId, kind: ArtworkKind, width: int) -> str:
        return f"/pictures/{item_id}-{kind}-{width}"


class FakeWork:
    """Everything that starts a job: syncs, the keyring, discovery."""

    def __init__(self, coordinator: "FakeCoordinator") -> None:
        self._coordinator = coordinator
        self._check = coordinator.check

    async def confirm_deletes(self, source_id: SourceId) -> JobId:
        self._check("confirm_deletes", source_id)
        return self._put_job(JobKind.SYNC, source_id)

    async def set_policy(self, library_id: LibraryId, options: Mapping[str, OptionValue]) -> None:
        self._check("set_library_policy", library_id, dict(options))
        if library_id not in self._coordinator.libraries:
            raise UnknownLibraryError("no such library")

    def unlock(self) -> JobId:
        self._check("unlock_secrets")
        return self._put_job(JobKind.UNLOCK, SourceId(""))

    def backends(self) -> tuple[BackendView, ...]:
        return self._coordinator.backend_views

    def start(self) -> JobId:
        self._check("discover_servers")
        return self._put_job(JobKind.DISCOVER, SourceId(""))

    def _put_job(self, kind: JobKind, source_id: SourceId) -> JobId:
        number = len(self._coordinator.job_entries) + 1
        return self._coordinator.put_job(number, kind=kind, source_id=source_id)


class FakeCoordinator:
    """What the bus asks for, kept in dictionaries; `calls` are the changes that were asked for."""

    def __init__(self) -> None:
        self.events = EventStream()
        self.state = DaemonState.READY
        self.revision = 1
        self.source_views: dict[SourceId, SourceView] = {}
        self.backend_views: tuple[BackendView, ...] = ()
        self.account_views: dict[AccountId, AccountView] = {}
        self.job_entries: dict[JobId, Job] = {}
        self.libraries: dict[LibraryId, Library] = {}
        self.items: dict[ItemId, ItemFields] = {}
        self.change_set = ChangeSet(revision=1)
        self.skipped_page = SkippedPage(rows=(), next_cursor="", total=0)
        self.calls: list[tuple[object, ...]] = []
        self.failure: BaseException | None = None
        self.hold: anyio.Event | None = None  # reads wait for it
        self.abandoned = anyio.Event()  # a read that waited was cancelled
        self.querying = anyio.Event()
        self.sources = FakeSources(self)
        self.accounts = FakeAccounts(self.check, self.account_views)
        self.logins = FakeLogins(self.check, self.events.publish)
        self.connections = FakeConnections(self.check)
        self.certificates = FakeCertificates(self.check)
        self.library = FakeLibrary(self)
        self.jobs = FakeJobs(self)
        self.artwork = FakeArtwork()
        self.syncs = self.keyring = self.discovery = FakeWork(self)

    # --- what a test does

    def publish(self, event: Event) -> None:
        """Tell of a fact."""
        self.events.publish(event)

    def put_source(self, source_id: str, **changes: object) -> SourceId:
        """Add a source, or replace it by a new view."""
        view = source_view(source_id, **changes)
        is_new = view.source.id not in self.source_views
        self.source_views[view.source.id] = view
        self.publish(SourceAdded(view.source.id) if is_new else SourceChanged(view.source.id))
        return view.source.id

    def put_status(self, source_id: str, status: SourceStatus) -> None:
        """Change a source's status."""
        key = SourceId(source_id)
        self.source_views[key] = replace(self.source_views[key], status=status)
        self.publish(SourceStatusChanged(key, status))

    def put_account(self, account_id: str, *source_ids: str) -> None:
        """Add an account."""
        account = Account(
            id=AccountId(account_id),
            kind=BackendKind("jellyfin"),
            display_name="Ann",
            remote_user_id="u1",
            device_id="d1",
        )
        self.account_views[account.id] = AccountView(
            account=account,
            auth_state="ok",
            source_ids=tuple(SourceId(source_id) for source_id in source_ids),
        )

    def put_job(self, number: int, **changes: object) -> JobId:
        """Add a job, or replace it, without telling."""
        job = Job(
            id=JobId(number), kind=JobKind.SYNC, source_id=SourceId("s1"), state=JobState.RUNNING
        )
        self.job_entries[job.id] = replace(job, **changes)
        return job.id

    def page(self, query: ItemQuery) -> ItemPage:
        """Return the first items."""
        items = tuple(self.items.values())
        return ItemPage(
            items=items[: query.limit],
            next_cursor="" if len(items) <= query.limit else "more",
            total=len(items) if query.with_total else None,
        )

    def obey_cancel(self, job_id: JobId) -> None:
        """Do nothing: here a job that is cancelled runs on."""

    def check(self, *call: object) -> None:
        """Note a call; fail when the test wants that."""
        self.calls.append(call)
        if self.failure is not None:
            raise self.failure

    # --- what the bus asks

    async def add_source(
        self, kind: BackendKind, options: Mapping[str, OptionValue]
    ) -> tuple[SourceId, ...]:
        self.check("add_source", kind, dict(options))
        return (self.put_source(f"{kind}_0001"),)

    async def add_plex_account(self, token: str) -> tuple[SourceId, ...]:
        self.check("add_plex_account", token)
        return (self.put_source("plex_0001"),)

    async def add_jellyfin_source(self, url: str, username: str, password: str) -> SourceId:
        self.check("add_jellyfin_source", url, username, password)
        return self.put_source("jellyfin_0001")

    async def add_local_source(self, path: str) -> SourceId:
        self.check("add_local_source", path)
        return self.put_source("local_0001")

    async def remove_source(self, source_id: SourceId) -> None:
        self.check("remove_source", source_id)
        self.sources.get(source_id)
        del self.source_views[source_id]
        self.publish(SourceRemoved(source_id))

    async def initialize_all_sources(self) -> None:
        self.check("initialize_all_sources")

    def daemon(self) -> DaemonView:
        return DaemonView(
            state=self.state,
            revision=self.revision,
            secret_store="secret-service",
            capabilities=("jellyfin", "local"),
        )

    def get_source_status(self, source_id: SourceId) -> SourceStatus:
        return self.sources.get(source_id).status

    def get_all_source_statuses(self) -> Mapping[SourceId, SourceStatus]:
        return {source_id: view.status for source_id, view in self.source_views.items()}

    def list_sources(self) -> tuple[SourceView, ...]:
        return tuple(self.source_views.values())

    def get_backend(self, source_id: SourceId) -> SourceView:
        return self.sources.get(source_id)

    async def reconnect(self, source_id: SourceId) -> None:
        self.check("reconnect", source_id)

    async def sync_source(
        self,
        source_id: SourceId,
        *,
        mode: SyncMode = SyncMode.AUTO,
        libraries: Sequence[LibraryId] = (),
    ) -> JobId:
        self.check("sync_source", source_id, mode, tuple(libraries))
        self.sources.get(source_id)
        job_id = self.put_job(len(self.job_entries) + 1, source_id=source_id)
        self.publish(JobAdded(job_id))
        return job_id

    async def sync_all_sources(self) -> tuple[JobId, ...]:
        return tuple([await self.sync_source(source_id) for source_id in self.source_views])
