"""From rows to items: recorded ones, and what single members mean."""

import json

import pytest

from msd.backend_api import SkippedItem
from msd.backends.plex.listing.library import item_type_of
from msd.backends.plex.parse.details import item_details
from msd.backends.plex.parse.item import parsed
from msd.backends.plex.parse.rows import raw_item, read_full, read_rows
from msd.models import Image, ItemType, LibraryType, WatchState
from tests.backends.plex.parse.rows_of import (
    DATA,
    JSON,
    XML,
    answer,
    item,
    listed,
    raw,
    row,
)


def sample(name):
    body = (DATA / name).read_bytes()
    if name.endswith(".json"):
        body = json.dumps(json.loads(body)["response"]).encode()
    found = read_full(answer(body, XML if name.endswith(".xml") else JSON))
    item_type = item_type_of(found[0])
    return parsed(raw_item(found[0], item_type)), item_details(found[1])


def test_a_recorded_film():
    """Official example: members, people in their jobs, versions and tracks."""
    film, details = sample("movie.json")

    assert (film.type, film.title, film.year) == (ItemType.MOVIE, "Zoolander", 2001)
    assert film.released == "2001-09-27"
    assert film.genres
    assert {"poster", "backdrop"} <= {image.kind for image in film.images}
    assert details.media_sources
    assert {"actor", "director"} <= {person.job for person in details.people}


def test_a_recorded_track_in_xml():
    """A recorded track in xml.

    Without an Accept header the answer is XML, with every number in quotes.
    """
    track, details = sample("media_100.xml")

    assert (track.type, track.title, track.album) == (ItemType.TRACK, "Track 1", "Album Title")
    assert (track.artist, track.track_number, track.disc_number) == ("Artist Name", 1, 1)
    assert (track.parent_remote_id, track.album_remote_id) == ("200", "200")
    assert track.duration_ms == 250_000
    assert track.added_at == 1_600_999_261
    assert track.watch == WatchState(watched=True, play_count=1, last_played=1_603_309_346)
    assert track.identity == "track:plex://album/12345:plex://track/12345"
    assert details.media_sources[0].bitrate == 256_000


def test_a_recorded_season_in_xml():
    """A recorded season in xml.

    The guid of an agent of old is the show's id with the season's number.
    """
    season, _ = sample("show_seasons.xml")

    assert (season.type, season.season_number, season.child_count) == (ItemType.SEASON, 1, 14)
    assert (season.parent_remote_id, season.show_remote_id) == ("30", "30")
    assert season.show_title == "TV Show"
    assert season.watch.watched
    assert season.external_ids == ()
    assert season.identity == "season:com.plexapp.agents.thetvdb://12345/1"


def test_a_recorded_album_leaves_counting_to_its_tracks():
    """Most lists do not count them, so that a full answer must not do so either (Y22)."""
    album, _ = sample("media_200.xml")

    assert (album.type, album.artist, album.child_count) == (ItemType.ALBUM, "Artist", None)
    assert album.parent_remote_id == "300"
    assert (album.watch.watched, album.watch.play_count) == (False, 5)


def test_recorded_playlists():
    """Recorded playlists.

    A composite is its picture; its views are not the user's watching.
    """
    rows = read_rows(answer((DATA / "playlists.xml").read_bytes(), XML)).rows
    lists = [parsed(raw_item(one, ItemType.PLAYLIST)) for one in rows]

    assert [one.title for one in lists] == ["Playlist 1", "Playlist 2"]
    assert lists[0].images == (Image(kind="poster", ref="/playlists/500/composite/1597983847"),)
    assert lists[0].child_count == 1
    assert lists[0].watch == WatchState()


def test_numbers_may_come_in_quotes_and_children_alone():
    """Numbers may come in quotes and children alone.

    Ints as strings, an object where a list belongs.
    """
    found = item(year="1999", duration="60000", Genre={"tag": "Comedy"}, Guid={"id": "imdb://tt12"})

    assert (found.year, found.duration_ms, found.genres) == (1999, 60_000, ("Comedy",))
    assert found.external_ids == ("imdb:tt12",)


def test_an_episode_of_a_show_with_hidden_seasons_belongs_to_the_show():
    """An episode of a show with hidden seasons belongs to the show.

    No parentRatingKey.
    """
    found = item(ItemType.EPISODE, type="episode", grandparentRatingKey="5", index=3, parentIndex=1)

    assert (found.parent_remote_id, found.show_remote_id) == ("5", "5")
    assert (found.season_number, found.episode_number) == (1, 3)


def test_nobody_is_their_own_parent():
    """Bad input: cycles."""
    found = item(ItemType.EPISODE, type="episode", parentRatingKey="7", grandparentRatingKey=7)

    assert (found.parent_remote_id, found.show_remote_id) == (None, None)


@pytest.mark.parametrize(
    ("added", "expected"), [(-86_400, 0), (0, 0), (10**18, 0), ("1586886369", 1_586_886_369)]
)
def test_odd_moments_are_unknown(added, expected):
    """Odd moments are unknown.

    AddedAt may be a file's time, edited, or before 1970.
    """
    assert expected == item(addedAt=added).added_at


