"""The only emitter: facts → signals, one per real change."""

from typing import Any

import anyio
import pytest
from msgspec.structs import replace

from msd.bus.signals import run_signals
from msd.bus.signals.throttle import INTERVAL_S
from msd.contract import BUS_NAME, JOB, ROOT_PATH, SOURCE, SOURCE_COORDINATOR
from msd.dbus.serving.server import BusServer
from msd.events import (
    BUFFER_SIZE,
    AccountAdded,
    AccountRemoved,
    DaemonChanged,
    JobAdded,
    JobChanged,
    JobFinished,
    JobRemoved,
    SignInRequested,
    SourceAdded,
    SourceChanged,
    SourceRemoved,
    SourceStatusChanged,
    StateChanged,
)
from msd.models import (
    AccountId,
    DaemonState,
    JobId,
    JobKind,
    JobState,
    LibraryId,
    SourceId,
    SyncMode,
    UnixSeconds,
)
from tests.bus.calling import SOURCE_1
from tests.dbus.client import Client, plain
from tests.support.fakes.fake_coordinator import CONNECTED, STARTING, FakeCoordinator
from tests.support.fakes.fake_coordinator import library as movie_library

pytestmark = pytest.mark.anyio

JOB_1 = f"{ROOT_PATH}/job/1"


def told(client: Client) -> list[tuple[str, list[Any]]]:
    """Return name and arguments of every signal that was heard."""
    return [(signal.member, plain(signal.body)) for signal in client.signals]


def changes(client: Client, name: str, path: str | None = None) -> list[object]:
    """Return the values that a property was told to have."""
    return [
        plain(signal.body[1])[name]
        for signal in client.named("PropertiesChanged")
        if name in signal.body[1] and path in (None, signal.path)
    ]


async def test_what_is_there_at_the_start_is_told_and_the_state_changes(
    msd: BusServer, coordinator: FakeCoordinator, client: Client
) -> None:
    """What is there at the start is told and the state changes (O1).

    A client that came before the store was open hears of everything.
    """
    await client.listen(f"sender='{BUS_NAME}'")
    coordinator.put_source("s1")
    coordinator.put_account("a1", "s1")
    coordinator.put_job(1)
    async with anyio.create_task_group() as tasks:
        await tasks.start(run_signals, msd, coordinator)
        await client.settle()
        tasks.cancel_scope.cancel()

    added = client.named("InterfacesAdded")
    assert {f"{ROOT_PATH}/account/a1", SOURCE_1, JOB_1} == {signal.body[0] for signal in added}
    assert {ROOT_PATH} == {signal.path for signal in added}
    assert "starting" == added[1].body[1][SOURCE]["StatusReason"].value
    assert ["ready"] == changes(client, "State")
    assert [] == client.named("SourceAdded")


async def test_a_new_source_is_told_as_object_and_as_plain_signal(
    emitter: None, coordinator: FakeCoordinator, client: Client
) -> None:
    """A new source is told as object and as plain signal.

    InterfacesAdded comes from the manager's path.
    """
    coordinator.put_source("s2")

    (added,) = await client.wait_for(1, "SourceAdded")
    (interfaces,) = client.named("InterfacesAdded")
    assert ["s2"] == added.body
    assert (ROOT_PATH, f"{ROOT_PATH}/source/s2") == (interfaces.path, interfaces.body[0])
    assert {SOURCE} == set(interfaces.body[1])


async def test_a_removed_source_is_told_as_object_and_as_plain_signal(
    emitter: None, coordinator: FakeCoordinator, client: Client
) -> None:
    """SourceRemoved, InterfacesRemoved."""
    await coordinator.remove_source(SourceId("s1"))

    await client.wait_for(1, "SourceRemoved")
    assert [("InterfacesRemoved", [SOURCE_1, [SOURCE]]), ("SourceRemoved", ["s1"])] == told(client)


async def test_each_change_of_status_is_one_signal_and_one_property_change(
    emitter: None, coordinator: FakeCoordinator, client: Client
) -> None:
    """S5, also when the next change is there before the first is told."""
    coordinator.put_status("s1", CONNECTED)
    coordinator.put_status("s1", replace(STARTING, since=UnixSeconds(9)))
    coordinator.publish(SourceChanged(SourceId("s1")))

    await client.wait_for(2, "SourceStatusChanged")
    await client.settle()
    assert [
        ["s1", "connected", "ok", "connected", 1_700_000_100],
        ["s1", "offline", "starting", "msd has just started", 9],
    ] == [signal.body for signal in client.named("SourceStatusChanged")]
    assert ["connected", "offline"] == changes(client, "Status")
    assert ["PropertiesChanged", "SourceStatusChanged"] * 2 == [name for name, _ in told(client)]


async def test_nothing_is_sent_when_nothing_changed(
    emitter: None, coordinator: FakeCoordinator, client: Client
) -> None:
    """Nothing is sent when nothing changed (S5)."""
    coordinator.publish(SourceStatusChanged(SourceId("s1"), STARTING))
    coordinator.publish(SourceChanged(SourceId("s1")))
    coordinator.publish(DaemonChanged())
    coordinator.publish(SourceAdded(SourceId("s1")))
    coordinator.put_source("s2")

    await client.wait_for(1, "SourceAdded")
    assert ["InterfacesAdded", "SourceAdded"] == [name for name, _ in told(client)]


