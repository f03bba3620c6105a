"""What rows leave out: begun versions, further parts, ids of artists."""

from __future__ import annotations

import pytest

from msd.models import ItemType, MediaItem, RemoteId, WatchState
from tests.backends.jellyfin.signed_in import signed_in
from tests.simulators.jellyfin import JellyfinSimulator, faults, make_world
from tests.simulators.jellyfin.world.media import version_ids
from tests.support.listings import listed, listing_of

pytestmark = pytest.mark.anyio

MOVIES = "Filme & Kino"


@pytest.fixture
def twelve():
    with JellyfinSimulator(make_world(150, seed=1), version="12") as simulator:
        yield simulator


def film_with_versions(sim):
    library = sim.world.library(MOVIES).id
    films = sim.world.in_library(library, "Movie")
    return next(film for film in films if version_ids(film) and film.runtime_ticks)


def begin_second_version(sim, film):
    [version] = version_ids(film)
    data = sim.world.data(sim.user(), version)
    data.position_ticks = film.runtime_ticks // 4
    data.last_played = sim.world.clock.now()
    sim.world.data(sim.user(), film.id).position_ticks = 0
    sim.world.data_changed(sim.user(), version)
    return version


async def movies(backend) -> dict[str, MediaItem]:
    found = await listed(backend, await listing_of(backend, MOVIES, ItemType.MOVIE))
    return {item.remote_id: item for item in found}


async def test_a_begun_second_version_makes_the_film_in_progress(twelve):
    """Only Resume has it, under the id of the version; the film's own row says 0."""
    film = film_with_versions(twelve)
    begin_second_version(twelve, film)
    async with signed_in(twelve) as backend:
        found = (await movies(backend))[film.id]
        detailed = await backend.item(RemoteId(film.id))

    expected = film.runtime_ticks // 4 // 10_000
    assert found.watch is not None
    assert found.watch.position_ms == expected
    assert detailed is not None
    assert detailed.details is not None
    assert detailed.watch == found.watch
    assert [source.position_ms for source in detailed.details.media_sources] == [0, expected]


async def test_a_version_that_an_event_names_brings_its_film(twelve):
    """`ids=` does not answer the version: the film's row has changed."""
    film = film_with_versions(twelve)
    version = begin_second_version(twelve, film)
    async with signed_in(twelve) as backend:
        [row] = await backend.fetch([RemoteId(version)])
        [item] = await backend.parse([row.item])

    assert row.item.remote_id == film.id
    assert isinstance(item, MediaItem)
    assert item.watch is not None
    assert item.watch.position_ms > 0


async def test_a_server_that_fails_on_resume_leaves_films_as_their_rows_say(twelve):
    """The list serves nothing else (S9)."""
    film = film_with_versions(twelve)
    begin_second_version(twelve, film)
    async with signed_in(twelve) as backend:
        twelve.faults.add("/UserItems/Resume", faults.replace_json({"Items": 5}))
        found = (await movies(backend))[film.id]

    assert found.watch == WatchState() or found.watch.position_ms == 0


async def test_a_film_in_two_files_is_as_long_as_both(any_sim):
    """The row has the length of the first file."""
    film = any_sim.world.in_library(any_sim.world.library(MOVIES).id, "Movie")[2]
    any_sim.world.edit(film.id, part_ids=("f" * 32,))
    async with signed_in(any_sim) as backend:
        found = (await movies(backend))[film.id]
        detailed = await backend.item(RemoteId(film.id))

    assert found.part_count == 2
    assert found.duration_ms == 2 * (film.runtime_ticks // 10_000)
    assert detailed is not None
    assert detailed.details is not None
    assert [part.remote_id for part in detailed.details.parts] == [film.id, "f" * 32]


async def test_parts_that_cant_be_asked_for_leave_the_length_unknown(sim):
    """A length that is known to be wrong is no length."""
    film = sim.world.in_library(sim.world.library(MOVIES).id, "Movie")[2]
    assert film.runtime_ticks
    sim.world.edit(film.id, part_ids=("f" * 32,))
    async with signed_in(sim) as backend:
        sim.faults.add("/AdditionalParts", faults.replace_json({"Items": None}))
        found = (await movies(backend))[film.id]

    assert (found.part_count, found.duration_ms) == (2, 0)


async def test_an_artist_without_an_id_is_found_by_name(sim):
    """A name with a capital letter outside ASCII is not linked by a server of version 12."""
    world = sim.world
    artist = world.of_type("MusicArtist")[0]
    album = next(item for item in world.of_type("MusicAlbum") if artist.id in item.artist_ids)
    world.edit(artist.id, name="Ólafur")
    world.distort(album.id, AlbumArtist="ólafur", AlbumArtists=[], ArtistItems=[], Artists=[])
    async with signed_in(sim) as backend:
        found = await listed(backend, await listing_of(backend, "Music", ItemType.ALBUM))

    [item] = [item for item in found if item.remote_id == album.id]
    assert item.parent_remote_id == artist.id
    assert item.artist_remote_ids == (artist.id,)


async def test_artists_of_tracks_are_listed(sim):
    """They are in /Artists and not among the artists of albums."""
    world = sim.world
    track = world.of_type("Audio")[0]
    guest = world.clone(world.of_type("MusicArtist")[0].id, name="Guest")
    world.edit(track.id, artist_ids=(guest.id,))
    async with signed_in(sim) as backend:
        found = await listed(backend, await listing_of(backend, "Music", ItemType.ARTIST))

    assert guest.id in {item.remote_id for item in found}


async def test_looking_at_an_item_changes_nothing_that_lists_carry(any_sim):
    """Lists are the authority; the full answer adds details (Y22)."""
    async with signed_in(any_sim) as backend:
        for kind, library in (("MusicAlbum", "Music"), ("Audio", "Music"), ("Episode", "Séries")):
            item_type = {"MusicAlbum": ItemType.ALBUM, "Audio": ItemType.TRACK}.get(
                kind, ItemType.EPISODE
            )
            for item in (await listed(backend, await listing_of(backend, library, item_type)))[:3]:
                full = await backend.item(item.remote_id)
                assert full is not None
                assert full.details is not None
                names = set(MediaItem.__struct_fields__) - {"details"}
                assert all(getattr(full, name) == getattr(item, name) for name in names)
