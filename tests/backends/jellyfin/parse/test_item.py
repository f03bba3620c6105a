"""From rows to items: recorded ones, simulated ones, broken ones, arbitrary ones."""

import json
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from msd.backend_api import RawItem, SkippedItem
from msd.backends.jellyfin.parse.details import item_details
from msd.backends.jellyfin.parse.item import media_item, parsed
from msd.backends.jellyfin.parse.values import moment, ms
from msd.backends.jellyfin.parse.wire import Row
from msd.models import Image, ItemType, MediaItem, WatchState

DATA = Path(__file__).parent / "data"
SAMPLES = sorted(DATA.rglob("*.json"))
OWN = "a" * 32
OTHER = "b" * 32
MBID = "b1392450-e666-3926-a536-22c65f834433"
THIRD = "c" * 32


def row(**members):
    return {"Id": OWN, "Name": "Title", "Type": "Movie"} | members


def item(**members):
    found = media_item(OWN, json.dumps(row(**members)).encode())
    assert isinstance(found, MediaItem), found
    return found


def sample(name):
    raw = (DATA / name).read_bytes()
    found = media_item(json.loads(raw)["Id"], raw)
    assert isinstance(found, MediaItem)
    return found


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_recorded_rows_are_understood(path):
    """Recorded rows are understood.

    Items of a real server.
    """
    raw = path.read_bytes()

    found = media_item(json.loads(raw)["Id"], raw)

    assert isinstance(found, MediaItem)
    assert json.loads(raw)["Name"] == found.title
    assert found.watch == WatchState()


def test_there_are_recorded_rows():
    """The test above would pass on nothing."""
    assert len(SAMPLES) == 7


def test_a_recorded_album():
    """A recorded album.

    MusicAlbum.
    """
    found = sample("albums/infest.json")

    assert (found.type, found.title, found.sort_title) == (ItemType.ALBUM, "Infest", "infest")
    assert (found.year, found.released, found.added_at) == (2000, "2000-04-25", 1702296640)
    assert (found.duration_ms, found.genres, found.child_count) == (2761427, ("Alt Metal",), 11)
    assert found.artist == "Papa Roach"
    assert found.parent_remote_id == "e439648e08ade14e27d5de48fa97c88e"
    assert "musicbrainz:release-group:0193355a-cdfb-3936-afd2-44d651eb006d" in found.external_ids
    assert (
        Image(
            kind="poster",
            ref="Primary:bcbe1ac159b0522743c9a0fe5401f948:70b7288088b42d318f75dbcc41fd0091",
        ),
        Image(
            kind="backdrop",
            ref="Backdrop:c3d584db117d4c2bba5a975f391a965e:e439648e08ade14e27d5de48fa97c88e",
        ),
        Image(
            kind="logo",
            ref="Logo:d58ea3bfadfb34e66033f55b8b2198c4:e439648e08ade14e27d5de48fa97c88e",
        ),
    ) == found.images
    assert found.identity == "album:musicbrainzalbum:bf25b030-0cbb-495a-8d79-6c7fee20a089"


def test_a_recorded_track():
    """A recorded track.

    Audio; its sort name is its place in the album.
    """
    found = sample("tracks/zombie_christmas.json")

    assert (found.type, found.title, found.sort_title) == (ItemType.TRACK, "Zombie Christmas", "")
    assert (found.disc_number, found.track_number) == (1, 8)
    assert found.artist == "Emmy the Great, Tim Wheeler"
    assert found.album == "This Is Christmas"
    assert found.parent_remote_id == found.album_remote_id == "32ed6a0091733dcff57eae67010f3d4b"
    assert found.identity.startswith("track:b13a174d-")


def test_a_recorded_track_shows_its_albums_cover():
    """A recorded track shows its albums cover.

    Fallback with the id of the picture's owner.
    """
    found = sample("tracks/thrown_away.json")

    assert (
        found.images[0].ref
    ) == "Primary:bcbe1ac159b0522743c9a0fe5401f948:70b7288088b42d318f75dbcc41fd0091"
    assert not found.identity


