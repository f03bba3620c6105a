"""The objects below the root, and what is answered before they are there."""

import anyio
import pytest
from dbus_fast import Variant
from msgspec.structs import replace

from msd import __version__
from msd.bus.exports import export_root, new_server
from msd.bus.gate import Gate
from msd.contract import ACCOUNT, BUS_NAME, JOB, LOGIN, ROOT_PATH, SOURCE, SOURCE_COORDINATOR
from msd.dbus.serving.server import BusServer
from msd.errors import StorageError, UnreachableError
from msd.models import (
    FINGERPRINT,
    BackendKind,
    JobState,
    LibraryId,
    PublicStatus,
    SkippedPage,
    SkippedRow,
    Source,
    SyncMode,
    UnixSeconds,
)
from tests.bus.calling import OBJECT_MANAGER, PROPERTIES, SOURCE_1, failure_of
from tests.dbus.client import Client, plain
from tests.support.fakes.fake_coordinator import CONNECTED, FakeCoordinator, source_view
from tests.support.session.bus import PrivateBus

pytestmark = pytest.mark.anyio


async def test_a_source_is_synced_as_its_options_say(
    msd: BusServer, coordinator: FakeCoordinator, client: Client
) -> None:
    """Source.Sync, Reconnect, ConfirmDeletes, Remove."""
    coordinator.put_source("s1")
    options = {"mode": Variant("s", "full"), "libraries": Variant("as", ["l1"])}

    synced = await client.call(SOURCE, "Sync", "a{sv}", options, path=SOURCE_1)
    await client.call(SOURCE, "Reconnect", path=SOURCE_1)
    confirmed = await client.call(SOURCE, "ConfirmDeletes", path=SOURCE_1)
    await client.call(SOURCE, "Remove", path=SOURCE_1)

    assert [f"{ROOT_PATH}/job/1"] == synced
    assert [f"{ROOT_PATH}/job/2"] == confirmed
    assert [
        ("sync_source", "s1", SyncMode.FULL, ("l1",)),
        ("reconnect", "s1"),
        ("confirm_deletes", "s1"),
        ("remove_source", "s1"),
    ] == coordinator.calls
    assert "UnknownSource" == (await failure_of(client, SOURCE, "Reconnect", path=SOURCE_1)).code


async def test_a_certificate_is_shown_and_then_trusted(
    msd: BusServer, coordinator: FakeCoordinator, client: Client
) -> None:
    """GetCertificate, TrustCertificate, and the properties that say what is trusted (K3)."""
    coordinator.put_source("s1", source=with_config({FINGERPRINT: "ab" * 32}))

    (shown,) = await client.call(SOURCE_COORDINATOR, "GetCertificate", "s", "https://nas:8920")
    trust = {"fingerprint": shown["fingerprint"]}
    await client.call(SOURCE, "TrustCertificate", "a{sv}", trust, path=SOURCE_1)
    (values,) = await client.call(PROPERTIES, "GetAll", "s", SOURCE, path=SOURCE_1)

    assert "ab" * 32 == plain(shown)["fingerprint"]
    assert "CN=home" == plain(shown)["issuer"]
    assert ("trust_certificate", "s1", {"fingerprint": "ab" * 32}) in coordinator.calls
    assert "ab" * 32 == plain(values)["CertificateFingerprint"]
    assert plain(values)["PrivateAuthority"] is False
    refused = {"fingerprint": Variant("i", 1)}
    failure = await failure_of(client, SOURCE, "TrustCertificate", "a{sv}", refused, path=SOURCE_1)
    assert "InvalidArgument" == failure.code


def with_config(config: dict[str, str]) -> Source:
    """Return the source of a view with a configuration."""
    return replace(source_view("s1").source, config=config)


async def test_a_job_shows_its_progress_and_can_be_cancelled(
    msd: BusServer, coordinator: FakeCoordinator, client: Client
) -> None:
    """Job: -1 is an unknown total."""
    coordinator.put_job(
        3,
        phase="movie",
        done=7,
        result={"seen": 7, "complete": True, "note": "x"},
        state=JobState.RUNNING,
    )
    path = f"{ROOT_PATH}/job/3"

    (values,) = await client.call(PROPERTIES, "GetAll", "s", JOB, path=path)
    await client.call(JOB, "Cancel", path=path)

    assert {
        "Kind": "sync",
        "SourceId": "s1",
        "State": "running",
        "Phase": "movie",
        "Done": 7,
        "Total": -1,
        "StartedAt": 0,
        "Error": "",
        "Result": {"seen": 7, "complete": True, "note": "x"},
    } == plain(values)
    assert {"seen": "x", "complete": "b", "note": "s"} == {
        key: variant.signature for key, variant in values["Result"].value.items()
    }
    assert [("cancel_job", 3)] == coordinator.calls


