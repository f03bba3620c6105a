"""From rows to items: recorded ones, broken ones, arbitrary ones."""

import json
from pathlib import Path

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from msd.backend_api import RawItem, SkippedItem
from msd.backend_api.http.client import Answer
from msd.backends.plex.listing.library import item_type_of
from msd.backends.plex.parse.details import item_details
from msd.backends.plex.parse.item import parsed
from msd.backends.plex.parse.rows import raw_item, read_full, read_rows
from msd.backends.plex.parse.xml import as_json
from msd.errors import BackendError, BadResponseError
from msd.models import Image, ItemType, LibraryType, MediaItem, WatchState

MBID = "83d91898-7763-47d7-b03b-b92132375c47"
DATA = Path(__file__).parent / "data"
XML = {"content-type": "text/xml;charset=utf-8"}
JSON = {"content-type": "application/json"}


def answer(body, headers=JSON):
    return Answer(status=200, headers=httpx.Headers(headers), body=body)


def listed(*rows, **members):
    return answer(json.dumps({"MediaContainer": {"Metadata": list(rows)} | members}).encode())


def row(**members):
    return {"ratingKey": "7", "type": "movie", "title": "Title"} | members


def raw(item_type=ItemType.MOVIE, /, **members):
    [found] = read_rows(listed(row(**members))).rows
    return raw_item(found, item_type)


def item(item_type=ItemType.MOVIE, /, **members):
    found = parsed(raw(item_type, **members))
    assert isinstance(found, MediaItem), found
    return found


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


def test_a_recorded_album_is_watched_in_part():
    """A recorded album is watched in part.

    ViewedLeafCount.
    """
    album, _ = sample("media_200.xml")

    assert (album.type, album.artist, album.child_count) == (ItemType.ALBUM, "Artist", 9)
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


def test_an_unwatched_item_is_untouched_not_unknown():
    """An unwatched item is untouched not unknown.

    Absent is not null.
    """
    assert item().watch == WatchState()


def test_watch_state_of_one_item():
    """Watch state of one item (W3).

    What the server knows, in msd's words.
    """
    watched = item(viewCount="2", viewOffset=60_000, lastViewedAt=1_700_000_000, userRating=7.5)

    assert watched.watch == WatchState(
        watched=True,
        play_count=2,
        position_ms=60_000,
        last_played=1_700_000_000,
        user_rating=7.5,
    )
    assert not item(viewOffset=60_000).watch.watched


@pytest.mark.parametrize(
    ("leaves", "viewed", "watched"), [(3, 3, True), (3, 2, False), (0, 0, False), (2, None, False)]
)
def test_a_show_is_watched_when_all_its_episodes_are(leaves, viewed, watched):
    """A show is watched when all its episodes are.

    ViewCount of a show counts episodes.
    """
    show = item(ItemType.SHOW, type="show", leafCount=leaves, viewedLeafCount=viewed, viewCount=9)

    assert watched is show.watch.watched


@pytest.mark.parametrize("value", [True, 1, "1", "true"])
def test_truths_come_in_many_spellings(value):
    """Truths come in many spellings."""
    body = {
        "ratingKey": "7",
        "type": "movie",
        "title": "T",
        "Media": [{"Part": [{"Stream": [{"streamType": 2, "default": value}]}]}],
    }
    _, details = read_full(listed(body))

    assert item_details(details).media_sources[0].streams[0].is_default


def test_numbers_may_come_in_quotes_and_children_alone():
    """Numbers may come in quotes and children alone.

    Ints as strings, an object where a list belongs.
    """
    found = item(year="1999", duration="60000", Genre={"tag": "Comedy"}, Guid={"id": "imdb://tt12"})

    assert (found.year, found.duration_ms, found.genres) == (1999, 60_000, ("Comedy",))
    assert found.external_ids == (("imdb", "tt12"),)


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


@pytest.mark.parametrize(
    ("plays", "watched", "count"),
    [("3", True, 3), (3.0, True, 3), ("many", True, 1), (1e300, True, 1_000_000), (0, False, 0)],
)
def test_an_odd_number_of_plays_is_still_played(plays, watched, count):
    """A watch state never becomes "never watched" because a number was odd (Y14)."""
    state = item(viewCount=plays, lastViewedAt=1_700_000_000).watch

    assert (watched, count) == (state.watched, state.play_count)


def test_an_odd_position_leaves_the_rest_of_the_watch_state():
    """Only the odd value goes (Y14)."""
    state = item(viewCount=2, viewOffset={"ms": 1}, lastViewedAt=1_700_000_000).watch

    assert (True, 2, 0) == (state.watched, state.play_count, state.position_ms)


