"""Rows that nobody expects: broken ones, arbitrary ones."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from msd.backend_api import RawItem, SkippedItem
from msd.backends.plex.parse.details import item_details
from msd.backends.plex.parse.item import parsed
from msd.backends.plex.parse.rows import raw_item, read_full, read_rows
from msd.backends.plex.parse.xml import as_json
from msd.errors import BackendError, BadResponseError
from msd.models import ItemType, MediaItem
from tests.backends.plex.parse.rows_of import (
    JSON,
    NAMES,
    SCALARS,
    XML,
    answer,
    item,
    listed,
    row,
    written,
)

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