@pytest.mark.parametrize(
    ("path", "interface", "member", "code"),
    [
        ("source/x", SOURCE, "Reconnect", "UnknownSource"),
        ("account/x", ACCOUNT, "Remove", "UnknownAccount"),
        ("job/9", JOB, "Cancel", "UnknownJob"),
        ("login/9", LOGIN, "Cancel", "UnknownLogin"),
        ("login/x", LOGIN, "Cancel", "UnknownLogin"),
        ("job/x", JOB, "Cancel", "UnknownJob"),
        ("job/03", JOB, "Cancel", "UnknownJob"),
        ("job/99999999999999999999", JOB, "Cancel", "UnknownJob"),
        ("source", SOURCE, "Reconnect", "UnknownMethod"),
        ("source/x/y", SOURCE, "Reconnect", "UnknownObject"),
        ("other", SOURCE, "Reconnect", "UnknownObject"),
    ],
)
async def test_an_unknown_object_is_a_typed_error(
    msd: BusServer, client: Client, path: str, interface: str, member: str, code: str
) -> None:
    """Unknown ids."""
    failure = await failure_of(client, interface, member, path=f"{ROOT_PATH}/{path}")

    assert code == failure.code


async def test_an_account_is_an_object(
    msd: BusServer, coordinator: FakeCoordinator, client: Client
) -> None:
    """Account."""
    coordinator.put_account("a1", "s1", "s2")
    path = f"{ROOT_PATH}/account/a1"

    (values,) = await client.call(PROPERTIES, "GetAll", "s", ACCOUNT, path=path)
    refreshed = await client.call(ACCOUNT, "RefreshServers", path=path)
    await client.call(ACCOUNT, "Remove", path=path)

    assert [["plex_0002"]] == refreshed
    assert {
        "Id": "a1",
        "Kind": "jellyfin",
        "DisplayName": "Ann",
        "AuthState": "ok",
        "SourceIds": ["s1", "s2"],
    } == plain(values)
    assert [("refresh", "a1"), ("remove_account", "a1")] == coordinator.calls


async def test_every_object_is_managed_by_the_root(
    msd: BusServer, coordinator: FakeCoordinator, client: Client
) -> None:
    """ObjectManager for sources, accounts and jobs, not for items."""
    coordinator.put_source("s1")
    coordinator.put_account("a1", "s1")
    coordinator.put_job(1)

    (objects,) = await client.call(OBJECT_MANAGER, "GetManagedObjects")

    assert {
        SOURCE_1: [SOURCE],
        f"{ROOT_PATH}/account/a1": [ACCOUNT],
        f"{ROOT_PATH}/job/1": [JOB],
    } == {path: list(interfaces) for path, interfaces in objects.items()}
    assert (
        "UnknownMethod"
        == (await failure_of(client, OBJECT_MANAGER, "GetManagedObjects", path=SOURCE_1)).code
    )


async def test_an_error_of_the_coordinator_has_its_code(
    msd: BusServer, coordinator: FakeCoordinator, client: Client
) -> None:
    """An error of the coordinator has its code."""
    coordinator.failure = UnreachableError("no route to the server")

    failure = await failure_of(client, SOURCE_COORDINATOR, "AddLocalSource", "s", "/srv")

    assert "org.msd.Msd1.Error.Unreachable" == failure.name
    assert "no route to the server" == failure.text


async def test_calls_wait_for_the_store_and_state_does_not(
    bus: PrivateBus, library: str, client: Client, coordinator: FakeCoordinator
) -> None:
    """Calls wait for the store and state does not (O1).

    The name is owned at once; calls that arrive before the store is open wait for it.
    """
    gate = Gate()
    answers: list[object] = []
    async with new_server(address=bus.address, library=library) as server:
        export_root(server, gate)
        await server.own_name(BUS_NAME)
        async with anyio.create_task_group() as tasks:

            async def ask() -> None:
                answers.extend(await client.call(SOURCE_COORDINATOR, "ListSources"))

            tasks.start_soon(ask)
            before = await client.get(SOURCE_COORDINATOR, "State")
            waited = not answers
            gate.open(coordinator)
        after = await client.get(SOURCE_COORDINATOR, "State")

    assert ("starting", "ready") == (before, after)
    assert waited
    assert [[]] == answers


