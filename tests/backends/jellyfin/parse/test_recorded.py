"""Recorded rows of real servers, read to the whole item.

The expected values were written by hand from the recorded rows; members that are not named have
the value of an item of which nothing is known.
"""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from msd.backend_api import SkippedItem
from msd.backends.jellyfin.parse.details import item_details
from msd.backends.jellyfin.parse.item import media_item
from msd.backends.jellyfin.parse.wire import ITEM_TYPES
from msd.models import Image, ItemType, MediaItem, RemoteId, WatchState
from tests.backends.jellyfin.recorded import VERSIONS, names, recorded, rows

SERIES = "757a39b65638c283e3b46ed2fee826b8"
SEASON = "07820dd71a06021779f37ea09a5f670d"
LUMEN = "9ed3b948360e27e99e9945bce20d137c"


def read(version: str, name: str, number: int) -> MediaItem:
    row = rows(version, name)[number]
    item = media_item(RemoteId(row["Id"]), json.dumps(row).encode())
    assert isinstance(item, MediaItem)
    return item


def told(item: MediaItem) -> dict[str, Any]:
    """Return every member of an item that differs from one of which nothing is known."""
    blank = MediaItem(remote_id=RemoteId(""), type=ItemType.MOVIE, title="")
    return {
        name: getattr(item, name)
        for name in MediaItem.__struct_fields__
        if getattr(item, name) != getattr(blank, name) or name == "type"
    }