def test_a_recorded_artist():
    """A recorded artist.

    Artists.
    """
    found = sample("artists/ash.json")

    assert (found.type, found.title) == (ItemType.ARTIST, "Ash")
    assert {"poster", "logo", "backdrop"} == {image.kind for image in found.images}


def test_an_episode_knows_its_season_and_show():
    """An episode knows its season and show.

    Episode.
    """
    found = item(
        Type="Episode", IndexNumber=5, ParentIndexNumber=2, SeasonId=OTHER, SeriesId=THIRD,
        SeriesName="Show", SortName="002 - 0005", SeriesPrimaryImageTag="f" * 32,
    )  # fmt: skip

    assert (found.season_number, found.episode_number) == (2, 5)
    assert (
        found.parent_remote_id,
        found.show_remote_id,
        found.show_title,
    ) == (OTHER, THIRD, "Show")
    assert not found.sort_title
    assert f"Primary:{'f' * 32}:{THIRD}" == found.images[0].ref


def test_an_episode_without_a_season_belongs_to_its_show():
    """An episode without a season belongs to its show.

    SeasonId is absent for some.
    """
    assert item(Type="Episode", SeriesId=THIRD).parent_remote_id == THIRD


def test_specials_are_season_zero():
    """Specials are season zero.

    IndexNumber 0 = specials.
    """
    found = item(Type="Season", IndexNumber=0, SeriesId=THIRD)

    assert (
        found.season_number,
        found.episode_number,
        found.parent_remote_id,
    ) == (0, None, THIRD)


@pytest.mark.parametrize(
    ("wire", "member"),
    [
        ("Season", "SeriesId"),
        ("Episode", "SeasonId"),
        ("Episode", "SeriesId"),
        ("Audio", "AlbumId"),
    ],
)
def test_a_row_that_is_its_own_parent_has_none(wire, member):
    """Bad input: cyclic parents."""
    found = item(Type=wire, **{member: OWN})

    assert found.parent_remote_id is None
    assert found.show_remote_id is None
    assert found.album_remote_id is None


def test_the_users_data_is_the_watch_state():
    """The users data is the watch state.

    Played and a position may coexist.
    """
    found = item(
        UserData={
            "PlaybackPositionTicks": 12_345_678_900, "PlayCount": 3, "IsFavorite": True,
            "Played": True, "LastPlayedDate": "2024-05-06T07:08:09.1234567Z", "Rating": 7.5,
            "Key": "603", "UnplayedItemCount": 3, "ItemId": "0" * 32,
        }
    )  # fmt: skip

    assert (
        WatchState(
            watched=True,
            play_count=3,
            position_ms=1_234_567,
            last_played=1714979289,
            favourite=True,
            user_rating=7.5,
        )
        == found.watch
    )


def test_without_the_users_data_there_is_no_opinion():
    """Without the users data there is no opinion (W3).

    What is stored stays.
    """
    assert item().watch is None


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({"ProviderIds": {"Tmdb": "603", "Imdb": "tt0133093"}}, "movie:tmdb:603"),
        ({"ProviderIds": {"Imdb": "tt0133093"}}, "movie:imdb:tt0133093"),
        ({"ProviderIds": {"TmdbCollection": "5"}}, ""),
        ({"ProviderIds": {"Tmdb": ""}}, ""),
        ({}, ""),
        ({"ProviderIds": {"Tmdb": "6\0"}}, "movie:tmdb:6"),
        ({"UserData": {"Key": OWN}}, ""),
        ({"Type": "Series", "ProviderIds": {"Tvdb": "7"}}, "show:tvdb:7"),
        ({"Type": "Season", "UserData": {"Key": "121361001"}}, "season:key:121361001"),
        ({"Type": "Episode", "UserData": {"Key": "121361001002"}}, "episode:key:121361001002"),
        ({"Type": "Episode", "SeriesId": OTHER, "UserData": {"Key": f"{OTHER}001002"}}, ""),
        ({"Type": "Episode", "UserData": {"Key": OWN}}, ""),
        ({"Type": "Episode", "UserData": {"Key": "001002"}}, ""),
        (
            {"Type": "Episode", "UserData": {"Key": OWN}, "ProviderIds": {"Tvdb": "9"}},
            "episode:tvdb:9",
        ),
        ({"Type": "Audio", "UserData": {"Key": "0000-000011 Thrown Away"}}, ""),
        ({"Type": "Audio", "ProviderIds": {"MusicBrainzTrack": "t"}}, ""),
        ({"Type": "MusicAlbum", "ProviderIds": {"MusicBrainzReleaseGroup": "g"}}, ""),
        ({"Type": "Playlist", "UserData": {"Key": OWN}}, ""),
    ],
)
def test_the_identity_is_what_survives_a_new_id_and_is_specific(members, expected):
    """The identity is what survives a new id and is specific (I2).

    External ids and the server's key; nothing that other items may share.
    """
    assert expected == item(**members).identity


