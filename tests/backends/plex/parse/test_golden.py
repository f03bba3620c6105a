"""Recorded rows and the whole items that they become, written from the recordings by hand."""

from __future__ import annotations

import pytest

from msd.backends.plex.listing.library import item_type_of
from msd.backends.plex.parse.item import parsed
from msd.backends.plex.parse.rows import raw_item, read_rows
from msd.models import (
    Image,
    ItemType,
    MediaItem,
    Milliseconds,
    RemoteId,
    UnixSeconds,
    WatchState,
)
from tests.backends.plex.parse.rows_of import XML, answer, item
from tests.support.shared import PROTOCOLS, require

RECORDINGS = PROTOCOLS / "plex" / "samples" / "homeassistant"


def recording(name: str) -> bytes:
    """Return a recorded answer."""
    require(RECORDINGS)
    return (RECORDINGS / name).read_bytes()


def pictures(**refs: str) -> tuple[Image, ...]:
    return tuple(Image(kind=kind, ref=ref) for kind, ref in refs.items())


GOLDEN = {
    "library_movies_all.xml": MediaItem(
        remote_id=RemoteId("1"),
        type=ItemType.MOVIE,
        title="Movie 1",
        overview="Some elaborate summary.",
        tagline="Witty saying.",
        year=2000,
        released="2000-01-01",
        added_at=UnixSeconds(1377829261),
        duration_ms=Milliseconds(9000000),
        genres=("Sci-Fi", "Action"),
        studios=("Studio Entertainment",),
        rating=9.5,
        critic_rating=9.0,
        content_rating="R",
        external_ids=("imdb:tt0123456",),
        images=pictures(
            poster="/library/metadata/1/thumb/1590245989",
            backdrop="/library/metadata/1/art/1590245989",
        ),
        watch=WatchState(watched=True, play_count=1, last_played=UnixSeconds(1505969509)),
        identity="movie:com.plexapp.agents.imdb://tt0123456",
    ),
    "library_tvshows_all.xml": MediaItem(
        remote_id=RemoteId("30"),
        type=ItemType.SHOW,
        title="TV Show",
        overview="Elaborate summary.",
        year=2000,
        released="2000-01-01",
        added_at=UnixSeconds(1377827407),
        duration_ms=Milliseconds(3000000),
        genres=("Action", "Animated"),
        studios=("TV Studio",),
        rating=9.0,
        content_rating="TV-Y",
        external_ids=("tvdb:show:12345",),
        child_count=5,
        unwatched_count=100,
        images=pictures(
            poster="/library/metadata/30/thumb/1488495292",
            backdrop="/library/metadata/30/art/1488495292",
            banner="/library/metadata/30/banner/1488495292",
        ),
        watch=WatchState(),
        identity="show:com.plexapp.agents.thetvdb://12345",
    ),
    "show_seasons.xml": MediaItem(
        remote_id=RemoteId("20"),
        type=ItemType.SEASON,
        title="Season 1",
        added_at=UnixSeconds(1377827368),
        parent_remote_id=RemoteId("30"),
        show_remote_id=RemoteId("30"),
        show_title="TV Show",
        season_number=1,
        child_count=14,
        unwatched_count=0,
        images=pictures(
            poster="/library/metadata/20/thumb/1488495294",
            backdrop="/library/metadata/30/art/1488495294",
        ),
        watch=WatchState(watched=True, play_count=20, last_played=UnixSeconds(1524197296)),
        identity="season:com.plexapp.agents.thetvdb://12345/1",
    ),
    "library_music_all.xml": MediaItem(
        remote_id=RemoteId("300"),
        type=ItemType.ARTIST,
        title="Artist",
        overview="Artist summary.",
        added_at=UnixSeconds(1595543193),
        genres=("Electronic",),
        images=pictures(
            poster="/library/metadata/300/thumb/1595543202",
            backdrop="/library/metadata/300/art/1595543202",
        ),
        watch=WatchState(play_count=64, last_played=UnixSeconds(1605456703)),
        identity="artist:plex://artist/12345",
    ),
    "children_300.xml": MediaItem(
        remote_id=RemoteId("200"),
        type=ItemType.ALBUM,
        title="Album",
        year=2019,
        released="2019-01-01",
        added_at=UnixSeconds(1602534474),
        studios=("Studio",),
        parent_remote_id=RemoteId("300"),
        artist="Artist",
        artist_remote_ids=(RemoteId("300"),),
        images=pictures(
            poster="/library/metadata/200/thumb/1602534481",
            backdrop="/library/metadata/300/art/1595543202",
        ),
        watch=WatchState(play_count=5, last_played=UnixSeconds(1605456703)),
        identity="album:plex://album/12345",
    ),
    "grandchildren_300.xml": MediaItem(
        remote_id=RemoteId("100"),
        type=ItemType.TRACK,
        title="Track 1",
        added_at=UnixSeconds(1600999261),
        duration_ms=Milliseconds(250000),
        parent_remote_id=RemoteId("200"),
        artist="Arist Name",
        artist_remote_ids=(RemoteId("300"),),
        album="Album Title",
        album_remote_id=RemoteId("200"),
        disc_number=1,
        track_number=1,
        images=pictures(
            poster="/library/metadata/200/thumb/1605462119",
            backdrop="/library/metadata/300/art/1605462131",
        ),
        watch=WatchState(watched=True, play_count=1, last_played=UnixSeconds(1603309346)),
        identity="track:plex://album/12345:plex://track/12345",
    ),
    "library_movies_collections.xml": MediaItem(
        remote_id=RemoteId("20000"),
        type=ItemType.COLLECTION,
        title="My Collection",
        year=1989,
        added_at=UnixSeconds(1518032895),
        content_rating="G",
        child_count=6,
        images=pictures(
            poster="/library/collections/20000/composite/1518032983?width=400&height=600"
        ),
        watch=WatchState(),
        identity="collection:collection://b57b4fb7-b1a9-48a1-9122-fda907c422cd",
    ),
    "playlists.xml": MediaItem(
        remote_id=RemoteId("500"),
        type=ItemType.PLAYLIST,
        title="Playlist 1",
        added_at=UnixSeconds(1505969338),
        duration_ms=Milliseconds(5054000),
        child_count=1,
        images=pictures(poster="/playlists/500/composite/1597983847"),
        watch=WatchState(),
    ),
}


