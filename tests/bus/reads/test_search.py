"""Search on the bus: options, hits with what fitted, and sessions: the newest search wins."""

import anyio
import pytest
from dbus_fast import Variant
from hypothesis import given
from hypothesis import strategies as st

from msd.bus.reads.query import LIST_CONDITIONS, MAX_HITS, SEARCH_OPTIONS, search_query
from msd.contract import LIBRARY
from msd.dbus.messages.variant import Variant as MsdVariant
from msd.dbus.serving.server import BusServer
from msd.errors import InvalidArgumentError
from msd.models import FACETS, ItemId, ItemQuery, ItemType, LibraryId, SearchQuery, SourceId
from tests.dbus.client import Client, ErrorReply, connected_client, plain
from tests.support.fakes.fake_coordinator import FakeCoordinator
from tests.support.session.bus import PrivateBus

pytestmark = pytest.mark.anyio


async def search(client: Client, text: str, **options: Variant) -> list[object]:
    return await client.call(LIBRARY, "Search", "sa{sv}", text, options)


async def test_a_search_is_what_its_options_say(
    msd: BusServer, client: Client, coordinator: FakeCoordinator
) -> None:
    """Conditions, number of hits, and whether hits of one kind are grouped."""
    coordinator.items[ItemId("i1")] = {"id": "i1", "title": "Amélie"}

    text, hits, total = await search(
        client,
        "ame",
        source_ids=Variant("as", ["s1"]),
        library_ids=Variant("as", ["l1"]),
        types=Variant("as", ["movie"]),
        among=Variant("as", ["i1", "i2"]),
        count=Variant("b", True),
        limit=Variant("u", 5),
        grouped=Variant("b", False),
        fields=Variant("as", ["genres"]),
        session=Variant("s", "box"),
    )
    await search(client, "x")

    assert ("ame", [{"id": "i1", "title": "Amélie", "match": "title"}]) == (text, plain(hits))
    assert 1 == total
    wanted = SearchQuery(
        text="ame",
        source_ids=(SourceId("s1"),),
        library_ids=(LibraryId("l1"),),
        types=(ItemType.MOVIE,),
        among=(ItemId("i1"), ItemId("i2")),
        with_total=True,
        limit=5,
        per_type=0,
        fields=("genres",),
    )
    assert [("search", wanted), ("search", SearchQuery(text="x"))] == coordinator.calls


@pytest.mark.parametrize("key", ["among", *sorted(LIST_CONDITIONS & SEARCH_OPTIONS.keys())])
async def test_an_empty_list_matches_nothing(
    msd: BusServer, client: Client, coordinator: FakeCoordinator, key: str
) -> None:
    """As in QueryItems."""
    nothing, counted = {key: Variant("as", [])}, {"count": Variant("b", True)}

    assert ["x", [], -1] == await search(client, "x", **nothing)
    assert ["x", [], 0] == await search(client, "x", **nothing, **counted)
    assert [] == coordinator.calls


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("limit", Variant("u", 101)),
        ("limit", Variant("u", 0)),
        ("types", Variant("as", ["film"])),
        ("colour", Variant("s", "red")),
        ("session", Variant("u", 1)),
    ],
)
async def test_an_option_that_can_not_be_meant_is_refused_and_named(
    msd: BusServer, client: Client, key: str, value: Variant
) -> None:
    """InvalidArgument."""
    with pytest.raises(ErrorReply) as failure:
        await search(client, "x", **{key: value})

    assert ("InvalidArgument", True) == (failure.value.code, key in failure.value.text)