async def test_numbers_of_attempts_are_named_as_changed_without_their_values(
    emitter: None, coordinator: FakeCoordinator, client: Client
) -> None:
    """A client with a cache would keep the old ones for ever otherwise (S5)."""
    coordinator.put_source("s1", attempts=5, next_retry=UnixSeconds(99))

    (change,) = await client.wait_for(1, "PropertiesChanged")
    interface, values, invalidated = change.body
    assert (SOURCE, {}, ["NextRetry", "Attempts"]) == (interface, values, invalidated)
    assert 5 == await client.get(SOURCE, "Attempts", path=SOURCE_1)


async def test_a_change_of_another_property_is_told_alone(
    emitter: None, coordinator: FakeCoordinator, client: Client
) -> None:
    """PropertiesChanged names only what differs."""
    await coordinator.sources.rename(SourceId("s1"), "New")

    (signal,) = await client.wait_for(1, "PropertiesChanged")
    assert [SOURCE, {"Name": "New"}, []] == plain(signal.body)
    assert SOURCE_1 == signal.path


async def test_facts_about_a_source_that_is_gone_are_passed_over(
    emitter: None, coordinator: FakeCoordinator, client: Client
) -> None:
    """A fact can be older than the removal."""
    coordinator.publish(SourceStatusChanged(SourceId("gone"), CONNECTED))
    coordinator.publish(SourceChanged(SourceId("gone")))
    coordinator.publish(SourceRemoved(SourceId("gone")))
    coordinator.publish(JobFinished(JobId(77)))
    coordinator.publish(AccountAdded(AccountId("gone")))
    coordinator.put_source("s2")

    await client.wait_for(1, "SourceAdded")
    assert ["InterfacesAdded", "SourceAdded"] == [name for name, _ in told(client)]


async def test_the_state_is_told_at_once_and_the_revision_at_most_four_times_a_second(
    emitter: None, coordinator: FakeCoordinator, client: Client
) -> None:
    """Root properties."""
    start = anyio.current_time()
    for revision in range(2, 102):
        coordinator.revision = revision
        coordinator.publish(DaemonChanged())
        await anyio.lowlevel.checkpoint()
    with anyio.fail_after(5):
        while changes(client, "Revision")[-1:] != [101]:
            await client.wait_for(len(client.named("PropertiesChanged")) + 1, "PropertiesChanged")
    assert len(changes(client, "Revision")) <= 2 + (anyio.current_time() - start) / INTERVAL_S

    coordinator.state = DaemonState.STOPPING
    coordinator.publish(StateChanged(DaemonState.STOPPING))
    await client.wait_for(len(client.named("PropertiesChanged")) + 1, "PropertiesChanged")
    assert ["stopping"] == changes(client, "State")


async def test_progress_is_told_at_most_four_times_a_second_and_the_last_one_always(
    emitter: None, coordinator: FakeCoordinator, client: Client
) -> None:
    """SyncProgress and the properties of the job (Y11)."""
    job_id = await coordinator.sync_source(SourceId("s1"), mode=SyncMode.AUTO)
    start = anyio.current_time()
    for done in range(1, 201):
        coordinator.put_job(job_id, phase="movie", done=done, total=200)
        coordinator.publish(JobChanged(job_id))
        await anyio.lowlevel.checkpoint()
    coordinator.put_job(
        job_id, state=JobState.DONE, phase="movie", done=200, total=200, result={"seen": 200}
    )
    coordinator.publish(JobFinished(job_id))

    await client.wait_for(1, "SyncFinished")
    progress = [signal.body for signal in client.named("SyncProgress")]
    assert ["s1", JOB_1, "movie", 200, 200] == progress[-1]
    assert len(progress) <= 2 + (anyio.current_time() - start) / INTERVAL_S
    assert 200 == changes(client, "Done", JOB_1)[-1]
    order = [name for name, _ in told(client)]
    assert ["PropertiesChanged", "SyncProgress", "Finished", "SyncFinished"] == order[-4:]
    assert ["done", "", {"seen": 200}] == plain(client.named("Finished")[0].body)
    assert JOB == client.named("Finished")[0].interface
    assert ["s1", JOB_1, {"state": "done", "error": "", "seen": 200}] == plain(
        client.named("SyncFinished")[0].body
    )


async def test_the_last_progress_of_a_pause_is_told_without_another_fact(
    emitter: None, coordinator: FakeCoordinator, client: Client
) -> None:
    """A slow sync does not look stuck at an older figure."""
    job_id = await coordinator.sync_source(SourceId("s1"), mode=SyncMode.AUTO)
    coordinator.put_job(job_id, done=1)
    coordinator.publish(JobChanged(job_id))
    (first,) = await client.wait_for(1, "SyncProgress")
    for done in (2, 3):
        coordinator.put_job(job_id, done=done)
        coordinator.publish(JobChanged(job_id))

    (_, last) = await client.wait_for(2, "SyncProgress")
    assert [1, -1] == first.body[3:]
    assert [3, -1] == last.body[3:]


