"""Incremental syncs over a fake backend and a real cache: what they cost, and lose nothing by."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from msd.backend_api.changes import Aspect
from msd.errors import ForbiddenError, UnreachableError
from msd.models import ItemType, LibraryType, SyncMode, SyncOptions, WatchState
from msd.sync.planning import FULL_ENUMERATION_S
from tests.support.fakes.changing_backend import ChangingServer
from tests.support.fakes.fake_backend import movie
from tests.support.library import CachedSource

pytestmark = pytest.mark.anyio

GONE = UnreachableError("gone")


@pytest.fixture
def server() -> ChangingServer:
    return ChangingServer()


@pytest.fixture
def source(tmp_path: Path, server: ChangingServer) -> Iterator[CachedSource]:
    cached = CachedSource(tmp_path, server)
    yield cached
    cached.close()


def pages(server: ChangingServer) -> list[str]:
    return [call for call in server.calls if call.startswith("page")]


async def test_nothing_changed_costs_a_question_per_aspect(
    source: CachedSource, server: ChangingServer
) -> None:
    """Nothing changed costs a question per aspect (Y6).

    No page is listed, no row is parsed, and the library counts as up to date.
    """
    server.movies(server.library("films"), 37)
    await source.sync()
    server.now += 100
    await source.sync()  # looks at the overlap, too
    server.calls.clear()
    source.now += 60

    report = await source.sync()

    assert server.calls == ["rights", "libraries", "changes films metadata", "changes films watch"]
    assert report.complete
    assert source.libraries()[0].synced_at == source.now


async def test_changed_new_and_watched_rows_come_without_an_enumeration(
    source: CachedSource, server: ChangingServer
) -> None:
    """Y6, both aspects."""
    films = server.library("films")
    server.movies(films, 37)
    await source.sync()
    server.now += 100
    server.edit(films, "m3", title="Renamed")
    server.movies(films, 1, first=37)
    server.watch(films, "m5", WatchState(watched=True, play_count=2))
    server.calls.clear()

    report = await source.sync()

    assert pages(server) == []
    assert (report.added, report.updated) == (1, 2)
    items = source.items()
    assert items["m3"]["title"] == "Renamed"
    assert "m37" in items
    assert items["m5"]["play_count"] == 2


async def test_a_count_that_does_not_fit_makes_that_listing_be_enumerated(
    source: CachedSource, server: ChangingServer
) -> None:
    """A count that does not fit makes that listing be enumerated (Y6, Y7).

    A deletion is found by the count; other listings are left alone.
    """
    shows = server.library("shows", LibraryType.SHOWS)
    server.put(
        shows,
        *(movie(f"s{n}", type=ItemType.SHOW) for n in range(3)),
        *(movie(f"e{n}", type=ItemType.EPISODE) for n in range(30)),
    )
    await source.sync()
    server.drop(shows, "e7")
    server.calls.clear()

    report = await source.sync()

    assert {call.split()[1] for call in pages(server)} == {"episode"}
    assert report.removed == 1
    assert "e7" not in source.items()


async def test_a_deletion_and_a_new_row_do_not_cancel_out(
    source: CachedSource, server: ChangingServer
) -> None:
    """A deletion and a new row do not cancel out (Y7).

    The new row is expected beside the old ones, so the count is one too low.
    """
    films = server.library("films")
    server.movies(films, 30)
    await source.sync()
    server.drop(films, "m7")
    server.movies(films, 1, first=30)

    await source.sync()

    assert "m7" not in source.items()
    assert "m30" in source.items()


async def test_a_listing_that_the_backend_is_unsure_of_is_enumerated(
    source: CachedSource, server: ChangingServer
) -> None:
    """A listing that the backend is unsure of is enumerated (Y6).

    What can't be told row by row.
    """
    server.movies(server.library("films"), 5)
    await source.sync()
    server.unsure = {ItemType.MOVIE}
    server.calls.clear()

    await source.sync()

    assert pages(server) != []


async def test_a_row_that_moved_to_a_followed_library_never_disappears(
    source: CachedSource, server: ChangingServer
) -> None:
    """A row that moved to a followed library never disappears (Y7).

    The row is looked for in every listing of its type before it counts as deleted.
    """
    films, more = server.library("films"), server.library("more")
    server.movies(films, 30)
    server.movies(more, 30, first=100)
    await source.sync()
    before = source.ids()["m7"]
    server.now += 100
    server.move(films, more, "m7")
    server.drop(more, "m100")  # so that the count of the other library fits
    source.changes.clear()

    await source.sync()

    assert source.items()["m7"]["library_id"] == source.library_id("more")
    assert before not in {one for change in source.changes for one in change.removed}
    assert "m100" not in source.items()


async def test_a_row_that_may_be_in_a_library_that_is_refused_is_kept(
    source: CachedSource, server: ChangingServer
) -> None:
    """A row that may be in a library that is refused is kept (Y7, S3).

    It is asked for by itself.
    """
    films, more = server.library("films"), server.library("more")
    server.movies(films, 30)
    server.movies(more, 30, first=100)
    await source.sync()
    server.move(films, more, "m7")
    server.drop(films, "m8")
    server.refused.add(more)

    await source.sync(SyncOptions(full_enumeration=True))
    kept = source.items()
    server.refused.clear()
    await source.sync(SyncOptions(full_enumeration=True))

    assert "m7" in kept
    assert source.items()["m7"]["library_id"] == source.library_id("more")
    assert "m8" not in source.items()


async def test_a_cursor_is_taken_before_the_enumeration_that_it_covers(
    source: CachedSource, server: ChangingServer
) -> None:
    """A cursor is taken before the enumeration that it covers (Y6).

    What changes behind the enumeration's back comes with the next pass.
    """
    films = server.library("films")
    server.movies(films, 30)

    def edited_meanwhile(real: int, start: int) -> int:
        if start == 20:
            server.now += 1000
            server.edit(films, "m3", title="Renamed meanwhile")
            server.now += 1000
        return real

    server.totals[ItemType.MOVIE] = edited_meanwhile
    await source.sync()
    server.totals.clear()
    assert source.items()["m3"]["title"] == "Movie m3"

    await source.sync()

    assert source.items()["m3"]["title"] == "Renamed meanwhile"


@pytest.mark.parametrize("cut_after", [0, 1, 2])
async def test_a_pass_that_fails_moves_no_cursor(
    source: CachedSource, server: ChangingServer, cut_after: int
) -> None:
    """Y6, peers row 3: what it did not read comes with the next one."""
    films = server.library("films")
    server.movies(films, 30)
    await source.sync()
    server.now += 1000
    for n in range(30):
        server.edit(films, f"m{n}", title=f"New {n}")
    server.now += 1000
    server.changes_cut_after = cut_after
    server.identity_error = GONE

    with pytest.raises(UnreachableError):
        await source.sync()
    server.changes_cut_after = server.identity_error = None
    await source.sync()

    assert {item["title"] for item in source.items().values()} == {f"New {n}" for n in range(30)}


async def test_an_enumeration_that_fails_moves_no_cursor_either(
    source: CachedSource, server: ChangingServer
) -> None:
    """An enumeration that fails moves no cursor either (Y6).

    A row that was left for the enumeration comes with the next pass. The server can't count here,
    so nothing but the cursor brings it up again.
    """
    server.counts = False
    films, more = server.library("films"), server.library("more")
    server.movies(films, 30)
    server.movies(more, 30, first=100)
    await source.sync()
    server.now += 1000
    server.move(films, more, "m7")
    server.edit(more, "m7", title="Moved")
    server.now += 1000
    server.listing_errors[ItemType.MOVIE] = GONE
    server.identity_error = GONE

    with pytest.raises(UnreachableError):
        await source.sync()
    server.listing_errors.clear()
    server.identity_error = None
    server.now += 1000
    await source.sync()

    assert source.items()["m7"]["title"] == "Moved"


async def test_a_cursor_that_means_nothing_leads_to_an_enumeration(
    source: CachedSource, server: ChangingServer
) -> None:
    """A cursor that means nothing leads to an enumeration (Y6).

    And to a new cursor.
    """
    films = server.library("films")
    server.movies(films, 5)
    await source.sync()
    server.now += 1000
    server.edit(films, "m1", title="Renamed")
    server.oldest_cursor = server.now
    server.calls.clear()

    await source.sync()
    enumerated = pages(server)
    server.calls.clear()
    await source.sync()

    assert enumerated != []
    assert source.items()["m1"]["title"] == "Renamed"
    assert pages(server) == []


async def test_a_library_that_is_refused_keeps_its_cursors(
    source: CachedSource, server: ChangingServer
) -> None:
    """A library that is refused keeps its cursors (S3, Y6).

    The report says that something is missing.
    """
    films = server.library("films")
    server.movies(films, 5)
    await source.sync()
    server.now += 1000
    server.watch(films, "m1", WatchState(watched=True))
    server.now += 1000
    server.changes_error[Aspect.WATCH] = ForbiddenError("no")

    report = await source.sync()
    server.changes_error.clear()
    await source.sync()

    assert not report.complete
    assert source.items()["m1"]["watched"]


async def test_what_changes_can_not_tell_is_found_within_a_day(
    source: CachedSource, server: ChangingServer
) -> None:
    """What changes can not tell is found within a day (Y6).

    A watch state that is taken back leaves no trace on some servers.
    """
    films = server.library("films")
    server.movies(films, 5)
    server.watch(films, "m1", WatchState(watched=True))
    server.now += 1000
    await source.sync()
    stamps = dict(server.stamps)
    server.watch(films, "m1", WatchState())
    server.stamps = stamps

    await source.sync()
    before = source.items()["m1"]["watched"]
    source.now += FULL_ENUMERATION_S
    await source.sync()

    assert before
    assert not source.items()["m1"]["watched"]


async def test_a_full_sync_reads_every_row_although_it_could_follow(
    source: CachedSource, server: ChangingServer
) -> None:
    """SyncMode.FULL."""
    server.movies(server.library("films"), 5)
    await source.sync()
    server.calls.clear()

    await source.sync(SyncOptions(mode=SyncMode.FULL))

    assert pages(server) != []
    assert "parse" in server.calls


async def test_members_of_a_changed_collection_are_read_again(
    source: CachedSource, server: ChangingServer
) -> None:
    """Members of a changed collection are read again (Y3, Y6).

    Of that one only.
    """
    films = server.library("films")
    sets = server.library("sets", LibraryType.COLLECTIONS)
    server.movies(films, 5)
    server.put(sets, *(movie(f"c{n}", type=ItemType.COLLECTION) for n in range(3)))
    server.now += 1000
    await source.sync()
    server.members[movie("c1").remote_id] = (movie("m1").remote_id, movie("m2").remote_id)
    server.edit(sets, "c1", title="Two films")
    server.calls.clear()

    await source.sync()

    assert server.calls.count("members") == 1
    assert set(source.items(parent_id=source.ids()["c1"])) == {"m1", "m2"}


async def test_a_row_without_a_parse_is_asked_for_again_only_when_it_changes(
    source: CachedSource, server: ChangingServer
) -> None:
    """A row without a parse is asked for again only when it changes (Y6).

    An unreadable newcomer makes the count not fit once; then the total is known.
    """
    films = server.library("films")
    server.movies(films, 5)
    await source.sync()
    server.now += 1000
    server.put(films, movie("bad", "unreadable"))
    server.now += 1000

    await source.sync()
    server.calls.clear()
    report = await source.sync()

    assert pages(server) == []
    assert report.complete
