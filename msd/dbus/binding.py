"""The D-Bus library below, and where the bus is.

The library is dbus-next, or dbus-fast with MSD_DBUS_LIB=dbus_fast. Only what both offer alike is
used: connecting and signing in. What is sent is encoded by `marshal` and written by `outbox`; what
comes in is read by `receiver` and decoded by `unmarshal`.
"""

import asyncio
import importlib
import re
import typing
import warnings
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from msd.dbus.errors import BusUnavailableError

_PLAIN = re.compile(r"[^-0-9A-Za-z_/.]")
LIBRARIES = ("dbus_next", "dbus_fast")
DEFAULT_LIBRARY = "dbus_next"


class LibraryBus(Protocol):
    """The part of a library's MessageBus that msd uses, private parts included."""

    unique_name: str
    _sock: Any
    _stream: Any

    async def connect(self) -> Any: ...  # noqa: ANN401, D102
    def disconnect(self) -> None: ...  # noqa: D102
    async def wait_for_disconnect(self) -> None: ...  # noqa: D102
    def next_serial(self) -> int: ...  # noqa: D102

    _auth_readline: Callable[[], Awaitable[str]]

    def _finalize(self, err: Exception) -> None: ...


def chosen_library(environment: Mapping[str, str]) -> str:
    """Return the name of the library to use.

    Raises:
        BusUnavailableError: the environment names a library that is not known.
    """
    name = environment.get("MSD_DBUS_LIB") or DEFAULT_LIBRARY
    if name not in LIBRARIES:
        raise BusUnavailableError(f"MSD_DBUS_LIB must be one of {', '.join(LIBRARIES)}")
    return name


def new_bus(library: str, address: str) -> LibraryBus:
    """Make an unconnected MessageBus of the named library.

    Raises:
        OSError: nothing listens at the address (dbus-next connects here already).
    """
    # dbus-next imports a name that Python 3.13 deprecates and Python 3.15 no longer has.
    if not hasattr(typing, "no_type_check_decorator"):
        typing.no_type_check_decorator = lambda decorator: decorator
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        bus_class = importlib.import_module(f"{library}.aio").MessageBus
    bus: LibraryBus = bus_class.__new__(bus_class)
    try:
        bus_class.__init__(bus, bus_address=address, negotiate_unix_fd=True)
    except BaseException:
        close_socket(bus)
        raise
    if library == "dbus_next":
        bus._auth_readline = partial(_handshake_line, bus)  # noqa: SLF001 - see there
    return bus


async def _handshake_line(bus: LibraryBus) -> str:
    """Read a line; dbus-next's own reader never ends when the bus dies in the handshake."""
    line = b""
    while not line.endswith(b"\r\n"):
        # Two bytes at a time, or what follows the line would be lost.
        read = await asyncio.get_running_loop().sock_recv(bus._sock, 2)  # noqa: SLF001 - see above
        if not read:
            raise EOFError("the bus ended the connection")
        line += read
    return line[:-2].decode()


def close_socket(bus: LibraryBus) -> None:
    """Close what dbus-next leaves open when a connection ends or could not be made."""
    for closable in (getattr(bus, "_stream", None), getattr(bus, "_sock", None)):
        if closable is not None:
            with suppress(OSError):  # of the bytes that a dead bus did not take
                closable.close()


def session_bus_address(environment: Mapping[str, str]) -> str:
    """Return the address of the session bus.

    Raises:
        BusUnavailableError: neither DBUS_SESSION_BUS_ADDRESS nor $XDG_RUNTIME_DIR/bus is there.
    """
    address = environment.get("DBUS_SESSION_BUS_ADDRESS", "")
    if address:
        return address
    runtime = environment.get("XDG_RUNTIME_DIR", "")
    socket = Path(runtime, "bus")
    if runtime and socket.is_socket():
        return f"unix:path={_escaped(str(socket))}"
    raise BusUnavailableError(
        "no session bus: DBUS_SESSION_BUS_ADDRESS is not set and $XDG_RUNTIME_DIR/bus is no socket"
    )


def _escaped(path: str) -> str:
    return _PLAIN.sub(lambda match: "".join(f"%{byte:02x}" for byte in match[0].encode()), path)
