"""What changed on a simulated server since the last look, on every version."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import anyio
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from msd.backend_api.changes import Aspect, CanResume, ChangeCursor, HasChanges
from msd.backends.jellyfin.backend import JellyfinBackend
from msd.backends.jellyfin.client.query import LIGHT
from msd.errors import BackendError, BadResponseError
from msd.models import ItemType
from tests.backends.jellyfin.signed_in import signed_in
from tests.simulators.jellyfin import JellyfinSimulator, faults, make_world
from tests.simulators.jellyfin.world.userdata import favor, mark
from tests.support.listings import library_named, listing_of
from tests.support.mirror import Mirror, truth
from tests.support.no_cached_rows import NO_CACHED_ROWS

pytestmark = pytest.mark.anyio

MOVIES = "Filme & Kino"


@asynccontextmanager
async def mirrored(
    sim: JellyfinSimulator, *libraries: str, page_size: int = 500
) -> AsyncIterator[Mirror]:
    """A mirror that is in step with a server whose clock then moves on by an hour."""
    with TemporaryDirectory() as folder:
        async with signed_in(sim, page_size, Path(folder)) as backend:
            mirror = Mirror(backend)
            await mirror.read_all(*libraries)
            sim.world.clock.advance(3600)
            sim.log.clear()
            yield mirror


def one(sim: JellyfinSimulator, kind: str, number: int = 0):
    if kind == "Movie":
        return sim.world.in_library(sim.world.library(MOVIES).id, kind)[number]
    return sim.world.of_type(kind)[number]


async def test_a_source_where_nothing_changed_is_known_by_a_few_small_answers(any_sim):
    """A source where nothing changed is known by a few small answers (Y6).

    No row comes, nothing is enumerated; what is asked does not grow with the types.
    """
    async with mirrored(any_sim) as mirror:
        assert isinstance(mirror.backend, HasChanges)
        assert isinstance(mirror.backend, CanResume)
        asked = Counter[Aspect]()
        for aspect in Aspect:
            any_sim.log.clear()
            await mirror.catch_up([aspect])
            asked[aspect] = len(any_sim.log.requests)
            assert not mirror.told
            assert not mirror.enumerated
            assert all(each.status in {200, 404} for each in any_sim.log.requests)
        libraries = [each for each in mirror.libraries if mirror.backend.listings(each)]

    once = ["the time", "what was played last", "the plugin", "artists' Etags", "artists' marks"]
    assert asked[Aspect.METADATA] <= 2 * len(libraries) + len(once)
    assert asked[Aspect.WATCH] <= 3 * len(libraries) + len(once)


async def test_a_cursor_of_an_older_msd_leads_on(any_sim):
    """It knows no number of everything, nor that of each listing: they are counted once."""
    async with mirrored(any_sim) as mirror:
        for (library, aspect), cursor in mirror.cursors.items():
            if aspect is Aspect.METADATA:
                known = json.loads(cursor)
                shorter = {"at": known["at"], "artists": known["artists"]}
                mirror.cursors[library, aspect] = ChangeCursor(json.dumps(shorter))
        movie = one(any_sim, "Movie")
        any_sim.world.delete(movie.id)
        await mirror.catch_up()

        assert mirror.enumerated == [(movie.library_id, ItemType.MOVIE)]
        assert await mirror.items() == await truth(mirror)


async def test_one_that_went_while_another_type_grew_is_found(any_sim):
    """The number of everything stays the same: what was saved makes each listing be counted."""
    async with mirrored(any_sim, "Séries") as mirror:
        show = one(any_sim, "Series")
        gone = one(any_sim, "Episode")
        any_sim.world.clone(show.id, name="Brand new")
        any_sim.world.delete(gone.id)
        await mirror.catch_up([Aspect.METADATA])

        assert (gone.library_id, ItemType.EPISODE) in mirror.enumerated
        assert await mirror.items() == await truth(mirror)


async def test_the_members_of_a_show_with_a_new_id_follow_it(any_sim):
    """They were not saved, and name the show by its new id."""
    async with mirrored(any_sim, "Séries") as mirror:
        any_sim.world.rekey(one(any_sim, "Series").id)
        await mirror.catch_up()

        assert await mirror.items() == await truth(mirror)


async def test_a_scan_that_saves_everything_lists_nothing_again(any_sim):
    """The changed rows had it all: no show is asked for its seasons and episodes (Y23)."""
    async with mirrored(any_sim, "Séries") as mirror:
        for item in list(any_sim.world.items.values()):
            any_sim.world.edit(item.id)
        any_sim.log.clear()
        await mirror.catch_up([Aspect.METADATA])

        assert not mirror.enumerated
        asked = [request for request in any_sim.log.requests if request.path == "/Items"]
        assert len(asked) <= 5


async def test_what_was_added_and_edited_comes_as_whole_rows(any_sim):
    """Both date parameters: one alone is a trap up to 10.10."""
    async with mirrored(any_sim) as mirror:
        edited = [one(any_sim, kind) for kind in ("Movie", "Series", "Episode", "Audio", "BoxSet")]
        for item in edited:
            any_sim.world.edit(item.id, name=f"{item.name} edited")
        added = any_sim.world.clone(one(any_sim, "Movie", 1).id)
        await mirror.catch_up()

        assert {*(item.id for item in edited), added.id} <= mirror.told
        assert not mirror.enumerated
        assert await mirror.items() == await truth(mirror)


async def test_what_was_deleted_shows_in_the_count_and_is_found_by_enumerating(any_sim):
    """What was deleted shows in the count and is found by enumerating (Y7).

    Only the listing that lost something is read again.
    """
    async with mirrored(any_sim, MOVIES) as mirror:
        movie = one(any_sim, "Movie")
        any_sim.world.delete(movie.id)
        await mirror.catch_up([Aspect.METADATA])

        assert mirror.enumerated == [(movie.library_id, ItemType.MOVIE)]
        assert await mirror.items() == await truth(mirror)


async def test_one_that_went_while_another_came_is_found_too(any_sim):
    """A renamed file is both: the count alone stays the same."""
    async with mirrored(any_sim, MOVIES) as mirror:
        movie = one(any_sim, "Movie")
        any_sim.world.rekey(movie.id)
        await mirror.catch_up()

        assert mirror.enumerated == [(movie.library_id, ItemType.MOVIE)]
        assert await mirror.items() == await truth(mirror)


async def test_artists_have_no_date_and_are_compared_by_their_etags(any_sim):
    """Artists have no date and are compared by their etags.

    The routes for artists take no date; a changed one makes the listing unsure.
    """
    async with mirrored(any_sim, "Music") as mirror:
        artist = one(any_sim, "MusicArtist")
        any_sim.world.edit(artist.id, name="Renamed")
        await mirror.catch_up([Aspect.METADATA])

        assert [kind for _, kind in mirror.enumerated] == [ItemType.ARTIST]
        now, there = await mirror.items(), await truth(mirror)
        assert now[artist.library_id, ItemType.ARTIST] == there[artist.library_id, ItemType.ARTIST]


async def test_watching_and_unwatching_and_favourites_are_found(any_sim):
    """Watching and unwatching and favourites are found (Y6).

    Also what is on no list any more, which has no date.
    """
    world, user = any_sim.world, any_sim.user()
    leaves = [one(any_sim, kind) for kind in ("Movie", "Episode", "Audio", "Video", "MusicVideo")]
    for item in leaves:
        mark(world, user, item, played=True)
    liked = [one(any_sim, kind) for kind in ("Series", "MusicAlbum", "MusicArtist", "BoxSet")]
    for item in liked:
        favor(world, user, item, favorite=True)
    async with mirrored(any_sim) as mirror:
        for item in leaves:
            mark(world, user, item, played=False)
        for item in liked:
            favor(world, user, item, favorite=False)
        mark(
            world, user, one(any_sim, "Movie", 1), played=True, at=datetime(2001, 1, 1, tzinfo=UTC)
        )
        favor(world, user, one(any_sim, "Season"), favorite=True)
        await mirror.catch_up([Aspect.WATCH])

        assert {item.id for item in (*leaves, *liked)} <= mirror.told
        assert not mirror.enumerated
        assert await mirror.items() == await truth(mirror)

        await mirror.catch_up([Aspect.WATCH])
        assert not mirror.told


async def test_an_item_that_was_only_looked_into_is_found(any_sim):
    """Neither played nor begun nor marked, but played last at a certain time."""
    async with mirrored(any_sim, MOVIES) as mirror:
        movie = one(any_sim, "Movie")
        data = any_sim.world.data(any_sim.user(), movie.id)
        data.play_count, data.last_played = 1, any_sim.world.clock.now()
        any_sim.world.data_changed(any_sim.user(), movie.id)
        await mirror.catch_up([Aspect.WATCH])

        assert movie.id in mirror.told
        assert await mirror.items() == await truth(mirror)


async def test_a_new_episode_makes_its_show_unwatched_again(any_sim):
    """The show's own row was not saved, but what it says of watching changed."""
    world, episode = any_sim.world, one(any_sim, "Episode")
    series = world.items[episode.series_id]
    mark(world, any_sim.user(), series, played=True)
    async with mirrored(any_sim, "Séries") as mirror:
        world.clone(episode.id, name="Brand new")
        await mirror.catch_up([Aspect.METADATA])

        assert {series.id, episode.season_id} <= mirror.told
        assert await mirror.items() == await truth(mirror)


