"""The order of titles."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from msd.store.cache.rows.sort_title import MAX_LENGTH, given_sort_title, sort_title


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("The Matrix", "matrix"),
        ("A Beautiful Mind", "beautiful mind"),
        ("An Education", "education"),
        ("The", "the"),
        ("Theorem", "theorem"),
        ("Amélie", "amelie"),
        ("Éternel", "eternel"),
        ("STRASSE", "strasse"),
        ("Straße", "strasse"),
        ("Rocky 2", "rocky 000002"),
        ("Rocky 0010", "rocky 000010"),
        ("  The   Thing ", "thing"),
        ("", ""),
    ],
)
def test_case_accents_and_leading_articles_do_not_count(title: str, expected: str) -> None:
    """A title is sorted like in a catalogue."""
    assert expected == sort_title(title)


def test_numbers_sort_by_their_value() -> None:
    """2 stands before 10."""
    assert sort_title("Part 2") < sort_title("Part 10")


def test_the_articles_of_a_given_sort_title_are_meant() -> None:
    """A server that gives an order knows why."""
    assert given_sort_title("The Thing 2") == "the thing 000002"


@given(st.text())
def test_any_title_gives_a_bounded_sort_title(title: str) -> None:
    """K5: bounded, and the same for upper and lower case of plain letters."""
    found = sort_title(title)

    assert len(found) <= MAX_LENGTH
    if title.isascii():
        assert sort_title(title.upper()) == found
