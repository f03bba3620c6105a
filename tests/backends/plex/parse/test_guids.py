"""Ids of other databases, and what an item is recognised by."""

import pytest

from msd.models import ItemType
from tests.backends.plex.parse.rows_of import item

MBID = "83d91898-7763-47d7-b03b-b92132375c47"


@pytest.mark.parametrize(
    ("guid", "expected"),
    [
        (" imdb://tt0133093 ", "imdb:tt0133093"),
        ("imdb:// tt0133093", "imdb:tt0133093"),
        ("imdb://https://www.imdb.com/title/tt0133093/", "imdb:tt0133093"),
        ("tmdb://603 - The Matrix", "tmdb:movie:603"),
        ("TMDB://603", "tmdb:movie:603"),
        ("tvdb://series/74205", "tvdb:movie:74205"),
    ],
)
def test_ids_of_other_databases_have_one_form(guid, expected):
    """So that look-ups meet."""
    assert (expected,) == item(Guid=[{"id": guid}]).external_ids


@pytest.mark.parametrize("guid", ["imdb://", "tmdb://film", "imdb://nothing", "x", 5, None, ["a"]])
def test_what_is_no_id_of_another_database_is_left_out(guid):
    """The odd entry goes, the next one stays (Y14)."""
    assert ("tmdb:movie:1",) == item(Guid=[{"id": guid}, {"id": "tmdb://1"}]).external_ids


@pytest.mark.parametrize(
    ("guid", "expected"),
    [
        ("plex://movie/5d776841103a2d001f56a97b", ("plex:movie:5d776841103a2d001f56a97b",)),
        ("com.plexapp.agents.imdb://tt0133093?lang=en", ("imdb:tt0133093",)),
        ("com.plexapp.agents.themoviedb://603?lang=en", ("tmdb:movie:603",)),
        ("com.plexapp.agents.thetvdb://74205?lang=en", ("tvdb:movie:74205",)),
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

    assert item(Guid=guids).external_ids == ("tmdb:movie:1",)
    album = item(ItemType.ALBUM, type="album", Guid=guids)
    assert album.external_ids == (f"musicbrainz:release:{MBID}", "tmdb:album:1")


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
