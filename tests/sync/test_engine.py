"""The sync engine over a fake backend and a real cache: what is copied, kept, hidden and held."""

from collections.abc import Iterator
from pathlib import Path

import anyio
import pytest

from msd.errors import AuthRequiredError, ForbiddenError, UnreachableError
from msd.models import ItemType, LibraryType, MediaItem, RemoteId, SyncMode, SyncOptions, WatchState
from msd.store.cache.file import current_revision
from msd.sync.listing import LONGEST_REST_S, rest_s
from tests.support.fakes.fake_backend import FakeServer, movie
from tests.support.library import CachedSource

pytestmark = pytest.mark.anyio

TWELVE = tuple(f"m{number}" for number in range(12))
DAY = 24 * 3600


@pytest.fixture
def server() -> FakeServer:
    return FakeServer()


@pytest.fixture
def source(tmp_path: Path, server: FakeServer) -> Iterator[CachedSource]:
    cached = CachedSource(tmp_path, server)
    yield cached
    cached.close()


async def test_a_first_sync_copies_every_row(source: CachedSource, server: FakeServer) -> None:
    """In pages, and the numbers of the report are true (Y2, Y4)."""
    server.movies(server.library("films"), 37)

    report = await source.sync()

    assert (report.seen, report.added, report.unchanged) == (37, 37, 0)
    assert report.complete
    assert len(source.items()) == 37
    assert source.libraries()[0].item_count == 37


async def test_an_unchanged_source_is_neither_parsed_nor_written(
    source: CachedSource, server: FakeServer
) -> None:
    """An unchanged source is neither parsed nor written (Y5)."""
    server.movies(server.library("films"), 25)
    await source.sync()
    revision = source.cache.read(current_revision)
    server.calls.clear()

    report = await source.sync()

    assert (report.unchanged, report.added, report.updated) == (25, 0, 0)
    assert "parse" not in server.calls
    assert revision == source.cache.read(current_revision)


async def test_a_full_sync_reads_rows_again_that_look_unchanged(
    source: CachedSource, server: FakeServer
) -> None:
    """SyncMode.FULL; rows that are the same are still not rewritten (Y5)."""
    server.movies(server.library("films"), 5)
    await source.sync()
    server.calls.clear()

    report = await source.sync(SyncOptions(mode=SyncMode.FULL))

    assert "parse" in server.calls
    assert report.updated == 0


async def test_changed_and_new_rows_are_written_and_named(
    source: CachedSource, server: FakeServer
) -> None:
    """Changed and new rows are written and named (Y5, Y10)."""
    films = server.library("films")
    server.movies(films, 12)
    await source.sync()
    server.edit(films, "m3", title="Renamed")
    server.movies(films, 1, first=12)
    source.changes.clear()

    report = await source.sync()

    ids = source.ids()
    assert (report.added, report.updated) == (1, 1)
    assert {ids["m3"], ids["m12"]} == {i for change in source.changes for i in change.changed}
    assert source.items()["m3"]["title"] == "Renamed"


async def test_a_deleted_row_disappears_after_a_complete_pass(
    source: CachedSource, server: FakeServer
) -> None:
    """A deleted row disappears after a complete pass (Y7)."""
    films = server.library("films")
    server.movies(films, 30)
    await source.sync()
    gone = source.ids()["m7"]
    server.drop(films, "m7")
    source.changes.clear()

    report = await source.sync()

    assert report.removed == 1
    assert "m7" not in source.items()
    assert [gone] == [i for change in source.changes for i in change.removed]


@pytest.mark.parametrize("fault", ["gaps", "total grows", "page fails", "hidden after counting"])
async def test_nothing_is_deleted_after_an_incomplete_pass(
    source: CachedSource, server: FakeServer, fault: str
) -> None:
    """Each fault alone is enough to keep what is cached (Y7)."""
    films = server.library("films")
    server.movies(films, 30)
    await source.sync()
    server.drop(films, "m7")
    match fault:
        case "gaps":
            server.gaps = True
        case "total grows":
            server.totals[ItemType.MOVIE] = lambda real, start: real + (start > 0)
        case "page fails":
            server.listing_errors[ItemType.MOVIE] = ForbiddenError("not this page")
        case "hidden after counting":
            server.totals[ItemType.MOVIE] = lambda _real, _start: 1_000_000

    report = await source.sync()

    assert not report.complete
    assert report.removed == 0
    assert len(source.items()) == 30


