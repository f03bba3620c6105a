"""An idle pass brings the details of many items by few requests (Y24)."""

from collections.abc import Callable, Iterator
from pathlib import Path

import anyio
import pytest

from msd.errors import NotSupportedError, UnreachableError
from msd.models import (
    ItemQuery,
    LibraryId,
    SearchQuery,
    SourceId,
    StatusReason,
    SyncOptions,
    SyncProgress,
    SyncReport,
)
from msd.store import CacheDatabase, StateStore
from msd.store.cache.reads.libraries import libraries
from msd.store.cache.reads.pages import query_items
from msd.store.cache.reads.search.search import search
from msd.store.cache.writes.detail_writer import DetailWriter
from msd.store.cache.writes.sync_writer import SyncWriter
from msd.sync.context import Report, StoreThread
from msd.sync.detail_pass import DetailPass, Pauses
from msd.sync.engine import SyncEngine
from tests.support.fakes.fake_backend import FakeServer

pytestmark = pytest.mark.anyio

SOURCE = SourceId("fake_0123456789ab")
SILENT = Report(progress=lambda _: None, changed=lambda *_: None)


class Stage:
    """A server with films, a cache, and passes over both."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.server = FakeServer()
        self.films = self.server.library("films")
        self.pauses: list[float] = []
        self.now = 0.0
        self.progress: list[SyncProgress] = []
        self.changed: list[tuple[LibraryId, int, int]] = []  # library, revision, number of items
        StateStore.open(folder / "state.db").close()
        self.cache = CacheDatabase.open(folder / "cache.db", revision_floor=0)

    async def sync(self) -> SyncReport:
        writer = SyncWriter(self.folder / "cache.db", self.folder / "state.db", SOURCE)
        try:
            engine = SyncEngine(
                self.server.open(), StoreThread(writer), SILENT, options=SyncOptions()
            )
            return await engine.run()
        finally:
            writer.close()

    async def details(self, *, off: tuple[LibraryId, ...] = ()) -> SyncReport:
        self.server.calls.clear()
        writer = DetailWriter(self.folder / "cache.db", self.folder / "state.db", SOURCE, off=off)
        report = Report(
            progress=self.progress.append,
            changed=lambda library, written: self.changed.append(
                (library, written.revision, len(written.changed))
            ),
        )
        try:
            return await DetailPass(
                self.server.open(),
                StoreThread(writer),
                report,
                clock=lambda: self.now,
                sleep=self._sleep,
            ).run()
        finally:
            writer.close()

    async def _sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        await anyio.lowlevel.checkpoint()

    def requests(self) -> list[list[str]]:
        """Return the ids of each request for details."""
        calls = [call.split() for call in self.server.calls]
        return [ids for what, *ids in calls if what == "details"]

    def cast_of(self, name: str) -> list[str]:
        """Return the titles that a search for a person finds."""
        page = self.cache.read(search, SearchQuery(text=name), ())
        return [str(hit["title"]) for hit in page.hits]

    def library_id(self) -> LibraryId:
        (library,) = self.cache.read(libraries, SOURCE)
        return library.id

    def with_details(self) -> int:
        query = ItemQuery(limit=500, fields=("people",))
        return sum("people" in item for item in self.cache.read(query_items, query).items)


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    made = Stage(tmp_path)
    yield made
    made.cache.close()


async def test_an_actor_is_found_after_the_pass(stage: Stage) -> None:
    """Nobody looked at the film; the server is gone by then."""
    stage.server.movies(stage.films, 12)
    await stage.sync()
    assert stage.cast_of("Player of m7") == []

    report = await stage.details()
    stage.server.error = UnreachableError("off")

    assert stage.cast_of("Player of m7") == ["Movie m7"]
    assert (report.seen, report.updated) == (12, 12)


async def test_a_request_brings_a_hundred_items(stage: Stage) -> None:
    """Never one request an item, and nothing is asked for twice."""
    stage.server.movies(stage.films, 450)
    await stage.sync()

    await stage.details()
    assert [len(ids) for ids in stage.requests()] == [100, 100, 100, 100, 50]
    assert stage.with_details() == 450

    await stage.details()
    assert stage.requests() == []


async def test_a_page_is_one_revision_and_one_report(stage: Stage) -> None:
    """What is told of the changes is no flood; progress counts rows (Y10, Y11)."""
    stage.server.movies(stage.films, 250)
    await stage.sync()

    await stage.details()

    assert [number for _, _, number in stage.changed] == [100, 100, 50]
    assert len({revision for _, revision, _ in stage.changed}) == 3
    assert [(p.done, p.total) for p in stage.progress] == [(100, 250), (200, 250), (250, 250)]


async def test_a_pass_that_is_cut_goes_on_where_it_was(stage: Stage) -> None:
    """The rows themselves say what is left."""
    stage.server.movies(stage.films, 300)
    await stage.sync()

    def cut(what: str) -> None:
        if len(stage.requests()) == 3 or what == "identity":
            raise UnreachableError("cut")

    stage.server.on_call = cut
    with pytest.raises(UnreachableError):
        await stage.details()
    before = {item for ids in stage.requests()[:2] for item in ids}
    stage.server.on_call = None
    await stage.details()

    assert [len(ids) for ids in stage.requests()] == [100]
    assert before.isdisjoint(stage.requests()[0])
    assert stage.with_details() == 300


async def test_an_odd_item_costs_itself_alone(stage: Stage) -> None:
    """The page is divided; the item is not asked for again until its row changes."""
    stage.server.movies(stage.films, 100)
    stage.server.odd_details = {"m42"}
    await stage.sync()

    report = await stage.details()

    assert stage.with_details() == 99
    assert report.skipped == 1
    assert len(stage.requests()) < 20
    await stage.details()
    assert stage.requests() == []
    stage.server.odd_details = set()
    stage.server.edit(stage.films, "m42", title="Repaired")
    await stage.sync()
    await stage.details()
    assert stage.requests() == [["m42"]]
    assert stage.cast_of("Player of m42") == ["Repaired"]


async def test_a_server_that_fails_on_many_items_is_left_alone(stage: Stage) -> None:
    """More than twenty odd rows are no odd rows."""
    stage.server.movies(stage.films, 200)
    stage.server.odd_details = {f"m{number}" for number in range(200)}
    await stage.sync()

    with pytest.raises(UnreachableError):
        await stage.details()

    assert sum(len(ids) == 1 for ids in stage.requests()) == 21


async def test_a_server_that_asks_to_be_left_alone_is(stage: Stage) -> None:
    """Not a single further request is sent after "try again in ten minutes"."""
    stage.server.movies(stage.films, 200)
    await stage.sync()
    stage.server.error = UnreachableError(
        "too many requests", reason=StatusReason.SERVER_ERROR, retry_after_s=600.0
    )

    with pytest.raises(UnreachableError) as raised:
        await stage.details()

    assert raised.value.retry_after_s == 600.0
    assert [call.split()[0] for call in stage.server.calls] == ["details"]


async def test_a_source_without_details_in_lists_says_so(stage: Stage) -> None:
    """Nothing counts as asked for: another version of the server may have them."""
    stage.server.movies(stage.films, 30)
    stage.server.lists_details = False
    await stage.sync()

    with pytest.raises(NotSupportedError):
        await stage.details()
    assert len(stage.requests()) == 1

    stage.server.lists_details = True
    await stage.details()
    assert stage.with_details() == 30


async def test_a_server_that_suddenly_has_nothing_marks_nothing(stage: Stage) -> None:
    """With unmounted storage every page is empty: the items are asked for again later."""
    stage.server.movies(stage.films, 120)
    await stage.sync()
    kept = dict(stage.server.items[stage.films])
    stage.server.items[stage.films].clear()

    with pytest.raises(UnreachableError):
        await stage.details()

    stage.server.items[stage.films] = kept
    await stage.details()
    assert stage.with_details() == 120


async def test_items_that_the_source_gives_by_no_id_are_asked_for_once(stage: Stage) -> None:
    """Where another item comes, those that are absent are: some servers hide their playlists."""
    stage.server.movies(stage.films, 120)
    await stage.sync()
    stage.server.drop(stage.films, *(f"m{number}" for number in range(20)))

    await stage.details()
    assert [len(ids) for ids in stage.requests()] == [100, 20, 1]
    await stage.details()

    assert stage.requests() == []
    assert stage.with_details() == 100


async def test_a_source_of_a_few_items_that_come_by_no_id_is_done(stage: Stage) -> None:
    """There is no other item by which to tell that the source is well."""
    stage.server.movies(stage.films, 3)
    await stage.sync()
    stage.server.items[stage.films].clear()

    await stage.details()
    await stage.details()

    assert stage.requests() == []


async def test_a_slow_source_is_asked_for_less_and_left_alone_for_longer(stage: Stage) -> None:
    """The pauses follow its answers; a quick one is asked for whole pages again."""
    stage.server.movies(stage.films, 400)
    await stage.sync()
    stage.server.on_call = _taking(stage, [8.0, 4.0, 0.1, 0.1, 0.1, 0.1])

    await stage.details()

    assert [len(ids) for ids in stage.requests()] == [100, 50, 25, 50, 100, 75]
    assert stage.pauses[:3] == [24.0, 12.0, 1.0]
    assert Pauses().after_s(1000) == 60.0


async def test_a_library_that_is_off_is_left_alone(stage: Stage) -> None:
    """The user does not want it asked for."""
    stage.server.movies(stage.films, 30)
    await stage.sync()

    await stage.details(off=(stage.library_id(),))

    assert stage.requests() == []


async def test_a_sync_after_a_pass_changes_nothing(stage: Stage) -> None:
    """Y22: details overwrite nothing that a sync owns."""
    stage.server.movies(stage.films, 120)
    await stage.sync()
    await stage.details()

    report = await stage.sync()

    assert (report.added, report.updated, report.removed) == (0, 0, 0)
    assert stage.with_details() == 120


def _taking(stage: Stage, seconds: list[float]) -> Callable[[str], None]:
    left = iter(seconds)

    def call(what: str) -> None:
        if what.startswith("details"):
            stage.now += next(left)

    return call