async def test_a_show_is_watched_when_the_last_unwatched_episode_went(any_sim):
    """Nothing dates that; few rows of shows and seasons are read when the numbers do not fit."""
    world, episode = any_sim.world, one(any_sim, "Episode")
    series = world.items[episode.series_id]
    mark(world, any_sim.user(), series, played=True)
    mark(world, any_sim.user(), episode, played=False)
    async with mirrored(any_sim, "Séries") as mirror:
        world.delete(episode.id)
        world.clone(one(any_sim, "Episode", 30).id, name="Another show's")
        await mirror.catch_up()

        assert await mirror.items() == await truth(mirror)


async def test_what_was_saved_shortly_before_the_cursor_comes_again(sim):
    """What was saved shortly before the cursor comes again (Y6).

    Scans save in bulk and late, so there is an overlap; it ends.
    """
    async with mirrored(sim, MOVIES) as mirror:
        await mirror.catch_up()
        movie = one(sim, "Movie")
        sim.world.edit(movie.id, name="Saved late")
        movie.saved -= timedelta(seconds=120)
        await mirror.catch_up()
        assert movie.id in mirror.told
        sim.world.clock.advance(3600)
        await mirror.catch_up()
        await mirror.catch_up()
        assert not mirror.told


async def test_a_clock_that_is_set_back_hides_nothing(any_sim):
    """A clock that is set back hides nothing (Y6).

    What is saved then carries dates from before the cursor.
    """
    async with mirrored(any_sim, MOVIES) as mirror:
        await mirror.catch_up()
        any_sim.world.clock.advance(-3600)
        movie = any_sim.world.clone(one(any_sim, "Movie").id)
        await mirror.catch_up()

        assert movie.id in mirror.told
        assert await mirror.items() == await truth(mirror)