BLURHASH = "L6PZfSi_.AyE_3t7t7R**0o#DgR4"
FILM = {
    "remote_id": "56ba750dcf6ed18456e277848eeb9edf",
    "type": ItemType.MOVIE,
    "title": "The Amber Hour",
    "sort_title": "amber hour",
    "original_title": "The Amber Hour",
    "overview": "The Amber Hour is film number 4 of the lab: <made up>, with an ampersand"
    ' & "quotes".\nA second line of the plot.',
    "tagline": "Tagline 4: nothing is what it seems",
    "year": 1999,
    "released": "1999-05-05",
    "added_at": 1714882500,
    "duration_ms": 420128,
    "genres": ("Documentary", "Thriller", "Adventure"),
    "studios": ("Lantern Pictures",),
    "rating": 4.4,
    "critic_rating": 4.4,
    "content_rating": "NR",
    "external_ids": ("imdb:tt9900004", "tmdb:movie:990004"),
    "blurhash": BLURHASH,
    "images": (
        Image(
            kind="poster",
            ref="Primary:36712a945b52a43b33fd9fab4ff52e2d:56ba750dcf6ed18456e277848eeb9edf",
        ),
        Image(
            kind="backdrop",
            ref="Backdrop:5852073b7eecbe20af0c06ae2067c0b3:56ba750dcf6ed18456e277848eeb9edf",
        ),
        Image(
            kind="logo",
            ref="Logo:fd51c574745f1a272c57c22c46a97394:56ba750dcf6ed18456e277848eeb9edf",
        ),
    ),
    "watch": WatchState(position_ms=120000),
    "identity": "movie:tmdb:990004",
}
EPISODE = {
    "remote_id": "b681e539eccf1577014a8a220672eb74",
    "type": ItemType.EPISODE,
    "title": "Part 1 & Season 1",
    "overview": "Plot of Part 1 & Season 1.",
    "year": 2015,
    "released": "2015-02-07",
    "added_at": 1423267200,
    "duration_ms": 2046,
    "rating": 5.7,
    "content_rating": "TV-14",
    "external_ids": ("imdb:tt7700001", "tvdb:episode:6600001"),
    "parent_remote_id": SEASON,
    "show_remote_id": SERIES,
    "show_title": "Harbour Lights",
    "season_number": 1,
    "episode_number": 1,
    "blurhash": BLURHASH,
    "images": (
        Image(kind="poster", ref=f"Primary:24fd30c241f650d83cd9ca616d2160c6:{SEASON}"),
        Image(kind="backdrop", ref=f"Backdrop:2f3ad348c1c24361669722348ac4819d:{SERIES}"),
        Image(
            kind="thumb",
            ref="Primary:b4386747f8bf036118d4b9ba5248c46e:b681e539eccf1577014a8a220672eb74",
        ),
        Image(kind="logo", ref=f"Logo:b4ccd38d723bed6131371a2f87825548:{SERIES}"),
    ),
    "watch": WatchState(watched=True, play_count=1, last_played=1795988014),
    "identity": "episode:key:770001001001",
}
TRACK = {
    "remote_id": "31a6134d90cf5e8a5d9ee52fa5e10d14",
    "type": ItemType.TRACK,
    "title": "First Light",
    "year": 2014,
    "released": "2014-01-01",
    "added_at": 1683356880,
    "duration_ms": 2000,
    "genres": ("Ambient",),
    "external_ids": ("musicbrainz:recording:56664112-5cae-b656-84a3-6730898df583",),
    "parent_remote_id": "03185162ce0dbfb656d81a1c606aaab1",
    "artist": "Lumen Choir",
    "artist_remote_ids": (LUMEN,),
    "album": "Morning Tide",
    "album_remote_id": "03185162ce0dbfb656d81a1c606aaab1",
    "disc_number": 1,
    "track_number": 1,
    "has_lyrics": True,
    "blurhash": BLURHASH,
    "images": (
        Image(
            kind="poster",
            ref="Primary:fdce52290921118928e2ad1c5907d04a:03185162ce0dbfb656d81a1c606aaab1",
        ),
    ),
    "watch": WatchState(watched=True, play_count=1, last_played=1795988021),
    "identity": "track:0ee44b2c-8613-6673-c2e7-172db93a7827"
    ":56664112-5cae-b656-84a3-6730898df583:1.1",
}
ALBUM_WITHOUT_ARTIST = {
    "remote_id": "833dc9904a09ddbe503fc762e753e321",
    "type": ItemType.ALBUM,
    "title": "Rips",
    "sort_title": "rips",
    "added_at": 1795987604,
    "duration_ms": 6112,
    "watch": WatchState(),
}
HOME_VIDEO = {
    "remote_id": "b5038827b137e8889b8f4535396cb840",
    "type": ItemType.VIDEO,
    "title": "2019-12-24 Christmas at Oma's",
    "sort_title": "20191224 christmas at omas",
    "year": 2019,
    "released": "2019-12-24",
    "added_at": 1577210400,
    "duration_ms": 2000,
    "blurhash": BLURHASH,
    "images": (
        Image(
            kind="thumb",
            ref="Primary:d64299d84bf174be1fb89d0f3d270825:b5038827b137e8889b8f4535396cb840",
        ),
    ),
    "watch": WatchState(),
}
DAILY_EPISODE = {
    "remote_id": "4eac5e5ece2a8069f39083fba1542b03",
    "type": ItemType.EPISODE,
    "title": "Report of 2024-03-04",
    "overview": "News of 2024-03-04.",
    "year": 2024,
    "released": "2024-03-04",
    "added_at": 1709510400,
    "duration_ms": 2046,
    "parent_remote_id": "9c787939e16b5a4068bc156d80411ec1",
    "show_remote_id": "50ce853de1b5ecd2a9dac14a4fd065c0",
    "show_title": "Nightly Report",
    "season_number": 2024,
    "blurhash": BLURHASH,
    "images": (
        Image(
            kind="poster",
            ref="Primary:2965edc18c9282b6653d86abda12328d:50ce853de1b5ecd2a9dac14a4fd065c0",
        ),
        Image(
            kind="backdrop",
            ref="Backdrop:ca73483121eb15008dc3d00e25535de4:50ce853de1b5ecd2a9dac14a4fd065c0",
        ),
        Image(
            kind="thumb",
            ref="Primary:a1385f39393c8ad9c0a8939cb25c24d8:4eac5e5ece2a8069f39083fba1542b03",
        ),
        Image(
            kind="logo",
            ref="Logo:986a28f3a6af067ecb20b749f8f9cbb6:50ce853de1b5ecd2a9dac14a4fd065c0",
        ),
    ),
    "watch": WatchState(),
}
PLAYLIST = {
    "remote_id": "49fc7d37a41ffbde851ceda5de5f8e01",
    "type": ItemType.PLAYLIST,
    "title": "Evening",
    "sort_title": "evening",
    "added_at": 1795988421,
    "duration_ms": 1504220,
    "genres": ("Horror", "Science Fiction"),
    "studios": ("Studio Nord", "Lantern Pictures"),
    "content_rating": "G",
    "child_count": 3,
    "unwatched_count": 1,
    "blurhash": BLURHASH,
    "images": (
        Image(
            kind="poster",
            ref="Primary:c6975605abff9355ce29ccefa7f1379e:49fc7d37a41ffbde851ceda5de5f8e01",
        ),
    ),
    "watch": WatchState(),
}
ARTIST = {
    "remote_id": LUMEN,
    "type": ItemType.ARTIST,
    "title": "Lumen Choir",
    "sort_title": "lumen choir",
    "overview": "A choir of lamps & tides.",
    "added_at": 1795987604,
    "genres": ("Ambient",),
    "blurhash": BLURHASH,
    "images": (
        Image(kind="poster", ref=f"Primary:40e7e7d09b63f572c69628aa4996fa6d:{LUMEN}"),
        Image(kind="backdrop", ref=f"Backdrop:c40e604138b59ac765ebc27858fdd2d3:{LUMEN}"),
    ),
    "watch": WatchState(favourite=True),
}


