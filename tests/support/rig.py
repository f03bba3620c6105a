"""A whole coordinator: real databases, a fake keyring, a fake server; no bus, no processes."""

from collections import defaultdict
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import anyio
import anyio.lowlevel
from msgspec.structs import replace

from msd.backend_api import Credentials
from msd.coordinator import SourceCoordinator
from msd.coordinator.services import Services
from msd.errors import MsdError
from msd.events import Event, EventStream
from msd.managers.artwork import ArtworkManager
from msd.managers.auth import AuthManager
from msd.managers.backends import BackendManager
from msd.managers.cache import CacheManager
from msd.managers.registry import SourceRegistry
from msd.managers.sync import SyncManager
from msd.models import (
    Account,
    AccountId,
    JobId,
    JobState,
    KeyringState,
    Notice,
    PublicStatus,
    SourceId,
    SyncFault,
    SyncReport,
)
from msd.settings import Settings
from msd.store.cache.database import CacheDatabase
from msd.store.cache.writes.detail_writer import DetailWriter
from msd.store.cache.writes.sync_writer import SyncWriter
from msd.store.state.store import StateStore
from msd.sync.context import Report, StoreThread
from msd.sync.detail_pass import DetailPass
from msd.sync.engine import SyncEngine
from msd.sync.messages import Changed, Progress, SyncRequest, Task
from tests.support.fakes.fake_backend import KIND, FakeServer, fake_spec
from tests.support.fakes.fake_service import CLUB, FakeService, club_spec


@dataclass
class FakeKeyring:
    """The keyring's state as the bus would show it."""

    now: KeyringState = KeyringState.AVAILABLE
    unlocks: int = 0
    is_dismissed: bool = False
    _changes: anyio.Event = field(default_factory=anyio.Event)

    async def state(self) -> KeyringState:
        return self.now

    async def changes(self) -> AsyncGenerator[None, None]:
        while True:
            await self._changes.wait()
            self._changes = anyio.Event()
            yield

    async def unlock(self) -> bool:
        self.unlocks += 1
        if self.is_dismissed:
            return False
        self.become(KeyringState.AVAILABLE)
        return True

    def become(self, state: KeyringState) -> None:
        self.now = state
        self._changes.set()


@dataclass
class FakeCredentialStore:
    """Credentials in memory."""

    is_read_only: bool = False
    stored: dict[AccountId, Credentials] = field(default_factory=dict)
    error: MsdError | None = None

    async def read(self, account: Account) -> Credentials | None:
        self._fail()
        return self.stored.get(account.id)

    async def write(self, account: Account, credentials: Credentials) -> None:
        self._fail()
        self.stored[account.id] = credentials

    async def delete(self, account: Account) -> None:
        self._fail()
        self.stored.pop(account.id, None)

    def _fail(self) -> None:
        if self.error is not None:
            raise self.error


@dataclass
class FakeNetwork:
    """The network as the system bus would tell of it."""

    online: str = "yes"
    metered: str = "no"
    listeners: list[Callable[[], None]] = field(default_factory=list)

    async def watch(self, changed: Callable[[], None]) -> None:
        self.listeners.append(changed)
        await anyio.sleep_forever()

    def change(self, online: str) -> None:
        self.online = online
        for changed in self.listeners:
            changed()


@dataclass
class FakeCallers:
    """The bus as far as it tells who has left it."""

    left: defaultdict[str, anyio.Event] = field(default_factory=lambda: defaultdict(anyio.Event))

    async def gone(self, name: str) -> None:
        await self.left[name].wait()


@dataclass
class FakeDesktop:
    """A desktop on which everything is shown at once, and whose user presses buttons."""

    shown: dict[str, Notice] = field(default_factory=dict)
    log: list[str] = field(default_factory=list)  # every change of what is shown
    _pressed: Callable[[str, str], None] | None = None

    def show(self, notice: Notice) -> None:
        self.log.append(f"show {notice.summary}: {notice.body}")
        self.shown[notice.key] = notice

    def withdraw(self, key: str) -> None:
        self.log.append(f"withdraw {key}")
        self.shown.pop(key, None)

    async def run(self, pressed: Callable[[str, str], None]) -> None:
        self._pressed = pressed
        await anyio.sleep_forever()

    def press(self, key: str) -> None:
        assert self._pressed is not None
        self._pressed(key, self.shown[key].action)


class InProcessSyncs(SyncManager):
    """Runs the real engine here instead of in a worker process."""

    def __init__(self, server: FakeServer, service: FakeService) -> None:
        super().__init__(parallel=4)
        self._server = server
        self._service = service
        self.requests: list[SyncRequest] = []
        self.dies_untold = False  # the next worker dies before it tells of what it wrote
        self.faults: tuple[SyncFault, ...] = ()  # what failed in each sync that goes on

    async def run(
        self,
        request: SyncRequest,
        *,
        started: Callable[[], None],
        progress: Callable[[Progress], None],
        changed: Callable[[Changed], None],
    ) -> SyncReport:
        self.requests.append(request)
        started()
        if request.task is Task.DETAILS:
            return await self._fetch_details(request, progress, changed)
        writer = SyncWriter(Path(request.cache_db), Path(request.state_db), request.source.id)
        report = _report(progress, changed)
        server = self._server
        if request.source.kind == CLUB:
            server = self._service.server(request.source.server_id)
        if self.dies_untold:
            report = Report(progress=lambda _: None, changed=lambda *_: None)
        try:
            done = await SyncEngine(
                server.open(), StoreThread(writer), report, options=request.options
            ).run()
        finally:
            writer.close()
        if self.dies_untold:
            self.dies_untold = False
            raise MsdError("the sync worker ended without a word")
        return replace(done, faults=(*done.faults, *self.faults))

    async def _fetch_details(
        self,
        request: SyncRequest,
        progress: Callable[[Progress], None],
        changed: Callable[[Changed], None],
    ) -> SyncReport:
        writer = DetailWriter(
            Path(request.cache_db),
            Path(request.state_db),
            request.source.id,
            off=request.options.off,
        )
        report = _report(progress, changed)
        try:
            return await DetailPass(self._server.open(), StoreThread(writer), report).run()
        finally:
            writer.close()