async def test_the_servers_clock_counts_and_not_that_of_a_proxy(sim):
    """Proxies write a Date header of their own; it is used only where the server is silent."""
    async with mirrored(sim, MOVIES) as mirror:
        library = await library_named(mirror.backend, MOVIES)
        past = {"RequestReceptionTime": "2001-02-03T04:05:06.0000000Z"}
        fault = sim.faults.add("/GetUtcTime", faults.replace_json(past))
        told = await mirror.backend.cursor(library, Aspect.METADATA)
        sim.faults.remove(fault)
        sim.faults.add("/GetUtcTime", faults.status(404))
        dated = await mirror.backend.cursor(library, Aspect.METADATA)

    assert server_time(told) == datetime(2001, 2, 3, 4, 5, 6, tzinfo=UTC).timestamp()
    assert abs(server_time(dated) - sim.world.clock.now().timestamp()) < 60


def server_time(cursor: ChangeCursor) -> int:
    return json.loads(cursor)["at"]["server"]


@pytest.mark.parametrize("text", ["", "{}", "null", '{"at":7}', "x" * 10_000, "[" * 10_000])
@pytest.mark.parametrize("aspect", list(Aspect))
async def test_a_cursor_that_means_nothing_is_told_so(sim, text, aspect):
    """The engine enumerates then."""
    async with mirrored(sim, MOVIES) as mirror:
        library = await library_named(mirror.backend, MOVIES)
        with pytest.raises(BadResponseError):
            async for _ in mirror.backend.changes(
                library, aspect, ChangeCursor(text), NO_CACHED_ROWS
            ):
                pass


