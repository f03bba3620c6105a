"""The network as NetworkManager and logind tell of it, played by a real process on a bus (S6)."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import pytest

from msd.bus.desktop.network import SystemNetwork
from msd.dbus.connection import Connection
from msd.dbus.messages.names import Address
from msd.dbus.messages.variant import Variant
from tests.support.session.bus import PrivateBus

pytestmark = pytest.mark.anyio

NAME = "org.freedesktop.NetworkManager"
PATH = "/org/freedesktop/NetworkManager"
PROPERTIES = "org.freedesktop.DBus.Properties"


class NetworkManager:
    """Answers GetAll and tells changes, as NetworkManager does."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.properties: dict[str, Variant] = {}

    def change(self, **numbers: int) -> None:
        changed = {name: Variant("u", number) for name, number in numbers.items()}
        self.properties |= changed
        address = Address(path=PATH, interface=PROPERTIES, member="PropertiesChanged")
        self._connection.emit(address, "sa{sv}as", [NAME, changed, []])

    def wake_up(self, *, asleep: bool) -> None:
        address = Address(
            path="/org/freedesktop/login1",
            interface="org.freedesktop.login1.Manager",
            member="PrepareForSleep",
        )
        self._connection.emit(address, "b", [asleep])


@asynccontextmanager
async def network_manager(bus: PrivateBus, **numbers: int) -> AsyncIterator[NetworkManager]:
    async with Connection(bus.address) as connection:
        manager = NetworkManager(connection)
        manager.properties = {name: Variant("u", number) for name, number in numbers.items()}
        connection.on_call = lambda call: connection.reply(call, "a{sv}", [manager.properties])
        await connection.own_name(NAME)
        await connection.own_name("org.freedesktop.login1")
        yield manager


@asynccontextmanager
async def watched(network: SystemNetwork) -> AsyncIterator[Callable[[], Awaitable[None]]]:
    """Watch a network; the function returns at its next change."""
    send, receive = anyio.create_memory_object_stream[None](10)
    async with anyio.create_task_group() as tasks, send, receive:
        tasks.start_soon(network.watch, lambda: send.send_nowait(None))
        yield receive.receive
        tasks.cancel_scope.cancel()


async def test_state_and_metered_are_told_and_changes_wake(bus: PrivateBus) -> None:
    """State and metered are told and changes wake (S6).

    A change of the network, and waking up; going to sleep is no reason to try.
    """
    network = SystemNetwork(bus.address)
    async with (
        network_manager(bus, State=70, Metered=4) as manager,
        watched(network) as change,
    ):
        with anyio.fail_after(5):
            await change()
            assert (network.online, network.metered) == ("yes", "no")

            manager.change(State=20, Metered=1)
            await change()
            assert (network.online, network.metered) == ("no", "yes")

            manager.wake_up(asleep=False)
            await change()

        manager.wake_up(asleep=True)
        with anyio.move_on_after(0.2) as waited:
            await change()
        assert waited.cancelled_caught


async def test_without_a_network_manager_it_is_unknown(bus: PrivateBus) -> None:
    """Platform section 6.3: the daemon works with none."""
    network = SystemNetwork(bus.address)
    async with watched(network) as change:
        with anyio.fail_after(5):
            await change()

    assert (network.online, network.metered) == ("unknown", "unknown")


async def test_without_a_system_bus_nobody_tells_anything(tmp_path: Path) -> None:
    """It just ends, and msd just tries."""
    told: list[None] = []

    await SystemNetwork(f"unix:path={tmp_path}/no-bus").watch(lambda: told.append(None))

    assert told == []
