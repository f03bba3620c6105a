"""Large losses are withheld until the user consents or passes agree for a day (Y7)."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from msd.models import LibraryType, SyncOptions
from tests.support.fakes.fake_backend import FakeServer
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


async def test_a_large_drop_is_held_and_the_rows_stay(
    source: CachedSource, server: FakeServer
) -> None:
    """More than 20 % and more than 10 rows (Y7)."""
    films = server.library("films")
    server.movies(films, 50)
    await source.sync()
    server.drop(films, *(f"m{n}" for n in range(20)))

    report = await source.sync()

    assert (report.withheld, report.removed) == (20, 0)
    assert len(source.items()) == 50


async def test_an_empty_answer_is_held(source: CachedSource, server: FakeServer) -> None:
    """A drop to 0 (Y7)."""
    films = server.library("films")
    server.movies(films, 12)
    await source.sync()
    server.drop(films, *TWELVE)

    assert (await source.sync()).withheld == 12
    assert len(source.items()) == 12


async def test_a_listing_of_which_one_moved_and_all_others_went_is_held(
    source: CachedSource, server: FakeServer
) -> None:
    """That is a drop to 0, although not every row is lost (Y7)."""
    films, more = server.library("films"), server.library("more")
    server.movies(films, 11)  # ten of eleven would be few enough to be believed
    server.movies(more, 4, first=20)
    await source.sync()
    server.put(more, server.items[films]["m0"])
    server.drop(films, *(f"m{n}" for n in range(11)))

    report = await source.sync()

    assert (report.withheld, report.removed) == (10, 0)
    assert len(source.items()) == 15


async def test_a_held_drop_is_believed_when_the_user_confirms(
    source: CachedSource, server: FakeServer
) -> None:
    """ConfirmDeletes (Y7)."""
    films = server.library("films")
    server.movies(films, 12)
    await source.sync()
    server.drop(films, *TWELVE)
    await source.sync()

    report = await source.sync(SyncOptions(confirm_deletes=True))

    assert (report.withheld, report.removed) == (0, 12)
    assert not source.items()


async def test_few_rows_that_the_source_denies_are_simply_gone(
    source: CachedSource, server: FakeServer
) -> None:
    """Fewer than ten rows need no consent, even when they are all (Y7)."""
    films = server.library("films")
    server.movies(films, 9)
    await source.sync()
    server.drop(films, *(f"m{number}" for number in range(9)))

    report = await source.sync()

    assert (report.withheld, report.removed) == (0, 9)


async def test_consent_removes_the_rows_that_were_shown_and_no_others(
    source: CachedSource, server: FakeServer
) -> None:
    """What is lost after the number was shown waits for a consent of its own (Y7)."""
    films = server.library("films")
    server.movies(films, 40)
    await source.sync()
    server.drop(films, *TWELVE)
    assert (await source.sync()).withheld == 12
    server.movies(films, 1)  # one of them is back
    server.drop(films, *(f"m{number}" for number in range(12, 30)))

    report = await source.sync(SyncOptions(confirm_deletes=True))

    assert (report.withheld, report.removed) == (18, 12)
    assert set(source.items()) == {"m0", *(f"m{number}" for number in range(12, 40))}


async def test_a_held_drop_is_believed_after_a_day_of_agreement(
    source: CachedSource, server: FakeServer
) -> None:
    """A different loss in between starts the day anew (Y7)."""
    films = server.library("films")
    server.movies(films, 40)
    await source.sync()
    server.drop(films, *(f"m{n}" for n in range(20)))
    await source.sync()
    source.now += DAY / 2
    server.drop(films, "m20")
    await source.sync()
    source.now += DAY / 2
    assert (await source.sync()).withheld == 21

    source.now += DAY / 2
    report = await source.sync()

    assert report.removed == 21
    assert len(source.items()) == 19


async def test_rows_that_come_back_end_the_hold(source: CachedSource, server: FakeServer) -> None:
    """Rows that come back end the hold (Y7)."""
    films = server.library("films")
    server.movies(films, 12)
    await source.sync()
    server.drop(films, *TWELVE)
    await source.sync()
    server.movies(films, 12)
    await source.sync()
    source.now += 2 * DAY
    server.drop(films, *TWELVE)

    report = await source.sync()

    assert report.withheld == 12


async def test_a_vanished_library_is_held_then_removed_when_confirmed(
    source: CachedSource, server: FakeServer
) -> None:
    """A library that the server no longer lists is treated the same way (Y7)."""
    server.movies(server.library("films"), 4)
    server.movies(server.library("more"), 4, first=10)
    await source.sync()
    server.libraries.pop()

    held = await source.sync()
    assert (held.withheld, len(source.libraries())) == (4, 2)

    report = await source.sync(SyncOptions(confirm_deletes=True))
    assert (report.removed, len(source.libraries())) == (4, 1)


async def test_a_library_that_came_back_is_held_anew_when_it_vanishes_again(
    source: CachedSource, server: FakeServer
) -> None:
    """The day of agreement starts with the last loss, not with the first (Y7)."""
    server.movies(server.library("films"), 4)
    server.movies(server.library("more"), 4, first=10)
    await source.sync()
    gone = server.libraries.pop()
    await source.sync()
    server.libraries.append(gone)
    await source.sync()
    source.now += 2 * DAY
    server.libraries.pop()

    report = await source.sync()

    assert (report.withheld, report.removed) == (4, 0)


async def test_a_library_of_another_kind_loses_what_it_held_when_confirmed(
    source: CachedSource, server: FakeServer
) -> None:
    """Types that are listed no more are a loss like any other (Y7)."""
    films = server.library("films")
    server.movies(films, 4)
    await source.sync()
    server.libraries[0] = replace(server.libraries[0], type=LibraryType.SHOWS)

    held = await source.sync()
    assert (held.withheld, held.removed) == (4, 0)
    report = await source.sync(SyncOptions(confirm_deletes=True))
    assert (report.withheld, report.removed) == (0, 4)


async def test_confirming_one_loss_confirms_no_other(
    source: CachedSource, server: FakeServer
) -> None:
    """Another library that comes out empty in the confirming pass is held (Y7)."""
    first, second = server.library("first"), server.library("second")
    server.movies(first, 12)
    server.movies(second, 30, first=100)
    await source.sync()
    server.items[first].clear()
    await source.sync()
    server.items[second].clear()

    report = await source.sync(SyncOptions(confirm_deletes=True))

    assert (report.removed, report.withheld) == (12, 30)


async def test_a_sync_of_one_library_still_reports_what_is_held_in_another(
    source: CachedSource, server: FakeServer
) -> None:
    """HeldDeletes is of the source (Y7)."""
    first, second = server.library("first"), server.library("second")
    server.movies(first, 12)
    server.movies(second, 3, first=100)
    await source.sync()
    server.items[first].clear()
    await source.sync()

    report = await source.sync(SyncOptions(only=frozenset({source.library_id("second")})))

    assert report.withheld == 12
    assert second
