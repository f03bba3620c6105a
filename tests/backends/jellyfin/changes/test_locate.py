"""Where a row lies, and what is named by events and is no item."""

from __future__ import annotations

from dataclasses import replace

import pytest

from msd.models import ItemType, RemoteId
from tests.backends.jellyfin.signed_in import signed_in
from tests.simulators.jellyfin.world.physical import folder_id, is_by_name, root_id
from tests.simulators.jellyfin.world.wire import make_id

pytestmark = pytest.mark.anyio


async def test_a_row_is_placed_by_its_ancestors_once_for_each_folder(any_sim):
    """Two films of one folder cost one request for their ancestors, an episode one more (Y23)."""
    films = [
        film for film in any_sim.world.of_type("Movie")
        if film.library_id == any_sim.world.library("Filme & Kino").id
    ][:2]  # fmt: skip
    episode = any_sim.world.of_type("Episode")[0]
    async with signed_in(any_sim) as backend:
        await backend.libraries()
        any_sim.log.clear()
        found = await backend.fetch([RemoteId(item.id) for item in (*films, episode)])

    homes = {row.item.remote_id: row.listing for row in found}
    for item in (*films, episode):
        listing = homes[RemoteId(item.id)]
        assert listing is not None
        assert listing.library.remote_id == item.library_id
    asked = [request.path for request in any_sim.log.requests]
    assert sum(path.endswith("/Ancestors") for path in asked) == 2


async def test_what_events_name_besides_items_is_left_out(any_sim):
    """Folders, views, roots, extras and unknown ids: nothing is added (Y14)."""
    world = any_sim.world
    film = world.of_type("Movie")[0]
    extra = world.clone(film.id, type="Video", overrides={"ExtraType": "Trailer"})
    song = world.clone(world.of_type("Audio")[0].id, overrides={"ExtraType": "ThemeSong"})
    ids = [
        folder_id(film.library_id),
        film.library_id,
        root_id(world),
        extra.id,
        song.id,
        make_id("version", film.id, 1),
        "0" * 31 + "1",
    ]
    async with signed_in(any_sim) as backend:
        assert await backend.fetch([RemoteId(remote_id) for remote_id in ids]) == ()


async def test_an_artist_by_name_lies_in_the_only_music_library(sim):
    """It has no ancestors, and no folder."""
    artist = sim.world.of_type("MusicArtist")[0]
    by_name = sim.world.add(
        replace(artist, id=make_id("artist", "by name"), name="By Name", number=3)
    )
    assert is_by_name(by_name)
    async with signed_in(sim) as backend:
        [row] = await backend.fetch([RemoteId(by_name.id)])

    assert row.listing is not None
    assert row.listing.type is ItemType.ARTIST


@pytest.mark.parametrize(
    "answer", [[], [{}], [{"Id": "a" * 32, "Type": "Folder"}] * 3, [{"Id": 5, "Type": None}]]
)
async def test_odd_ancestors_place_nothing(sim, answer):
    """Cycles and rows without ids: the row has no listing, and the next sync finds it."""
    from tests.simulators.jellyfin import faults  # noqa: PLC0415 - only here

    film = sim.world.of_type("Movie")[0]
    async with signed_in(sim) as backend:
        sim.faults.add("/Ancestors", faults.replace_json(answer))
        [row] = await backend.fetch([RemoteId(film.id)])

    assert row.listing is None
