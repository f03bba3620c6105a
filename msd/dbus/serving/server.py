"""Serves objects on the bus: every call gets exactly one answer, whatever happens."""

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import AsyncExitStack, contextmanager
from types import TracebackType
from typing import Self

import anyio
import anyio.abc

from msd.dbus.connection import Connection, OutgoingFilter
from msd.dbus.errors import CallError, ErrorReply, LimitError, StoppingError, error_reply
from msd.dbus.messages.message import Message
from msd.dbus.messages.names import OBJECT_MANAGER, PEER, Address
from msd.dbus.serving.callers import (
    WATCHED_AFTER_S,
    WATCHED_CALLS,
    Caller,
    Callers,
    caller,
)
from msd.dbus.serving.interface import Interface
from msd.dbus.serving.properties import Properties
from msd.dbus.serving.spec import InterfaceSpec, MethodSpec
from msd.dbus.serving.standard import STANDARD_SPECS, Introspectable, ObjectManager, Peer
from msd.dbus.serving.tree import ObjectTree


class BusServer:
    """A connection that serves objects; an async context manager.

    `tree` takes the objects; `root` is the path of their ObjectManager, empty for none. Names are
    owned and calls are answered inside the `async with` block; `serve` waits for the end of the
    connection. `errors` gives exceptions their D-Bus names, `outgoing` sees what leaves.
    """

    def __init__(
        self,
        specs: Mapping[str, InterfaceSpec],
        *,
        address: str | None = None,
        root: str = "",
        library: str | None = None,
        outgoing: OutgoingFilter | None = None,
        errors: ErrorReply = error_reply,
    ) -> None:
        self.specs = STANDARD_SPECS | dict(specs)
        self.tree = ObjectTree(self.specs)
        self.connection = Connection(address, library=library, outgoing=outgoing)
        self._root = root
        self._error_reply = errors
        self._peer = Peer()
        self._object_manager = ObjectManager(self.tree, self.specs)
        self._stack = AsyncExitStack()
        self._tasks: anyio.abc.TaskGroup
        self._callers = Callers()
        self._is_serving = False

    async def __aenter__(self) -> Self:
        """Connect and answer calls.

        Raises:
            BusUnavailableError: there is no bus, or it refuses us.
        """
        await self._stack.enter_async_context(self.connection)
        self._tasks = await self._stack.enter_async_context(anyio.create_task_group())
        self._is_serving = True
        self.connection.on_call = self._take
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Answer the calls in progress with an error, send what waits, disconnect."""
        self._is_serving = False
        self._tasks.cancel_scope.cancel()
        # Without the block's exception: the task group would wrap it into an ExceptionGroup.
        await self._stack.aclose()

    async def own_name(self, name: str) -> None:
        """Own the name under which clients find us.

        Raises:
            NameTakenError: another process owns it.
        """
        await self.connection.own_name(name)

    async def serve(self) -> None:
        """Wait for the end of the connection.

        Raises:
            BusLostError: always, with the reason.
        """
        await self.connection.wait_until_lost()

    def emit(self, path: str, interface: str, member: str, *values: object) -> None:
        """Send a signal of an interface; the XML gives its types."""
        signature = self.specs[interface].signals[member]
        address = Address(path=path, interface=interface, member=member)
        self.connection.emit(address, signature, values)

    def _take(self, message: Message) -> None:
        if not self._is_serving:
            self._refuse(message, StoppingError())
            return
        try:
            entry = self._callers.enter(message.sender)
        except LimitError as error:
            self._refuse(message, error)
            return
        if entry.calls > WATCHED_CALLS:
            self._watch_soon(entry)
        self._tasks.start_soon(self._handle, message, entry)

    def _watch_soon(self, entry: Caller) -> None:
        if entry.watch is None:
            entry.watch = anyio.CancelScope()
            self._tasks.start_soon(self._watch, entry, entry.watch)

    @contextmanager
    def _watched_if_it_lasts(self, entry: Caller) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        timer = loop.call_later(WATCHED_AFTER_S, self._watch_soon, entry)
        try:
            yield
        finally:
            timer.cancel()

    async def _watch(self, entry: Caller, scope: anyio.CancelScope) -> None:
        with scope:
            await self.connection.gone(entry.name)
            entry.leave()

    def _refuse(self, message: Message, error: Exception) -> None:
        message.close()
        self._reply_error(message, error)

    def _reply_error(self, message: Message, error: Exception) -> None:
        name, text = self._error_reply(error, f"{message.interface}.{message.member}")
        self.connection.reply_error(message, name, text)

    async def _handle(self, message: Message, entry: Caller) -> None:
        cancelled = anyio.get_cancelled_exc_class()
        try:
            await self.connection.outbox.wait_for_room()
            caller.set(entry)
            await self._answer(message, entry)
        except cancelled:
            self._reply_error(message, StoppingError())
            raise
        except Exception as error:  # noqa: BLE001 - the border: nothing may end the server
            self._reply_error(message, error)
        finally:
            self._callers.exit(entry)
            message.close()

    async def _answer(self, message: Message, entry: Caller) -> None:
        interface, method = await self._find(message)
        if message.signature != method.signature:
            raise CallError(
                "InvalidArgs",
                f"{message.member} takes ({method.signature}), not ({message.signature})",
            )
        arguments = message.arguments()
        await interface.ready()
        if not interface.calls_at_once:
            await self._call(message, interface, method, arguments)
            return
        async with entry.turn(interface.name, interface.calls_at_once):
            if not interface.ends_with_caller:
                await self._call(message, interface, method, arguments)
                return
            with self._watched_if_it_lasts(entry):
                await self._call(message, interface, method, arguments)

    async def _call(
        self, message: Message, interface: Interface, method: MethodSpec, arguments: list[object]
    ) -> None:
        result = await getattr(interface, method.attribute)(*arguments)
        self.connection.reply(message, method.result, _results(method, result))

    async def _find(self, message: Message) -> tuple[Interface, MethodSpec]:
        """Return the adapter and the method that a call means."""
        for interface in await self._interfaces(message):
            spec = self.specs[interface.name]
            if message.interface in (None, spec.name) and message.member in spec.methods:
                return interface, spec.methods[message.member]
        raise CallError("UnknownMethod", f"no method {message.interface}.{message.member} here")

    async def _interfaces(self, message: Message) -> tuple[Interface, ...]:
        if message.interface == PEER:
            return (self._peer,)
        interfaces = await self.tree.find(message.path)
        if message.interface in {interface.name for interface in interfaces}:
            return interfaces
        managers = (self._object_manager,) if self._root and message.path == self._root else ()
        described = [self.specs[interface.name] for interface in interfaces]
        described += [spec for spec in STANDARD_SPECS.values() if spec.name != OBJECT_MANAGER]
        described += [self.specs[manager.name] for manager in managers]
        return (
            *interfaces,
            *managers,
            self._peer,
            Introspectable(message.path, self.tree, described),
            Properties(interfaces, self.specs),
        )


def _results(method: MethodSpec, result: object) -> list[object]:
    if method.result_count == 0:
        return []
    if method.result_count == 1:
        return [result]
    if not isinstance(result, tuple):
        raise TypeError("several results come as a tuple")
    return list(result)
