"""What a user may not see any more is hidden at once, kept, and comes back with the right (Y19)."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from msd.errors import UnreachableError
from msd.models import WatchState
from tests.support.fakes.changing_backend import ChangingServer
from tests.support.fakes.fake_backend import movie
from tests.support.library import CachedSource

pytestmark = pytest.mark.anyio

SEEN = WatchState(watched=True, play_count=3)


@pytest.fixture
def server() -> ChangingServer:
    return ChangingServer()


@pytest.fixture
def source(tmp_path: Path, server: ChangingServer) -> Iterator[CachedSource]:
    cached = CachedSource(tmp_path, server)
    yield cached
    cached.close()


def names(first: int, last: int) -> set[str]:
    return {f"m{n}" for n in range(first, last)}


async def filled(source: CachedSource, server: ChangingServer) -> None:
    """Sync two libraries of a user who may see everything."""
    server.allow()
    server.movies(server.library("films"), 58)
    server.movies(server.library("kids"), 20, first=100)
    server.edit(server.libraries[0].remote_id, "m7", watch=SEEN)
    await source.sync()


@pytest.mark.parametrize("tells_forbidden_ids", [False, True])
async def test_rows_that_a_parental_rating_hides_are_hidden_at_once(
    source: CachedSource, server: ChangingServer, *, tells_forbidden_ids: bool
) -> None:
    """58 of 58: nothing is withheld, nobody is asked; asking by id proves nothing."""
    await filled(source, server)
    server.tells_forbidden_ids = tells_forbidden_ids
    server.forbid(*names(0, 58))

    report = await source.sync()

    assert source.items().keys() == names(100, 120)
    assert (report.withheld, report.removed, report.complete) == (0, 58, True)


async def test_rows_come_back_with_the_right_and_their_watch_state(
    source: CachedSource, server: ChangingServer
) -> None:
    """The rows are the same ones, with what the user has watched."""
    await filled(source, server)
    before = {name: item["id"] for name, item in source.items().items()}
    server.forbid(*names(0, 30))
    await source.sync()
    server.allow()

    report = await source.sync()

    assert {name: item["id"] for name, item in source.items().items()} == before
    assert (source.items()["m7"]["watched"], source.items()["m7"]["play_count"]) == (True, 3)
    assert report.withheld == 0


async def test_a_library_that_is_taken_away_is_hidden_and_comes_back(
    source: CachedSource, server: ChangingServer
) -> None:
    """A withdrawn library is no loss of media: it is not listed, and not withheld."""
    await filled(source, server)
    before = {name: item["id"] for name, item in source.items().items()}
    server.forbid("kids")

    report = await source.sync()

    assert [library.remote_id for library in source.libraries()] == ["films"]
    assert (source.items().keys(), report.withheld) == (names(0, 58), 0)

    server.allow()
    await source.sync()

    assert {name: item["id"] for name, item in source.items().items()} == before


async def test_a_loss_without_changed_rights_is_withheld(
    source: CachedSource, server: ChangingServer
) -> None:
    """The guard of a large loss stays for losses of media (Y7)."""
    await filled(source, server)
    server.items[server.libraries[0].remote_id].clear()

    report = await source.sync()

    assert (report.withheld, len(source.items())) == (58, 78)


async def test_on_doubt_nothing_is_hidden(source: CachedSource, server: ChangingServer) -> None:
    """Rights that can't be told, or can't be asked for, hide nothing."""
    await filled(source, server)
    server.forbidden = names(0, 58)
    server.rights = None

    unknown = await source.sync()

    def fails(what: str) -> None:
        if what == "rights":
            raise UnreachableError("status 500")

    server.on_call = fails
    failed = await source.sync()

    assert (unknown.withheld, failed.withheld, len(source.items())) == (58, 58, 78)


async def test_what_was_withheld_is_withdrawn_when_the_rights_turn_out_to_have_changed(
    source: CachedSource, server: ChangingServer
) -> None:
    """Nobody has to confirm what the next answer explains."""
    await filled(source, server)
    server.forbidden = names(0, 58)
    await source.sync()
    server.forbid(*names(0, 58))

    report = await source.sync()

    assert (report.withheld, source.items().keys()) == (0, names(100, 120))


async def test_rights_that_shrink_while_a_sync_runs_delete_nothing_for_good(
    source: CachedSource, server: ChangingServer
) -> None:
    """They are asked for once more before anything is taken for lost."""
    await filled(source, server)

    def shrink(what: str) -> None:
        if what.startswith("changes films"):
            server.on_call = None
            server.forbid(*names(0, 58))

    server.on_call = shrink
    report = await source.sync()

    assert (report.withheld, source.items().keys()) == (0, names(100, 120))

    server.allow()
    await source.sync()

    assert len(source.items()) == 78


async def test_unchanged_rights_cost_one_request(
    source: CachedSource, server: ChangingServer
) -> None:
    """Nothing is enumerated when nothing changed (Y23)."""
    await filled(source, server)
    await source.sync()
    server.calls.clear()

    await source.sync()

    assert server.calls.count("rights") == 1
    assert not [call for call in server.calls if call.startswith("page")]


async def test_a_failing_listing_leaves_changed_rights_to_the_next_sync(
    source: CachedSource, server: ChangingServer
) -> None:
    """The new rights count as applied when everything was seen with them."""
    await filled(source, server)
    server.forbid(*names(100, 120))

    def fails(what: str) -> None:
        if what == "page movie 10":
            raise UnreachableError("status 500")

    server.on_call = fails
    await source.sync()
    server.on_call = None

    report = await source.sync()

    assert (report.withheld, source.items().keys()) == (0, names(0, 58))


async def test_the_first_sync_of_a_restricted_user_withdraws_nothing(
    source: CachedSource, server: ChangingServer
) -> None:
    """There is nothing that he could see before."""
    server.library("films")
    server.put(server.libraries[0].remote_id, movie("m1"), movie("m2"))
    server.forbid("m2")

    report = await source.sync()

    assert (source.items().keys(), report.removed) == ({"m1"}, 0)
