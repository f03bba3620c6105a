"""A D-Bus client of the tests' own, over dbus-fast: it shares no code with msd/bus."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import anyio
from dbus_fast import Message, MessageFlag, MessageType, Variant
from dbus_fast.aio import MessageBus

from msd.contract import BUS_NAME, ROOT_PATH

DEADLINE_S = 20


class ErrorReply(Exception):  # noqa: N818 - as D-Bus calls it
    """The server answered with an error."""

    def __init__(self, name: str, text: str) -> None:
        super().__init__(f"{name}: {text}")
        self.name = name
        self.text = text

    @property
    def code(self) -> str:
        return self.name.rpartition(".")[2]


class Client:
    """Calls msd, and keeps the signals that it asked for."""

    def __init__(self, bus: MessageBus) -> None:
        self._bus = bus
        self.signals: list[Message] = []
        self._arrived = anyio.Event()
        bus.add_message_handler(self._keep)

    @property
    def unique_name(self) -> str:
        return str(self._bus.unique_name)

    async def call(
        self,
        interface: str,
        member: str,
        signature: str = "",
        *values: Any,
        path: str = ROOT_PATH,
        destination: str = BUS_NAME,
        unix_fds: list[int] | None = None,
    ) -> list[Any]:
        reply = await self.reply_to(
            Message(
                destination=destination,
                path=path,
                interface=interface,
                member=member,
                signature=signature,
                body=list(values),
                unix_fds=unix_fds or [],
            )
        )
        return reply.body

    async def reply_to(self, message: Message) -> Message:
        with anyio.fail_after(DEADLINE_S):
            reply = await self._bus.call(message)
        if reply.message_type is MessageType.ERROR:
            raise ErrorReply(reply.error_name or "", reply.body[0] if reply.body else "")
        return reply

    async def send_without_reply(
        self, interface: str, member: str, signature: str = "", *values: Any
    ) -> None:
        await self._bus.send(
            Message(
                destination=BUS_NAME,
                path=ROOT_PATH,
                interface=interface,
                member=member,
                signature=signature,
                body=list(values),
                flags=MessageFlag.NO_REPLY_EXPECTED,
            )
        )

    def post(
        self,
        interface: str,
        member: str,
        signature: str = "",
        *values: Any,
        unix_fds: list[int] | None = None,
    ) -> None:
        """Call without waiting for the answer."""
        self._bus.send(
            Message(
                destination=BUS_NAME,
                path=ROOT_PATH,
                interface=interface,
                member=member,
                signature=signature,
                body=list(values),
                unix_fds=unix_fds or [],
            )
        )

    async def get(self, interface: str, name: str, path: str = ROOT_PATH) -> Any:
        (variant,) = await self.call(
            "org.freedesktop.DBus.Properties", "Get", "ss", interface, name, path=path
        )
        return variant.value

    async def ask_the_bus(self) -> None:
        """Return when the bus daemon has taken everything that was sent so far."""
        await self.call(
            "org.freedesktop.DBus",
            "GetId",
            path="/org/freedesktop/DBus",
            destination="org.freedesktop.DBus",
        )

    async def listen(self, rule: str) -> None:
        """Keep the signals that match from now on."""
        await self.call(
            "org.freedesktop.DBus",
            "AddMatch",
            "s",
            f"type='signal',{rule}",
            path="/org/freedesktop/DBus",
            destination="org.freedesktop.DBus",
        )

    async def wait_for(self, count: int, member: str = "") -> list[Message]:
        """Return the signals of this name, once there are so many."""
        with anyio.fail_after(DEADLINE_S):
            while len(found := self.named(member)) < count:
                self._arrived = anyio.Event()
                await self._arrived.wait()
        return found

    def named(self, member: str) -> list[Message]:
        return [message for message in self.signals if member in ("", message.member)]

    async def settle(self) -> None:
        """Return when everything that the server sent before now has arrived."""
        await self.call("org.freedesktop.DBus.Peer", "Ping")

    def disconnect(self) -> None:
        self._bus.disconnect()

    def _keep(self, message: Message) -> None:
        if message.message_type is MessageType.SIGNAL and message.member != "NameAcquired":
            self.signals.append(message)
            self._arrived.set()


@asynccontextmanager
async def connected_client(address: str) -> AsyncIterator[Client]:
    """Connect a client."""
    bus = await MessageBus(bus_address=address, negotiate_unix_fd=True).connect()
    try:
        yield Client(bus)
    finally:
        bus.disconnect()
        await bus.wait_for_disconnect()


def plain(value: Any) -> Any:
    """Return a value without its variants."""
    if isinstance(value, Variant):
        return plain(value.value)
    if isinstance(value, dict):
        return {key: plain(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [plain(entry) for entry in value]
    return value