@pytest.mark.parametrize(
    ("name", "number", "expected"),
    [
        ("list-movies", 0, FILM),
        ("list-episodes", 0, EPISODE),
        ("list-episodes-date-based", 0, DAILY_EPISODE),
        ("list-tracks", 0, TRACK),
        ("list-albums", 1, ALBUM_WITHOUT_ARTIST),
        ("list-home-videos", 1, HOME_VIDEO),
        ("list-playlists", 0, PLAYLIST),
        ("list-album-artists", 0, ARTIST),
    ],
)
def test_a_recorded_row_is_read_to_the_whole_item(name, number, expected):
    """Field by field: counting items shows nothing (Y14)."""
    assert told(read("12", name, number)) == expected


@pytest.mark.parametrize("version", VERSIONS)
def test_every_recorded_row_of_a_shown_kind_is_an_item(version):
    """Nothing that a real server answered is skipped."""
    read_rows = 0
    for name in names(version):
        for row in rows(version, name):
            if row.get("Type") in ITEM_TYPES:
                item = media_item(RemoteId(row["Id"]), json.dumps(row).encode())
                assert not isinstance(item, SkippedItem), (name, item)
                assert item.title == row["Name"]
                read_rows += 1

    assert read_rows > 20


def test_a_double_episode_has_an_end():
    """One file, two numbers."""
    assert read("12", "list-episodes", 1).episode_number_end == 2


def test_a_film_in_two_files_says_so():
    """The length of the row is that of the first file."""
    numbers = range(len(rows("12", "list-movies-odd")))
    found = [read("12", "list-movies-odd", number) for number in numbers]

    assert [item.part_count for item in found if item.title == "Long Road"] == [2]
    assert [item.duration_ms for item in found if item.part_count == 0 and not item.duration_ms]


def test_a_recorded_special_stands_among_the_seasons():
    """The list was asked without the numbers; the single answer has them."""
    special = read("10.11", "item-special", 0)

    assert special.season_number == 0
    assert (special.airs_before_season, special.airs_after_season) != (None, None)


def test_recorded_details_of_a_film_with_two_versions():
    """Each version has a name, a size and streams with what they are made of."""
    details = item_details(msgspec.json.encode(recorded("12", "item-movie-versions")["body"]))

    assert [(source.name, source.size) for source in details.media_sources] == [
        ("1080p", 19683),
        ("720p", 14638),
    ]
    video, audio = details.media_sources[0].streams
    assert (video.kind, video.codec, video.profile) == ("video", "h264", "Constrained Baseline")
    assert (video.width, video.height, video.hdr) == (1920, 1080, "")
    assert (audio.language, audio.channel_layout, audio.is_default) == ("eng", "mono", True)
    assert audio.display_title == "English - AAC - Mono - Default"


@pytest.mark.parametrize("version", VERSIONS)
def test_details_of_every_recorded_item_are_read(version):
    """People, sources and chapters come as many as the answer has of the kinds that msd shows."""
    for name in names(version):
        if not name.startswith("item-"):
            continue
        body = recorded(version, name)["body"]
        details = item_details(msgspec.json.encode(body))
        assert len(details.people) == len(body.get("People") or ()), name
        assert len(details.media_sources) == len(body.get("MediaSources") or ()), name
        chapters = [marker for marker in details.markers if marker.kind == "chapter"]
        assert len(chapters) == len(body.get("Chapters") or ()), name
