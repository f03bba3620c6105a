"""One item with its details, and what becomes of odd answers about it."""

import pytest

from msd.errors import (
    BadResponseError,
    UnreachableError,
)
from msd.models import RemoteId
from tests.backends.jellyfin.signed_in import signed_in
from tests.simulators.jellyfin import JellyfinSimulator, faults, make_world
from tests.simulators.jellyfin.world.userdata import mark

pytestmark = pytest.mark.anyio

UNKNOWN = RemoteId("f" * 32)


async def test_one_item_comes_with_its_details(any_sim):
    """One item comes with its details (Y3).

    People, media sources and markers are fetched when someone looks.
    """
    movie = next(item for item in any_sim.world.of_type("Movie") if not item.virtual)
    async with signed_in(any_sim) as backend:
        found = await backend.item(RemoteId(movie.id))

    assert found is not None
    assert (found.remote_id, found.title) == (movie.id, movie.name)
    assert found.details.people
    assert found.details.media_sources[0].streams


async def test_an_item_that_is_gone_is_none(any_sim):
    """Protocol: None only when the source says so, asked twice."""
    movie = any_sim.world.of_type("Movie")[0]
    async with signed_in(any_sim) as backend:
        any_sim.world.delete(movie.id)

        assert await backend.item(RemoteId(movie.id)) is None

    assert any("ids=" in request.query for request in any_sim.log.matching("/Items"))


async def test_a_proxy_that_answers_404_for_everything_makes_nothing_gone(sim):
    """A proxy that answers 404 for everything makes nothing gone (W2).

    A misrouted proxy must not delete anything.
    """
    movie = sim.world.of_type("Movie")[0]
    async with signed_in(sim) as backend:
        await backend.connect()
        sim.faults.add("/", faults.status(404))

        with pytest.raises(UnreachableError):
            await backend.item(RemoteId(movie.id))


async def test_an_item_that_only_its_own_route_hides_is_not_gone(sim):
    """Protocol: the two answers must agree."""
    movie = sim.world.of_type("Movie")[0]
    async with signed_in(sim) as backend:
        await backend.connect()
        sim.faults.add(f"/Items/{movie.id}", faults.status(404))

        with pytest.raises(UnreachableError):
            await backend.item(RemoteId(movie.id))


@pytest.mark.parametrize("version", ["10.11", "12"])
async def test_the_watch_state_of_an_item_is_the_lists(version):
    """The watch state of an item is the lists.

    Details of 12.0 may be stale after a show was marked.
    """
    with JellyfinSimulator(make_world(150, seed=1), version=version) as sim:
        episode = next(item for item in sim.world.of_type("Episode") if not item.virtual)
        mark(sim.world, sim.user(), sim.world.items[episode.series_id], played=True)
        async with signed_in(sim) as backend:
            found = await backend.item(RemoteId(episode.id))

    assert found.watch.watched


async def test_segments_are_asked_for_where_the_server_has_them():
    """Segments are asked for where the server has them.

    From 10.10 on; their absence is no error.
    """
    for version, expected in (("10.8", 0), ("10.10", 1)):
        with JellyfinSimulator(make_world(60), version=version) as sim:
            movie = next(item for item in sim.world.of_type("Movie") if not item.virtual)
            async with signed_in(sim) as backend:
                assert await backend.item(RemoteId(movie.id))

            paths = [request.path for request in sim.log.requests]
            assert paths.count(f"/MediaSegments/{movie.id}") == expected


async def test_segments_become_markers(sim):
    """Segments become markers.

    Intro and credits.
    """
    movie = next(item for item in sim.world.of_type("Movie") if not item.virtual)
    segments = {"Items": [{"Type": "Intro", "StartTicks": 0, "EndTicks": 300_000_000}]}
    async with signed_in(sim) as backend:
        sim.faults.add("/MediaSegments/", faults.replace_json(segments))
        found = await backend.item(RemoteId(movie.id))

    assert [(mark.kind, mark.end_ms) for mark in found.details.markers] == [("intro", 30_000)]


async def test_an_item_of_another_shape_is_a_bad_response(sim):
    """Bad input: wrongly typed JSON."""
    movie = sim.world.of_type("Movie")[0]
    async with signed_in(sim) as backend:
        await backend.connect()
        for value in ([], {"Id": movie.id}, {"Id": UNKNOWN, "Name": "x", "Type": "Movie"}, "x"):
            fault = sim.faults.add(f"/Items/{movie.id}", faults.replace_json(value))
            with pytest.raises(BadResponseError):
                await backend.item(RemoteId(movie.id))
            sim.faults.remove(fault)


async def test_details_that_lag_behind_the_list_do_not_unwatch(sim):
    """Details that lag behind the list do not unwatch.

    12.0 may answer a stale Played:false for one item.
    """
    movie = next(item for item in sim.world.of_type("Movie") if not item.virtual)
    mark(sim.world, sim.user(), movie, played=True)

    def stale(document):
        document["UserData"]["Played"] = False
        return document

    sim.set_version("12")
    async with signed_in(sim) as backend:
        sim.faults.add(f"/Items/{movie.id}", faults.rewrite(stale))
        found = await backend.item(RemoteId(movie.id))

    assert found.watch.watched