@pytest.mark.parametrize("aspect", list(Aspect))
async def test_a_pass_that_fails_moves_nothing(sim, aspect):
    """A cut pass fails or enumerates; repeated from the same cursor it finds the same (Y6)."""
    first, second = one(sim, "Episode"), one(sim, "Episode", 1)
    mark(sim.world, sim.user(), first, played=True)
    async with mirrored(sim, "Séries") as mirror:
        sim.world.edit(second.id, name="Edited")
        mark(sim.world, sim.user(), first, played=False)
        await copy_of(mirror).catch_up([aspect])
        asked = [each for each in sim.log.requests if "KodiSync" not in each.path]
        for place in range(len(asked)):
            fault = sim.faults.add("^(?!.*KodiSync)", faults.cut_after(30), skip=place, times=1)
            with suppress(BackendError):
                await copy_of(mirror).catch_up([aspect])
            sim.faults.remove(fault)
        await mirror.catch_up([aspect])

        assert {Aspect.METADATA: second.id, Aspect.WATCH: first.id}[aspect] in mirror.told


def copy_of(mirror: Mirror) -> Mirror:
    twin = Mirror(mirror.backend)
    twin.libraries, twin.cursors = mirror.libraries, dict(mirror.cursors)
    twin.rows = {place: dict(rows) for place, rows in mirror.rows.items()}
    twin.totals = dict(mirror.totals)
    return twin


