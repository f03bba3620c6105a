"""What msd serves, on a private bus and over both D-Bus libraries."""

from collections.abc import AsyncIterator

import anyio
import pytest

from msd.bus.exports import export_root, new_server
from msd.bus.gate import Gate
from msd.bus.signals import run_signals
from msd.contract import BUS_NAME
from msd.dbus.serving.server import BusServer
from tests.dbus.client import Client
from tests.dbus.conftest import bus, client, library
from tests.support.fakes.fake_coordinator import FakeCoordinator
from tests.support.session.bus import PrivateBus

__all__ = ["bus", "client", "library"]


@pytest.fixture
async def coordinator() -> FakeCoordinator:
    return FakeCoordinator()


@pytest.fixture
async def msd(
    bus: PrivateBus, library: str, coordinator: FakeCoordinator
) -> AsyncIterator[BusServer]:
    """The whole tree of msd over a fake coordinator, the gate open."""
    gate = Gate()
    gate.open(coordinator)
    async with new_server(address=bus.address, library=library) as server:
        export_root(server, gate)
        await server.own_name(BUS_NAME)
        yield server


@pytest.fixture
async def emitter(
    msd: BusServer, coordinator: FakeCoordinator, client: Client
) -> AsyncIterator[None]:
    """Signals of one source `s1` that is there from the start; the client hears everything."""
    await client.listen(f"sender='{BUS_NAME}'")
    coordinator.put_source("s1")
    async with anyio.create_task_group() as tasks:
        await tasks.start(run_signals, msd, coordinator)
        await client.settle()
        client.signals.clear()
        yield
        tasks.cancel_scope.cancel()
