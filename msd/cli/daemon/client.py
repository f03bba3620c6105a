"""The daemon as msdctl talks to it: calls, properties and signals."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, cast

import anyio

from msd.cli.daemon.transport import Call, EncodingError, open_transport
from msd.cli.errors import CommandError, ExitCode, from_bus, not_reachable, usage_error
from msd.contract import BUS_NAME, ROOT_PATH, SOURCE_COORDINATOR
from msd.dbus.binding import MessageKind
from msd.dbus.errors import BusUnavailableError
from msd.dbus.names import FREEDESKTOP, FREEDESKTOP_PATH, OBJECT_MANAGER, PROPERTIES

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence

    from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream

    from msd.dbus.binding import Message

# Methods that talk to a server answer within 20 s; an activated daemon may need a few more.
CALL_TIMEOUT_S = 30
BUFFERED_SIGNALS = 10_000

Fields = dict[str, object]


class Bus(Protocol):
    """What a client needs of its connection; see `msd.cli.daemon.transport.Transport`."""

    async def call(self, call: Call) -> Message:
        """Send a method call and wait for the reply."""

    def plain(self, body: Sequence[object]) -> list[object]:
        """Return received values as plain ones."""

    def on_signal(self, handler: Callable[[Message], None]) -> None:
        """Hand every received signal to the handler."""

    async def lost(self) -> None:
        """Wait for the end of the connection."""


@dataclass(frozen=True, slots=True)
class Signal:
    """One signal of the daemon, or the news that it left or joined the bus."""

    path: str
    interface: str
    member: str
    args: tuple[object, ...]

    @property
    def is_owner_change(self) -> bool:
        """Whether the daemon left or joined the bus."""
        return self.interface == FREEDESKTOP

    @property
    def is_departure(self) -> bool:
        """Whether the daemon left the bus."""
        return self.is_owner_change and self.args[-1] == ""


class Client:
    """Calls to the daemon; every failure is a `CommandError`."""

    def __init__(self, transport: Bus, *, call_timeout_s: float = CALL_TIMEOUT_S) -> None:
        self._transport = transport
        self._call_timeout_s = call_timeout_s
        self._owner = ""
        self._subscribers: set[MemoryObjectSendStream[Signal]] = set()
        transport.on_signal(self._on_signal)

    async def call(
        self,
        member: str,
        signature: str = "",
        *args: object,
        path: str = ROOT_PATH,
        interface: str = SOURCE_COORDINATOR,
        descriptors: Sequence[int] = (),
    ) -> list[object]:
        """Call a method of the daemon and return its results as plain Python values."""
        return await self._exchange(
            Call(
                destination=BUS_NAME,
                path=path,
                interface=interface,
                member=member,
                signature=signature,
                body=args,
                descriptors=descriptors,
            )
        )

    async def properties(self, path: str, interface: str) -> Fields:
        """Return all properties of one interface of an object."""
        (fields,) = await self.call("GetAll", "s", interface, path=path, interface=PROPERTIES)
        return cast("Fields", fields)

    async def objects(self, interface: str) -> dict[str, Fields]:
        """Return path → properties of every object that has the interface."""
        (tree,) = await self.call("GetManagedObjects", interface=OBJECT_MANAGER)
        objects = cast("dict[str, dict[str, Fields]]", tree)
        return {path: faces[interface] for path, faces in objects.items() if interface in faces}

    @asynccontextmanager
    async def signals(self) -> AsyncIterator[MemoryObjectReceiveStream[Signal]]:
        """Receive every signal that the daemon sends inside the `async with` block.

        The stream ends when the connection to the bus does, or when nobody reads it.
        """
        send, receive = anyio.create_memory_object_stream[Signal](BUFFERED_SIGNALS)
        owner_change = f"type='signal',sender='{FREEDESKTOP}',member='NameOwnerChanged'"
        await self._call_bus("AddMatch", f"{owner_change},arg0='{BUS_NAME}'")
        await self._call_bus("AddMatch", f"type='signal',sender='{BUS_NAME}'")
        self._subscribers.add(send)
        try:
            if not self._owner and await self.is_running():
                self._owner = str(*await self._call_bus("GetNameOwner", BUS_NAME))
            yield receive
        finally:
            self._subscribers.discard(send)
            send.close()
            receive.close()

    async def is_running(self) -> bool:
        """Return whether the daemon is on the bus, without starting it."""
        return bool(*await self._call_bus("NameHasOwner", BUS_NAME))

    async def watch_connection(self) -> None:
        """Wait for the loss of the connection, then end every stream of signals."""
        await self._transport.lost()
        for subscriber in self._subscribers:
            subscriber.close()

    async def _call_bus(self, member: str, argument: str) -> list[object]:
        return await self._exchange(
            Call(
                destination=FREEDESKTOP,
                path=FREEDESKTOP_PATH,
                interface=FREEDESKTOP,
                member=member,
                signature="s",
                body=(argument,),
            )
        )

    async def _exchange(self, call: Call) -> list[object]:
        with anyio.move_on_after(self._call_timeout_s):
            try:
                reply = await self._transport.call(call)
            except (EOFError, OSError) as exc:
                raise not_reachable("the session bus went away", hint="") from exc
            except EncodingError as exc:
                raise usage_error(f"this can't be sent over D-Bus: {exc}") from exc
            if reply.message_type.value == MessageKind.ERROR:
                raise from_bus(str(reply.error_name), str(next(iter(reply.body), "")))
            return self._transport.plain(reply.body)
        raise CommandError(
            f"the daemon did not answer within {self._call_timeout_s:g} seconds",
            code="TimedOut",
            hint="`journalctl --user -u msd` may tell why",
            exit_code=ExitCode.NOT_REACHABLE,
        )

    def _on_signal(self, message: Message) -> None:
        args = tuple(self._transport.plain(message.body))
        if message.sender == FREEDESKTOP:
            if message.member != "NameOwnerChanged" or args[:1] != (BUS_NAME,):
                return
            self._owner = str(args[2])
        elif message.sender != self._owner:
            return  # any program of the user can send us a signal; only the daemon's count
        signal = Signal(message.path, str(message.interface), message.member, args)
        for subscriber in tuple(self._subscribers):
            try:
                subscriber.send_nowait(signal)
            except anyio.WouldBlock:
                self._subscribers.discard(subscriber)
                subscriber.close()  # hopelessly behind: ending is honest, dropping is not


@asynccontextmanager
async def connected() -> AsyncIterator[Client]:
    """Connect to the session bus for the length of the `async with` block."""
    try:
        transport = await open_transport()
    except BusUnavailableError as exc:
        raise not_reachable(
            str(exc),
            hint="run msdctl inside a desktop session, or under `dbus-run-session`",
        ) from exc
    client = Client(transport)
    try:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(client.watch_connection)
            yield client
            tasks.cancel_scope.cancel()
    finally:
        transport.close()