@pytest.mark.parametrize("aspect", list(Aspect))
async def test_nothing_slips_between_pages_when_a_row_changes_its_name(sim, aspect):
    """Sorted by name, the rows behind it would move up, and the first of the next page be lost."""
    movies = sim.world.in_library(sim.world.library(MOVIES).id, "Movie")
    page_size = {Aspect.METADATA: 4, Aspect.WATCH: 4 // LIGHT}[aspect]
    async with mirrored(sim, MOVIES, page_size=page_size) as mirror:
        for movie in movies:
            sim.world.edit(movie.id, overview="Edited")
            mark(sim.world, sim.user(), movie, played=True)
        first = min(movies, key=lambda each: each.sort_name)
        fault = sim.faults.add(
            "/Items",
            faults.before(lambda: sim.world.edit(first.id, name="Zz", sort_name="zzzz")),
            where=lambda request: (
                ("minDateLastSaved" in request.query_string or "IsPlayed" in request.query_string)
                and "startIndex=4&" in request.query_string
            ),
            times=1,
        )
        await mirror.catch_up([aspect])

        assert fault.fired.is_set()
        place = (movies[0].library_id, ItemType.MOVIE)
        mine, there = (await mirror.items())[place], (await truth(mirror))[place]
        assert aspect is Aspect.WATCH or mirror.told == {each.id for each in movies}
        if aspect is Aspect.WATCH:
            assert [mine[each].watch for each in there] == [each.watch for each in there.values()]
        assert not mirror.enumerated


async def test_rows_on_which_the_server_fails_make_the_listing_unsure(sim):
    """Rows on which the server fails make the listing unsure (Y8).

    Enumerating narrows them down and names them.
    """
    async with mirrored(sim, MOVIES, page_size=2) as mirror:
        movie = one(sim, "Movie")
        sim.world.edit(movie.id, name="Edited")
        sim.world.edit(one(sim, "Movie", 1).id, name="Edited")
        sim.faults.add(
            "/Items",
            faults.status(500),
            where=lambda request: (
                "minDateLastSaved" in request.query_string
                and "Types=Movie" in request.query_string
                and ("limit=2" in request.query_string or "startIndex=1" in request.query_string)
            ),
        )
        await mirror.catch_up([Aspect.METADATA])

        assert (movie.library_id, ItemType.MOVIE) in mirror.enumerated


async def test_the_plugins_memory_adds_what_the_server_does_not_date(any_sim):
    """A like is on no list: only the plugin knows."""
    any_sim.state.has_kodi_queue = True
    async with mirrored(any_sim, MOVIES) as mirror:
        movie = one(any_sim, "Movie")
        any_sim.world.data(any_sim.user(), movie.id).likes = True
        any_sim.world.data_changed(any_sim.user(), movie.id)
        await mirror.catch_up([Aspect.WATCH])

        assert movie.id in mirror.told
        assert {place for place, rows in mirror.rows.items() if movie.id in rows} == {
            (movie.library_id, ItemType.MOVIE)
        }


@pytest.mark.parametrize(
    "trouble",
    [
        faults.status(404),
        faults.status(500),
        faults.replace_json([1]),
        faults.replace_json({"ItemsUpdated": ["no id", None], "ItemsAdded": ["f" * 32]}),
    ],
)
async def test_nothing_relies_on_the_plugin(sim, trouble):
    """Nothing relies on the plugin.

    Absent, broken or wrong, the rest is the same; it is asked once when it lacks.
    """
    sim.state.has_kodi_queue = True
    sim.faults.add("KodiSyncQueue", trouble)
    async with mirrored(sim, MOVIES) as mirror:
        sim.world.edit(one(sim, "Movie").id, name="Edited")
        mark(sim.world, sim.user(), one(sim, "Movie"), played=True)
        await mirror.catch_up()

        assert one(sim, "Movie").id in mirror.told
        assert await mirror.items() == await truth(mirror)
    if trouble.instead is not None and trouble.instead.status != 200:
        assert len([each for each in sim.log.requests if "KodiSyncQueue" in each.path]) == 1


async def test_a_listing_can_be_resumed_in_its_middle(any_sim):
    """A listing can be resumed in its middle (Y8).

    The rest is what a whole enumeration gives from there on.
    """
    async with signed_in(any_sim, page_size=7) as backend:
        listing = await listing_of(backend, "Filme & Kino", ItemType.MOVIE)
        whole = [page async for page in backend.pages(listing)]
        rest = [page async for page in backend.pages_from(listing, 14)]

    assert [page.items for page in rest] == [page.items for page in whole[2:]]
    assert (rest[0].start, rest[0].total, rest[-1].total) == (14, whole[0].total, whole[0].total)


OPERATIONS = ("edit", "add", "delete", "rekey", "watch", "unwatch", "like", "unlike", "look")


def act(sim: JellyfinSimulator, operation: str, number: int) -> None:
    world, user = sim.world, sim.user()
    kinds = ("Movie", "Episode", "Audio", "Video", "MusicVideo", "Series", "MusicAlbum")
    items = world.of_type(kinds[number % len(kinds)])
    item = items[number % len(items)] if items else None
    if item is None:
        return
    match operation:
        case "edit":
            world.edit(item.id, name=f"Edited {number}")
        case "add":
            world.clone(item.id, name=f"Added {number}")
        case "delete":
            world.delete(item.id)
        case "rekey":
            world.rekey(item.id)
        case "watch" | "unwatch":
            mark(world, user, item, played=operation == "watch")
        case "like" | "unlike":
            favor(world, user, item, favorite=operation == "like")


@settings(max_examples=4, deadline=None, phases=(Phase.explicit, Phase.reuse, Phase.generate))
@given(
    st.sampled_from(["10.8", "10.10", "10.11", "12"]),
    st.lists(st.tuples(st.sampled_from(OPERATIONS), st.integers(0, 400)), max_size=12),
)
def test_any_history_leaves_the_mirror_equal_to_the_server(version, history):
    """Any history leaves the mirror equal to the server (Y6, Y7).

    Whatever happened between two looks.
    """

    async def live_it() -> None:
        with JellyfinSimulator(make_world(60, seed=3), version=version) as sim:
            async with mirrored(sim) as mirror:
                for operation, number in history:
                    sim.world.clock.advance(61)
                    if operation == "look":
                        await mirror.catch_up()
                    else:
                        act(sim, operation, number)
                await mirror.catch_up()
                assert await mirror.items() == await truth(mirror)

    anyio.run(live_it)


async def test_a_server_that_is_away_is_an_error_in_either_aspect(sim):
    """A server that is away is an error in either aspect (S2).

    No cursor moves.
    """
    async with mirrored(sim, MOVIES) as mirror:
        backend: JellyfinBackend = mirror.backend
        library = await library_named(backend, MOVIES)
        cursors = {aspect: await backend.cursor(library, aspect) for aspect in Aspect}
        sim.faults.add(".", faults.status(503))
        for aspect, cursor in cursors.items():
            with pytest.raises(BackendError):
                async for _ in backend.changes(library, aspect, cursor, NO_CACHED_ROWS):
                    pass
            with pytest.raises(BackendError):
                await backend.cursor(library, aspect)
