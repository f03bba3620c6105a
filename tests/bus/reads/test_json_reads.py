"""The reads as JSON: the same answers as the typed ones, member by member."""

import json
from contextlib import suppress
from typing import Any

import pytest
from dbus_fast import Variant
from hypothesis import given
from hypothesis import strategies as st

from msd.bus.reads.json_reads import _PLAIN, READS, plain, typed_arguments
from msd.bus.reads.library import item_entry
from msd.contract import JSON
from msd.dbus.messages.marshal import marshal
from msd.dbus.messages.unmarshal import Bytes, unmarshal
from msd.dbus.serving.server import BusServer
from msd.dbus.serving.spec import MethodSpec
from msd.errors import InvalidArgumentError, LimitExceededError
from msd.item_keys import DETAIL_KEYS, DETAIL_LISTS, HIT_KEYS, ITEM_KEYS, STREAM_KEYS
from msd.models import ChangeSet, ItemId, LibraryId
from tests.dbus.client import Client, ErrorReply
from tests.dbus.client import plain as without_types
from tests.support.fakes.fake_coordinator import FakeCoordinator, library

pytestmark = pytest.mark.anyio

ODD_ITEM = {
    "id": "i1",
    "title": 'A\0B\udcff "quoted" \\ / é 漢字 \u2028',
    "year": 10**12,
    "rating": 7.5,
    "watched": True,
    "genres": ["Drama", "\0"],
    "added": 2**40,
    "colors": [0xFFFFFF, 0, 7, 0x0B0B0B],
    "unheard_of": 1,
    "people": [{"name": "Ada", "role": "\0", "remote_id": "7", "artwork_id": "i1_person_7"}],
    "versions": [{"size": 1, "streams": [{"index": 0, "kind": "video", "default": True}]}],
}

CALLS: dict[str, tuple[str, list[Any], dict[str, Any]]] = {
    "ListSources": ("", [], {}),
    "ListLibraries": ("sa{sv}", ["s1", {}], {"source_id": "s1"}),
    "QueryItems": (
        "a{sv}",
        [{"limit": Variant("u", 1), "count": Variant("b", True), "years": Variant("ai", [1999])}],
        {"query": {"limit": 1, "count": True, "years": [1999]}},
    ),
    "Search": (
        "sa{sv}",
        ["ame", {"limit": Variant("u", 5), "types": Variant("as", ["movie"])}],
        {"text": "ame", "options": {"limit": 5, "types": ["movie"]}},
    ),
    "GetFacets": (
        "a{sv}",
        [{"facets": Variant("as", ["letters", "types"]), "watched": Variant("b", True)}],
        {"query": {"facets": ["letters", "types"], "watched": True}},
    ),
    "GetItems": (
        "asa{sv}",
        [["i1", "x"], {"fields": Variant("as", ["genres"])}],
        {"ids": ["i1", "x"], "options": {"fields": ["genres"]}},
    ),
    "GetChanges": ("tua{sv}", [2**40, 10, {}], {"since_revision": 2**40, "limit": 10}),
    "GetArtworks": (
        "assua{sv}",
        [["i1"], "poster", 240, {}],
        {"ids": ["i1"], "kind": "poster", "width": 240},
    ),
}


def test_every_read_is_compared_below() -> None:
    """Who adds a read to the table adds it to the comparison."""
    assert set(CALLS) == set(READS)


@pytest.mark.parametrize("member", sorted(READS))
async def test_the_answer_is_that_of_the_typed_method(
    msd: BusServer, client: Client, coordinator: FakeCoordinator, member: str
) -> None:
    """Names are those of the XML; values differ in nothing but their types."""
    coordinator.put_source("s1")
    coordinator.libraries[LibraryId("l1")] = library("l1", "s1")
    coordinator.items[ItemId("i1")] = ODD_ITEM
    coordinator.items[ItemId("i2")] = {"id": "i2"}
    coordinator.change_set = ChangeSet(
        changed=(ItemId("i1"),), removed=(ItemId("i2"),), revision=2**60, reset=False
    )
    signature, arguments, named = CALLS[member]

    typed = await client.call(READS[member], member, signature, *arguments)
    (text,) = await client.call(JSON, member, "s", json.dumps(named))

    results = [name for name, _ in msd.specs[READS[member]].methods[member].results]
    assert dict(zip(results, without_types(typed), strict=True)) == json.loads(text)


