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


# Fractions, superscripts, circled and full-width digits: they say a number in another form.
FORMS = ["½", "¼", "⅞", "²", "³", "①", "⑩", "₂"]


@given(number=st.integers(0, 99_998), form=st.sampled_from(FORMS))
def test_a_number_with_a_compatibility_form_stands_before_the_next_number(
    number: int, form: str
) -> None:
    """Numbers are padded before compatibility forms are taken apart: 8½ is not 81."""
    assert sort_title(f"{number}") < sort_title(f"{number}{form}") < sort_title(f"{number + 1}")


@given(number=st.integers(0, 99_998))
def test_digits_of_other_scripts_count_as_digits(number: int) -> None:
    """The value decides, not the script."""
    arabic = "".join(chr(0x660 + int(digit)) for digit in str(number))
    wide = "".join(chr(0xFF10 + int(digit)) for digit in str(number))

    assert sort_title(arabic) == sort_title(wide) == sort_title(str(number))


@pytest.mark.parametrize(
    "titles", [["8", "8½", "8 Mile", "9"], ["3", "3½ Minutes, 10 Bullets", "4"], ["²2", "10"]]
)
def test_titles_with_fractions_stand_where_a_reader_looks_for_them(titles: list[str]) -> None:
    """8½ stands between 8 and 9, not at 81."""
    assert sorted(titles, key=sort_title) == titles


def test_the_articles_of_a_given_sort_title_are_meant() -> None:
    """A server that gives an order knows why."""
    assert given_sort_title("The Thing 2") == "the thing 000002"


@given(st.text())
def test_any_title_gives_a_bounded_sort_title(title: str) -> None:
    """Any title gives a bounded sort title (K5).

    Bounded, and the same for upper and lower case of plain letters.
    """
    found = sort_title(title)

    assert len(found) <= MAX_LENGTH
    if title.isascii():
        assert sort_title(title.upper()) == found
