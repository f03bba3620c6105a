"""One item with its details, and what becomes of odd answers about it."""

import pytest

from msd.errors import (
    BadResponseError,
    UnreachableError,
)
from msd.models import LyricLine, RemoteId
from tests.backends.jellyfin.signed_in import signed_in
from tests.simulators.jellyfin import JellyfinSimulator, faults, make_world
from tests.simulators.jellyfin.world.item import Extra
from tests.simulators.jellyfin.world.userdata import mark

pytestmark = pytest.mark.anyio

UNKNOWN = RemoteId("f" * 32)
SECOND = 10_000_000
LINES = (
    LyricLine(text="La", start_ms=0),
    LyricLine(text="", start_ms=1_000),
    LyricLine(text="la"),
)


def film(sim, **members):
    """Give the first film some members more."""
    movie = next(item for item in sim.world.of_type("Movie") if not item.virtual)
    sim.world.edit(movie.id, **members)
    return movie


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
    """Intro and credits, of the server's own."""
    movie = film(sim, segments=(("Intro", 0, 300_000_000), ("Outro", 9 * SECOND, 10 * SECOND)))
    async with signed_in(sim) as backend:
        found = await backend.item(RemoteId(movie.id))

    marks = [(mark.kind, mark.end_ms) for mark in found.details.markers]
    assert marks == [("intro", 30_000), ("credits", 10_000)]


async def test_trailers_extras_and_themes_come_with_their_kinds(any_sim):
    """What belongs to a film, each with the server's own id."""
    movie = film(
        any_sim,
        extras=(
            Extra(id="a" * 32, type="Trailer", name="Official", runtime_ticks=2 * SECOND),
            Extra(id="b" * 32, type="DeletedScene", name="Cut"),
            Extra(id="c" * 32, type="ThemeSong", name="Theme Song", runtime_ticks=SECOND),
            Extra(id="d" * 32, type="ThemeVideo", name="Loop"),
        ),
    )
    async with signed_in(any_sim) as backend:
        found = await backend.item(RemoteId(movie.id))

    assert [(x.title, x.remote_id, x.duration_ms) for x in found.details.trailers] == [
        ("Official", "a" * 32, 2_000)
    ]
    assert [(x.kind, x.title, x.remote_id) for x in found.details.extras] == [
        ("deleted-scene", "Cut", "b" * 32),
        ("theme-song", "Theme Song", "c" * 32),
        ("theme-video", "Loop", "d" * 32),
    ]


async def test_a_film_of_two_files_has_two_parts(sim):
    """The first is the film's own file; the film is as long as both."""
    movie = film(sim, part_ids=("f" * 32,))
    async with signed_in(sim) as backend:
        found = await backend.item(RemoteId(movie.id))

    first, second = found.details.parts
    assert (first.remote_id, second.remote_id) == (movie.id, "f" * 32)
    assert found.duration_ms == first.duration_ms + second.duration_ms


async def test_lyrics_come_with_their_times_where_the_server_has_them():
    """Up to 10.8 there were none; a track without words costs no request."""
    for version, expected in (("10.8", ()), ("10.10", LINES), ("12", LINES)):
        with JellyfinSimulator(make_world(120), version=version) as sim:
            sung, silent = sim.world.of_type("Audio")[:2]
            sim.world.edit(sung.id, lyrics=((0, "La"), (SECOND, ""), (None, "la")))
            async with signed_in(sim) as backend:
                found = await backend.item(RemoteId(sung.id))
                other = await backend.item(RemoteId(silent.id))

            assert found.details.lyrics == expected
            assert other.details.lyrics == ()
            assert not sim.log.matching(f"/Audio/{silent.id}/Lyrics")


@pytest.mark.parametrize(
    ("path", "value", "kept"),
    [
        ("/MediaSegments/", {"Items": [5, {"Type": 5}, {"Type": "Intro", "EndTicks": SECOND}]}, 1),
        ("/ThemeMedia", {"ThemeSongsResult": {"Items": [None, {"Id": "a" * 32}]}}, 1),
        ("/ThemeMedia", {"ThemeSongsResult": []}, 0),
        ("/ThemeMedia", "x", 0),
        ("/LocalTrailers", [7, {"Id": "a" * 32, "RunTimeTicks": "x"}, {"Id": "?"}], 1),
        ("/LocalTrailers", {"Items": 5}, 0),
    ],
)
async def test_an_odd_entry_beside_an_item_costs_itself(sim, path, value, kept):
    """The next entry stays, and so does the item (Y14)."""
    movie = film(sim, extras=(Extra(id="e" * 32, type="Trailer", name="x"),))
    async with signed_in(sim) as backend:
        sim.faults.add(path, faults.replace_json(value))
        found = (await backend.item(RemoteId(movie.id))).details

    count = {
        "/MediaSegments/": len(found.markers),
        "/ThemeMedia": len(found.extras),
        "/LocalTrailers": len(found.trailers),
    }
    assert count[path] == kept


@pytest.mark.parametrize("path", ["/MediaSegments/", "/ThemeMedia", "/LocalTrailers"])
async def test_a_server_that_fails_beside_an_item_takes_nothing_away(sim, path):
    """Half of the details must not replace all of them; a page without the thing has none."""
    movie = film(sim, extras=(Extra(id="e" * 32, type="Trailer", name="x"),))
    async with signed_in(sim) as backend:
        fault = sim.faults.add(path, faults.status(500))
        with pytest.raises(UnreachableError):
            await backend.item(RemoteId(movie.id))
        sim.faults.remove(fault)
        sim.faults.add(path, faults.status(404))

        assert (await backend.item(RemoteId(movie.id))).details.people


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
        if "UserData" in document:  # not what belongs to the item
            document["UserData"]["Played"] = False
        return document

    sim.set_version("12")
    async with signed_in(sim) as backend:
        sim.faults.add(f"/Items/{movie.id}", faults.rewrite(stale))
        found = await backend.item(RemoteId(movie.id))

    assert found.watch.watched
