"""An interrupted first sync goes on where it stopped, by itself, and leaves nothing out (Y8)."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from msd.errors import UnreachableError
from msd.models import ItemType, LibraryType
from tests.support.fakes.changing_backend import ChangingServer
from tests.support.fakes.fake_backend import movie
from tests.support.library import CachedSource

pytestmark = pytest.mark.anyio


@pytest.fixture
def server() -> ChangingServer:
    return ChangingServer()


@pytest.fixture
def source(tmp_path: Path, server: ChangingServer) -> Iterator[CachedSource]:
    cached = CachedSource(tmp_path, server)
    yield cached
    cached.close()


async def interrupted(source: CachedSource, server: ChangingServer, at: int) -> None:
    """Run a first sync whose connection breaks at a row."""

    def cut(real: int, start: int) -> int:
        if start >= at:
            raise UnreachableError("cut")
        return real

    server.totals[ItemType.MOVIE] = cut
    server.identity_error = UnreachableError("cut")
    with pytest.raises(UnreachableError):
        await source.sync()
    server.totals.clear()
    server.identity_error = None
    server.calls.clear()


def starts(server: ChangingServer, item_type: str = "movie") -> list[int]:
    calls = [call.split() for call in server.calls if call.startswith(f"page {item_type}")]
    return [int(start) for _, _, start in calls]


async def test_a_first_sync_goes_on_where_it_stopped(
    source: CachedSource, server: ChangingServer
) -> None:
    """A first sync goes on where it stopped (Y8).

    What is in the cache is not listed again.
    """
    server.movies(server.library("films"), 50)
    await interrupted(source, server, 30)

    report = await source.sync()

    assert starts(server) == [30, 40]
    assert len(source.items()) == 50
    assert source.libraries()[0].synced_at
    assert not report.complete  # nothing may be deleted on the strength of two halves


async def test_a_listing_that_was_done_is_not_begun_again(
    source: CachedSource, server: ChangingServer
) -> None:
    """A listing that was done is not begun again (Y8).

    One window tells that nothing is left.
    """
    shows = server.library("shows", LibraryType.SHOWS)
    server.put(shows, *(movie(f"s{n}", type=ItemType.SHOW) for n in range(30)))
    server.put(shows, *(movie(f"e{n}", type=ItemType.EPISODE) for n in range(30)))
    server.listing_errors[ItemType.EPISODE] = server.identity_error = UnreachableError("cut")
    with pytest.raises(UnreachableError):
        await source.sync()
    server.listing_errors.clear()
    server.identity_error = None
    server.calls.clear()

    await source.sync()

    assert starts(server, "show") == [30]
    assert starts(server, "episode") == [10, 20]
    assert len(source.items()) == 60


async def test_what_changed_before_the_second_half_comes_with_the_next_sync(
    source: CachedSource, server: ChangingServer
) -> None:
    """What changed before the second half comes with the next sync (Y6, Y8).

    The cursor is the one that was taken when the first half began.
    """
    films = server.library("films")
    server.movies(films, 50)
    server.now += 1000
    await interrupted(source, server, 30)
    server.now += 1000
    server.edit(films, "m3", title="Renamed")
    server.now += 1000

    await source.sync()
    await source.sync()

    assert source.items()["m3"]["title"] == "Renamed"


async def test_halves_that_do_not_add_up_are_enumerated_anew(
    source: CachedSource, server: ChangingServer
) -> None:
    """Halves that do not add up are enumerated anew (Y8).

    A row was deleted in the first half, so the second began one row too late.
    """
    films = server.library("films")
    server.movies(films, 50)
    await interrupted(source, server, 30)
    server.drop(films, "m3")

    await source.sync()

    assert starts(server) == [30, 40, 0, 10, 20, 30, 40]
    assert set(source.items()) == {f"m{n}" for n in range(50)} - {"m3"}


async def test_rows_that_could_not_be_understood_are_no_checkpoint(
    source: CachedSource, server: ChangingServer
) -> None:
    """Rows that could not be understood are no checkpoint (Y8).

    Only what is written is behind it, also when it breaks while rows are read.
    """
    server.movies(server.library("films"), 100)
    server.parse_error_after = 3
    server.identity_error = UnreachableError("cut")

    with pytest.raises(UnreachableError):
        await source.sync()
    server.parse_error_after = server.identity_error = None
    await source.sync()

    assert len(source.items()) == 100


async def test_a_row_that_fails_is_skipped_named_and_no_reason_to_begin_again(
    source: CachedSource, server: ChangingServer
) -> None:
    """A row that fails is skipped named and no reason to begin again (Y8).

    The library is usable and followed; what is missing from it is kept.
    """
    films = server.library("films")
    server.movies(films, 30)
    server.poison = {"m7"}

    report = await source.sync()
    server.now += 1000
    server.calls.clear()
    again = await source.sync()

    assert report.skipped == 1
    assert "row 7" in report.skipped_examples[0]
    assert not report.complete
    assert len(source.items()) == 29
    assert source.libraries()[0].synced_at
    assert starts(server) == []
    assert again.skipped == 0


async def test_nothing_is_deleted_while_a_row_fails(
    source: CachedSource, server: ChangingServer
) -> None:
    """Nothing is deleted while a row fails (Y7, Y8).

    The enumeration has a gap.
    """
    films = server.library("films")
    server.movies(films, 30)
    await source.sync()
    server.poison = {"m7"}
    server.drop(films, "m8")

    await source.sync()

    assert {"m7", "m8"} <= set(source.items())
