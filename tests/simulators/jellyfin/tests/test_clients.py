"""Two independent clients agree with the world behind the simulator, on every version."""

from __future__ import annotations

import queue
from collections.abc import AsyncIterator, Iterator
from typing import Any

import aiohttp
import aiojellyfin
import pytest
from aiojellyfin.session import NotFound, SessionConfiguration
from jellyfin_apiclient_python import JellyfinClient

from tests.simulators.jellyfin import VERSIONS, JellyfinSimulator, Timing, make_world

PAGE = 50
LISTED = ("Movie", "Series", "Season", "Episode", "MusicAlbum", "Audio", "MusicVideo", "Video",
          "BoxSet", "Playlist", "Photo", "Book")  # fmt: skip


@pytest.fixture(scope="module", params=list(VERSIONS))
def simulator(request: pytest.FixtureRequest) -> Iterator[JellyfinSimulator]:
    timing = Timing(library_quiet_s=0.05, user_data_quiet_s=0.05)
    with JellyfinSimulator(make_world(700), version=request.param, timing=timing) as running:
        yield running


@pytest.fixture
def client(simulator: JellyfinSimulator) -> Iterator[Any]:
    made = JellyfinClient(allow_multiple_clients=True)
    made.config.app("check", "1.0", "bench", "apiclient-1")
    made.config.data["auth.ssl"] = False
    made.auth.connect_to_address(simulator.url)
    result = made.auth.login(simulator.url, "alice", "secret")
    assert result["AccessToken"]
    made.logged_in = True
    made.start(websocket=False, keep_alive=True)
    yield made
    made.http.stop_session()


def _all_items(client: Any, **query: Any) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    while True:
        page = client.jellyfin.get_user_items(start_index=len(rows), limit=PAGE, **query)
        rows += page["Items"]
        if len(rows) >= page["TotalRecordCount"]:
            return rows


def test_apiclient_lists_as_many_items_of_each_type_as_the_world_has(
    simulator: JellyfinSimulator, client: Any
) -> None:
    """Apiclient lists as many items of each type as the world has.

    An independent client counts the same at every level.
    """
    counted = {
        kind: {row["Id"] for row in _all_items(client, include_item_types=kind, recursive=True)}
        for kind in LISTED
    }

    expected = {kind: {item.id for item in simulator.world.of_type(kind)} for kind in LISTED}
    assert expected == counted
    assert all(counted.values())


def test_apiclient_lists_every_library_and_what_is_in_it(
    simulator: JellyfinSimulator, client: Any
) -> None:
    """Hidden libraries are left out of the home screen's list.

    See docs/protocols/jellyfin.md, Libraries.
    """
    views = client.jellyfin.get_views()["Items"]
    hidden = simulator.user().hidden_views
    inside = {
        view["Id"]: len(_all_items(client, parent_id=view["Id"], recursive=True)) for view in views
    }

    world = simulator.world
    assert {each for each in world.libraries if each not in hidden} == set(inside)
    assert {each: len(world.in_library(each)) for each in inside} == inside


def test_apiclient_walks_artists_shows_and_playlists(
    simulator: JellyfinSimulator, client: Any
) -> None:
    """The listings that have routes of their own.

    See docs/protocols/jellyfin.md, Collections and playlists.
    """
    world = simulator.world
    artists = client.jellyfin.get_album_artists()["Items"]
    series = world.of_type("Series")[0]
    seasons = client.jellyfin.get_seasons(series.id)["Items"]
    playlist = world.of_type("Playlist")[0]
    members = client.jellyfin.get_playlist_items(playlist.id)["Items"]

    assert {item.id for item in world.of_type("MusicArtist")} == {row["Id"] for row in artists}
    assert {item.id for item in world.children_of(series.id)} == {row["Id"] for row in seasons}
    assert list(playlist.members) == [row["Id"] for row in members]


def test_apiclient_sees_the_same_play_state_and_the_same_resume_list(
    simulator: JellyfinSimulator, client: Any
) -> None:
    """Apiclient sees the same play state and the same resume list.

    See docs/protocols/jellyfin.md, Watch state.
    """
    data = simulator.user().data
    rows = _all_items(client, include_item_types="Movie,Episode,Audio", recursive=True)
    played = {row["Id"] for row in rows if row["UserData"]["Played"]}
    resumable = client.jellyfin.get_resume_items(limit=1000)["Items"]

    ids = {row["Id"] for row in rows}
    assert {each for each in ids if each in data and data[each].played} == played
    assert {each for each in data if data[each].position_ticks} == {row["Id"] for row in resumable}
    positions = {row["Id"]: row["UserData"]["PlaybackPositionTicks"] for row in resumable}
    assert positions == {each: data[each].position_ticks for each in positions}


