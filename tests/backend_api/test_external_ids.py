"""Ids in other databases: one form, and what they number belongs to the id."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from msd.backend_api.external_ids import external_ids, usual_id
from msd.models import ItemType

MBID = "b1392450-e666-3926-a536-22c65f834433"


@pytest.mark.parametrize(
    ("provider", "value", "expected"),
    [
        ("imdb", " tt0133093 ", "tt0133093"),
        ("imdb", "https://www.imdb.com/title/tt0133093/", "tt0133093"),
        ("imdb", "TT0133093", "tt0133093"),
        ("imdb", "133093", ""),
        ("tmdb", "603", "603"),
        ("tmdb", "603 - The Matrix", "603"),
        ("tmdb", "https://www.themoviedb.org/movie/603-the-matrix", "603"),
        ("tmdb", "matrix", ""),
        ("tvdb", "https://thetvdb.com/?tab=series&id=81189", "81189"),
        ("musicbrainz-album", MBID.upper(), MBID),
        ("musicbrainz-album", f"https://musicbrainz.org/release/{MBID}", MBID),
        ("musicbrainz-album", "no id", ""),
        ("zap2it", " EP01 ", "EP01"),
        ("imdb", None, ""),
    ],
)
def test_one_form_for_each_kind_of_id(provider, value, expected):
    """Look-ups meet whatever form the server wrote (Y14)."""
    assert usual_id(provider, value) == expected


@pytest.mark.parametrize(
    ("item_type", "expected"),
    [
        (ItemType.MOVIE, "tmdb:movie:605"),
        (ItemType.SHOW, "tmdb:show:605"),
        (ItemType.SEASON, "tmdb:season:605"),
        (ItemType.EPISODE, "tmdb:episode:605"),
        (ItemType.COLLECTION, "tmdb:collection:605"),
        (ItemType.VIDEO, "tmdb:movie:605"),
        (ItemType.MUSIC_VIDEO, "tmdb:movie:605"),
    ],
)
def test_an_id_says_what_it_numbers(item_type, expected):
    """605 is a film and a show on TMDB: two works, so two ids."""
    assert external_ids([("tmdb", "605")], item_type) == (expected,)


def test_imdb_numbers_all_kinds_together():
    """The same id can't mean a film and an episode there."""
    for item_type in ItemType:
        assert external_ids([("imdb", "tt0133093")], item_type) == ("imdb:tt0133093",)


@pytest.mark.parametrize(
    ("item_type", "expected"),
    [
        (ItemType.ARTIST, {f"musicbrainz:artist:{MBID}"}),
        (ItemType.ALBUM, {f"musicbrainz:release:{MBID}", f"musicbrainz:release-group:{MBID}"}),
        (ItemType.TRACK, {f"musicbrainz:track:{MBID}", f"musicbrainz:recording:{MBID}"}),
        (ItemType.MOVIE, set()),
    ],
)
def test_musicbrainz_has_its_own_words_and_only_the_items_own_ids_count(item_type, expected):
    """Servers write the ids of album and artists on each track: those are not the track's."""
    kinds = ("artist", "album-artist", "album", "release-group", "track", "recording")

    found = external_ids([(f"musicbrainz-{kind}", MBID) for kind in kinds], item_type)

    assert set(found) == expected


@given(
    st.lists(st.tuples(st.text(max_size=20), st.none() | st.text(max_size=300)), max_size=300),
    st.sampled_from(ItemType),
)
def test_any_ids_are_few_short_and_each_once(found, item_type):
    """Whatever a server writes, the answer is bounded and names its provider (K5)."""
    ids = external_ids(found, item_type)

    assert len(ids) <= 100
    assert len(set(ids)) == len(ids)
    assert all(len(each) <= 250 and ":" in each for each in ids)
