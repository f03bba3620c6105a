"""One poll of a server serves all of its libraries, each once, and not for long."""

from __future__ import annotations

import pytest

from msd.backends.jellyfin.changes.locate import Locator
from msd.backends.jellyfin.changes.poll import LASTS_S, ServerPolls
from tests.backends.jellyfin.signed_in import signed_in
from tests.simulators.jellyfin.world.userdata import mark

pytestmark = pytest.mark.anyio


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


async def polls_of(backend, clock=None) -> ServerPolls:
    session = await backend._session()
    return ServerPolls(session, Locator(session), 500, clock or Clock())


async def test_libraries_share_a_poll_and_none_is_served_twice(sim):
    """What a library saw with a poll must be newer than what it saw before."""
    async with signed_in(sim) as backend:
        polls = await polls_of(backend)
        first = await polls.poll("films", ())
        second = await polls.poll("shows", ())
        third = await polls.poll("films", ())

    assert first is second
    assert third is not first
    assert sim.log.count("/GetUtcTime") == 2


async def test_a_poll_is_over_after_a_minute(sim):
    """A first sync of the library before may have taken an hour."""
    clock = Clock()
    async with signed_in(sim) as backend:
        polls = await polls_of(backend, clock)
        first = await polls.poll("films", ())
        clock.now += LASTS_S + 1
        assert await polls.poll("shows", ()) is not first


async def test_what_was_touched_is_asked_for_once(sim):
    """All libraries are served from three lists of the whole server, and what was played last."""
    async with signed_in(sim) as backend:
        libraries = await backend.libraries()
        listings = [listing for each in libraries for listing in backend.listings(each)]
        movie = sim.world.of_type("Movie")[0]
        mark(sim.world, sim.user(), movie, played=True)
        poll = await (await polls_of(backend)).poll("films", listings)
        sim.log.clear()

        assert (await poll.touched(2**40))[movie.id].watched
        asked = len(sim.log.requests)
        assert (await poll.touched(2**40))[movie.id].watched

    assert asked <= 5
    assert len(sim.log.requests) == asked
