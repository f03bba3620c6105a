"""What a simulated server pushes, and the ways in which that can end."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator

import anyio
import anyio.to_thread
import pytest

from msd.backend_api.changes import Aspect, HasPush, PushedChange
from msd.backends.jellyfin.changes.push import MOST_IDS
from msd.errors import (
    AuthRequiredError,
    BadResponseError,
    ForbiddenError,
    IdentityMismatchError,
    UnreachableError,
)
from msd.models import ItemType, StatusReason
from tests.backends.jellyfin.signed_in import signed_in
from tests.simulators.jellyfin import (
    VERSIONS,
    JellyfinSimulator,
    Timing,
    faults,
    make_world,
)
from tests.simulators.jellyfin.world.userdata import mark
from tests.support.listings import library_named, listed_ids, listing_of

pytestmark = pytest.mark.anyio

QUICK = Timing(library_quiet_s=0.05, user_data_quiet_s=0.02)
Start = Callable[..., JellyfinSimulator]


@pytest.fixture
def start() -> Iterator[Start]:
    running: list[JellyfinSimulator] = []

    def run(version: str = "10.11", timing: Timing = QUICK) -> JellyfinSimulator:
        simulator = JellyfinSimulator(make_world(120), version=version, timing=timing)
        simulator.start()
        running.append(simulator)
        return simulator

    yield run
    for simulator in running:
        simulator.stop()


async def next_of(changes: AsyncIterator[PushedChange]) -> PushedChange:
    with anyio.fail_after(20):
        return await anext(changes)


@pytest.mark.parametrize("version", sorted(VERSIONS))
async def test_every_change_of_the_library_is_told_on_every_version(start, version):
    """Every change of the library is told on every version (Y9).

    Added, edited and removed, in one message after the quiet time.
    """
    sim = start(version)
    movies = sim.world.of_type("Movie")
    async with signed_in(sim) as backend:
        assert isinstance(backend, HasPush)
        async with backend.subscribe() as changes:
            added = sim.world.clone(movies[0].id)
            sim.world.edit(movies[1].id, name="Other")
            sim.world.delete(movies[2].id)
            change = await next_of(changes)

    assert change.aspect is Aspect.METADATA
    assert set(change.changed) == {added.id, movies[1].id}
    assert set(change.removed) == {movies[2].id}


@pytest.mark.parametrize("version", sorted(VERSIONS))
async def test_a_watched_mark_is_told_with_what_the_item_lies_in(start, version):
    """A watched mark is told with what the item lies in.

    The parent's count of unwatched items changed too.
    """
    sim = start(version)
    episode = sim.world.of_type("Episode")[0]
    async with signed_in(sim) as backend, backend.subscribe() as changes:
        mark(sim.world, sim.user(), episode, played=True)
        change = await next_of(changes)

    assert change.aspect is Aspect.WATCH
    assert set(change.changed) == {episode.id, episode.parent_id}


async def test_the_token_travels_in_the_header_only(start):
    """The token travels in the header only (K4).

    An address is logged by servers and proxies.
    """
    sim = start()
    async with signed_in(sim) as backend, backend.subscribe():
        [socket] = sim.sockets.open
    assert socket.device.token
    assert not [each for each in sim.log.requests if socket.device.token in each.path + each.query]


async def test_what_happens_right_after_entering_is_not_missed(start):
    """What happens right after entering is not missed (Y9).

    The server greets a connection only when it has registered it.
    """
    sim = start()
    movie = sim.world.of_type("Movie")[0]
    async with signed_in(sim) as backend:
        for number in range(5):
            async with backend.subscribe() as changes:
                sim.world.edit(movie.id, name=f"Name {number}")
                assert (await next_of(changes)).changed == (movie.id,)


async def test_a_message_that_comes_twice_counts_once(start):
    """A message that comes twice counts once.

    Messages have ids.
    """
    sim = start()
    async with signed_in(sim) as backend, backend.subscribe() as changes:
        for message_id, item in (("a" * 32, "1"), ("a" * 32, "1"), ("b" * 32, "2")):
            sim.push("LibraryChanged", {"ItemsUpdated": [item * 32]}, message_id)
        assert (await next_of(changes)).changed == ("1" * 32,)
        assert (await next_of(changes)).changed == ("2" * 32,)


async def test_many_ids_and_unreadable_news_mean_that_everything_is_looked_at(start):
    """Nothing is lost when a message can't be used; asking what changed is bounded."""
    sim = start()
    many = [f"{number:032x}" for number in range(MOST_IDS + 1)]
    async with signed_in(sim) as backend, backend.subscribe() as changes:
        for data in ({"ItemsAdded": many}, {"ItemsUpdated": ["no id"]}, {"ItemsAdded": 7}, []):
            sim.push("LibraryChanged", data)
            assert await next_of(changes) == PushedChange()
        sim.push("UserUpdated", {"Id": "x"})
        assert await next_of(changes) == PushedChange()
        for data in ({"UserDataList": [{}]}, {"UserDataList": "none"}, 3):
            sim.push("UserDataChanged", data)
            assert await next_of(changes) == PushedChange(aspect=Aspect.WATCH)
        sim._call(lambda: [each.send_raw(b"{not json") for each in sim.sockets.open])
        assert await next_of(changes) == PushedChange()
        assert await next_of(changes) == PushedChange(aspect=Aspect.WATCH)


