"""`msdctl watch`: every signal of the daemon, and of nobody else."""

import json
import signal

import anyio
import pytest
from anyio.streams.text import TextReceiveStream

from msd.contract import BUS_NAME, ROOT_PATH, SOURCE_COORDINATOR
from msd.dbus.connection import Connection
from msd.dbus.messages.names import Address
from msd.events import ItemsChanged
from msd.models import ItemId, LibraryId, SourceId
from tests.cli.stage import DEADLINE_S, environment, running_msdctl, staged
from tests.support.fakes.fake_coordinator import CONNECTED

pytestmark = pytest.mark.anyio

FILMS = "local_aaaaaaaaaaaa"
BOTH = pytest.mark.parametrize("library", ["dbus_next", "dbus_fast"], indirect=True)


class Lines:
    """The lines of a stream, as they come."""

    def __init__(self, stream):
        self._stream = TextReceiveStream(stream)
        self._rest = ""

    async def next(self):
        with anyio.fail_after(DEADLINE_S):
            while "\n" not in self._rest:
                self._rest += await self._stream.receive()
        line, _, self._rest = self._rest.partition("\n")
        return line

    async def until(self, word):
        while word not in (line := await self.next()):
            pass
        return line


async def watching(msdctl):
    await Lines(msdctl.stderr).until("watching")
    return Lines(msdctl.stdout)


@BOTH
async def test_signals_are_shown_as_they_come_one_json_object_a_line(stage):
    """Signals are shown as they come one json object a line: watch (signals as they come)."""
    stage.coordinator.put_source(FILMS)
    async with running_msdctl("watch", "--json", env=stage.env) as msdctl:
        lines = await watching(msdctl)
        stage.coordinator.put_status(FILMS, CONNECTED)
        record = json.loads(await lines.until("SourceStatusChanged"))

        assert record["args"] == {
            "source_id": FILMS,
            "status": "connected",
            "reason": "ok",
            "detail": "connected",
            "since": 1_700_000_100,
        }
        assert (record["path"], record["interface"]) == (ROOT_PATH, SOURCE_COORDINATOR)
        msdctl.send_signal(signal.SIGINT)
        assert await msdctl.wait() == 130


async def test_a_person_reads_a_line_without_the_standard_signals(stage):
    """A person reads a line without the standard signals: human line."""
    stage.coordinator.put_source(FILMS)
    async with running_msdctl("watch", env=stage.env) as msdctl:
        lines = await watching(msdctl)
        stage.coordinator.put_status(FILMS, CONNECTED)
        changed = tuple(ItemId(f"i{number}") for number in range(3))
        stage.coordinator.publish(ItemsChanged(SourceId(FILMS), LibraryId("lib"), changed, (), 9))

        first, second = await lines.next(), await lines.next()

    assert first.endswith(f"  Folder {FILMS} is connected")
    assert second.endswith(f"  Folder {FILMS}: 3 items changed")


async def test_only_the_wanted_signals_are_shown(stage):
    """Watch SIGNAL."""
    stage.coordinator.put_source(FILMS)
    async with running_msdctl("watch", "SourceRemoved", env=stage.env) as msdctl:
        lines = await watching(msdctl)
        stage.coordinator.put_status(FILMS, CONNECTED)
        await stage.coordinator.remove_source(SourceId(FILMS))

        assert (await lines.next()).endswith(f"SourceRemoved  {FILMS}")


async def test_watching_goes_on_while_the_daemon_restarts(bus, library):
    """A desktop session outlives its daemons."""
    env = environment(bus, library)
    async with staged(bus, library):
        watch = running_msdctl("watch", "--json", env=env)
        msdctl = await watch.__aenter__()
        lines = await watching(msdctl)
    try:
        await lines.until("DaemonLeft")
        async with staged(bus, library) as second:
            await lines.until("DaemonJoined")
            second.coordinator.put_source(FILMS)
            await lines.until("SourceAdded")
    finally:
        await watch.__aexit__(None, None, None)


@BOTH
async def test_the_end_of_the_bus_ends_the_watch(bus, library):
    """The end of the bus ends the watch (exit code 3)."""
    async with staged(bus, library) as stage, running_msdctl("watch", env=stage.env) as msdctl:
        await watching(msdctl)
        bus.kill()
        with anyio.fail_after(DEADLINE_S):
            code = await msdctl.wait()

    assert code == 3


@BOTH
async def test_only_the_daemon_is_believed(stage):
    """Any program of the user can send msdctl a signal."""
    stage.coordinator.put_source(FILMS)
    async with (
        Connection(stage.bus.address) as forger,
        running_msdctl("watch", "--json", env=stage.env) as msdctl,
    ):
        lines = await watching(msdctl)
        (names,) = await forger.call_bus("ListNames")
        (daemon,) = await forger.call_bus("GetNameOwner", "s", BUS_NAME)
        for name in {name for name in names if name.startswith(":")} - {
            daemon,
            forger.unique_name,
        }:
            forger.emit(
                Address(
                    path=ROOT_PATH,
                    interface=SOURCE_COORDINATOR,
                    member="SourceRemoved",
                    destination=name,
                ),
                "s",
                ["forged"],
            )
        await forger.call_bus("GetId")  # the forged signal is delivered
        stage.coordinator.put_status(FILMS, CONNECTED)

        record = json.loads(await lines.next())

    assert record["args"] != {"source_id": "forged"}
