"""Presence: noticing that a caller has left the bus."""

import anyio
import pytest

from msd.dbus.connection import Connection
from tests.dbus.client import connected_client
from tests.support.session.bus import PrivateBus

pytestmark = pytest.mark.anyio


async def test_a_caller_that_leaves_is_noticed(bus: PrivateBus, library: str) -> None:
    """NameOwnerChanged."""
    async with Connection(bus.address, library=library) as connection:
        gone = anyio.Event()

        async def wait(name: str) -> None:
            await connection.gone(name)
            gone.set()

        async with anyio.create_task_group() as tasks:
            async with connected_client(bus.address) as client:
                tasks.start_soon(wait, client.unique_name)
                await client.ask_the_bus()
                await anyio.wait_all_tasks_blocked()
                assert not gone.is_set()
            with anyio.fail_after(10):
                await gone.wait()


async def test_a_caller_that_has_left_before_is_noticed_at_once(
    bus: PrivateBus, library: str
) -> None:
    """Or a login of his would stay for ever."""
    async with Connection(bus.address, library=library) as connection:
        with anyio.fail_after(10):
            await connection.gone(":1.4711")