@pytest.mark.parametrize("member", ["viewOffset", "lastViewedAt", "userRating"])
def test_a_watch_state_of_which_nothing_can_be_read_is_no_opinion(member):
    """What is stored stays (Y14)."""
    assert item(**{member: {}}).watch is None
    assert item().watch == WatchState()


def test_a_position_is_never_behind_the_end():
    """A resume point of 2 h 45 in a film of 1 h."""
    assert 3_600_000 == item(viewOffset=9_900_000, duration=3_600_000).watch.position_ms
    assert 9_900_000 == item(viewOffset=9_900_000).watch.position_ms


@pytest.mark.parametrize(
    ("guid", "expected"),
    [
        (" imdb://tt0133093 ", ("imdb", "tt0133093")),
        ("imdb:// tt0133093", ("imdb", "tt0133093")),
        ("imdb://https://www.imdb.com/title/tt0133093/", ("imdb", "tt0133093")),
        ("tmdb://603 - The Matrix", ("tmdb", "603")),
        ("TMDB://603", ("tmdb", "603")),
        ("tvdb://series/74205", ("tvdb", "74205")),
    ],
)
def test_ids_of_other_databases_have_one_form(guid, expected):
    """So that look-ups meet."""
    assert (expected,) == item(Guid=[{"id": guid}]).external_ids


@pytest.mark.parametrize("guid", ["imdb://", "tmdb://film", "imdb://nothing", "x", 5, None, ["a"]])
def test_what_is_no_id_of_another_database_is_left_out(guid):
    """The odd entry goes, the next one stays (Y14)."""
    assert (("tmdb", "1"),) == item(Guid=[{"id": guid}, {"id": "tmdb://1"}]).external_ids


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


