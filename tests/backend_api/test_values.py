"""Single values of servers, brought into one form."""

from __future__ import annotations

import pytest

from msd.backend_api.values import external_id, number, percent_rating, position

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
    assert external_id(provider, value) == expected


def test_a_number_made_of_a_date_is_a_number():
    """Numbers fit 32 bits with a sign; what does not is unknown, never 0 (Y14)."""
    assert number(20231225) == 20231225
    assert number(2**31 - 1) == 2**31 - 1
    assert number(2**31) is None
    assert number(-1) is None


def test_a_position_is_not_beyond_the_length():
    """A server stores what a client sends, also 2 h 45 in a film of 1 h."""
    assert position(9_900_000, 3_600_000) == 3_600_000
    assert position(9_900_000, 0) == 9_900_000
    assert position(-5, 3_600_000) == 0


def test_a_rating_in_percent_is_brought_to_ten():
    """What is beyond 100 % is unknown."""
    assert percent_rating(87) == pytest.approx(8.7)
    assert percent_rating(101) is None
    assert percent_rating(None) is None