def _report(progress: Callable[[Progress], None], changed: Callable[[Changed], None]) -> Report:
    return Report(
        progress=lambda p: progress(Progress(phase=p.phase, done=p.done, total=p.total)),
        changed=lambda library_id, written: changed(
            Changed(
                library_id=library_id,
                revision=written.revision,
                changed=written.changed,
                removed=written.removed,
            )
        ),
    )


@dataclass
class Rig:
    """What outlives a run of the coordinator: files, keyring, server."""

    folder: Path
    server: FakeServer = field(default_factory=FakeServer)
    service: FakeService = field(default_factory=FakeService)
    keyring: FakeKeyring = field(default_factory=FakeKeyring)
    credential_store: FakeCredentialStore = field(default_factory=FakeCredentialStore)
    network: FakeNetwork = field(default_factory=FakeNetwork)
    callers: FakeCallers = field(default_factory=FakeCallers)
    desktop: FakeDesktop | None = field(default_factory=FakeDesktop)

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Run"]:
        """Run a coordinator; leaving stops it in order."""
        settings = Settings(
            data_dir=self.folder / "data",
            cache_dir=self.folder / "cache",
            config_file=self.folder / "msd.toml",
        )
        settings.data_dir.mkdir(exist_ok=True)
        state = StateStore.open(settings.state_db)
        cache = CacheDatabase.open(settings.cache_db, revision_floor=state.revision_floor())
        registry = await SourceRegistry.open(state)
        syncs = InProcessSyncs(self.server, self.service)
        artwork = ArtworkManager(settings.cache_dir, most_bytes=10 << 20)
        services = Services(
            settings=settings,
            registry=registry,
            auth=AuthManager(self.credential_store, self.keyring),
            backends=BackendManager(
                lambda: {KIND: fake_spec(self.server), CLUB: club_spec(self.service)},
                installation_id=registry.installation_id,
                client_version="0",
                device_name="test",
                cache_dir=settings.cache_dir,
            ),
            cache=await CacheManager.open(cache),
            syncs=syncs,
            artwork=artwork,
            network=self.network,
            callers=self.callers,
            desktop=self.desktop,
        )
        events = EventStream()
        async with artwork, anyio.create_task_group() as tasks:
            coordinator = SourceCoordinator(services, events, tasks)
            with events.subscribe() as received:
                await coordinator.open()
                yield Run(self, coordinator, received, syncs, services)
                await coordinator.close()
                tasks.cancel_scope.cancel()
        cache.close()
        state.close()


@dataclass
class Run:
    """A running coordinator and what it published."""

    rig: Rig
    coordinator: SourceCoordinator
    received: anyio.abc.ObjectReceiveStream[Event]
    syncs: InProcessSyncs
    services: Services
    seen: list[Event] = field(default_factory=list)

    async def until(self, holds: Callable[[], bool], *, within_s: float = 10) -> None:
        """Take in events until a condition holds."""
        with anyio.fail_after(within_s):
            while not holds():
                self.seen.append(await self.received.receive())

    async def eventually(self, holds: Callable[[], bool]) -> None:
        """Return when a condition holds that no event tells of."""
        with anyio.fail_after(10):
            while not holds():
                await anyio.lowlevel.checkpoint()

    async def next_event(self) -> None:
        """Take in one event, or a moment."""
        with anyio.move_on_after(0.05):
            self.seen.append(await self.received.receive())

    async def until_status(self, source_id: SourceId, status: PublicStatus) -> None:
        """Take in events until a source has a status."""
        await self.until(lambda: self.coordinator.get_source_status(source_id).status is status)

    async def until_ended(self, job_id: JobId) -> JobState:
        """Take in events until a job has ended; return how."""
        final = {JobState.DONE, JobState.FAILED, JobState.CANCELLED}
        await self.until(lambda: self.coordinator.jobs.get(job_id).state in final)
        return self.coordinator.jobs.get(job_id).state

    async def until_synced(self, source_id: SourceId) -> None:
        """Take in events until a source's first sync has ended and its items are counted."""
        await self.until(
            lambda: (
                self.coordinator.sources.get(source_id).source.last_sync > 0
                and self.coordinator.sources.get(source_id).sync_job is None
            )
        )

    def of(self, kind: type[Event]) -> list[Event]:
        """Return what was published of a kind, also what nobody took in yet."""
        while True:
            try:
                self.seen.append(self.received.receive_nowait())  # type: ignore[attr-defined]
            except anyio.WouldBlock:
                return [event for event in self.seen if isinstance(event, kind)]

    async def add(self, user: str = "alice") -> SourceId:
        """Add a source of the fake server."""
        return (await self.coordinator.add_source(KIND, {"user": user, "password": "secret"}))[0]