def test_counts_that_the_server_does_not_tell_are_unknown():
    """Unknown is absent, never 0 (Y13)."""
    show = item(ItemType.SHOW, type="show", leafCount=18, viewedLeafCount=15, childCount="5")
    unknown = item(ItemType.ALBUM, type="album")
    film = item(leafCount=3)

    assert [(3, 5), (None, None), (None, None)] == [
        (found.unwatched_count, found.child_count) for found in (show, unknown, film)
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


@pytest.mark.parametrize(
    ("guid", "expected"),
    [
        ("plex://movie/5d776841103a2d001f56a97b", (("plex", "5d776841103a2d001f56a97b"),)),
        ("com.plexapp.agents.imdb://tt0133093?lang=en", (("imdb", "tt0133093"),)),
        ("com.plexapp.agents.themoviedb://603?lang=en", (("tmdb", "603"),)),
        ("com.plexapp.agents.thetvdb://74205?lang=en", (("tvdb", "74205"),)),
        ("com.plexapp.agents.imdb://nonsense?lang=en", ()),
        ("com.plexapp.agents.none://0f1e?lang=xn", ()),
        ("local://56939", ()),
        ("imdb://tt1/../..", ()),
        ("", ()),
    ],
)
def test_guids_of_every_age_are_external_ids(guid, expected):
    """Guids of every age are external ids."""
    assert expected == item(guid=guid).external_ids


def test_listed_guids_win_and_music_has_names_of_its_own():
    """Ids are listed only where they were asked for (includeGuids)."""
    guids = [{"id": f"mbid://{MBID}"}, {"id": "tmdb://1"}, {"id": "tmdb://2"}, {"id": None}, {}]

    assert item(Guid=guids).external_ids == (("tmdb", "1"),)
    album = item(ItemType.ALBUM, type="album", Guid=guids)
    assert album.external_ids == (("musicbrainz-album", MBID), ("tmdb", "1"))


@pytest.mark.parametrize(
    ("item_type", "members", "expected"),
    [
        (ItemType.MOVIE, {"guid": "plex://movie/1"}, "movie:plex://movie/1"),
        (ItemType.MOVIE, {"guid": "local://7"}, ""),
        (
            ItemType.MOVIE,
            {"guid": "com.plexapp.agents.imdb://tt1?lang=de"},
            "movie:com.plexapp.agents.imdb://tt1",
        ),
        (
            ItemType.SEASON,
            {"type": "season", "guid": "local://7", "index": 0, "parentGuid": "plex://show/1"},
            "season:plex://show/1:0",
        ),
        (ItemType.TRACK, {"type": "track", "guid": "plex://track/1"}, ""),
        (
            ItemType.VIDEO,
            {"guid": "local://7", "Media": [{"Part": [{"file": "/a/b.mkv"}]}]},
            "video:/a/b.mkv",
        ),
        (ItemType.VIDEO, {"guid": "local://7"}, ""),
    ],
)
def test_an_item_is_recognised_after_the_server_numbered_it_anew(item_type, members, expected):
    """An item is recognised after the server numbered it anew (I2).

    By its guid, by its place, or by its file.
    """
    assert expected == item(item_type, **members).identity


@pytest.mark.parametrize(
    "path",
    [
        "http://evil/x",
        "//evil/x",
        "/a/../../etc",
        "/a b",
        "",
        "/" + "a" * 900,
    ],
)
def test_a_picture_is_a_path_of_the_server_and_holds_no_token(path):
    """A picture is a path of the server and holds no token (K1, K5).

    A ref is only ever asked for at the server itself.
    """
    assert item(thumb=path).images == ()


@pytest.mark.parametrize(
    ("path", "ref"),
    [
        ("/photo?X-Plex-Token=1", "/photo"),
        (
            "/library/collections/3/composite/17?width=400&height=600",
            "/library/collections/3/composite/17?width=400&height=600",
        ),
        ("/library/3/composite/17?width=4&X-Plex-Token=a", "/library/3/composite/17?width=4"),
        ("/photo?width=4e9&height=", "/photo"),
    ],
)  # fmt: skip
def test_a_query_is_cleaned_and_the_picture_stays(path, ref):
    """Sizes stay, everything else of a query may be a token (K1)."""
    assert (Image(kind="poster", ref=ref),) == item(thumb=path).images


def test_pictures_of_relatives_stand_in():
    """An episode without a picture of its own shows its season's, then its show's."""
    found = item(
        ItemType.EPISODE,
        type="episode",
        parentThumb="/library/metadata/2/thumb/1",
        grandparentThumb="/library/metadata/3/thumb/1",
        grandparentArt="/library/metadata/3/art/1",
        Image=[{"type": "clearLogo", "url": "/library/metadata/3/clearLogo/1"}],
    )

    assert found.images == (
        Image(kind="poster", ref="/library/metadata/2/thumb/1"),
        Image(kind="backdrop", ref="/library/metadata/3/art/1"),
        Image(kind="logo", ref="/library/metadata/3/clearLogo/1"),
    )


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


def test_a_row_of_a_wrong_type_costs_one_member():
    """A row of a wrong type costs one member (K5).

    A bad item is skipped and counted; a bad member is absent.
    """
    found = item(viewCount=[], year="soon", Genre=[5, {"tag": "x"}], summary="kept")

    assert (found.watch, found.year, found.overview) == (None, None, "kept")
    assert ("x",) == found.genres


def test_a_bad_row_costs_itself():
    """A bad row costs itself (K5).

    Not the page.
    """
    page = read_rows(listed(row(), 5, None, {"title": "no key"}, row(ratingKey="8", year=[])))

    assert [isinstance(one, str) for one in page.rows] == [False, True, True, True, False]


@pytest.mark.parametrize(
    ("broken", "expected"),
    [(b"Caf\xe9", "Caf\ufffd"), (b"a\x00b", "a b"), (b"a\\u0000b", "ab"), (b"\\ud800", "\ufffd")],
)
def test_broken_text_costs_one_character(broken, expected):
    """Broken text costs one character.

    Invalid UTF-8; NUL; half of a surrogate pair.
    """
    body = b'{"MediaContainer":{"Metadata":[{"ratingKey":"7","type":"movie","title":"%s"}]}}'
    [found] = read_rows(answer(body % broken)).rows

    assert expected == parsed(raw_item(found, ItemType.MOVIE)).title


def test_the_fingerprint_is_the_same_however_the_server_writes_the_row():
    """The fingerprint is the same however the server writes the row (Y5).

    The order of members, quotes, and what only the full answer has.
    """
    members = {"year": 1999, "addedAt": 5, "Genre": [{"tag": "A"}, {"tag": "B"}]}
    light = raw(**members)
    full = raw(
        librarySectionID=1,
        librarySectionTitle="Renamed",
        updatedAt=99,
        Genre=[{"tag": "A", "id": 1}, {"tag": "B"}, {"tag": "C"}],
        Media=[{"id": 1, "Part": [{"id": 1, "Stream": [{"id": 1}]}]}],
        addedAt="5",
        year="1999",
    )

    assert light.fingerprint == full.fingerprint
    assert len(full.payload.row.genres) == 3


@pytest.mark.parametrize(
    "change",
    [
        {"title": "Other"},
        {"viewCount": 1},
        {"viewOffset": 1},
        {"userRating": 3},
        {"thumb": "/x"},
        {"parentRatingKey": "3"},
        {"Guid": [{"id": "imdb://tt9"}]},
    ],
)
def test_the_fingerprint_changes_with_the_row(change):
    """RawItem: a known fingerprint is neither parsed nor written."""
    assert raw().fingerprint != raw(**change).fingerprint


def test_the_fingerprint_changes_with_what_a_library_is_said_to_hold():
    """A film that becomes a music video is written again."""
    assert raw().fingerprint != raw(ItemType.MUSIC_VIDEO).fingerprint


@pytest.mark.parametrize("value", ["", "a b", "../x", "a/b", "x" * 100, "é", None, 1.5, True])
def test_a_key_that_may_not_stand_in_a_path_is_no_key(value):
    """A key that may not stand in a path is no key (K5).

    An id is written into addresses.
    """
    [found] = read_rows(listed(row(ratingKey=value))).rows

    assert isinstance(found, str) or raw_item(found, ItemType.MOVIE) is None


@pytest.mark.parametrize(
    "body",
    [
        b"<MediaContainer",
        b"",
        b'<!DOCTYPE x [<!ENTITY a "b">]><MediaContainer>&a;</MediaContainer>',
        b"<MediaContainer>" + b"<a>" * 50 + b"</a>" * 50 + b"</MediaContainer>",
        b"<html><body>no</body></html>",
        b'<Response code="503" title="Maintenance"/>',
    ],
    ids=range(6),
)
def test_xml_that_is_no_list_is_one_typed_error(body):
    """Xml that is no list is one typed error (K5, K6).

    No DTD, no entities, bounded depth.
    """
    with pytest.raises(BadResponseError):
        read_rows(answer(body, XML))


TEXTS = st.text(max_size=8)
FLOATS = st.floats(allow_nan=False, allow_infinity=False)  # no JSON has others
SCALARS = st.none() | st.booleans() | st.integers() | FLOATS | TEXTS
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["id", "tag", "type", "url", "Part", "file"]), inner, max_size=3
        )
    ),
    max_leaves=8,
)
MEMBERS = st.sampled_from(
    [
        "ratingKey",
        "type",
        "title",
        "guid",
        "year",
        "addedAt",
        "viewCount",
        "viewOffset",
        "rating",
        "Guid",
        "Genre",
        "Image",
        "Media",
        "thumb",
        "index",
        "parentRatingKey",
        "leafCount",
        "originallyAvailableAt",
        "userRating",
        "hidden",
        "Role",
        "Marker",
        "Chapter",
    ]
)


