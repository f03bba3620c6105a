"""One outage is one signal; stopping is no outage; nothing outlives a removed source."""

from collections.abc import AsyncIterator
from pathlib import Path

import anyio
import anyio.lowlevel
import pytest

from msd.errors import UnreachableError
from msd.events import AccountChanged, SourceChanged, SourceStatusChanged, StateChanged
from msd.models import DaemonState, LiveState, PublicStatus, SourceId, StatusReason
from tests.support.fakes.changing_backend import ChangingServer
from tests.support.rig import Rig, Run

pytestmark = pytest.mark.anyio

REFUSED = UnreachableError("no route", reason=StatusReason.REFUSED)
STARTING = UnreachableError("it restarts", reason=StatusReason.SERVER_STARTING)


class Live:
    """A running coordinator with one source that pushes its changes."""

    def __init__(self, run: Run, server: ChangingServer, source_id: SourceId) -> None:
        self.run = run
        self.server = server
        self.source_id = source_id

    def statuses(self) -> list[tuple[str, str]]:
        """Return the statuses that were published since the last call."""
        changes = self.run.of(SourceStatusChanged)
        self.run.seen.clear()
        return [(change.status.status, change.status.reason) for change in changes]  # type: ignore[attr-defined]

    async def until_live(self) -> None:
        await self.run.until(
            lambda: self.run.coordinator.sources.get(self.source_id).live is LiveState.OK
        )

    async def until_asked(self, times: int) -> None:
        """Wait until the server was asked to connect as often as this from now on."""
        self.server.calls.clear()
        with anyio.fail_after(20):
            while self.server.calls.count("connect") < times:
                await anyio.lowlevel.checkpoint()


@pytest.fixture
async def live(tmp_path: Path) -> AsyncIterator[Live]:
    server = ChangingServer()
    server.movies(server.library("films"), 12)
    rig = Rig(tmp_path, server=server)
    async with rig.running() as run:
        run.coordinator.start()
        live = Live(run, server, await run.add())
        await live.until_live()
        live.statuses()
        yield live


async def test_a_server_that_vanishes_is_one_signal(live: Live) -> None:
    """The lost push connection is not shown before the server itself was asked (S5)."""
    live.server.error = REFUSED
    live.server.cut()

    await live.run.until_status(live.source_id, PublicStatus.OFFLINE)
    await live.until_asked(1)

    assert live.statuses() == [("offline", "refused")]


async def test_a_push_connection_alone_that_is_lost_is_degraded(live: Live) -> None:
    """The server still answers (Y9)."""
    live.server.live_error = UnreachableError("no websocket")
    live.server.cut()

    await live.run.until(
        lambda: (
            live.run.coordinator.get_source_status(live.source_id).reason
            is StatusReason.DEGRADED_LIVE
        )
    )

    assert live.statuses() == [("connected", "degraded-live")]


async def test_a_restart_that_was_announced_is_one_outage_and_is_noticed_soon(live: Live) -> None:
    """Its reason stays over every stage, and the server is asked every few seconds (S11)."""
    live.server.error = live.server.live_error = STARTING
    live.server.cut()
    await live.run.until_status(live.source_id, PublicStatus.OFFLINE)

    for stage in (REFUSED, UnreachableError("503", reason=StatusReason.NOT_A_MEDIA_SERVER)):
        live.server.error = stage
        await live.until_asked(1)
    live.server.error = live.server.live_error = None
    with anyio.fail_after(10):
        await live.run.until_status(live.source_id, PublicStatus.CONNECTED)

    assert live.statuses() == [("offline", "server-starting"), ("connected", "ok")]


async def test_a_stop_that_the_push_connection_announces_is_a_restart(tmp_path: Path) -> None:
    """The last message said so; afterwards the server only refuses connections (S11)."""
    server = ChangingServer()
    server.movies(server.library("films"), 12)
    async with Rig(tmp_path, server=server).running() as run:
        run.coordinator.start()
        live = Live(run, server, await run.add())
        await live.until_live()
        live.statuses()
        server.error = REFUSED
        server.push_error = STARTING
        server.cut()

        await run.until_status(live.source_id, PublicStatus.OFFLINE)

        assert live.statuses() == [("offline", "server-starting")]


async def test_stopping_publishes_nothing_about_sources(tmp_path: Path) -> None:
    """Closing our own connections is not the server's fault (S10)."""
    server = ChangingServer()
    server.movies(server.library("films"), 12)
    async with Rig(tmp_path, server=server).running() as run:
        run.coordinator.start()
        live = Live(run, server, await run.add())
        await live.until_live()
        server.hold = anyio.Event()  # a sync is under way while msd stops
        server.oldest_cursor = 10**12
        await run.coordinator.sync_source(live.source_id)
        await run.eventually(lambda: any(call.startswith("page") for call in server.calls))
        live.statuses()

        await run.coordinator.close()
        server.error = REFUSED
        server.cut()
        await run.coordinator.sources.reconnect(live.source_id)
        await anyio.wait_all_tasks_blocked()

        assert [DaemonState.STOPPING] == [event.state for event in run.of(StateChanged)]  # type: ignore[attr-defined]
        about_sources = (SourceStatusChanged, SourceChanged, AccountChanged)
        assert not [event for event in run.seen if isinstance(event, about_sources)]
        status = run.coordinator.get_source_status(live.source_id)
        assert (status.status, status.reason) == (PublicStatus.CONNECTED, StatusReason.OK)


async def test_a_source_that_is_removed_and_added_at_once_is_as_good_as_new(live: Live) -> None:
    """Also when its sync runs: it is live again without any wait of the first one (A6)."""
    live.server.hold, live.server.oldest_cursor = anyio.Event(), 10**12
    await live.run.coordinator.sync_source(live.source_id)
    await live.run.eventually(lambda: any(call.startswith("page") for call in live.server.calls))

    await live.run.coordinator.remove_source(live.source_id)
    live.server.hold = None
    with anyio.fail_after(10):
        again = await live.run.add()
        await live.until_live()

    assert again == live.source_id
    await live.run.until_synced(again)
    assert live.run.coordinator.sources.get(again).source.last_sync_error == ""


async def test_everything_that_works_for_a_removed_source_ends(live: Live) -> None:
    """No request reaches the server after the purge, and no push connection is open (A6)."""
    await live.run.coordinator.remove_source(live.source_id)
    with anyio.fail_after(10):
        while live.run.services.registry.removed():
            await anyio.lowlevel.checkpoint()
    await anyio.wait_all_tasks_blocked()
    live.server.calls.clear()

    live.server.cut()
    await anyio.wait_all_tasks_blocked()

    assert live.server.calls == []
    assert live.server.listeners == []
