"""The adapter of Library: queries in, items out."""

import anyio
import pytest
from dbus_fast import Variant

from msd.bus.reads.query import LIST_CONDITIONS
from msd.contract import JSON, LIBRARY
from msd.dbus.serving.server import BusServer
from msd.models import (
    ChangeSet,
    ItemId,
    ItemQuery,
    ItemType,
    LibraryId,
    SortKey,
    SourceId,
    UnixSeconds,
)
from tests.bus.calling import failure_of
from tests.dbus.client import Client, connected_client, plain
from tests.support.fakes.fake_coordinator import FakeCoordinator, library
from tests.support.session.bus import PrivateBus

pytestmark = pytest.mark.anyio


async def test_an_unknown_key_is_refused_with_the_known_ones(
    msd: BusServer, client: Client
) -> None:
    """dbus-api: naming the key and the known ones."""
    failure = await failure_of(client, LIBRARY, "QueryItems", "a{sv}", {"lim": Variant("u", 1)})

    assert "InvalidArgument" == failure.code
    assert "'lim'" in failure.text
    assert "limit, offset, parent_id, seed, show_id, sort" in failure.text


async def test_a_query_is_converted_whole(
    msd: BusServer, coordinator: FakeCoordinator, client: Client
) -> None:
    """QueryItems: every key arrives in the ItemQuery."""
    query = {
        "source_ids": Variant("as", ["s1"]),
        "library_ids": Variant("as", ["l1"]),
        "types": Variant("as", ["movie", "music-video"]),
        "parent_id": Variant("s", "p1"),
        "genres": Variant("as", ["Drama"]),
        "years": Variant("as", ["1999", "2001"]),
        "watched": Variant("b", False),
        "in_progress": Variant("b", True),
        "favourite": Variant("b", True),
        "added_after": Variant("x", 5),
        "text": Variant("s", "ma"),
        "sort": Variant("s", "last-played"),
        "seed": Variant("u", 7),
        "descending": Variant("b", True),
        "limit": Variant("i", 10),
        "cursor": Variant("s", "c"),
        "count": Variant("b", True),
        "fields": Variant("as", ["genres"]),
    }

    answer = await client.call(LIBRARY, "QueryItems", "a{sv}", query)

    wanted = ItemQuery(
        source_ids=(SourceId("s1"),),
        library_ids=(LibraryId("l1"),),
        types=(ItemType.MOVIE, ItemType.MUSIC_VIDEO),
        parent_id=ItemId("p1"),
        genres=("Drama",),
        years=(1999, 2001),
        watched=False,
        in_progress=True,
        favourite=True,
        added_after=UnixSeconds(5),
        text="ma",
        sort=SortKey.LAST_PLAYED,
        seed=7,
        descending=True,
        limit=10,
        cursor="c",
        fields=("genres",),
        with_total=True,
    )
    assert [("query_items", wanted)] == coordinator.calls
    assert [[], "", 0] == answer


@pytest.mark.parametrize(
    ("key", "value", "code"),
    [
        ("limit", Variant("u", 501), "LimitExceeded"),
        ("limit", Variant("u", 0), "InvalidArgument"),
        ("limit", Variant("i", -1), "InvalidArgument"),
        ("limit", Variant("t", 2**64 - 1), "LimitExceeded"),
        ("types", Variant("as", ["film"]), "InvalidArgument"),
        ("types", Variant("s", "movie"), "InvalidArgument"),
        ("sort", Variant("s", "size"), "InvalidArgument"),
        ("watched", Variant("u", 1), "InvalidArgument"),
        ("years", Variant("as", ["soon"]), "InvalidArgument"),
        ("years", Variant("ai", [10**6]), "InvalidArgument"),
        ("years", Variant("s", "1999"), "InvalidArgument"),
        ("text", Variant("as", ["x"]), "InvalidArgument"),
        ("added_after", Variant("t", 2**64 - 1), "InvalidArgument"),
        ("cursor", Variant("ay", b"x"), "InvalidArgument"),
        ("parent_id", Variant("s", ""), "InvalidArgument"),
        ("text", Variant("s", "word " * 17), "LimitExceeded"),
    ],
)
async def test_a_query_that_can_not_be_meant_is_refused_and_named(
    msd: BusServer,
    client: Client,
    coordinator: FakeCoordinator,
    key: str,
    value: Variant,
    code: str,
) -> None:
    """Bad input from D-Bus callers."""
    failure = await failure_of(client, LIBRARY, "QueryItems", "a{sv}", {key: value})

    assert code == failure.code
    assert key in failure.text
    assert [] == coordinator.calls