@given(
    rows=st.lists(st.dictionaries(MEMBERS, VALUES, max_size=8) | VALUES, max_size=4),
    item_type=st.sampled_from(ItemType),
)
@settings(max_examples=400, deadline=None)
def test_any_rows_are_items_or_skipped(rows, item_type):
    """Any rows are items or skipped (K5).

    Nothing else ever comes out of a list.
    """
    for one in read_rows(listed(*rows)).rows:
        if isinstance(one, str):
            continue
        found = raw_item(one, item_type)
        if found is not None:
            assert -(1 << 63) <= found.fingerprint < 1 << 63
            assert isinstance(parsed(found), MediaItem | SkippedItem)


@given(st.dictionaries(MEMBERS, VALUES, max_size=8))
@settings(max_examples=300, deadline=None)
def test_any_full_answer_has_details_or_is_one_typed_error(members):
    """Any full answer has details or is one typed error (K5)."""
    try:
        found = read_full(listed(members))
    except BadResponseError:
        return
    assert found is not None
    assert item_details(found[1]) is not None


@given(st.binary(max_size=200), st.sampled_from([JSON, XML, {"content-type": "text/html"}, {}]))
def test_any_bytes_are_a_list_or_one_typed_error(body, headers):
    """Any bytes are a list or one typed error (K5)."""
    try:
        read_rows(answer(body, headers))
    except BackendError:
        return


NAMES = st.sampled_from(["Video", "Directory", "Genre", "Media"])
XML_ROWS = st.recursive(
    st.tuples(
        NAMES,
        st.dictionaries(
            st.sampled_from(["ratingKey", "type", "year"]),
            st.text(st.characters(min_codepoint=32, max_codepoint=300), max_size=5),
        ),
    ),
    lambda inner: st.tuples(NAMES, st.lists(inner, max_size=3)),
    max_leaves=6,
)


def written(node):
    name, content = node
    if isinstance(content, dict):
        from xml.sax.saxutils import quoteattr  # noqa: PLC0415 - of this test only

        attributes = "".join(f" {key}={quoteattr(value)}" for key, value in content.items())
        return f"<{name}{attributes}/>"
    return f"<{name}>{''.join(map(written, content))}</{name}>"


@given(st.lists(XML_ROWS, max_size=4))
def test_xml_becomes_the_same_list_in_json(nodes):
    """Xml becomes the same list in json.

    Attributes are members, children are lists by name.
    """
    text = f"<MediaContainer>{''.join(map(written, nodes))}</MediaContainer>"
    found = json.loads(as_json(text.encode()))["MediaContainer"]

    assert sum(len(children) for children in found.values()) == len(nodes)


def test_a_payload_of_another_backend_is_skipped():
    """`parse` never raises."""
    assert isinstance(parsed(RawItem("7", 0, b"{}")), SkippedItem)
