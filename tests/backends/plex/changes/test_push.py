"""Events of a simulated server: from the change to the change that is told (Y9)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio
import pytest

from msd.backend_api.changes import Aspect, PushedChange
from msd.backends.plex.backend import PlexBackend
from msd.errors import AuthRequiredError, ForbiddenError, UnreachableError
from tests.backends.plex.signed_in import context_of
from tests.simulators.plex import PlexServer, faults
from tests.simulators.plex.item import Kind

pytestmark = pytest.mark.anyio

STREAM = "^/:/eventsource/notifications$"
PATIENCE_S = 20


@asynccontextmanager
async def listening(
    server: PlexServer, silence_s: float = 30
) -> AsyncIterator[AsyncIterator[PushedChange]]:
    backend = PlexBackend(context_of(server), silence_s=silence_s)
    try:
        with anyio.fail_after(PATIENCE_S):
            async with backend.subscribe() as changes:
                yield changes
    finally:
        await backend.aclose()


async def test_what_is_edited_is_told_with_what_it_lies_in(server):
    """What is edited is told with what it lies in (Y10).

    One change, whole.
    """
    episode = server.world.of_kind(Kind.EPISODE)[40]
    async with listening(server) as changes:
        server.world.edit(episode.key, title="Another Name")
        change = await anext(changes)

    assert change.aspect is Aspect.METADATA
    assert change.library == "2"
    assert change.changed == (str(episode.key), str(episode.parent), str(episode.grandparent))


async def test_what_is_deleted_is_claimed(server):
    """What is deleted is claimed (Y7, Y9).

    `fetch` confirms it.
    """
    movie = server.world.of_kind(Kind.MOVIE)[0]
    async with listening(server) as changes:
        server.world.delete(movie.key)
        change = await anext(changes)

    assert change.removed == (str(movie.key),)


async def test_nothing_that_happens_once_subscribed_is_missed(server):
    """Nothing that happens once subscribed is missed (Y9).

    Entered means subscribed, at once.
    """
    movies = server.world.of_kind(Kind.MOVIE)[:3]
    async with listening(server) as changes:
        for movie in movies:
            server.world.edit(movie.key, title="Another Name")
        told: set[str] = set()
        while not {str(movie.key) for movie in movies} <= told:
            told |= set((await anext(changes)).changed)


async def test_a_watched_episode_is_told_with_its_season_and_show(server):
    """A watched episode is told with its season and show.

    Only noise tells of it, and the noise names the episode alone.
    """
    episode = server.world.of_kind(Kind.EPISODE)[40]
    async with listening(server) as changes:
        server.world.watch(episode.key)
        change = await anext(changes)

    assert change.aspect is Aspect.WATCH
    assert set(change.changed) == {
        str(episode.key),
        str(episode.parent),
        str(episode.grandparent),
    }


async def test_a_player_that_stops_is_told(server):
    """A player that stops is told."""
    movie = server.world.of_kind(Kind.MOVIE)[0]
    async with listening(server) as changes:
        server.play(movie, "playing", 1_000)
        server.play(movie, "stopped", 2_000)
        change = await anext(changes)

    assert (change.aspect, change.changed) == (Aspect.WATCH, (str(movie.key),))


async def test_events_that_come_twice_are_one_change(server):
    """Events that come twice are one change.

    Duplicated.
    """
    movie = server.world.of_kind(Kind.MOVIE)[0]
    server.disturbance.repeats = 5
    async with listening(server) as changes:
        server.world.edit(movie.key, title="Another Name")
        first = await anext(changes)
        server.world.edit(movie.key, title="Yet Another")
        second = await anext(changes)

    assert first == second


async def test_a_scan_is_told(server):
    """A scan is told.

    The end of a scan is a reason to look.
    """
    async with listening(server) as changes:
        server.world.scan(server.world.section("Music"))
        change = await anext(changes)

    assert change == PushedChange(library="3")


@pytest.mark.parametrize("how", ["close_channels", "break_channels", "refuse"])
async def test_a_connection_that_ends_is_an_error_never_an_end(server, how):
    """A connection that ends is an error never an end (Y9).

    The caller connects again and catches up.
    """
    async with listening(server) as changes:
        getattr(server, how)()
        with pytest.raises(UnreachableError):
            await anext(changes)


async def test_a_connection_that_dies_silently_is_noticed(server):
    """A connection that dies silently is noticed.

    Three pings that did not come.
    """
    server.disturbance.pings = False
    async with listening(server, silence_s=0.3) as changes:
        with pytest.raises(UnreachableError):
            await anext(changes)


async def test_pings_keep_a_quiet_connection_alive(server):
    """Pings keep a quiet connection alive.

    Nothing happens for longer than the silence that is death.
    """
    server.disturbance.ping_every_s = 0.1
    movie = server.world.of_kind(Kind.MOVIE)[0]
    async with listening(server, silence_s=2) as changes:
        with anyio.move_on_after(3):
            await anext(changes)
            pytest.fail("nothing happened")
        server.world.edit(movie.key, title="Another Name")


@pytest.mark.parametrize(
    ("trouble", "error"),
    [
        (faults.html(403), ForbiddenError),
        (faults.html(404), UnreachableError),
        (faults.html(401), ForbiddenError),  # the token is good for everything else
        (faults.maintenance(), UnreachableError),
        (faults.captive_portal(), UnreachableError),
        (faults.redirect("http://evil/"), UnreachableError),
    ],
    ids=range(6),
)
async def test_a_refused_subscription_is_a_typed_error(server, trouble, error):
    """A refused subscription is a typed error (Y9, S3).

    A refused stream is not about the token.
    """
    server.faults.add(STREAM, trouble)
    with pytest.raises(error):
        async with listening(server):
            pass


async def test_a_withdrawn_token_is_auth_required(server):
    """A withdrawn token is auth required (S4).

    Confirmed by a second call.
    """
    async with listening(server):
        server.grants.withdraw(server.owner)
    backend = PlexBackend(context_of(server))
    await backend.connect()
    server.grants.withdraw(server.owner)
    with pytest.raises(AuthRequiredError):
        async with backend.subscribe():
            pass
    await backend.aclose()


async def test_a_caller_that_leaves_by_an_error_gets_that_error(server):
    """An error is not wrapped in another."""
    with pytest.raises(ForbiddenError, match="mine"):
        async with listening(server):
            raise ForbiddenError("mine")


async def test_listening_may_be_cancelled_and_begun_again(server):
    """Listening may be cancelled and begun again (Y12).

    And no connection stays.
    """
    for _ in range(3):
        with anyio.move_on_after(0.2):
            async with listening(server) as changes:
                await anext(changes)
    async with listening(server) as changes:
        server.world.scan(server.world.section("Music"))
        assert await anext(changes)


async def test_a_server_that_fails_while_a_row_is_looked_up_is_told_without_its_relatives(server):
    """A server that fails while a row is looked up is told without its relatives (Y9).

    What was said is passed on.
    """
    episode = server.world.of_kind(Kind.EPISODE)[40]
    server.faults.add("^/library/metadata/", faults.html(403))
    async with listening(server) as changes:
        server.world.watch(episode.key)
        change = await anext(changes)

    assert change.changed == (str(episode.key),)


async def test_an_event_that_can_not_be_understood_ends_nothing(server):
    """An event that can not be understood ends nothing (K5)."""
    async with listening(server) as changes:
        server.push("timeline", {"identifier": 5, "sectionID": [], "state": {}})
        server.world.scan(server.world.section("Music"))

        assert await anext(changes) == PushedChange(library="3")


async def test_waiting_may_be_cancelled_and_goes_on(server):
    """Waiting may be cancelled and goes on (Y12).

    A deadline around the next change loses none.
    """
    async with listening(server) as changes:
        with anyio.move_on_after(0.01):
            await anext(changes)
        server.world.scan(server.world.section("Music"))

        assert await anext(changes) == PushedChange(library="3")