@pytest.mark.parametrize("name", GOLDEN)
def test_a_recorded_row_becomes_the_whole_item(name):
    """Field by field; what is not named here is at its default."""
    first, *_ = read_rows(answer(recording(name), XML)).rows

    assert GOLDEN[name] == parsed(raw_item(first, item_type_of(first)))


EPISODE_OF_TODAY = {
    "ratingKey": "45522",
    "key": "/library/metadata/45522",
    "parentRatingKey": "45521",
    "grandparentRatingKey": "45520",
    "guid": "plex://episode/5f68d2a93109960041ef8aed",
    "parentGuid": "plex://season/602e7872c47d69002c8ce7b3",
    "grandparentGuid": "plex://show/5e16253691c20300412003a8",
    "grandparentSlug": "a-show-2020",
    "type": "episode",
    "title": "Episode 1",
    "grandparentKey": "/library/metadata/45520",
    "parentKey": "/library/metadata/45521",
    "grandparentTitle": "A Show",
    "parentTitle": "Season 1",
    "originalTitle": "エピソード1",
    "contentRating": "TV-MA",
    "summary": "Something happens.",
    "index": 1,
    "parentIndex": 1,
    "audienceRating": 6.9,
    "viewCount": 1,
    "lastViewedAt": 1633889060,
    "year": 2020,
    "thumb": "/library/metadata/45522/thumb/1633811171",
    "art": "/library/metadata/45520/art/1724304813",
    "parentThumb": "/library/metadata/45521/thumb/1644710589",
    "grandparentThumb": "/library/metadata/45520/thumb/1724304813",
    "grandparentArt": "/library/metadata/45520/art/1724304813",
    "duration": 2911520,
    "originallyAvailableAt": "2020-12-10",
    "addedAt": 1633811171,
    "audienceRatingImage": "themoviedb://image.rating",
    "Image": [
        {"type": "coverPoster", "url": "/library/metadata/45521/thumb/1644710589"},
        {"type": "snapshot", "url": "/library/metadata/45522/thumb/1633811171"},
        {"type": "background", "url": "/library/metadata/45520/art/1724304813"},
    ],
    "UltraBlurColors": {"topLeft": "11333b"},
    "Guid": [{"id": "imdb://tt13015952"}, {"id": "tmdb://2434012"}, {"id": "tvdb://7945991"}],
    "Director": [{"tag": "Somebody"}],
}


def test_an_episode_as_servers_of_today_list_it():
    """In JSON: ids of other databases, a frame of its own, the season's poster, one rating."""
    expected = MediaItem(
        remote_id=RemoteId("45522"),
        type=ItemType.EPISODE,
        title="Episode 1",
        original_title="エピソード1",
        overview="Something happens.",
        year=2020,
        released="2020-12-10",
        added_at=UnixSeconds(1633811171),
        duration_ms=Milliseconds(2911520),
        rating=6.9,
        content_rating="TV-MA",
        external_ids=(
            "imdb:tt13015952",
            "plex:episode:5f68d2a93109960041ef8aed",
            "tmdb:episode:2434012",
            "tvdb:episode:7945991",
        ),
        parent_remote_id=RemoteId("45521"),
        show_remote_id=RemoteId("45520"),
        show_title="A Show",
        season_number=1,
        episode_number=1,
        images=pictures(
            poster="/library/metadata/45521/thumb/1644710589",
            backdrop="/library/metadata/45520/art/1724304813",
            thumb="/library/metadata/45522/thumb/1633811171",
        ),
        watch=WatchState(watched=True, play_count=1, last_played=UnixSeconds(1633889060)),
        identity="episode:plex://episode/5f68d2a93109960041ef8aed",
    )

    assert expected == item(ItemType.EPISODE, **EPISODE_OF_TODAY)