def test_a_dashed_key_made_of_an_id_is_no_identity():
    """A dashed key made of an id is no identity (I2).

    Without external ids the server's key is an id that changes with the path.
    """
    dashed = "bbbbbbbb-bbbb-bbbb-bbbb-bbbbbbbbbbbb"

    assert item(Type="Episode", SeriesId=OTHER, UserData={"Key": f"{dashed}001002"}).identity == ""


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("Imdb", "tt5", "imdb:tt5"),
        ("IMDB", " tt5 ", "imdb:tt5"),
        ("Imdb", "https://www.imdb.com/title/tt0133093/", "imdb:tt0133093"),
        ("Tmdb", "603 - The Matrix", "tmdb:movie:603"),
        ("TvRage", "5", "tv-rage:movie:5"),
    ],
)
def test_external_ids_have_one_form(name, value, expected):
    """A provider has one word, and an id is as its database writes it (Y14)."""
    assert (expected,) == item(ProviderIds={name: value}).external_ids


@pytest.mark.parametrize("name", ["", "a b", "x" * 200, "é", "a\0b", "-"])
def test_an_external_id_without_a_name_is_left_out(name):
    """An external id without a name is left out (K5).

    Keys are bounded, too.
    """
    assert item(ProviderIds={name: "5"}).external_ids == ()


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2023-12-11T12:10:40.7607527Z", 1702296640),
        ("2023-12-11T12:10:40.0000000Z", 1702296640),
        ("2023-12-11T12:10:40", 1702296640),
        ("2023-12-11T13:10:40+01:00", 1702296640),
        ("0001-01-01T00:00:00.0000000Z", 0),
        ("9999-12-31T23:59:59.9999999Z", 0),
        ("1969-01-01T00:00:00Z", 0),
        ("2023-13-11T12:10:40Z", 0),
        ("yesterday", 0),
        ("2023-12-11T12:10:40.", 0),
        ("٢٠٢٣-12-11T12:10:40Z", 0),
        ("", 0),
        (None, 0),
    ],
)  # fmt: skip
def test_times_are_read_to_the_second_or_unknown(value, expected):
    """Absurd times are unknown; a server writes up to seven digits of a second."""
    assert expected == moment(value)


@pytest.mark.parametrize(
    ("ticks", "expected"),
    [(10_000, 1), (9_999, 0), (-5, 0), (10**30, 0), (None, 0), (36_000_000_000, 3_600_000)],
)
def test_ticks_become_milliseconds(ticks, expected):
    """Ticks become milliseconds.

    Only here; absurd lengths are unknown.
    """
    assert expected == ms(ticks)


