"""Whatever a server says is bounded before it is stored (K5)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from msd.store.cache.rows import normalise

ANYTHING = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=True, allow_infinity=True),
    st.text(st.characters(exclude_categories=())),
    st.binary(),
)


@given(ANYTHING, st.integers(4, 40))
def test_text_always_fits_and_can_be_stored(value: object, limit: int) -> None:
    """No NUL, no lone surrogate, not longer than allowed, text that is fine is untouched."""
    found = normalise.text(value, limit)

    assert len(found.encode()) <= limit
    assert "\0" not in found
    if isinstance(value, str) and value.isascii() and "\0" not in value:
        assert found == value[:limit]


@given(ANYTHING)
def test_numbers_always_lie_between_their_bounds(value: object) -> None:
    """Absurd numbers become the nearest sane one."""
    assert 0 <= normalise.number(value, 100) <= 100
    found = normalise.number_or_none(value, 100)
    assert found is None or 0 <= found <= 100


@given(ANYTHING)
def test_ratings_are_numbers_between_0_and_10_or_unknown(value: object) -> None:
    """NaN, infinity and text are no rating."""
    found = normalise.rating(value)

    assert found is None or 0 <= found <= 10


@given(st.lists(st.text(), max_size=400))
def test_lists_are_bounded_and_say_each_thing_once(values: list[str]) -> None:
    """At most so many entries, none empty."""
    found = normalise.texts(values)

    assert len(found) <= normalise.MAX_ENTRIES
    assert len(set(found)) == len(found)
    assert all(found)


@given(st.integers())
def test_every_fingerprint_fits_a_column(value: int) -> None:
    """SQLite's integers have 64 bits and a sign."""
    assert -(2**63) <= normalise.signed_64(value) < 2**63


@given(st.integers(-(2**63), 2**63 - 1))
def test_a_fingerprint_of_64_bits_is_kept(value: int) -> None:
    """Changing it would make every row look changed."""
    assert normalise.signed_64(value) == value


def test_only_dates_are_dates() -> None:
    """A year, a month or a day; anything else is unknown."""
    assert normalise.date("1999-03-31") == "1999-03-31"
    assert normalise.date("1999") == "1999"
    assert normalise.date("31.3.1999") == ""
    assert normalise.date("1999-03-31T00:00:00Z") == ""
    assert normalise.date(1999) == ""


def test_absurd_years_are_unknown() -> None:
    """A wrong year is worse than none."""
    assert normalise.year(1999) == 1999
    assert normalise.year(0) is None
    assert normalise.year(-5) is None
    assert normalise.year(10_000) is None


def test_an_id_that_would_have_to_be_changed_is_unusable() -> None:
    """A changed id would be another item's."""
    assert normalise.is_usable_id("é" * 500)
    for bad in ("", "a\0b", "\ud800", "x" * 1025, "é" * 600, 7, None):
        assert not normalise.is_usable_id(bad)


BASE_83 = normalise._BASE_83  # the letters that blurha.sh lists


@given(across=st.integers(1, 9), down=st.integers(1, 9), data=st.data())
def test_a_blurhash_has_the_length_that_its_first_letter_says(
    across: int, down: int, data: st.DataObject
) -> None:
    """Every hash that the algorithm can write is kept; one letter more or less is none."""
    size = 3 + 2 * across * down
    rest = data.draw(st.text(st.sampled_from(BASE_83), min_size=size, max_size=size))
    hash_text = BASE_83[across - 1 + (down - 1) * 9] + rest

    assert normalise.blurhash(hash_text) == hash_text
    assert normalise.blurhash(hash_text + "0") == ""
    assert normalise.blurhash(hash_text[:-1]) == ""


@given(ANYTHING)
def test_what_is_no_blurhash_is_none(value: object) -> None:
    """Programs hand it to decoders that trust its length (K5)."""
    found = normalise.blurhash(value)

    assert found == "" or (found == value and len(found) <= 166 and found.isascii())


@pytest.mark.parametrize("text", ["}" * 28, "L6PZfSi_.AyE_3t7t7R**0o#DgR\n", "L6" * 5000, "é" * 28])
def test_a_hostile_blurhash_is_none(text: str) -> None:
    """Too many components, control characters, endless text, other letters."""
    assert normalise.blurhash(text) == ""


@given(st.lists(ANYTHING, max_size=6))
def test_colours_are_four_numbers_of_24_bits_or_none(values: list[object]) -> None:
    """Half a set of corners can't be drawn."""
    found = normalise.colors(values)

    assert found == [] or (len(found) == 4 and all(0 <= each <= 0xFFFFFF for each in found))
    assert normalise.colors([0, 1, 0xFFFFFF, 3]) == [0, 1, 0xFFFFFF, 3]
