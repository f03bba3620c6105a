"""The coordinator's public face over values in memory, with a real EventStream."""

from collections.abc import Callable, Mapping, Sequence

import anyio
from msgspec.structs import replace

from msd.backend_api.accounts import OptionValue
from msd.errors import UnknownAccountError, UnknownJobError, UnknownLibraryError, UnknownSourceError
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
    Capability,
    ChangeSet,
    ConnectAttempt,
    DaemonState,
    ItemFields,
    ItemId,
    ItemPage,
    ItemQuery,
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
    Source,
    SourceId,
    SourceStatus,
    SourceView,
    StatusReason,
    SyncMode,
    UnixSeconds,
)
from tests.support.fakes.fake_logins import FakeAccounts, FakeConnections, FakeLogins

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
    )


class FakeFeed:
    """A feed that says what a test put there."""

    def __init__(self, check: Callable[..., None]) -> None:
        self._check = check
        self.answer = ChangeSet(revision=1)

    async def changes(self, since: int, limit: int) -> ChangeSet:
        self._check("changes", since, limit)
        return self.answer


class FakeCoordinator:
    """What the bus asks for, kept in dictionaries; `calls` are the changes that were asked for."""

    def __init__(self) -> None:
        self.events = EventStream()
        self.state = DaemonState.READY
        self.online = "unknown"
        self.metered = "unknown"
        self.revision = 1
        self.pending_writes = 0
        self.secret_store = "secret-service"
        self.keyring_state = "unknown"
        self.capabilities: tuple[str, ...] = ("jellyfin", "local")
        self.sources: dict[SourceId, SourceView] = {}
        self.account_views: dict[AccountId, AccountView] = {}
        self.jobs: dict[JobId, Job] = {}
        self.libraries: dict[LibraryId, Library] = {}
        self.items: dict[ItemId, ItemFields] = {}
        self.calls: list[tuple[object, ...]] = []
        self.feed = FakeFeed(self._check)
        self.logins = FakeLogins(self._check, self.events.publish)
        self.accounts = FakeAccounts(self._check)
        self.connections = FakeConnections(self._check)
        self.failure: BaseException | None = None
        self.hold: anyio.Event | None = None  # query_items waits for it
        self.querying = anyio.Event()

    # --- what a test does

    def publish(self, event: Event) -> None:
        """Tell of a fact."""
        self.events.publish(event)

    def put_source(self, source_id: str, **changes: object) -> SourceId:
        """Add a source, or replace it by a new view."""
        view = source_view(source_id, **changes)
        is_new = view.source.id not in self.sources
        self.sources[view.source.id] = view
        self.publish(SourceAdded(view.source.id) if is_new else SourceChanged(view.source.id))
        return view.source.id

    def put_status(self, source_id: str, status: SourceStatus) -> None:
        """Change a source's status."""
        key = SourceId(source_id)
        self.sources[key] = replace(self.sources[key], status=status)
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
        self.jobs[job.id] = replace(job, **changes)
        return job.id

    def _check(self, *call: object) -> None:
        self.calls.append(call)
        if self.failure is not None:
            raise self.failure

    # --- what the bus asks

    async def add_source(
        self, kind: BackendKind, options: Mapping[str, OptionValue]
    ) -> tuple[SourceId, ...]:
        self._check("add_source", kind, dict(options))
        return (self.put_source(f"{kind}_0001"),)

    async def add_plex_account(self, token: str) -> tuple[SourceId, ...]:
        self._check("add_plex_account", token)
        return (self.put_source("plex_0001"),)

    async def add_jellyfin_source(self, url: str, username: str, password: str) -> SourceId:
        self._check("add_jellyfin_source", url, username, password)
        return self.put_source("jellyfin_0001")

    async def add_local_source(self, path: str) -> SourceId:
        self._check("add_local_source", path)
        return self.put_source("local_0001")

    async def remove_source(self, source_id: SourceId) -> None:
        self._check("remove_source", source_id)
        self.get_source(source_id)
        del self.sources[source_id]
        self.publish(SourceRemoved(source_id))

    async def remove_account(self, account_id: AccountId) -> None:
        self._check("remove_account", account_id)

    async def rename_source(self, source_id: SourceId, name: str) -> None:
        self._check("rename_source", source_id, name)
        view = self.get_source(source_id)
        self.put_source(source_id, source=replace(view.source, name=name))

    async def set_source_enabled(self, source_id: SourceId, *, enabled: bool) -> None:
        self._check("set_source_enabled", source_id, enabled)

    async def reorder_sources(self, source_ids: Sequence[SourceId]) -> None:
        self._check("reorder_sources", *source_ids)

    async def set_library_policy(
        self, library_id: LibraryId, options: Mapping[str, OptionValue]
    ) -> None:
        self._check("set_library_policy", library_id, dict(options))
        if library_id not in self.libraries:
            raise UnknownLibraryError("no such library")

    async def initialize_all_sources(self) -> None:
        self._check("initialize_all_sources")

    def get_source_status(self, source_id: SourceId) -> SourceStatus:
        return self.get_source(source_id).status

    def get_all_source_statuses(self) -> Mapping[SourceId, SourceStatus]:
        return {source_id: view.status for source_id, view in self.sources.items()}

    def list_sources(self) -> tuple[SourceView, ...]:
        return tuple(self.sources.values())

    def get_source(self, source_id: SourceId) -> SourceView:
        if source_id not in self.sources:
            raise UnknownSourceError("no such source")
        return self.sources[source_id]

    def get_backend(self, source_id: SourceId) -> SourceView:
        return self.get_source(source_id)

    def list_accounts(self) -> tuple[AccountView, ...]:
        return tuple(self.account_views.values())

    def get_account(self, account_id: AccountId) -> AccountView:
        if account_id not in self.account_views:
            raise UnknownAccountError("no such account")
        return self.account_views[account_id]

    def explain(self, source_id: SourceId) -> tuple[ConnectAttempt, ...]:
        self.get_source(source_id)
        return (
            ConnectAttempt(
                at=UnixSeconds(5), step="connect", outcome="refused", detail="no", latency_ms=7
            ),
        )

    async def reconnect(self, source_id: SourceId) -> None:
        self._check("reconnect", source_id)

    async def sync_source(
        self,
        source_id: SourceId,
        *,
        mode: SyncMode = SyncMode.AUTO,
        libraries: Sequence[LibraryId] = (),
    ) -> JobId:
        self._check("sync_source", source_id, mode, tuple(libraries))
        self.get_source(source_id)
        job_id = self.put_job(len(self.jobs) + 1, source_id=source_id)
        self.publish(JobAdded(job_id))
        return job_id

    async def sync_all_sources(self) -> tuple[JobId, ...]:
        return tuple([await self.sync_source(source_id) for source_id in self.sources])

    async def confirm_deletes(self, source_id: SourceId) -> JobId:
        self._check("confirm_deletes", source_id)
        return self.put_job(len(self.jobs) + 1, source_id=source_id)

    async def unlock_secrets(self) -> JobId:
        self._check("unlock_secrets")
        return self.put_job(len(self.jobs) + 1, kind=JobKind.UNLOCK, source_id=SourceId(""))

    async def discover_servers(self) -> JobId:
        self._check("discover_servers")
        return self.put_job(len(self.jobs) + 1, kind=JobKind.DISCOVER, source_id=SourceId(""))

    def list_jobs(self) -> tuple[Job, ...]:
        return tuple(self.jobs.values())

    def get_job(self, job_id: JobId) -> Job:
        if job_id not in self.jobs:
            raise UnknownJobError("no such job")
        return self.jobs[job_id]

    async def cancel_job(self, job_id: JobId) -> None:
        self._check("cancel_job", job_id)

    async def list_libraries(self, source_id: SourceId | None) -> tuple[Library, ...]:
        if source_id is not None:
            self.get_source(source_id)
        return tuple(
            entry
            for entry in self.libraries.values()
            if source_id is None or entry.source_id == source_id
        )

    async def query_items(self, query: ItemQuery) -> ItemPage:
        self._check("query_items", query)
        self.querying.set()
        if self.hold is not None:
            await self.hold.wait()
        items = tuple(self.items.values())
        return ItemPage(
            items=items[: query.limit],
            next_cursor="" if len(items) <= query.limit else "more",
            total=len(items),
        )

    async def get_items(
        self, ids: Sequence[ItemId], *, fields: tuple[str, ...] = (), refresh: bool = False
    ) -> tuple[ItemFields, ...]:
        self._check("get_items", tuple(ids), fields, refresh)
        return tuple(self.items[item_id] for item_id in ids if item_id in self.items)