@pytest.mark.parametrize("limit", [0, -1])
async def test_too_small_a_limit_is_answered_with_the_bounds(
    msd: BusServer, client: Client, limit: int
) -> None:
    """Dbus-api: at most 500 items a page, and the text says so."""
    options = {"limit": Variant("i", limit)}

    failure = await failure_of(client, LIBRARY, "QueryItems", "a{sv}", options)

    assert "limit must be from 1 to 500" == failure.text


@pytest.mark.parametrize("key", sorted(LIST_CONDITIONS))
async def test_an_empty_list_matches_nothing(
    msd: BusServer, client: Client, coordinator: FakeCoordinator, key: str
) -> None:
    """`types: []` is no wish for all types."""
    coordinator.items[ItemId("i1")] = {"id": "i1"}
    query = {key: Variant("as", [])}

    assert [[], "", -1] == await client.call(LIBRARY, "QueryItems", "a{sv}", query)
    query["count"] = Variant("b", True)
    assert [[], "", 0] == await client.call(LIBRARY, "QueryItems", "a{sv}", query)
    assert [] == coordinator.calls


@pytest.mark.parametrize(
    ("member", "signature", "arguments"),
    [("ListLibraries", "sa{sv}", [""]), ("GetChanges", "tua{sv}", [0, 1])],
)
async def test_an_unknown_option_of_a_read_is_refused(
    msd: BusServer, client: Client, member: str, signature: str, arguments: list[object]
) -> None:
    """A frontend that asks for more than this msd knows must notice it."""
    options = {"colour": Variant("s", "red")}

    failure = await failure_of(client, LIBRARY, member, signature, *arguments, options)

    assert ("InvalidArgument", True) == (failure.code, "colour" in failure.text)


async def test_years_may_be_numbers_too(
    msd: BusServer, client: Client, coordinator: FakeCoordinator
) -> None:
    """Typed by hand, a list of numbers is what one tries."""
    await client.call(LIBRARY, "QueryItems", "a{sv}", {"years": Variant("ai", [1999])})

    assert [("query_items", ItemQuery(years=(1999,), with_total=False))] == coordinator.calls


async def test_items_carry_the_types_of_their_keys(
    msd: BusServer, coordinator: FakeCoordinator, client: Client
) -> None:
    """Unknown keys of the store are not told; a value that does not fit is absent."""
    coordinator.items[ItemId("i1")] = {
        "id": "i1",
        "title": "A\0B\udcff",
        "year": 10**12,
        "rating": 7,
        "watched": True,
        "genres": ["Drama"],
        "position_ms": 5,
        "unheard_of": 1,
    }

    (items, cursor, total) = await client.call(LIBRARY, "QueryItems", "a{sv}", {})

    (item,) = items
    assert {"id", "title", "rating", "watched", "genres", "position_ms"} == set(item)
    assert "A\ufffdB\ufffd" == item["title"].value
    assert ("d", 7.0) == (item["rating"].signature, item["rating"].value)
    assert ("x", 5) == (item["position_ms"].signature, item["position_ms"].value)
    assert ("", -1) == (cursor, total)


async def test_items_are_got_by_id_with_the_compact_set_unless_more_is_asked_for(
    msd: BusServer, coordinator: FakeCoordinator, client: Client
) -> None:
    """GetItems."""
    coordinator.items[ItemId("i1")] = {"id": "i1"}
    options = {"refresh": Variant("b", True), "fields": Variant("as", ["genres"])}

    (items,) = await client.call(LIBRARY, "GetItems", "asa{sv}", ["x", "i1"], {})
    await client.call(LIBRARY, "GetItems", "asa{sv}", ["i1"], options)
    await client.call(LIBRARY, "GetItems", "asa{sv}", ["i1"], {"details": Variant("b", True)})

    assert [{"id": "i1"}] == plain(items)
    assert ("get_items", ("x", "i1"), (), False) == coordinator.calls[0]
    assert ("get_items", ("i1",), ("genres",), True) == coordinator.calls[1]
    assert ("get_items", ("i1",), ("*", "details"), False) == coordinator.calls[2]


async def test_details_carry_the_types_of_their_keys(
    msd: BusServer, coordinator: FakeCoordinator, client: Client
) -> None:
    """People, versions with their streams, badges; unknown keys are not told."""
    coordinator.items[ItemId("i1")] = {
        "id": "i1",
        "people": [{"name": "Ada", "role": "Herself", "remote_id": "7"}],
        "versions": [{"size": 2**40, "streams": [{"index": 0, "kind": "video", "default": True}]}],
        "badges": ["4k"],
    }
    details = {"details": Variant("b", True)}

    ((item,),) = await client.call(LIBRARY, "GetItems", "asa{sv}", ["i1"], details)

    assert [{"name": "Ada", "role": "Herself"}] == plain(item["people"])
    (version,) = item["versions"].value
    assert ("x", 2**40) == (version["size"].signature, version["size"].value)
    ((stream,),) = [version["streams"].value]
    assert ("u", 0) == (stream["index"].signature, stream["index"].value)
    assert {"index": 0, "kind": "video", "default": True} == plain(stream)
    assert ["4k"] == item["badges"].value


