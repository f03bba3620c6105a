"""Independent clients, as a user types them: busctl and gdbus."""

import json
import logging
import subprocess
from collections.abc import AsyncIterator
from subprocess import CompletedProcess

import anyio
import pytest
from anyio.streams.text import TextReceiveStream

from msd.bus.signals import run_signals
from msd.contract import BUS_NAME, ROOT_PATH
from msd.dbus.serving.server import BusServer
from msd.models import ItemId
from tests.support.fakes.fake_coordinator import CONNECTED, STARTING, FakeCoordinator
from tests.support.session.bus import PrivateBus

pytestmark = pytest.mark.anyio

COORDINATOR = "org.msd.Msd1.SourceCoordinator"


@pytest.fixture
async def served(msd: BusServer, coordinator: FakeCoordinator) -> AsyncIterator[FakeCoordinator]:
    """msd with one source and two items, and its signals."""
    coordinator.put_source("s1")
    for number in (1, 2):
        coordinator.items[ItemId(f"i{number}")] = {"id": f"i{number}", "title": "Ünï"}
    async with anyio.create_task_group() as tasks:
        await tasks.start(run_signals, msd, coordinator)
        yield coordinator
        tasks.cancel_scope.cancel()


async def run(bus: PrivateBus, *command: str) -> CompletedProcess[bytes]:
    with anyio.fail_after(20):
        return await anyio.run_process(
            command, env=bus.environment, check=False, stderr=subprocess.STDOUT
        )


async def busctl(bus: PrivateBus, *arguments: str) -> str:
    result = await run(bus, "busctl", "--user", *arguments)
    assert 0 == result.returncode, result.stdout
    return result.stdout.decode()


async def gdbus(bus: PrivateBus, member: str, *arguments: str, path: str = ROOT_PATH) -> str:
    result = await run(
        bus, "gdbus", "call", "--session", "-d", BUS_NAME, "-o", path, "-m", member, *arguments
    )
    return result.stdout.decode()


async def test_busctl_lists_sources(bus: PrivateBus, served: FakeCoordinator) -> None:
    """dbus-api: typed by hand, this must feel right."""
    text = await busctl(bus, "-j", "call", BUS_NAME, ROOT_PATH, COORDINATOR, "ListSources")

    (sources,) = json.loads(text)["data"]
    assert "s1" == sources[0]["id"]["data"]
    assert {"type": "s", "data": "offline"} == sources[0]["status"]


async def test_busctl_queries_items(bus: PrivateBus, served: FakeCoordinator) -> None:
    """QueryItems with options."""
    text = await busctl(
        bus,
        "-j",
        "call",
        BUS_NAME,
        ROOT_PATH,
        "org.msd.Msd1.Library",
        "QueryItems",
        "a{sv}",
        "3",
        "limit",
        "u",
        "1",
        "count",
        "b",
        "true",
        "types",
        "as",
        "1",
        "movie",
    )

    items, cursor, total = json.loads(text)["data"]
    assert [{"id": {"type": "s", "data": "i1"}, "title": {"type": "s", "data": "Ünï"}}] == items
    assert ("more", 2) == (cursor, total)


async def test_busctl_finds_its_way_to_a_source(bus: PrivateBus, served: FakeCoordinator) -> None:
    """tree, introspect, get-property."""
    tree = await busctl(bus, "tree", "--list", BUS_NAME)
    members = await busctl(bus, "introspect", BUS_NAME, f"{ROOT_PATH}/source/s1")
    name = await busctl(
        bus, "get-property", BUS_NAME, f"{ROOT_PATH}/source/s1", "org.msd.Msd1.Source", "Name"
    )

    assert f"{ROOT_PATH}/source/s1" in tree.splitlines()
    assert "/org/freedesktop/LogControl1" in tree.splitlines()
    assert ".ConfirmDeletes" in members
    assert "emits-change" in members
    assert 's "Folder s1"\n' == name


async def test_busctl_sets_the_log_level(bus: PrivateBus, served: FakeCoordinator) -> None:
    """org.freedesktop.LogControl1, as systemctl service-log-level uses it."""
    where = (BUS_NAME, "/org/freedesktop/LogControl1", "org.freedesktop.LogControl1")
    level = logging.getLogger().level
    try:
        await busctl(bus, "set-property", *where, "LogLevel", "s", "debug")
        assert 's "debug"\n' == await busctl(bus, "get-property", *where, "LogLevel")
        assert logging.DEBUG == logging.getLogger().level
        wrong = await run(bus, "busctl", "--user", "set-property", *where, "LogLevel", "s", "loud")
        target = await run(
            bus, "busctl", "--user", "set-property", *where, "LogTarget", "s", "kmsg"
        )
    finally:
        logging.getLogger().setLevel(level)

    assert b"the level must be one of" in wrong.stdout
    assert b"msd logs to console only" in target.stdout


async def test_gdbus_starts_a_sync(bus: PrivateBus, served: FakeCoordinator) -> None:
    """dbus-api: typed by hand, this must feel right."""
    answer = await gdbus(bus, f"{COORDINATOR}.SyncSource", "s1")
    wrong = await gdbus(bus, f"{COORDINATOR}.SyncSource", "nobody")

    assert f"(objectpath '{ROOT_PATH}/job/1',)\n" == answer
    assert "org.msd.Msd1.Error.UnknownSource: no such source" in wrong


async def test_gdbus_introspects_with_names_and_annotations(
    bus: PrivateBus, served: FakeCoordinator
) -> None:
    """Gdbus introspects with names and annotations.

    EmitsChangedSignal, names of results.
    """
    result = await run(bus, "gdbus", "introspect", "--session", "-d", BUS_NAME, "-o", ROOT_PATH)

    text = result.stdout.decode()
    assert "out aa{sv} items" in text
    assert '@org.freedesktop.DBus.Property.EmitsChangedSignal("const")' in text
    assert "readonly s State = 'ready'" in text


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (("busctl", "--user", "monitor", BUS_NAME), ("SourceStatusChanged", "PropertiesChanged")),
        (
            ("gdbus", "monitor", "--session", "-d", BUS_NAME),
            ("SourceStatusChanged ('s1', 'connected', 'ok'", "'Status': <'connected'>"),
        ),
    ],
)
async def test_a_monitor_sees_the_signals(
    bus: PrivateBus, served: FakeCoordinator, command: tuple[str, ...], words: tuple[str, ...]
) -> None:
    """busctl monitor, gdbus monitor."""
    # stdbuf: a monitor that writes to a pipe keeps its lines to itself otherwise.
    unbuffered = ("stdbuf", "-oL", *command)
    seen = ""

    async def change_until_seen() -> None:
        # gdbus says that it monitors a little before it does.
        while True:
            served.put_status("s1", CONNECTED)
            served.put_status("s1", STARTING)
            await anyio.sleep(0.05)

    async with (
        await anyio.open_process(
            unbuffered, env=bus.environment, stderr=subprocess.STDOUT
        ) as process,
        anyio.create_task_group() as tasks,
    ):
        assert process.stdout is not None
        tasks.start_soon(change_until_seen)
        with anyio.move_on_after(10):
            async for text in TextReceiveStream(process.stdout):
                seen += text
                if all(word in seen for word in words):
                    break
        tasks.cancel_scope.cancel()
        process.kill()

    assert all(word in seen for word in words), seen
