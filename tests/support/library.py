"""A real cache in a folder, synced from a fake backend by the real engine."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import anyio.lowlevel

from msd.models import (
    ItemId,
    ItemQuery,
    Library,
    LibraryId,
    SourceId,
    SyncOptions,
    SyncProgress,
    SyncReport,
)
from msd.store.cache.database import CacheDatabase
from msd.store.cache.reads.libraries import libraries
from msd.store.cache.reads.pages import query_items
from msd.store.cache.writes.detail_writer import DetailWriter
from msd.store.cache.writes.results import WriteResult
from msd.store.cache.writes.sync_writer import SyncWriter
from msd.store.state.store import StateStore
from msd.sync.context import Report, StoreThread
from msd.sync.detail_pass import DetailPass
from msd.sync.engine import SyncEngine
from tests.support.containers import check_containers
from tests.support.fakes.fake_backend import FakeServer

SOURCE = SourceId("fake_0123456789ab")


@dataclass
class CachedSource:
    """One source's cache; `sync` runs the engine against a server, the rest looks at it."""

    folder: Path
    server: FakeServer
    now: float = 1_800_000_000.0
    progress: list[SyncProgress] = field(default_factory=list)
    changes: list[WriteResult] = field(default_factory=list)
    on_change: Callable[[], None] = lambda: None  # after each transaction that changed something
    wrap: Callable[[SyncWriter], StoreThread[SyncWriter]] = StoreThread

    def __post_init__(self) -> None:
        self.state = StateStore.open(self.folder / "state.db")
        self.cache = CacheDatabase.open(self.folder / "cache.db", revision_floor=0)

    def close(self) -> None:
        self.cache.close()
        self.state.close()
        check_containers(self.folder / "cache.db")

    async def sync(self, options: SyncOptions | None = None) -> SyncReport:
        writer = SyncWriter(self.folder / "cache.db", self.folder / "state.db", SOURCE)

        def changed(_library: LibraryId, written: WriteResult) -> None:
            self.changes.append(written)
            self.on_change()

        report = Report(progress=self.progress.append, changed=changed)
        engine = SyncEngine(
            self.server.open(),
            self.wrap(writer),
            report,
            options=options or SyncOptions(),
            clock=lambda: self.now,
        )
        try:
            return await engine.run()
        finally:
            writer.close()

    async def fetch_details(self) -> SyncReport:
        """Run an idle pass, without its pauses."""
        writer = DetailWriter(
            self.folder / "cache.db", self.folder / "state.db", SOURCE, clock=lambda: self.now
        )
        silent = Report(progress=lambda _: None, changed=lambda *_: None)
        try:
            return await DetailPass(
                self.server.open(),
                StoreThread(writer),
                silent,
                sleep=lambda _: anyio.lowlevel.checkpoint(),
            ).run()
        finally:
            writer.close()

    def libraries(self) -> tuple[Library, ...]:
        return self.cache.read(libraries, SOURCE)

    def library_id(self, remote_id: str) -> LibraryId:
        return next(own.id for own in self.libraries() if own.remote_id == remote_id)

    def items(self, **query: object) -> dict[str, Mapping[str, object]]:
        """Return every item that the cache shows, by remote id, all fields."""
        found: dict[str, Mapping[str, object]] = {}
        cursor = ""
        while True:
            page = self.cache.read(
                query_items,
                ItemQuery(limit=500, cursor=cursor, fields=("*",), **query),  # type: ignore[arg-type]
                (),
            )
            found |= {str(item["remote_id"]): item for item in page.items}
            cursor = page.next_cursor
            if not cursor:
                return found

    def ids(self) -> dict[str, ItemId]:
        """Return msd's id of every shown item by remote id."""
        return {remote_id: ItemId(str(item["id"])) for remote_id, item in self.items().items()}