def test_apiclient_marks_an_item_and_the_world_knows(
    simulator: JellyfinSimulator, client: Any
) -> None:
    """Apiclient marks an item and the world knows.

    See docs/protocols/jellyfin.md, Watch state.
    """
    movie = simulator.world.of_type("Movie")[0]

    client.jellyfin.item_played(movie.id, watched=True)
    client.jellyfin.favorite(movie.id)
    assert simulator.user().data[movie.id].played
    assert simulator.user().data[movie.id].favorite

    client.jellyfin.item_played(movie.id, watched=False)
    assert not simulator.user().data[movie.id].played


def test_apiclient_hears_of_changes_over_its_own_websocket(
    simulator: JellyfinSimulator, client: Any
) -> None:
    """Read by somebody else's websocket code.

    See docs/protocols/jellyfin.md, Push.
    """
    heard: queue.Queue[tuple[str, Any]] = queue.Queue()
    client.callback = lambda kind, data: heard.put((kind, data))
    client.start_wsc()
    try:
        assert heard.get(timeout=10)[0] == "WebSocketConnect"
        movie = simulator.world.of_type("Movie")[1]
        simulator.world.edit(movie.id, name="Další název")
        # Marks made by an earlier test may be told first.
        messages = iter(lambda: heard.get(timeout=10), None)
        data = next(data for kind, data in messages if kind == "LibraryChanged")
        assert data["ItemsUpdated"] == [movie.id]
    finally:
        # Its own way of stopping takes ten seconds; a thread told to stop ends with its socket.
        client.wsc.stop = True
        simulator.drop_connections()
        client.wsc.join(timeout=10)
        client.wsc.stop_client()
    assert not client.wsc.is_alive()


@pytest.fixture
async def connection(
    simulator: JellyfinSimulator, anyio_backend: str
) -> AsyncIterator[aiojellyfin.Connection]:
    async with aiohttp.ClientSession() as session:
        yield await aiojellyfin.authenticate_by_name(
            SessionConfiguration(
                session=session,
                url=simulator.url,
                app_name="check",
                app_version="1.0",
                device_name="bench",
                device_id="aiojellyfin-1",
            ),
            "alice",
            "secret",
        )


@pytest.mark.anyio
async def test_aiojellyfin_streams_every_track_album_artist_and_playlist(
    simulator: JellyfinSimulator, connection: aiojellyfin.Connection
) -> None:
    """Its typed models decode our rows, and its counts are the world's."""
    world = simulator.world
    fields = (aiojellyfin.ItemFields.MediaSources, aiojellyfin.ItemFields.ProviderIds)
    tracks = [each async for each in connection.tracks.fields(*fields).stream(PAGE)]
    albums = [each async for each in connection.albums.stream(PAGE)]
    artists = [each async for each in connection.artists.stream(PAGE)]
    playlists = [each async for each in connection.playlists.stream(PAGE)]

    assert {item.id for item in world.of_type("Audio")} == {each["Id"] for each in tracks}
    assert {item.id for item in world.of_type("MusicAlbum")} == {each["Id"] for each in albums}
    assert {item.id for item in world.of_type("MusicArtist")} == {each["Id"] for each in artists}
    assert {item.id for item in world.of_type("Playlist")} == {each["Id"] for each in playlists}


@pytest.mark.anyio
async def test_aiojellyfin_reads_libraries_and_single_items(
    simulator: JellyfinSimulator, connection: aiojellyfin.Connection
) -> None:
    """A list without parent is the list of libraries; a single item has every field."""
    world = simulator.world
    libraries = await connection.get_media_folders()
    model = world.of_type("Audio")[0]
    track = await connection.get_track(model.id)
    album = await connection.get_album(model.album_id or "")

    assert {*world.libraries} == {each["Id"] for each in libraries["Items"]}
    assert model.name == track["Name"]
    assert album["Name"] == track["Album"]
    assert model.runtime_ticks == track["RunTimeTicks"]
    assert track["MediaSources"][0]["Path"] == model.path


@pytest.mark.anyio
async def test_aiojellyfin_reads_a_playlist_in_order_and_user_data(
    simulator: JellyfinSimulator, connection: aiojellyfin.Connection
) -> None:
    """Members of a playlist come in their order.

    See docs/protocols/jellyfin.md, Collections and playlists.
    """
    playlist = simulator.world.of_type("Playlist")[0]
    page = await connection.tracks.in_playlist(playlist.id).request()
    favorites = {each for each, data in simulator.user().data.items() if data.favorite}

    assert list(playlist.members) == [each["Id"] for each in page["Items"]]
    assert [each["Id"] in favorites for each in page["Items"]] == [
        each["UserData"]["IsFavorite"] for each in page["Items"]
    ]


@pytest.mark.anyio
async def test_aiojellyfin_says_not_found_for_an_unknown_item(
    connection: aiojellyfin.Connection,
) -> None:
    """404 when absent.

    See docs/protocols/jellyfin.md, Lists.
    """
    with pytest.raises(NotFound):
        await connection.get_track("0" * 31 + "1")
