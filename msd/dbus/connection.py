"""One connection to a message bus: calls with deadlines, signals, names, and what comes in."""

import logging
import os
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from types import TracebackType
from typing import Any, Protocol, Self

import anyio
import anyio.abc

from msd.dbus.binding import (
    LibraryBus,
    chosen_library,
    close_socket,
    new_bus,
    session_bus_address,
)
from msd.dbus.errors import (
    FREEDESKTOP_ERROR,
    BusLostError,
    BusUnavailableError,
    NameTakenError,
    RemoteError,
)
from msd.dbus.messages import wire
from msd.dbus.messages.message import Message, MessageKind
from msd.dbus.messages.names import FREEDESKTOP, FREEDESKTOP_PATH, Address, SignalMatch
from msd.dbus.messages.wire import Outgoing
from msd.dbus.outbox import Outbox
from msd.dbus.pending import PendingCalls
from msd.dbus.receiver import Receiver

logger = logging.getLogger(__name__)

CALL_TIMEOUT_S = 25.0
CONNECT_TIMEOUT_S = 5.0
FLUSH_TIMEOUT_S = 1.0
_DO_NOT_QUEUE = 4
_PRIMARY_OWNER = 1
_ALREADY_OWNER = 4

MessageHandler = Callable[[Message], None]


class OutgoingFilter(Protocol):
    """Sees what leaves a connection, and takes out what must not."""

    def concerns(self, data: bytes) -> bool:
        """Whether an encoded message holds something to take out; cheap."""

    def values(self, values: list[Any]) -> list[Any]:
        """Return the arguments of a message without it."""

    def text(self, text: str) -> str:
        """Return the text of an error without it."""