@pytest.mark.parametrize(
    ("members", "attribute", "expected"),
    [
        ({"PremiereDate": "9999-99-99"}, "released", ""),
        ({"PremiereDate": "0001-01-01T00:00:00.0000000Z"}, "released", ""),
        ({"PremiereDate": 5}, "released", ""),
        ({"ProductionYear": -1}, "year", None),
        ({"ProductionYear": "1999"}, "year", None),
        ({"ProductionYear": 10**30}, "year", None),
        ({"ProductionYear": 1999.5}, "year", None),
        ({"Genres": "Drama"}, "genres", ()),
        ({"Genres": ["Drama", None, ["x"], "Comedy"]}, "genres", ("Drama", "Comedy")),
        ({"Genres": ["Drama", "", "Drama", " "]}, "genres", ("Drama",)),
        ({"Genres": [f"g{n}" for n in range(500)]}, "child_count", None),
        ({"UserData": {"Played": "yes"}}, "watch", None),
        ({"UserData": 5}, "watch", None),
        ({"CommunityRating": 1e300}, "rating", None),
        ({"CommunityRating": -1}, "rating", None),
        ({"RunTimeTicks": "5"}, "duration_ms", 0),
        ({"RunTimeTicks": -5}, "duration_ms", 0),
        ({"ImageTags": {"Primary": "../../etc"}}, "images", ()),
        ({"ImageTags": {"Primary": "x" * 1000}}, "images", ()),
        ({"ImageTags": []}, "images", ()),
        ({"BackdropImageTags": []}, "images", ()),
        ({"SeriesId": "../x", "Type": "Season"}, "parent_remote_id", None),
        ({"Overview": None}, "overview", ""),
        ({"Overview": "a\0b"}, "overview", "ab"),
        ({"ChildCount": -3}, "child_count", None),
        ({"Taglines": [None]}, "tagline", ""),
        ({"Studios": [{"Name": "A"}, {}, {"Name": None}]}, "studios", ("A",)),
        ({"ProviderIds": {"Tmdb": 5}}, "external_ids", ("tmdb:movie:5",)),
        ({"ProviderIds": {"Tmdb": [5], "Imdb": "tt1"}}, "external_ids", ("imdb:tt1",)),
        ({"ProviderIds": {"Tmdb": None, "Imdb": "tt1"}}, "external_ids", ("imdb:tt1",)),
    ],
)
def test_a_member_of_a_wrong_type_or_size_costs_only_itself(members, attribute, expected):
    """Bad input: wrongly typed JSON loses the member, never the item."""
    found = item(**members)

    assert found.title == "Title"
    assert expected == getattr(found, attribute)


@pytest.mark.parametrize(
    "members",
    [
        {"Type": "Photo"}, {"Type": None}, {"Type": ["Movie"]}, {"Id": OTHER}, {"Id": 5},
    ],
)  # fmt: skip
def test_a_row_without_id_or_type_is_skipped(members):
    """A row without id or type is skipped (K5).

    A bad item is skipped and counted.
    """
    found = media_item(OWN, json.dumps(row(**members)).encode())

    assert isinstance(found, SkippedItem)
    assert found.remote_id == OWN
    assert found.why


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({"OriginalTitle": "Original", "SortName": "sort"}, "Original"),
        ({"SortName": "0000002001 nights"}, "2001 nights"),
        ({"Path": "/media/movies/Film (1999)/Film (1999).mkv"}, "Film (1999)"),
        ({"Path": "D:\\Films\\Film.mkv"}, "Film"),
        ({"Type": "Season", "IndexNumber": 2, "SortName": "0002"}, "Season 2"),
        ({"Type": "Season", "SeasonName": "Winding Up", "IndexNumber": 2}, "Winding Up"),
        ({"Type": "Episode", "IndexNumber": 7, "SortName": "001 - 0007 - "}, "Episode 7"),
        ({"Type": "Episode", "PremiereDate": "2024-03-05T00:00:00.0000000Z"}, "2024-03-05"),
        ({}, "(untitled)"),
    ],
)
@pytest.mark.parametrize("name", [None, "", " \0 ", []])
def test_a_row_without_a_name_is_an_item(members, expected, name):
    """Its title comes from what else the row says (Y14)."""
    assert item(Name=name, **members).title == expected


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({"Played": True, "PlayCount": "many"}, WatchState(watched=True)),
        ({"Played": "yes", "IsFavorite": True}, WatchState(favourite=True)),
        ({"Played": False, "PlayCount": 0, "PlaybackPositionTicks": []}, None),
    ],
)
def test_an_odd_number_does_not_make_a_state_never_watched(data, expected):
    """What can be read stays; where nothing can, msd has no opinion and keeps what it has."""
    assert item(UserData=data).watch == expected


