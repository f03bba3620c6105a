"""NetworkManager and logind on the system bus: is there a network, did the machine wake up?

Both are optional: without them msd just tries.
"""

import logging
import os
from collections.abc import Callable, Mapping

import anyio

from msd.dbus.connection import Connection
from msd.dbus.errors import BusError
from msd.dbus.messages.message import Message
from msd.dbus.messages.names import PROPERTIES, Address, SignalMatch

logger = logging.getLogger(__name__)

SYSTEM_BUS = "unix:path=/run/dbus/system_bus_socket"
DEADLINE_S = 5.0

_NAME = "org.freedesktop.NetworkManager"
_PATH = "/org/freedesktop/NetworkManager"
_LOGIN = "org.freedesktop.login1"
_TELLING = frozenset({"State", "Metered", "PrimaryConnection", "Connectivity"})
_CONNECTED_LOCALLY = 50  # NM_STATE: from here up there is at least a local network
_DISCONNECTED = 20

_NETWORK_CHANGED = SignalMatch(
    sender=_NAME, path=_PATH, interface=PROPERTIES, member="PropertiesChanged", about=_NAME
)
_SLEEP = SignalMatch(sender=_LOGIN, interface=f"{_LOGIN}.Manager", member="PrepareForSleep")


class SystemNetwork:
    """The network as NetworkManager sees it; "unknown" when there is none to ask."""

    def __init__(self, address: str | None = None) -> None:
        self._address = address or os.environ.get("DBUS_SYSTEM_BUS_ADDRESS") or SYSTEM_BUS
        self.online = "unknown"
        self.metered = "unknown"

    async def watch(self, changed: Callable[[], None]) -> None:
        """Call when the network changed or the machine woke up; return without a system bus."""
        try:
            async with Connection(self._address) as connection:
                await self._watch(connection, changed)
        except BusError as error:
            logger.info("the state of the network is not known: %s", error)

    async def _watch(self, connection: Connection, changed: Callable[[], None]) -> None:
        changed_event = anyio.Event()

        def note(message: Message) -> None:
            if self._tells(message):
                changed_event.set()

        async with (
            connection.listening(_NETWORK_CHANGED, note),
            connection.listening(_SLEEP, note),
        ):
            while True:
                await self._read(connection)
                changed()
                await changed_event.wait()
                changed_event = anyio.Event()

    def _tells(self, message: Message) -> bool:
        if message.member == "PrepareForSleep":
            return message.body == [False]  # True: about to sleep
        return bool(_TELLING & set(message.body[1]))

    async def _read(self, connection: Connection) -> None:
        address = Address(destination=_NAME, path=_PATH, interface=PROPERTIES, member="GetAll")
        try:
            (answer,) = await connection.call(address, "s", [_NAME], timeout_s=DEADLINE_S)
        except (BusError, TimeoutError):
            self.online = self.metered = "unknown"
            return
        found = answer if isinstance(answer, Mapping) else {}
        self.online = _online(_number(found, "State"))
        self.metered = {1: "yes", 3: "yes", 2: "no", 4: "no"}.get(
            _number(found, "Metered"), "unknown"
        )


def _number(properties: Mapping[object, object], name: str) -> int:
    value = getattr(properties.get(name), "value", 0)
    return value if isinstance(value, int) else 0


def _online(state: int) -> str:
    if state >= _CONNECTED_LOCALLY:
        return "yes"
    return "unknown" if state < _DISCONNECTED else "no"