class Connection:
    """A connection to the session bus, or the one at `address`; an async context manager.

    `outgoing` sees every answer, error and signal before it leaves.
    """

    def __init__(
        self,
        address: str | None = None,
        *,
        library: str | None = None,
        outgoing: OutgoingFilter | None = None,
    ) -> None:
        self._outgoing = outgoing
        self._address = address
        self._library = library
        self._stack = AsyncExitStack()
        self._calls = PendingCalls()
        self._lost = anyio.Event()
        self._ended = anyio.Event()
        # Leaving the connection waits for its end, which this task notices.
        self._watching = anyio.CancelScope(shield=True)
        self._lost_because = ""
        self._names: set[str] = set()
        self._bus: LibraryBus
        self._tasks: anyio.abc.TaskGroup
        self._receiver: Receiver
        self.outbox: Outbox
        self.on_call: MessageHandler | None = None
        self._listeners: list[tuple[SignalMatch, MessageHandler]] = []

    async def __aenter__(self) -> Self:
        """Connect.

        Raises:
            BusUnavailableError: there is no bus, or it refuses us.
        """
        self._bus = await self._connected_bus()
        self.outbox = Outbox(self._bus)
        self._receiver = Receiver(self._bus, self._receive)
        self._receiver.start()
        self._tasks = await self._stack.enter_async_context(anyio.create_task_group())
        self._tasks.start_soon(self._watch)
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Send what waits, then disconnect."""
        with anyio.move_on_after(FLUSH_TIMEOUT_S, shield=True):
            await self.outbox.drain()
        if not self._ended.is_set():
            self._bus.disconnect()
        with anyio.move_on_after(FLUSH_TIMEOUT_S, shield=True):
            await self._ended.wait()
        self.outbox.close()
        self._receiver.close()
        close_socket(self._bus)
        self._watching.cancel()
        # Without the block's exception: the task group would wrap it into an ExceptionGroup.
        await self._stack.aclose()

    async def _connected_bus(self) -> LibraryBus:
        address = self._address or session_bus_address(os.environ)
        library = self._library or chosen_library(os.environ)
        bus: LibraryBus | None = None
        try:
            with anyio.fail_after(CONNECT_TIMEOUT_S):
                bus = new_bus(library, address)
                await bus.connect()
        except Exception as error:
            if bus is not None:
                close_socket(bus)
            bus_name = f"bus at {self._address}" if self._address else "session bus"
            raise BusUnavailableError(f"can't connect to the {bus_name}: {error}") from error
        return bus

    @property
    def unique_name(self) -> str:
        """The name that the bus gave this connection."""
        return self._bus.unique_name

    @property
    def calls_waiting(self) -> int:
        """How many calls of ours wait for their answers."""
        return len(self._calls)

    async def wait_until_lost(self) -> None:
        """Return never but by error, when the bus or a name of ours is gone.

        Raises:
            BusLostError: always.
        """
        await self._lost.wait()
        raise BusLostError(self._lost_because)

    async def own_name(self, name: str) -> None:
        """Own a bus name, at once or not at all.

        Raises:
            NameTakenError: another process owns it.
        """
        (reply,) = await self.call_bus("RequestName", "su", name, _DO_NOT_QUEUE)
        if reply not in (_PRIMARY_OWNER, _ALREADY_OWNER):
            raise await self._name_taken(name)
        self._names.add(name)

    async def _name_taken(self, name: str) -> NameTakenError:
        try:
            (owner,) = await self.call_bus("GetNameOwner", "s", name)
            (pid,) = await self.call_bus("GetConnectionUnixProcessID", "s", owner)
        except RemoteError:
            return NameTakenError(name, "another process", None)
        return NameTakenError(name, str(owner), int(str(pid)))

    async def call_bus(self, member: str, signature: str = "", *values: object) -> list[object]:
        """Call the bus daemon itself; see `call`."""
        return await self.call(_bus(member), signature, values)

    async def call(
        self,
        address: Address,
        signature: str = "",
        values: Sequence[object] = (),
        *,
        timeout_s: float = CALL_TIMEOUT_S,
    ) -> list[object]:
        """Call another process and return the arguments of its answer.

        Raises:
            RemoteError: it answered with an error.
            BusLostError: the bus is gone.
            TimeoutError: no answer in time.
        """
        if self._lost.is_set():
            raise BusLostError(self._lost_because)
        serial = self._bus.next_serial()
        with self._calls.expected(serial) as answer:
            self.outbox.post(wire.method_call(serial, address, signature, values))
            with anyio.fail_after(timeout_s):
                return await answer.arguments()

    @asynccontextmanager
    async def listening(self, match: SignalMatch, handler: MessageHandler) -> AsyncIterator[None]:
        """Hand the signals that fit to the handler, which must not block, inside the block."""
        listener = (match, handler)
        self._listeners.append(listener)
        try:
            await self.call_bus("AddMatch", "s", match.rule)
            yield
        finally:
            self._listeners.remove(listener)
            self.notify(_bus("RemoveMatch"), "s", [match.rule])

    async def gone(self, name: str) -> None:
        """Return when no connection has this unique name (any more); it never comes back.

        Raises:
            BusLostError: the bus itself is gone.
        """
        left = anyio.Event()

        def note(message: Message) -> None:
            if message.body[2:] == [""]:
                left.set()

        changed = SignalMatch(
            sender=FREEDESKTOP, interface=FREEDESKTOP, member="NameOwnerChanged", about=name
        )
        async with self.listening(changed, note):
            (is_there,) = await self.call_bus("NameHasOwner", "s", name)
            if is_there:
                await left.wait()

    def notify(self, address: Address, signature: str = "", values: Sequence[object] = ()) -> None:
        """Call another process without wanting an answer."""
        serial = self._bus.next_serial()
        self.outbox.post(wire.method_call(serial, address, signature, values, wants_reply=False))

    def reply(self, call: Message, signature: str, values: Sequence[object]) -> None:
        """Answer a call; one that expects no answer gets none.

        Raises:
            LimitError: the answer is too big.
            ValueError, TypeError, struct.error: the values do not fit the signature.
        """
        serial = self._bus.next_serial()
        encode = partial(wire.method_return, serial, call, signature)
        self._post_reply(call, self._clean(encode, values))

    def reply_error(self, call: Message, name: str, text: str) -> None:
        """Answer a call with an error; one that expects no answer gets none."""
        if self._outgoing is not None:
            text = self._outgoing.text(text)
        self._post_reply(call, wire.error(self._bus.next_serial(), call, name, text))

    def _post_reply(self, call: Message, message: Outgoing) -> None:
        if call.flags & wire.NO_REPLY_EXPECTED:
            for descriptor in message.descriptors:
                os.close(descriptor)
            return
        self.outbox.post(message)

    def emit(self, address: Address, signature: str, values: Sequence[object]) -> None:
        """Send a signal to everyone who listens."""
        encode = partial(wire.signal, self._bus.next_serial(), address, signature)
        self.outbox.post(self._clean(encode, values))

    def _clean(
        self, encode: Callable[[Sequence[object]], Outgoing], values: Sequence[object]
    ) -> Outgoing:
        message = encode(values)
        if self._outgoing is None or not self._outgoing.concerns(bytes(message.data)):
            return message
        return encode(self._outgoing.values(list(values)))

    async def _watch(self) -> None:
        with self._watching:
            await self._follow_to_the_end()

    async def _follow_to_the_end(self) -> None:
        try:
            await self._bus.wait_for_disconnect()
        except Exception as error:  # noqa: BLE001 - the libraries pass on whatever ended them
            self._lose(f"the connection to the bus ended: {str(error) or type(error).__name__}")
        else:
            self._lose("the connection to the bus was closed")
        self.outbox.close()
        self._ended.set()

    def _lose(self, because: str) -> None:
        if self._lost.is_set():
            return
        self._lost_because = because
        self._lost.set()
        self._calls.fail(because)

    def _receive(self, message: Message) -> None:
        try:
            self._sort(message)
        except Exception:
            logger.exception("a message could not be taken")

    def _sort(self, message: Message) -> None:
        kind = message.kind
        if kind == MessageKind.CALL:
            self._take_call(message)
            return
        if kind == MessageKind.SIGNAL:
            self._take_signal(message)
        else:
            self._calls.answer(message)
        message.close()

    def _take_call(self, message: Message) -> None:
        if self.on_call is not None:
            self.on_call(message)
            return
        message.close()
        self.reply_error(message, f"{FREEDESKTOP_ERROR}UnknownObject", "nothing is served here")

    def _take_signal(self, message: Message) -> None:
        if message.sender == FREEDESKTOP and message.member == "NameLost":
            (name,) = message.body
            if name in self._names:
                self._lose(f"the bus took the name {name} away")
            return
        for match, handler in list(self._listeners):
            if match.fits(message):
                handler(message)


def _bus(member: str) -> Address:
    return Address(
        destination=FREEDESKTOP, path=FREEDESKTOP_PATH, interface=FREEDESKTOP, member=member
    )
