"""One look at a server serves all of its libraries, each once, and not for long."""

from __future__ import annotations

import pytest

from msd.backends.jellyfin.client.server_poll import LASTS_S, ServerLooks
from tests.backends.jellyfin.signed_in import signed_in
from tests.simulators.jellyfin.world.userdata import mark

pytestmark = pytest.mark.anyio


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def times_asked(sim) -> int:
    return sum(each.path == "/GetUtcTime" for each in sim.log.requests)


async def test_libraries_share_a_look_and_none_is_served_twice(sim):
    """What a library saw with a look must be newer than what it saw before."""
    async with signed_in(sim) as backend:
        session = await backend._session()
        looks = ServerLooks(session.client, session.routes.user_id)
        first = await looks.look("films")
        second = await looks.look("shows")
        third = await looks.look("films")

    assert first is second
    assert third is not first
    assert times_asked(sim) == 2


async def test_a_look_is_over_after_a_minute(sim):
    """A first sync of the library before may have taken an hour."""
    clock = Clock()
    async with signed_in(sim) as backend:
        session = await backend._session()
        looks = ServerLooks(session.client, session.routes.user_id, clock)
        first = await looks.look("films")
        clock.now += LASTS_S + 1
        assert await looks.look("shows") is not first


async def test_what_was_played_last_is_asked_for_once(sim):
    """And only when somebody wants to know."""
    async with signed_in(sim) as backend:
        session = await backend._session()
        played_at = sim.world.clock.now()
        mark(sim.world, sim.user(), sim.world.of_type("Movie")[0], played=True, at=played_at)
        look = await ServerLooks(session.client, session.routes.user_id).look("films")
        sim.log.clear()
        moment = int(played_at.timestamp())

        assert await look.has_played_since(moment)
        assert not await look.has_played_since(moment + 1)
        assert len(sim.log.requests) == 1