_TEXTS = st.text(max_size=20)
_VALUES = st.one_of(
    st.booleans().map(lambda value: MsdVariant("b", value)),
    st.integers(-(2**63), 2**63 - 1).map(lambda value: MsdVariant("x", value)),
    st.integers(0, 2**32 - 1).map(lambda value: MsdVariant("u", value)),
    st.floats().map(lambda value: MsdVariant("d", value)),
    _TEXTS.map(lambda value: MsdVariant("s", value)),
    st.lists(_TEXTS, max_size=5).map(lambda value: MsdVariant("as", value)),
    st.lists(st.integers(-9, 9), max_size=5).map(lambda value: MsdVariant("ax", value)),
    st.just(MsdVariant("a{sv}", {})),
)


@given(st.dictionaries(st.sampled_from([*SEARCH_OPTIONS, "colour", ""]), _VALUES, max_size=4))
def test_options_of_any_type_are_used_or_refused_by_name(options: dict[str, MsdVariant]) -> None:
    """A right query or a typed error that names the key; nothing over its limit."""
    query, refused = None, ""
    try:
        query, _ = search_query("x", options)
    except InvalidArgumentError as error:
        refused = str(error)

    assert not refused or any(key in refused for key in options)
    assert query is None or 1 <= query.limit <= MAX_HITS
    assert refused or options.keys() <= SEARCH_OPTIONS.keys()


async def test_more_ids_than_may_be_given_are_refused(msd: BusServer, client: Client) -> None:
    """LimitExceeded: nothing is cut in silence."""
    with pytest.raises(ErrorReply) as failure:
        await search(client, "x", among=Variant("as", ["i"] * 501))

    assert ("LimitExceeded", True) == (failure.value.code, "500" in failure.value.text)


async def test_a_newer_search_of_a_session_ends_the_older_one(
    msd: BusServer, client: Client, coordinator: FakeCoordinator, bus: PrivateBus
) -> None:
    """As one types; other sessions and other callers keep theirs."""
    answers: dict[str, object] = {}

    async def ask(asking: Client, name: str, session: str) -> None:
        try:
            answers[name] = (await search(asking, name, session=Variant("s", session)))[0]
        except ErrorReply as error:
            answers[name] = error.code

    coordinator.hold = anyio.Event()
    async with connected_client(bus.address) as other, anyio.create_task_group() as tasks:
        for asking, name, session in (
            (client, "a", "box"),
            (client, "ab", "box"),
            (client, "b", "other box"),
            (other, "c", "box"),
        ):
            tasks.start_soon(ask, asking, name, session)
            await asking.settle()
        coordinator.hold.set()

    assert {"a": "Superseded", "ab": "ab", "b": "b", "c": "c"} == answers


async def test_facets_are_counted_of_what_matches(
    msd: BusServer, client: Client, coordinator: FakeCoordinator
) -> None:
    """GetFacets: the conditions of QueryItems; all facets unless some are named."""
    some = {"facets": Variant("as", ["years"]), "types": Variant("as", ["movie"])}

    (named,) = await client.call(LIBRARY, "GetFacets", "a{sv}", some)
    (everything,) = await client.call(LIBRARY, "GetFacets", "a{sv}", {})
    nothing = await client.call(LIBRARY, "GetFacets", "a{sv}", {"types": Variant("as", [])})

    assert {"years": [["of years", 3]]} == plain(named)
    assert set(FACETS) == everything.keys()
    assert [{key: [] for key in FACETS}] == plain(nothing)
    assert [
        ("facets", ItemQuery(types=(ItemType.MOVIE,)), ("years",)),
        ("facets", ItemQuery(), FACETS),
    ] == coordinator.calls


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("facets", Variant("as", ["colours"])),
        ("limit", Variant("u", 5)),
        ("sort", Variant("s", "x")),
    ],
)
async def test_what_is_no_facet_or_condition_is_refused_and_named(
    msd: BusServer, client: Client, key: str, value: Variant
) -> None:
    """The form of a page plays no part here."""
    with pytest.raises(ErrorReply) as failure:
        await client.call(LIBRARY, "GetFacets", "a{sv}", {key: value})

    assert ("InvalidArgument", True) == (failure.value.code, key in failure.value.text)
