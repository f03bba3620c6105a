"""The adapter of SourceCoordinator: convert, one coordinator call, convert."""

import pytest
from dbus_fast import Variant

from msd.contract import ROOT_PATH, SOURCE, SOURCE_COORDINATOR
from msd.dbus.serving.server import BusServer
from msd.models import (
    LibraryId,
    LibraryType,
    SyncMode,
    SyncPolicy,
    UnixSeconds,
)
from tests.bus.calling import PROPERTIES, SOURCE_1, failure_of
from tests.dbus.client import Client, plain
from tests.support.fakes.fake_coordinator import CONNECTED, FakeCoordinator, library

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("member", "signature", "values", "result", "call"),
    [
        ("AddLocalSource", "s", ["/srv"], ["local_0001"], ("add_local_source", "/srv")),
        ("AddPlexAccount", "s", ["t"], [["plex_0001"]], ("add_plex_account", "t")),
        ("DiscoverServers", "", [], [f"{ROOT_PATH}/job/1"], ("discover_servers",)),
        (
            "AddJellyfinSource",
            "sss",
            ["u", "n", "p"],
            ["jellyfin_0001"],
            ("add_jellyfin_source", "u", "n", "p"),
        ),
        ("RenameSource", "ss", ["s1", "New"], [], ("rename_source", "s1", "New")),
        ("RemoveSource", "s", ["s1"], [], ("remove_source", "s1")),
        ("SetSourceEnabled", "sb", ["s1", False], [], ("set_source_enabled", "s1", False)),
        ("ReorderSources", "as", [["s1"]], [], ("reorder_sources", "s1")),
        ("InitializeAllSources", "", [], [], ("initialize_all_sources",)),
        ("UnlockSecrets", "", [], [f"{ROOT_PATH}/job/1"], ("unlock_secrets",)),
        (
            "SyncSource",
            "s",
            ["s1"],
            [f"{ROOT_PATH}/job/1"],
            ("sync_source", "s1", SyncMode.AUTO, ()),
        ),
        (
            "SyncAllSources",
            "",
            [],
            [[f"{ROOT_PATH}/job/1"]],
            ("sync_source", "s1", SyncMode.AUTO, ()),
        ),
    ],
)
async def test_a_method_is_one_coordinator_call(
    msd: BusServer,
    coordinator: FakeCoordinator,
    client: Client,
    member: str,
    signature: str,
    values: list[object],
    result: list[object],
    call: tuple[object, ...],
) -> None:
    """A method is one coordinator call.

    Convert, one call, convert.
    """
    coordinator.put_source("s1")

    assert result == await client.call(SOURCE_COORDINATOR, member, signature, *values)
    assert [call] == coordinator.calls


async def test_the_status_of_a_source_is_told(
    msd: BusServer, coordinator: FakeCoordinator, client: Client
) -> None:
    """GetSourceStatus, GetAllSourceStatuses."""
    coordinator.put_source("s1", status=CONNECTED)

    one = await client.call(SOURCE_COORDINATOR, "GetSourceStatus", "s", "s1")
    (every,) = await client.call(SOURCE_COORDINATOR, "GetAllSourceStatuses")

    assert ["connected", "ok", "connected", 1_700_000_100] == one
    assert {"s1": one} == plain(every)


async def test_sources_are_listed_with_the_values_of_their_properties(
    msd: BusServer, coordinator: FakeCoordinator, client: Client
) -> None:
    """ListSources shows what the Source object shows."""
    coordinator.put_source("s1", next_retry=UnixSeconds(7), attempts=3)

    (sources,) = await client.call(SOURCE_COORDINATOR, "ListSources")
    (values,) = await client.call(PROPERTIES, "GetAll", "s", SOURCE, path=SOURCE_1)

    assert list(plain(values).values()) == list(plain(sources[0]).values())
    assert 7 == sources[0]["next_retry"].value
    assert "/" == sources[0]["sync_job"].value


async def test_a_source_object_is_found_by_its_id(
    msd: BusServer, coordinator: FakeCoordinator, client: Client
) -> None:
    """GetBackend: explicit selection."""
    coordinator.put_source("s1")

    assert [SOURCE_1] == await client.call(SOURCE_COORDINATOR, "GetBackend", "s", "s1")
    assert (
        "UnknownSource"
        == (await failure_of(client, SOURCE_COORDINATOR, "GetBackend", "s", "x")).code
    )


async def test_explain_tells_every_step(
    msd: BusServer, coordinator: FakeCoordinator, client: Client
) -> None:
    """Explain tells every step (S8)."""
    coordinator.put_source("s1")

    (steps,) = await client.call(SOURCE_COORDINATOR, "Explain", "s", "s1")

    expected = {"at": 5, "step": "connect", "outcome": "refused", "detail": "no", "latency_ms": 7}
    assert [expected] == plain(steps)


async def test_the_policy_of_a_library_is_set_key_by_key(
    msd: BusServer, coordinator: FakeCoordinator, client: Client
) -> None:
    """The policy of a library is set key by key (A5)."""
    coordinator.libraries[LibraryId("l1")] = library("l1", "s1")
    options = {
        "sync": Variant("s", "manual"),
        "interval_s": Variant("i", 60),
        "show_in_home": Variant("b", False),
        "content": Variant("s", "shows"),
    }

    await client.call(SOURCE_COORDINATOR, "SetLibraryPolicy", "sa{sv}", "l1", options)
    await client.call(
        SOURCE_COORDINATOR, "SetLibraryPolicy", "sa{sv}", "l1", {"content": Variant("s", "")}
    )

    wanted = {
        "sync": SyncPolicy.MANUAL,
        "interval_s": 60,
        "show_in_home": False,
        "content": LibraryType.SHOWS,
    }
    assert ("set_library_policy", "l1", wanted) == coordinator.calls[0]
    assert ("set_library_policy", "l1", {"content": ""}) == coordinator.calls[1]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("sync", Variant("s", "sometimes")),
        ("sync", Variant("u", 1)),
        ("interval_s", Variant("i", -1)),
        ("interval_s", Variant("s", "60")),
        ("interval_s", Variant("t", 2**60)),
        ("show_in_home", Variant("s", "yes")),
        ("content", Variant("s", "books")),
        ("interval", Variant("u", 60)),
    ],
)
async def test_a_policy_that_can_not_be_meant_is_refused_and_named(
    msd: BusServer, client: Client, coordinator: FakeCoordinator, key: str, value: Variant
) -> None:
    """Unknown keys and wrong values: InvalidArgument naming the key."""
    failure = await failure_of(
        client, SOURCE_COORDINATOR, "SetLibraryPolicy", "sa{sv}", "l1", {key: value}
    )

    assert "InvalidArgument" == failure.code
    assert key in failure.text
    assert [] == coordinator.calls


async def test_a_source_that_is_named_twice_is_refused(
    msd: BusServer, client: Client, coordinator: FakeCoordinator
) -> None:
    """ReorderSources."""
    failure = await failure_of(
        client, SOURCE_COORDINATOR, "ReorderSources", "as", ["s1", "s2", "s1"]
    )

    assert "InvalidArgument" == failure.code
    assert [] == coordinator.calls
