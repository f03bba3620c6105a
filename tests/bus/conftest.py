"""A private bus, both D-Bus libraries, and servers over them."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import pytest

from msd.bus.binding import LIBRARIES
from msd.bus.exports import export_root, msd_specs
from msd.bus.gate import Gate
from msd.bus.names import BUS_NAME
from msd.bus.server import BusServer
from msd.bus.signals import run_signals
from tests.bus.client import Client, connected_client
from tests.bus.demo import DEMO_SPECS, Demo, DemoObject
from tests.support.bus import PrivateBus, private_bus
from tests.support.fake_coordinator import FakeCoordinator


@pytest.fixture
def bus(tmp_path: Path) -> Iterator[PrivateBus]:
    with private_bus(tmp_path / "dbus") as running:
        yield running


@pytest.fixture(params=LIBRARIES)
def library(request: pytest.FixtureRequest) -> str:
    """Each of the two D-Bus libraries."""
    return str(request.param)


@asynccontextmanager
async def demo_server(bus: PrivateBus, library: str) -> AsyncIterator[tuple[Demo, BusServer]]:
    demo = Demo()
    async with BusServer(DEMO_SPECS, address=bus.address, library=library) as server:
        server.tree.add("/org/msd/Msd1", DemoObject(demo))
        await server.own_name(BUS_NAME)
        demo.server = server
        yield demo, server


@pytest.fixture
async def demo(bus: PrivateBus, library: str) -> AsyncIterator[Demo]:
    """A served object with members for every kind of trouble."""
    async with demo_server(bus, library) as (demo, _):
        yield demo


@pytest.fixture
async def client(bus: PrivateBus) -> AsyncIterator[Client]:
    async with connected_client(bus.address) as client:
        yield client


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
    async with BusServer(msd_specs(), address=bus.address, library=library) as server:
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