@pytest.mark.parametrize(
    ("date", "expected"),
    [
        ("1963-12-21", "1963-12-21"),
        ("0000-00-00", ""),
        ("2013-13-01", ""),
        ("9999-01-01", ""),
        ("1895-12-28T00:00:00Z", "1895-12-28"),
        ("", ""),
    ],
)
def test_odd_dates_are_unknown_and_old_ones_are_not(date, expected):
    """Bad input: dates before 1970 and dates that are none."""
    assert expected == item(originallyAvailableAt=date).released


def test_an_untitled_episode_has_its_number_for_a_title():
    """An item without a title is still there (Y14)."""
    assert item(ItemType.EPISODE, type="episode", title="", index=3).title == "Episode 3"


@pytest.mark.parametrize(
    ("item_type", "members", "title"),
    [
        (ItemType.MOVIE, {"originalTitle": "Ursprung"}, "Ursprung"),
        (ItemType.MOVIE, {"titleSort": "matrix"}, "matrix"),
        (ItemType.VIDEO, {"Media": [{"Part": [{"file": "/a/Beach 2020.mkv"}]}]}, "Beach 2020"),
        (ItemType.VIDEO, {"Media": [{"Part": [{"file": "C:\\v\\Beach.avi"}]}]}, "Beach"),
        (ItemType.SEASON, {"type": "season", "index": 2}, "Season 2"),
        (ItemType.EPISODE, {"type": "episode", "index": 20231225}, "Episode 20231225"),
        (ItemType.TRACK, {"type": "track", "originalTitle": "Artist", "index": 4}, "Track 4"),
        (
            ItemType.EPISODE,
            {"type": "episode", "originallyAvailableAt": "2023-12-25"},
            "2023-12-25",
        ),
        (ItemType.MOVIE, {}, "(untitled)"),
    ],
)
@pytest.mark.parametrize("nothing", [{"title": ""}, {"title": None}, {"title": " "}])
def test_a_row_without_a_title_is_an_item(item_type, members, title, nothing):
    """Title from what else the row says; at last a word that says that there is none (Y14)."""
    assert title == item(item_type, **nothing, **members).title


@pytest.mark.parametrize(("rating", "expected"), [(7.5, 7.5), ("7.5", 7.5), (85, None), (-1, None)])
def test_a_rating_of_another_scale_is_unknown(rating, expected):
    """10.4 or 85 would be shown as a lie."""
    assert expected == item(rating=rating).rating


def test_both_ratings_are_kept():
    """The audience's is the rating, the critics' one is named so."""
    both = item(rating=8.3, audienceRating=9.1, ratingImage="rottentomatoes://image.rating.ripe")
    critics = item(rating=8.3, ratingImage="rottentomatoes://image.rating.ripe")
    audience = item(rating=8.3, ratingImage="imdb://image.rating")

    assert [(9.1, 8.3), (8.3, 8.3), (8.3, None)] == [
        (found.rating, found.critic_rating) for found in (both, critics, audience)
    ]


def test_a_row_of_another_type_is_not_taken_for_one_of_the_listing():
    """A row of another type is not taken for one of the listing (K5).

    A server that ignores `type` fills no list of episodes with shows.
    """
    assert isinstance(parsed(raw(ItemType.EPISODE, type="show")), SkippedItem)


def test_a_film_in_a_library_of_other_videos_is_a_video():
    """A film in a library of other videos is a video.

    Such sections list what they hold as films.
    """
    assert item(ItemType.VIDEO).type is ItemType.VIDEO
    [found] = read_rows(listed(row(librarySectionID=4))).rows
    assert item_type_of(found, LibraryType.VIDEOS) is ItemType.VIDEO
    assert item_type_of(found, LibraryType.MUSIC_VIDEOS) is ItemType.MUSIC_VIDEO


@pytest.mark.parametrize("value", [11, -1, "nan", "many", None])
def test_a_rating_is_between_0_and_10(value):
    """Bad input."""
    assert item(audienceRating=value, userRating=value).rating is None
    assert item(audienceRating=value, rating=4).rating == 4


def test_markers_chapters_and_tracks_beside_the_file():
    """Markers chapters and tracks beside the file.

    The index is there only for tracks inside the file.
    """
    _, details = read_full(
        listed(
            row(
                Marker=[
                    {"type": "intro", "startTimeOffset": 1, "endTimeOffset": 2},
                    {"type": "credits", "startTimeOffset": 5, "endTimeOffset": 5},
                    {"type": "bookmark", "startTimeOffset": 1, "endTimeOffset": 9},
                ],
                Chapter=[{"tag": "One", "startTimeOffset": 0, "endTimeOffset": 9}],
                Media=[
                    {
                        "id": 1,
                        "Part": [
                            {
                                "size": 5,
                                "Stream": [
                                    {"streamType": 1, "index": 0},
                                    {"streamType": 2, "index": 1},
                                    {"streamType": 3, "key": "/library/streams/9"},
                                    {"streamType": 4},
                                ],
                            },
                            {"size": 6},
                        ],
                    }
                ],
            )
        )
    )

    found = item_details(details)

    assert [(one.kind, one.title) for one in found.markers] == [("chapter", "One"), ("intro", "")]
    [version] = found.media_sources
    assert version.size == 11
    assert [(one.index, one.is_external) for one in version.streams] == [
        (0, False),
        (1, False),
        (2, True),
    ]