async def test_a_library_whose_id_can_not_be_stored_is_left_out(
    source: CachedSource, server: FakeServer
) -> None:
    """A library whose id can not be stored is left out (K5)."""
    server.movies(server.library("films"), 4)
    server.library("x" * 100_000)

    report = await source.sync()

    assert report.added == 4


async def test_an_item_in_two_libraries_stays_in_the_first(
    source: CachedSource, server: FakeServer
) -> None:
    """It does not move back and forth with every sync (Y5)."""
    first, second = server.library("first"), server.library("second")
    server.movies(first, 12)
    server.movies(second, 12)
    await source.sync()

    report = await source.sync()

    assert (report.updated, report.added, report.removed, report.withheld) == (0, 0, 0, 0)
    assert source.items()["m3"]["library_id"] == source.library_id("first")
    server.drop(first, "m3")
    await source.sync()
    assert source.items()["m3"]["library_id"] == source.library_id("second")


async def test_an_item_that_moves_to_another_library_is_never_lost(
    source: CachedSource, server: FakeServer
) -> None:
    """Same id, no tombstone in between (Y7, I2)."""
    first, second = server.library("first"), server.library("second")
    server.movies(first, 30)
    server.movies(second, 30, first=100)
    await source.sync()
    before = source.ids()["m5"]
    moved = server.items[first].pop(RemoteId("m5"))
    server.put(second, moved)
    source.changes.clear()

    await source.sync()

    assert before == source.ids()["m5"]
    assert not [i for change in source.changes for i in change.removed]
    assert source.items()["m5"]["library_id"] == source.library_id("second")


async def test_a_rekeyed_item_keeps_its_id_and_history(
    source: CachedSource, server: FakeServer
) -> None:
    """Recognised by its identity, an update instead of delete and add (I2)."""
    films = server.library("films")
    server.movies(films, 20)
    server.put(films, movie("old", "Alien", identity="tmdb:348", watch=WatchState(watched=True)))
    await source.sync()
    before = source.ids()["old"]
    server.drop(films, "old")
    server.put(films, movie("new", "Alien", identity="tmdb:348"))

    report = await source.sync()

    assert before == source.ids()["new"]
    assert source.items()["new"]["watched"] is True
    assert "old" not in source.items()
    assert (report.added, report.updated, report.removed, report.withheld) == (0, 1, 0, 0)


async def test_two_versions_of_one_film_stay_two_items(
    source: CachedSource, server: FakeServer
) -> None:
    """An identity that is shared by rows that are both there proves nothing (I2)."""
    films = server.library("films")
    server.movies(films, 20)
    server.put(films, movie("hd", "Alien", identity="tmdb:348"))
    server.put(films, movie("4k", "Alien", identity="tmdb:348"))
    await source.sync()
    before = source.ids()
    server.drop(films, "hd")

    report = await source.sync()

    assert report.removed == 1
    assert before["4k"] == source.ids()["4k"]


async def test_bad_items_are_skipped_counted_and_named(
    source: CachedSource, server: FakeServer
) -> None:
    """One skipped-and-counted item, nothing else lost (K5)."""
    films = server.library("films")
    server.movies(films, 5)
    server.put(films, movie("bad", "unreadable"))
    server.put(films, movie("loop", "Self", parent_remote_id=RemoteId("loop")))

    report = await source.sync()

    assert (report.skipped, report.added) == (2, 5)
    assert any("is its own parent" in text for text in report.skipped_examples)
    assert set(source.items()) == {f"m{n}" for n in range(5)}


async def test_a_row_that_turns_bad_keeps_what_is_cached_of_it(
    source: CachedSource, server: FakeServer
) -> None:
    """It is there, it just can't be read now (K5, Y7)."""
    films = server.library("films")
    server.movies(films, 5)
    await source.sync()
    server.edit(films, "m2", title="unreadable")

    report = await source.sync()

    assert (report.skipped, report.removed) == (1, 0)
    assert source.items()["m2"]["title"] == "Movie m2"