async def test_a_store_that_can_not_be_opened_is_told_to_every_caller(
    bus: PrivateBus, library: str, client: Client
) -> None:
    """A store that can not be opened is told to every caller (O1).

    State is degraded, the errors are clear, and each is an error of its own.
    """
    gate = Gate()
    async with new_server(address=bus.address, library=library) as server:
        export_root(server, gate)
        await server.own_name(BUS_NAME)
        gate.fail(StorageError("state.db was written by a newer msd"))
        state = await client.get(SOURCE_COORDINATOR, "State")
        failures = [await failure_of(client, SOURCE_COORDINATOR, "ListSources") for _ in range(2)]
        managed = await failure_of(client, OBJECT_MANAGER, "GetManagedObjects")
        (tree,) = await client.call("org.freedesktop.DBus.Introspectable", "Introspect", path="/")

    assert "degraded" == state
    assert ["StorageFailed"] * 2 == [failure.code for failure in failures]
    assert "StorageFailed" == managed.code
    assert "org" in tree


async def test_the_root_shows_the_daemon(
    msd: BusServer, client: Client, coordinator: FakeCoordinator
) -> None:
    """Properties of SourceCoordinator."""
    (values,) = await client.call(PROPERTIES, "GetAll", "s", SOURCE_COORDINATOR)

    assert {
        "Version": __version__,
        "State": "ready",
        "Online": "unknown",
        "Metered": "unknown",
        "Revision": 1,
        "SecretStore": "secret-service",
        "KeyringState": "unknown",
        "PendingWrites": 0,
        "Capabilities": ["jellyfin", "local"],
    } == plain(values)


async def test_a_source_of_every_status_is_shown_in_the_words_of_the_contract(
    msd: BusServer, client: Client, coordinator: FakeCoordinator
) -> None:
    """Enumerations are lower-kebab words."""
    coordinator.put_source("s1", status=CONNECTED)

    assert PublicStatus.CONNECTED.value == await client.get(SOURCE, "Status", path=SOURCE_1)
    assert ("add_source", BackendKind("local"), {}) not in coordinator.calls


async def test_the_addresses_of_a_source_are_listed_tested_and_pinned(
    msd: BusServer, coordinator: FakeCoordinator, client: Client
) -> None:
    """ListConnections, TestConnections, PinConnection."""
    coordinator.put_source("s1")

    (listed,) = await client.call(SOURCE, "ListConnections", path=SOURCE_1)
    (tested,) = await client.call(SOURCE, "TestConnections", path=SOURCE_1)
    await client.call(SOURCE, "PinConnection", "s", "https://near:32400", path=SOURCE_1)

    assert plain(listed) == plain(tested)
    assert {
        "address": "https://far:443",
        "route": "relay",
        "outcome": "",
        "detail": "",
        "latency_ms": 0,
        "in_use": True,
        "pinned": True,
    } == plain(listed[1])
    assert [
        ("list", "s1"),
        ("test", "s1"),
        ("pin", "s1", "https://near:32400"),
    ] == coordinator.calls


async def test_what_a_source_leaves_out_is_listed_in_pages(
    msd: BusServer, coordinator: FakeCoordinator, client: Client
) -> None:
    """Source.ListSkipped: a place, why, and since when; unknown keys are absent (Y16)."""
    coordinator.put_source("s1", withdrawn_items=3)
    coordinator.skipped_page = SkippedPage(
        rows=(
            SkippedRow(place="a.mkv", kind="broken", reason="no video", since=UnixSeconds(5)),
            SkippedRow(
                place="77",
                kind="other",
                reason="the server answers 500",
                since=UnixSeconds(6),
                library_id=LibraryId("l1"),
                title="Alien",
            ),
        ),
        next_cursor="more",
        total=3,
    )
    options = {"limit": Variant("u", 2), "cursor": Variant("s", "c")}

    rows, cursor = await client.call(SOURCE, "ListSkipped", "a{sv}", options, path=SOURCE_1)
    await client.call(SOURCE, "ListSkipped", "a{sv}", {}, path=SOURCE_1)

    assert [
        {"place": "a.mkv", "kind": "broken", "reason": "no video", "since": 5, "number": 1},
        {
            "place": "77",
            "kind": "other",
            "reason": "the server answers 500",
            "since": 6,
            "library_id": "l1",
            "title": "Alien",
            "number": 1,
        },
    ] == plain(rows)
    assert "more" == cursor
    assert [("skipped", "s1", 2, "c"), ("skipped", "s1", 50, "")] == coordinator.calls
    assert 3 == await client.get(SOURCE, "WithdrawnItems", SOURCE_1)


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"limit": Variant("u", 501)}, "LimitExceeded"),
        ({"limit": Variant("u", 0)}, "InvalidArgument"),
        ({"colour": Variant("s", "red")}, "InvalidArgument"),
    ],
)
async def test_a_page_of_left_out_rows_has_the_limits_of_every_page(
    msd: BusServer,
    coordinator: FakeCoordinator,
    client: Client,
    options: dict[str, Variant],
    code: str,
) -> None:
    """At most 500 rows."""
    coordinator.put_source("s1")

    failure = await failure_of(client, SOURCE, "ListSkipped", "a{sv}", options, path=SOURCE_1)

    assert code == failure.code