async def test_a_job_of_another_kind_has_no_sync_signals(
    emitter: None, coordinator: FakeCoordinator, client: Client
) -> None:
    """UnlockSecrets is a job too."""
    job_id = coordinator.put_job(1, kind=JobKind.UNLOCK, source_id=SourceId(""))
    coordinator.publish(JobAdded(job_id))
    coordinator.put_job(
        1, kind=JobKind.UNLOCK, source_id=SourceId(""), state=JobState.FAILED, error="dismissed"
    )
    coordinator.publish(JobFinished(job_id))
    coordinator.publish(JobRemoved(job_id))

    await client.wait_for(1, "InterfacesRemoved")
    assert ["InterfacesAdded", "Finished", "InterfacesRemoved"] == [
        name for name, _ in told(client) if name != "PropertiesChanged"
    ]


async def test_an_account_is_added_changed_and_removed(
    emitter: None, coordinator: FakeCoordinator, client: Client
) -> None:
    """Account objects."""
    coordinator.put_account("a1", "s1")
    coordinator.publish(AccountAdded(AccountId("a1")))
    await client.wait_for(1, "InterfacesAdded")
    coordinator.put_account("a1", "s1", "s2")
    coordinator.publish(AccountAdded(AccountId("a1")))
    coordinator.publish(AccountRemoved(AccountId("a1")))

    await client.wait_for(1, "InterfacesRemoved")
    assert [["s1", "s2"]] == changes(client, "SourceIds", f"{ROOT_PATH}/account/a1")


async def test_after_an_overflow_everything_is_told_again(
    emitter: None, coordinator: FakeCoordinator, client: Client
) -> None:
    """Facts were lost: gone objects, new ones, changed ones, finished jobs, libraries."""
    coordinator.libraries[LibraryId("l1")] = movie_library("l1", "s1")
    await coordinator.sync_source(SourceId("s1"), mode=SyncMode.AUTO)
    coordinator.put_source("s2")
    await client.wait_for(1, "SourceAdded")
    coordinator.put_job(5)
    client.signals.clear()
    for _ in range(BUFFER_SIZE + 10):
        coordinator.publish(SourceChanged(SourceId("s1")))
    coordinator.source_views[SourceId("s3")] = replace(
        coordinator.source_views[SourceId("s1")],
        source=replace(coordinator.source_views[SourceId("s1")].source, id=SourceId("s3")),
    )
    del coordinator.source_views[SourceId("s2")]
    coordinator.source_views[SourceId("s1")] = replace(
        coordinator.source_views[SourceId("s1")], status=CONNECTED
    )
    coordinator.put_job(1, state=JobState.FAILED, error="no")

    await client.wait_for(1, "ItemsChanged")
    names = {(name, body[0]) for name, body in told(client)}
    assert {
        ("SourceAdded", "s3"),
        ("SourceRemoved", "s2"),
        ("SourceStatusChanged", "s1"),
        ("SyncFinished", "s1"),
        ("Finished", "failed"),
        ("ItemsChanged", "s1"),
        ("InterfacesAdded", f"{ROOT_PATH}/job/5"),
    } <= names
    assert ["s1", "l1", [], [], 1] == client.named("ItemsChanged")[0].body


async def test_one_fact_that_can_not_be_told_does_not_end_the_others(
    emitter: None,
    coordinator: FakeCoordinator,
    client: Client,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Containment: the emitter lives as long as the daemon."""
    coordinator.publish(SourceAdded(SourceId("not/an id")))
    coordinator.put_source("s2")

    await client.wait_for(1, "SourceAdded")
    assert 1 == caplog.text.count("a change could not be published")


async def test_progress_waits_while_the_outbox_is_crowded(
    emitter: None, msd: BusServer, coordinator: FakeCoordinator, client: Client, bus: Any
) -> None:
    """Beyond 1000 waiting messages progress is told later, in one piece."""
    job_id = await coordinator.sync_source(SourceId("s1"), mode=SyncMode.AUTO)
    await client.wait_for(1, "InterfacesAdded")
    bus.stop_for_a_while()
    while not msd.connection.outbox.is_crowded:
        msd.emit(ROOT_PATH, SOURCE_COORDINATOR, "SourceAdded", "filler" * 20)
    for done in range(1, 50):
        coordinator.put_job(job_id, done=done)
        coordinator.publish(JobChanged(job_id))
        await anyio.lowlevel.checkpoint()
    bus.go_on()

    (signal,) = await client.wait_for(1, "SyncProgress")
    await client.settle()
    assert 49 == signal.body[3]
    assert 1 == len(client.named("SyncProgress"))


async def test_the_wish_to_sign_in_is_a_signal(
    emitter: None, coordinator: FakeCoordinator, client: Client
) -> None:
    """SignInRequested: for whichever frontend is there."""
    coordinator.events.publish(SignInRequested(SourceId("s1")))

    (signal,) = await client.wait_for(1, "SignInRequested")

    assert ["s1"] == signal.body