async def test_one_refused_library_does_not_stop_the_others(
    source: CachedSource, server: FakeServer
) -> None:
    """Forbidden is not signed out (S3)."""
    shows, films = server.library("shows", LibraryType.SHOWS), server.library("films")
    server.put(
        shows,
        *(
            MediaItem(remote_id=RemoteId(f"s{n}"), type=ItemType.SHOW, title=f"S{n}")
            for n in range(15)
        ),
    )
    server.movies(films, 5)
    await source.sync()
    server.drop(shows, "s0")
    server.listing_errors[ItemType.SHOW] = ForbiddenError("not permitted")
    server.movies(films, 1, first=5)

    report = await source.sync()

    assert not report.complete
    assert len(source.items()) == 21


@pytest.mark.parametrize("error", [UnreachableError("gone"), AuthRequiredError("revoked")])
async def test_a_source_that_fails_midway_keeps_what_came(
    source: CachedSource, server: FakeServer, error: Exception
) -> None:
    """Reported as failed, whole pages kept (Y11, Y12)."""
    server.movies(server.library("films"), 35)
    server.listing_errors[ItemType.MOVIE] = error  # type: ignore[assignment]
    server.identity_error = error  # type: ignore[assignment]

    with pytest.raises(type(error)):
        await source.sync()

    assert len(source.items()) >= 10


async def test_a_cancelled_sync_keeps_whole_pages_and_the_next_goes_on(
    source: CachedSource, server: FakeServer
) -> None:
    """A cancelled sync keeps whole pages and the next goes on (Y12)."""
    server.movies(server.library("films"), 35)
    pages = 0

    class Stopping(list):  # type: ignore[type-arg]
        def append(self, progress: object) -> None:
            nonlocal pages
            pages += getattr(progress, "phase", "") == "movie"
            if pages == 2:
                scope.cancel()

    source.progress = Stopping()
    with anyio.CancelScope() as scope:
        await source.sync()
    kept = len(source.items())
    source.progress = []

    report = await source.sync()

    assert kept >= 10
    assert report.unchanged >= kept
    assert len(source.items()) == 35


async def test_progress_is_true(source: CachedSource, server: FakeServer) -> None:
    """Never above the total, which is the server's (Y11)."""
    server.movies(server.library("films"), 37)

    await source.sync()

    movies = [p for p in source.progress if p.phase == "movie"]
    assert [(p.done, p.total) for p in movies] == [(10, 37), (20, 37), (30, 37), (37, 37)]


async def test_libraries_that_are_off_are_left_alone(
    source: CachedSource, server: FakeServer
) -> None:
    """Libraries that are off are left alone (A5)."""
    films = server.library("films")
    server.movies(films, 5)
    await source.sync()
    server.drop(films, "m0")

    report = await source.sync(SyncOptions(off=frozenset({source.library_id("films")})))

    assert report.seen == 0
    assert len(source.items()) == 5


async def test_collections_have_their_members_in_order(
    source: CachedSource, server: FakeServer
) -> None:
    """Membership is followed at the level of entries (Y3, Y7)."""
    films = server.library("films")
    sets = server.library("sets", LibraryType.COLLECTIONS)
    server.movies(films, 5)
    server.put(sets, MediaItem(remote_id=RemoteId("c"), type=ItemType.COLLECTION, title="Best"))
    server.members[RemoteId("c")] = (RemoteId("m3"), RemoteId("m1"), RemoteId("m4"))
    await source.sync()
    parent = source.ids()["c"]
    from msd.models import SortKey  # noqa: PLC0415

    assert list(source.items(parent_id=parent, sort=SortKey.INDEX)) == ["m3", "m1", "m4"]

    server.members[RemoteId("c")] = (RemoteId("m4"), RemoteId("m3"))
    await source.sync()

    assert list(source.items(parent_id=parent, sort=SortKey.INDEX)) == ["m4", "m3"]


async def test_the_newest_rows_are_there_before_the_rest(
    source: CachedSource, server: FakeServer
) -> None:
    """A first sync that dies on its first page has shown something already (Y4)."""
    films = server.library("films")
    server.put(films, *(movie(f"m{n}", added_at=n) for n in range(200)))
    server.page_size = 50
    server.totals[ItemType.MOVIE] = lambda _real, _start: 1 // 0

    with pytest.raises(ExceptionGroup):
        await source.sync()

    assert {f"m{n}" for n in range(150, 200)} == set(source.items())


def test_a_slow_server_is_left_alone_for_as_long_as_it_took() -> None:
    """Up to a bound; a quick one is not (Y1)."""
    assert rest_s(0.5) == 0.0
    assert rest_s(8.0) == 8.0
    assert rest_s(300.0) == LONGEST_REST_S