async def test_what_is_none_of_our_business_is_passed_over(start):
    """Unknown messages, other users' data, and an empty change."""
    sim = start()
    async with signed_in(sim) as backend, backend.subscribe() as changes:
        sim.push("ScheduledTasksInfo", [{"Name": "Scan"}])
        sim.push("RefreshProgress", {"ItemId": "1" * 32, "Progress": "12"})
        sim.push("LibraryChanged", {"ItemsAdded": [], "IsEmpty": True})
        other = {"UserId": "9" * 32, "UserDataList": [{"ItemId": "1" * 32}]}
        sim.push("UserDataChanged", other)
        sim.push("LibraryChanged", {"ItemsUpdated": ["2" * 32]})
        assert (await next_of(changes)).changed == ("2" * 32,)


@pytest.mark.parametrize("version", ["10.8", "12"])
async def test_a_quiet_connection_is_kept_alive_for_longer_than_the_server_waits(start, version):
    """A quiet connection is kept alive for longer than the server waits.

    Messages of our own, not pings; 12 would close, 10.8 forget the socket.
    """
    sim = start(version, Timing(0.05, 0.02, keep_alive_s=1, check_every_s=0.1))
    movie = sim.world.of_type("Movie")[0]
    async with signed_in(sim) as backend, backend.subscribe() as changes:
        with anyio.move_on_after(2.5):
            await anext(changes)
        sim.world.edit(movie.id, name="Still heard")
        assert (await next_of(changes)).changed == (movie.id,)


async def test_a_connection_that_dies_silently_is_noticed(start):
    """A connection that dies silently is noticed (Y9).

    Within the time after which the server itself would give up, at most 60 s.
    """
    sim = start(timing=Timing(keep_alive_s=1, check_every_s=60))
    async with signed_in(sim) as backend, backend.subscribe() as changes:
        sim.mute_sockets()
        with pytest.raises(UnreachableError) as raised:
            await next_of(changes)
    assert raised.value.reason is StatusReason.TIMEOUT


async def test_time_in_which_nobody_listened_is_no_silence(start):
    """A listener that was busy elsewhere first reads what came meanwhile."""
    sim = start("10.11", Timing(0.02, 0.02, keep_alive_s=1, check_every_s=0.1))
    movie = sim.world.of_type("Movie")[0]
    async with signed_in(sim) as backend, backend.subscribe() as changes:
        sim.world.edit(movie.id, name="Meanwhile")
        silent_too_long = sim.sockets.open[0].forgotten
        assert await anyio.to_thread.run_sync(silent_too_long.wait, 10)
        assert (await next_of(changes)).changed == (movie.id,)


async def test_a_broken_connection_is_noticed_at_once(start):
    """A broken connection is noticed at once (Y9).

    In the middle of whatever.
    """
    sim = start()
    async with signed_in(sim) as backend, backend.subscribe() as changes:
        sim.drop_connections()
        with pytest.raises(UnreachableError):
            await next_of(changes)


async def test_a_restart_is_told_and_the_next_connection_works(start):
    """A restart is told and the next connection works.

    ServerRestarting; tokens survive.
    """
    sim = start()
    movie = sim.world.of_type("Movie")[0]
    async with signed_in(sim) as backend:
        async with backend.subscribe() as changes:
            sim.restart()
            with pytest.raises(UnreachableError):
                await next_of(changes)
        async with backend.subscribe() as changes:
            sim.world.edit(movie.id, name="After")
            assert (await next_of(changes)).changed == (movie.id,)