def test_another_odd_member_leaves_the_watch_state_alone():
    """A film that was never watched is told as such, whatever else is odd in its row."""
    assert item(UserData={"Played": False}, Genres=[None]).watch == WatchState()


def test_a_position_lies_within_the_item():
    """The server stores a position beyond the end as it was sent."""
    watch = item(RunTimeTicks=36_000_000_000, UserData={"PlaybackPositionTicks": 99_000_000_000})

    assert watch.watch == WatchState(position_ms=3_600_000)


def test_a_music_video_is_no_part_of_an_audio_album():
    """The server gives it the id of an album that only has the same name."""
    found = item(Type="MusicVideo", Album="Morning Tide", AlbumId=OTHER)

    assert (found.album, found.album_remote_id) == ("Morning Tide", None)


def test_nul_and_half_characters_are_taken_out_of_titles():
    """Bad input: NUL and lone surrogates in titles."""
    raw = rb'{"Id":"%s","Type":"Movie","Name":"a\u0000b\ud800c"}' % OWN.encode()

    found = media_item(OWN, raw)

    assert isinstance(found, MediaItem)
    assert found.title == "ab\ufffdc"


def test_broken_utf8_costs_its_characters():
    """Bad input: bytes that are no text."""
    raw = b'{"Id":"%s","Type":"Movie","Name":"caf\xe9"}' % OWN.encode()

    assert media_item(OWN, raw).title == "caf\ufffd"


def test_texts_are_bounded():
    """Texts are bounded (K5).

    Sizes.
    """
    found = item(Name="n" * 100_000, Overview="o" * 1_000_000, Genres=["g" * 9_999] * 3)

    assert len(found.title) == 1_000
    assert len(found.overview) == 64_000
    assert len(found.genres[0]) == 1_000
    assert len(item(Genres=[f"g{number}" for number in range(500)]).genres) == 100


@pytest.mark.parametrize("payload", [None, 5, "text", {}])
def test_what_is_no_row_is_skipped(payload):
    """What is no row is skipped (K5).

    Parse never raises.
    """
    assert isinstance(parsed(RawItem(OWN, 1, payload)), SkippedItem)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from([OWN, OTHER, "Movie", "Episode", "2024-01-01T00:00:00Z"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
MEMBERS = [field.encode_name for field in msgspec.structs.fields(Row)]
ROWS = st.dictionaries(st.sampled_from(MEMBERS), JSON, max_size=12)


@settings(max_examples=300, deadline=None)
@given(members=ROWS, is_named=st.booleans())
def test_no_row_whatsoever_makes_parsing_raise(members, is_named):
    """No row whatsoever makes parsing raise (K5).

    An item or a skipped item, with values that D-Bus and SQLite can carry.
    """
    document = row(**members) if not is_named else members | row()

    found = media_item(OWN, json.dumps(document).encode())

    assert found.remote_id == OWN
    for name in found.__slots__:
        value = getattr(found, name)
        if isinstance(value, str):
            assert "\0" not in value
            value.encode()
        if isinstance(value, int):
            assert -(1 << 63) <= value < 1 << 63


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200))
def test_no_bytes_whatsoever_make_parsing_raise(raw):
    """No bytes whatsoever make parsing raise (K5).

    Also what is no JSON at all.
    """
    assert isinstance(media_item(OWN, raw), SkippedItem)
    assert item_details(raw) is not None


@settings(max_examples=200, deadline=None)
@given(
    st.dictionaries(st.sampled_from(["People", "MediaSources", "Chapters"]), JSON | st.lists(JSON))
)
def test_no_details_whatsoever_make_parsing_raise(document):
    """No details whatsoever make parsing raise (K5).

    The same for the full answer about one item.
    """
    assert item_details(json.dumps(document).encode()) is not None


def test_a_row_nested_too_deep_is_skipped():
    """A row nested too deep is skipped (K5).

    Depths.
    """
    raw = b'{"Id":"%s","Type":"Movie","Name":"x","Y":%s}' % (
        OWN.encode(),
        b"[" * 100_000 + b"]" * 100_000,
    )

    assert isinstance(media_item(OWN, raw), SkippedItem)
    assert item_details(raw).people == ()