async def test_more_than_500_ids_are_refused(
    msd: BusServer, client: Client, coordinator: FakeCoordinator
) -> None:
    """dbus-api limits."""
    ids = [str(number) for number in range(501)]

    assert (
        "LimitExceeded" == (await failure_of(client, LIBRARY, "GetItems", "asa{sv}", ids, {})).code
    )
    assert [[]] == await client.call(LIBRARY, "GetItems", "asa{sv}", ids[:500], {})


async def test_libraries_are_listed_with_their_settings(
    msd: BusServer, coordinator: FakeCoordinator, client: Client
) -> None:
    """ListLibraries: "" is all sources."""
    coordinator.put_source("s1")
    coordinator.libraries[LibraryId("l1")] = library("l1", "s1")

    (libraries,) = await client.call(LIBRARY, "ListLibraries", "sa{sv}", "", {})

    wanted = {
        "id": "l1",
        "source_id": "s1",
        "remote_id": "1",
        "name": "Movies",
        "type": "movies",
        "hidden": False,
        "position": 0,
        "item_count": 3,
        "synced_at": 1_700_000_000,
        "counts": {"movie": 3},
        "left_out": {"photo": 5},
        "sync": "live",
        "interval_s": 0,
        "show_in_home": True,
        "content": "",
    }
    assert [wanted] == plain(libraries)
    assert [libraries] == await client.call(LIBRARY, "ListLibraries", "sa{sv}", "s1", {})
    failure = await failure_of(client, LIBRARY, "ListLibraries", "sa{sv}", "x", {})
    assert "UnknownSource" == failure.code


async def test_changes_since_a_revision_are_told(
    msd: BusServer, client: Client, coordinator: FakeCoordinator
) -> None:
    """Changes since a revision are told (Y10)."""
    coordinator.change_set = ChangeSet(
        changed=(ItemId("i1"),), removed=(ItemId("i2"),), revision=2**60, reset=False
    )

    answer = await client.call(LIBRARY, "GetChanges", "tua{sv}", 5, 100, {})

    assert answer == [["i1"], ["i2"], 2**60, False]
    assert coordinator.calls[-1] == ("changes", 5, 100)


READS = {
    "QueryItems": ("a{sv}", {}),
    "GetFacets": ("a{sv}", {}),
    "Search": ("sa{sv}", "a", {}),
}


@pytest.mark.parametrize("interface", [LIBRARY, JSON])
@pytest.mark.parametrize("member", READS)
async def test_a_read_whose_caller_left_the_bus_ends(
    msd: BusServer, coordinator: FakeCoordinator, bus: PrivateBus, interface: str, member: str
) -> None:
    """Also when it was the only one (K6): nobody waits for its answer."""
    coordinator.hold = anyio.Event()

    async with connected_client(bus.address) as leaver:
        leaver.post(interface, member, *(("s", "") if interface == JSON else READS[member]))
        with anyio.fail_after(20):
            await coordinator.querying.wait()
    with anyio.fail_after(20):
        await coordinator.abandoned.wait()


async def test_a_caller_has_one_dear_read_at_a_time(
    msd: BusServer, coordinator: FakeCoordinator, client: Client, bus: PrivateBus
) -> None:
    """Its other ones wait, its pages and other callers don't."""
    coordinator.hold = anyio.Event()
    dear = {"genres": Variant("as", ["Drama"]), "count": Variant("b", True)}

    async with connected_client(bus.address) as other:
        for number in range(3):
            client.post(LIBRARY, "GetFacets", "a{sv}", {"letter": Variant("s", f"{number}")})
            client.post(LIBRARY, "QueryItems", "a{sv}", dear)
        client.post(LIBRARY, "QueryItems", "a{sv}", {})
        other.post(LIBRARY, "QueryItems", "a{sv}", dear)
        await client.settle()
        await other.settle()
        asked = [(name, call.letter or call.genres) for name, call, *_ in coordinator.calls]
        coordinator.hold.set()

    assert {("facets", "0"), ("query_items", ()), ("query_items", ("Drama",))} == set(asked)
    assert 3 == len(asked)