@pytest.mark.parametrize("version", sorted(VERSIONS))
async def test_a_refused_handshake_with_a_bad_token_asks_for_a_sign_in(start, version):
    """A refused handshake with a bad token asks for a sign in.

    403, and the second question tells that the token is dead (S3).
    """
    sim = start(version)
    async with signed_in(sim) as backend:
        sim.sockets.before_upgrade = sim.revoke_tokens
        with pytest.raises(AuthRequiredError):
            async with backend.subscribe():
                pass


@pytest.mark.parametrize(
    ("status", "error"),
    [(403, ForbiddenError), (400, BadResponseError), (404, BadResponseError)],
)
async def test_a_proxy_that_passes_no_websockets_on_is_told_apart(start, status, error):
    """A proxy that passes no websockets on is told apart.

    The token is good, so it is not that.
    """
    sim = start()
    sim.sockets.refuse_with = status
    async with signed_in(sim) as backend:
        with pytest.raises(error):
            async with backend.subscribe():
                pass
        sim.sockets.refuse_with = 503
        with pytest.raises(UnreachableError):
            async with backend.subscribe():
                pass


async def test_another_server_at_the_address_gets_no_token(start):
    """Another server at the address gets no token (I4, K4).

    Every subscription begins with a look at who is there.
    """
    sim = start()
    async with signed_in(sim) as backend:
        await backend.connect()
        sim.become_another_server()
        sim.log.clear()
        with pytest.raises(IdentityMismatchError):
            async with backend.subscribe():
                pass
    assert not [each for each in sim.log.requests if "Token=" in str(each.header("authorization"))]


async def test_fetched_rows_are_the_rows_of_the_listings(any_sim):
    """The same fingerprint, at the place that the server says; what is gone is absent."""
    async with signed_in(any_sim) as backend:
        expected = {}
        for library in await backend.libraries():
            for listing in backend.listings(library):
                async for page in backend.pages(listing):
                    expected |= {row.remote_id: (row.fingerprint, listing) for row in page.items}
        found = await backend.fetch([*expected, "f" * 32, any_sim.world.of_type("Photo")[0].id])

    homes = {each.item.remote_id: each.listing for each in found if each.listing}
    prints = {each.item.remote_id: each.item.fingerprint for each in found}
    assert {key: value for key, value in prints.items() if key in expected} == {
        key: fingerprint for key, (fingerprint, _) in expected.items()
    }
    placed = {key for key, (_, listing) in expected.items() if listing.type is not ItemType.ARTIST}
    assert placed <= set(homes)
    assert all(homes[key] == expected[key][1] for key in placed)


async def test_missing_episodes_and_hidden_items_are_absent(sim):
    """As in the listings: they are not there for the user."""
    virtual = [each.id for each in sim.world.of_type("Episode") if each.virtual]
    hidden = sim.world.of_type("Movie")[0].id
    sim.world.make_unseen(hidden, sim.user())
    async with signed_in(sim) as backend:
        assert await backend.fetch([*virtual, hidden]) == ()
        assert await backend.fetch([]) == ()


async def test_ids_are_asked_for_in_batches(sim):
    """An address has a length; order and repetition do not matter."""
    async with signed_in(sim) as backend:
        listing = await listing_of(backend, "Music", ItemType.TRACK)
        ids = await listed_ids(backend, listing)
        sim.log.clear()
        found = await backend.fetch([*ids, *ids, *(f"{n:032x}" for n in range(150))])
        assert await library_named(backend, "Music")

    assert {each.item.remote_id for each in found} == set(ids)
    asked = [each for each in sim.log.matching("/Items") if "Genres" in each.query]
    assert len(asked) == -(-(len(ids) + 150) // 100)


async def test_a_server_that_fails_is_no_server_that_lacks_items(sim):
    """A server that fails is no server that lacks items (Y7).

    An error is never an absence.
    """
    movie = sim.world.of_type("Movie")[0].id
    async with signed_in(sim) as backend:
        await backend.connect()
        for trouble in (faults.status(500), faults.truncated(40), faults.cut_after(30)):
            sim.faults.clear()
            sim.faults.add("/Items", trouble)
            with pytest.raises((UnreachableError, BadResponseError)):
                await backend.fetch([movie])