async def test_no_arguments_may_be_an_empty_text(msd: BusServer, client: Client) -> None:
    """`dbus-send … string:` is enough for what needs none."""
    assert [json.dumps({"sources": []}, separators=(",", ":"))] == await client.call(
        JSON, "ListSources", "s", ""
    )


@pytest.mark.parametrize(
    ("member", "arguments", "code", "named"),
    [
        ("QueryItems", "{", "InvalidArgument", "JSON"),
        ("QueryItems", "[]", "InvalidArgument", "object"),
        ("QueryItems", "[" * 60_000, "InvalidArgument", "JSON"),
        ("QueryItems", '{"limit": 5}', "InvalidArgument", "query"),
        ("QueryItems", '{"query": 5}', "InvalidArgument", "query"),
        ("QueryItems", '{"query": {"limit": null}}', "InvalidArgument", "limit"),
        ("QueryItems", '{"query": {"limit": 501}}', "LimitExceeded", "limit"),
        ("QueryItems", '{"query": {"types": [1, "movie"]}}', "InvalidArgument", "types"),
        ("QueryItems", '{"query": {"types": ["film"]}}', "InvalidArgument", "types"),
        ("GetItems", '{"ids": "i1"}', "InvalidArgument", "ids"),
        ("GetChanges", '{"since_revision": -1}', "InvalidArgument", "since_revision"),
        ("GetChanges", '{"since_revision": true}', "InvalidArgument", "since_revision"),
        ("GetChanges", '{"limit": 4294967296}', "InvalidArgument", "limit"),
        ("ListLibraries", '{"source_id": "nowhere"}', "UnknownSource", "source"),
    ],
)
async def test_what_can_not_be_meant_is_refused_and_named(
    msd: BusServer, client: Client, member: str, arguments: str, code: str, named: str
) -> None:
    """The errors of the typed methods, and those of JSON itself."""
    with pytest.raises(ErrorReply) as failure:
        await client.call(JSON, member, "s", arguments)

    assert (code, True) == (failure.value.code, named in failure.value.text)


QUERY = MethodSpec(
    attribute="query_items",
    signature="a{sv}",
    result="",
    result_count=0,
    arguments=(("query", "a{sv}"), ("ids", "as"), ("since", "t"), ("name", "s")),
    results=(),
)
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=12,
)


@given(st.text(max_size=200) | JSON_VALUES.map(json.dumps))
def test_any_text_gives_arguments_or_a_typed_error(text: str) -> None:
    """Nothing that a caller writes is an internal error."""
    with suppress(InvalidArgumentError, LimitExceededError):
        assert marshal("a{sv}asts", typed_arguments(QUERY, text))


MISFITS = st.lists(st.text(max_size=5), max_size=2) | st.just("a text")
FITTING: dict[str, st.SearchStrategy[object]] = {
    "au": st.lists(st.integers(-1, 2**32), max_size=4) | st.integers(),
    "s": st.text(max_size=10) | st.integers(),
    "as": st.lists(st.text(max_size=5), max_size=6) | st.integers(),
    "b": st.booleans(),
    "d": st.floats(allow_nan=False) | MISFITS,
    **dict.fromkeys("iuxt", st.integers() | MISFITS),
}
ITEMS = st.fixed_dictionaries(
    {"unheard_of": st.integers()},
    optional={key: FITTING[signature] for key, signature in ITEM_KEYS.items()},
)


@given(ITEMS)
def test_any_item_is_the_same_in_both_forms(fields: dict[str, object]) -> None:
    """A value that does not fit its type is absent in both; text is cleaned in both."""
    item = item_entry(fields)

    ((typed,),) = [unmarshal("a{sv}", Bytes(marshal("a{sv}", [item])))]

    assert {key: variant.value for key, variant in typed.items()} == {
        key: float(value) if ITEM_KEYS[key] == "d" else value for key, value in plain(item).items()
    }


def test_every_type_of_a_key_has_its_plain_form() -> None:
    """A type without one would leave its keys out of the JSON alone."""
    lists = (ITEM_KEYS, HIT_KEYS, DETAIL_KEYS, STREAM_KEYS, *DETAIL_LISTS.values())

    assert {signature for keys in lists for signature in keys.values()} <= _PLAIN.keys()
