"""A private bus, both D-Bus libraries, and a server of trouble over them."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from msd.bus.outgoing import error_reply
from msd.contract import BUS_NAME, ROOT_PATH
from msd.dbus.binding import LIBRARIES
from msd.dbus.serving.server import BusServer
from tests.dbus.client import Client, connected_client
from tests.dbus.demo import DEMO_SPECS, Demo, DemoObject, DemoReads
from tests.support.session.bus import PrivateBus, private_bus


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
    async with BusServer(
        DEMO_SPECS,
        address=bus.address,
        root=ROOT_PATH,
        library=library,
        errors=error_reply,
    ) as server:
        server.tree.add("/org/msd/Msd1", DemoObject(demo), DemoReads(demo))
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
