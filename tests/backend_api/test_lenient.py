"""An odd value costs itself alone, at every level (Y14)."""

from __future__ import annotations

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from msd.backend_api.lenient import lenient, repaired


class Name(msgspec.Struct):
    name: str
    number: int | None = None


class Sample(msgspec.Struct):
    id: str
    title: str | None = None
    count: int | None = None
    texts: list[str] | None = None
    names: list[Name] | None = None
    ids: dict[str, str | None] | None = None
    best: Name | None = None


def test_an_odd_entry_of_a_list_is_left_out():
    """The other entries stay, in order."""
    raw = b'{"id": "a", "texts": ["Drama", null, 5, {"x": 1}, "Comedy"]}'

    assert lenient(raw, Sample).texts == ["Drama", "5", "Comedy"]


def test_an_odd_member_of_a_nested_object_is_left_out():
    """The object itself stays while what it must have is there."""
    raw = b'{"id": "a", "names": [{"name": "x", "number": "?"}, null, {"number": 1}, 7]}'

    assert lenient(raw, Sample).names == [Name("x")]


def test_an_odd_value_of_a_dictionary_is_left_out():
    """A number stands for its text: ids come in both forms."""
    raw = b'{"id": "a", "ids": {"Tmdb": 603, "Imdb": "tt1", "Odd": ["x"], "None": null}}'

    assert lenient(raw, Sample).ids == {"Tmdb": "603", "Imdb": "tt1", "None": None}


def test_an_odd_nested_object_is_absent():
    """An object without what it must have is left out as a whole."""
    assert lenient(b'{"id": "a", "best": {"number": 1}, "count": 2}', Sample) == Sample(
        "a", count=2
    )


@pytest.mark.parametrize("raw", [b"[]", b"null", b"{}", b'{"id": null}', b'{"id": ["a"]}'])
def test_without_what_it_must_have_there_is_no_row(raw):
    """The caller names the row and leaves it out."""
    with pytest.raises(ValueError, match=r"object|usable"):
        lenient(raw, Sample)


def test_numbers_in_quotes_are_taken_where_that_is_asked_for():
    """XML has nothing but texts."""
    document = {"id": "a", "count": "5", "names": [{"name": "x", "number": "6"}]}

    assert repaired(document, Sample, strict=False) == Sample("a", count=5, names=[Name("x", 6)])
    assert repaired(document, Sample) == Sample("a", names=[Name("x")])


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)
MEMBERS = st.fixed_dictionaries(
    {"id": st.text()},
    optional=dict.fromkeys(("title", "count", "texts", "names", "ids", "best"), JSON),
)


@given(MEMBERS)
def test_whatever_stands_in_a_row_it_is_read(document):
    """No value of any kind costs the row, and what is read is of the declared types."""
    row = lenient(json.dumps(document).encode(), Sample)

    assert row.id == document["id"].encode("utf-8", "replace").decode() or row.id
    assert msgspec.convert(msgspec.to_builtins(row), Sample) == row
