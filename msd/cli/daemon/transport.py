"""One connection to the session bus over the low-level API of the chosen D-Bus library.

Which library that is, and where the bus is, `msd.bus` knows, for daemon and msdctl alike. Plain
Python values and `msd.dbus.variant.Variant`s go in, plain Python values come out.
"""

from __future__ import annotations

import importlib
import math
import os
import struct
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, cast

import anyio

from msd.dbus.binding import MessageKind, chosen_library, close_socket, new_bus, session_bus_address
from msd.dbus.errors import BusUnavailableError
from msd.dbus.variant import Variant

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from msd.dbus.binding import LibraryBus, Message


CONNECT_TIMEOUT_S = 5


class EncodingError(Exception):
    """D-Bus has no form for a value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A method call to be sent; its descriptors stay the caller's to close."""

    destination: str
    path: str
    interface: str
    member: str
    signature: str = ""
    body: Sequence[object] = ()
    descriptors: Sequence[int] = ()


class _Calls(Protocol):
    """What the client needs of a library's MessageBus beyond what the daemon does."""

    async def call(self, message: object) -> Message: ...


class Transport:
    """A connection to the session bus."""

    def __init__(self, library: str, bus: LibraryBus) -> None:
        self._library = importlib.import_module(library)
        self._bus = bus

    async def call(self, call: Call) -> Message:
        """Send a method call and wait for the reply, which may be an error reply.

        Raises:
            EncodingError: D-Bus has no form for an argument.
            EOFError, OSError: the connection is lost.
        """
        message = self._library.Message(
            destination=call.destination,
            path=call.path,
            interface=call.interface,
            member=call.member,
            signature=call.signature,
            body=[self._encoded(value) for value in call.body],
            unix_fds=list(call.descriptors),
        )
        try:
            return await cast("_Calls", self._bus).call(message)
        except (ValueError, TypeError, struct.error) as exc:
            raise EncodingError(str(exc)) from exc

    def plain(self, body: Sequence[object]) -> list[object]:
        """Return the values of a received message without variants and odd numbers."""
        return [self._plain(value) for value in body]

    def on_signal(self, handler: Callable[[Message], None]) -> None:
        """Hand every received signal to the handler, in order."""

        def handle(message: Message) -> bool:
            if message.message_type.value == MessageKind.SIGNAL:
                handler(message)
            return False

        self._bus.add_message_handler(handle)

    async def lost(self) -> None:
        """Wait for the end of the connection."""
        with suppress(Exception):  # the libraries pass on whatever ended them
            await self._bus.wait_for_disconnect()

    def close(self) -> None:
        """End the connection."""
        self._bus.disconnect()
        close_socket(self._bus)

    def _encoded(self, value: object) -> object:
        if isinstance(value, dict):
            return {key: self._encoded(item) for key, item in value.items()}
        return self._library.Variant(*value) if isinstance(value, Variant) else value

    def _plain(self, value: Any) -> object:  # noqa: ANN401 - the library's Variant has no type
        if isinstance(value, self._library.Variant):
            return self._plain(value.value)
        if isinstance(value, dict):
            return {key: self._plain(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [self._plain(item) for item in value]
        # JSON has no word for NaN and the infinities
        return None if isinstance(value, float) and not math.isfinite(value) else value


async def open_transport() -> Transport:
    """Connect to the session bus.

    Raises:
        BusUnavailableError: there is no bus, or it does not take us.
    """
    library = chosen_library(os.environ)
    address = session_bus_address(os.environ)
    bus: LibraryBus | None = None
    try:
        with anyio.fail_after(CONNECT_TIMEOUT_S):
            bus = new_bus(library, address)
            await bus.connect()
    except Exception as exc:  # the libraries name a bad address, a refusal and an end differently
        if bus is not None:
            close_socket(bus)
        raise BusUnavailableError(f"can't connect to the session bus: {exc}") from exc
    return Transport(library, bus)
