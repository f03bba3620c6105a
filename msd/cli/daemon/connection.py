"""One blocking connection to a bus: connect, call, wait for signals.

Messages are encoded and read by jeepney, which does no I/O here. It brings no event loop along:
a third of a second of CPU time less per call of msdctl than with the daemon's own D-Bus library.
"""

from __future__ import annotations

import array
import math
import os
import re
import select
import socket
import time
from collections import deque
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple, cast

from jeepney import (
    DBusAddress,
    FileDescriptor,
    HeaderFields,
    Message,
    MessageType,
    Parser,
    new_method_call,
)
from jeepney.auth import BEGIN, AuthenticationError, Authenticator

from msd.dbus.messages.variant import complete_types

if TYPE_CHECKING:
    from collections.abc import Sequence

# Names that D-Bus itself defines.
FREEDESKTOP = "org.freedesktop.DBus"
FREEDESKTOP_PATH = "/org/freedesktop/DBus"
PEER = "org.freedesktop.DBus.Peer"
PROPERTIES = "org.freedesktop.DBus.Properties"
OBJECT_MANAGER = "org.freedesktop.DBus.ObjectManager"

CONNECT_TIMEOUT_S = 5
BUFFERED_SIGNALS = 10_000
_READ_BYTES = 64 * 1024
_DESCRIPTORS = 16  # in one message, at most
_FLAT = frozenset("ybnqiuxtsog")
_PLAIN_CHARACTERS = re.compile(rb"[^-0-9A-Za-z_/.]")


class EncodingError(Exception):
    """D-Bus has no form for a value."""


class NoBusError(Exception):
    """There is no bus at the address, or it refuses the connection."""


class Call(NamedTuple):
    """A method call to be sent; its descriptors stay the caller's to close."""

    destination: str
    path: str
    interface: str
    member: str
    signature: str = ""
    body: tuple[object, ...] = ()
    descriptors: Sequence[int] = ()


class Reply(NamedTuple):
    """The answer to a call: values, or the name and text of an error."""

    values: list[object]
    error_name: str = ""


class SignalMessage(NamedTuple):
    """A signal as it was received."""

    sender: str
    path: str
    interface: str
    member: str
    args: tuple[object, ...]


class Connection:
    """A connection to one bus; `lost` tells whether it has ended."""

    def __init__(self, address: str, *, buffered_signals: int = BUFFERED_SIGNALS) -> None:
        """Connect and say Hello.

        Args:
            address: as in DBUS_SESSION_BUS_ADDRESS, e.g. "unix:path=/run/user/1000/bus".
            buffered_signals: how many signals are kept for who reads them late.

        Raises:
            NoBusError: nothing listens there, or it is no bus.
        """
        self._parser = Parser()
        self._serial = 0
        self._most_signals = buffered_signals
        self._signals: deque[SignalMessage] = deque()
        self.overflowed = False  # signals were dropped: nobody read them in time
        try:
            self._socket = _authenticated(address)
        except (OSError, ValueError, AuthenticationError) as exc:
            raise NoBusError(str(exc)) from exc
        try:
            self.unique_name = self._hello()
        except (OSError, EOFError) as exc:
            self._socket.close()
            raise NoBusError(f"the bus does not answer: {exc}") from exc

    def close(self) -> None:
        """End the connection."""
        self._socket.close()

    def call(self, call: Call, *, timeout_s: float) -> Reply:
        """Send a method call and wait for its answer; signals that come meanwhile are kept.

        Raises:
            EncodingError: D-Bus has no form for an argument.
            TimeoutError: no answer came in time.
            EOFError, OSError: the connection is lost.
        """
        serial = self._send(call)
        deadline = time.monotonic() + timeout_s
        while True:
            message = self._receive(deadline - time.monotonic())
            if message is None:
                raise TimeoutError
            if message.header.fields.get(HeaderFields.reply_serial) != serial:
                self._keep(message)
                continue
            values = _values(message)
            if message.header.message_type is MessageType.error:
                return Reply(values, str(message.header.fields.get(HeaderFields.error_name)))
            return Reply(values)

    def next_signal(
        self, timeout_s: float | None = None, *, wake: int | None = None
    ) -> SignalMessage | None:
        """Wait for a signal; None after the time, or once the descriptor `wake` is readable.

        Raises:
            EOFError, OSError: the connection is lost.
        """
        deadline = None if timeout_s is None else time.monotonic() + timeout_s
        while not self._signals:
            left = None if deadline is None else max(deadline - time.monotonic(), 0)
            message = self._receive(left, wake)
            if message is None:
                return None
            self._keep(message)
        return self._signals.popleft()

    def _hello(self) -> str:
        reply = self.call(
            Call(FREEDESKTOP, FREEDESKTOP_PATH, FREEDESKTOP, "Hello"),
            timeout_s=CONNECT_TIMEOUT_S,
        )
        if reply.error_name:
            raise EOFError(reply.error_name)
        return str(reply.values[0])

    def _send(self, call: Call) -> int:
        address = DBusAddress(call.path, bus_name=call.destination, interface=call.interface)
        self._serial += 1
        descriptors = array.array("i")
        body = _encodable(call)
        try:
            message = new_method_call(address, call.member, call.signature or None, body)
            data = message.serialise(serial=self._serial, fds=descriptors)
        except Exception as exc:  # jeepney raises whatever the wrong value meets first
            raise EncodingError(str(exc)) from exc
        self._write(data, descriptors)
        return self._serial

    def _write(self, data: bytes, descriptors: array.array[int]) -> None:
        sent = 0
        if descriptors:
            rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, descriptors)]
            sent = self._socket.sendmsg([data], rights)
        self._socket.sendall(data[sent:])

    def _receive(self, timeout_s: float | None, wake: int | None = None) -> Message | None:
        """Return the next message; None after the time, or when `wake` became readable."""
        deadline = None if timeout_s is None else time.monotonic() + timeout_s
        while (message := self._parser.get_next_message()) is None:
            left = None if deadline is None else max(deadline - time.monotonic(), 0)
            waited: list[socket.socket | int] = (
                [self._socket] if wake is None else [self._socket, wake]
            )
            ready, _, _ = select.select(waited, [], [], left)
            if not ready or wake in ready:
                return None
            self._read()
        return message

    def _read(self) -> None:
        size = min(self._parser.bytes_desired(), _READ_BYTES)
        space = socket.CMSG_SPACE(_DESCRIPTORS * array.array("i").itemsize)
        data, ancillary, _, _ = self._socket.recvmsg(size, space)
        if not data:
            raise EOFError("the bus ended the connection")
        self._parser.add_data(data, fds=FileDescriptor.from_ancdata(ancillary))

    def _keep(self, message: Message) -> None:
        if message.header.message_type is not MessageType.signal:
            return
        if len(self._signals) >= self._most_signals:
            self.overflowed = True
            return
        fields = message.header.fields
        self._signals.append(
            SignalMessage(
                sender=str(fields.get(HeaderFields.sender, "")),
                path=str(fields.get(HeaderFields.path, "")),
                interface=str(fields.get(HeaderFields.interface, "")),
                member=str(fields.get(HeaderFields.member, "")),
                args=tuple(_values(message)),
            )
        )


def session_bus_addresses() -> list[str]:
    """Return where the session bus may be, best first; empty when nothing says so.

    The last one is the private bus of `scripts/run`, for the msdctl of the same environment.
    """
    from msd.cli.private_bus import private_bus_address  # noqa: PLC0415 - seldom needed

    address = os.environ.get("DBUS_SESSION_BUS_ADDRESS", "")
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    addresses = [address] if address else []
    runtime = runtime or f"/run/user/{os.geteuid()}"  # where cron and su have no variable
    if not address and os.path.exists(f"{runtime}/bus"):  # noqa: PTH110 - 10 ms less
        addresses.append(f"unix:path={escaped(runtime)}/bus")
    private = private_bus_address()
    return [*addresses, private] if private else addresses


def escaped(path: str) -> str:
    """Return a path as it may stand in a bus address: `My Films` becomes `My%20Films`."""
    quoted = _PLAIN_CHARACTERS.sub(lambda match: b"%%%02x" % ord(match[0]), os.fsencode(path))
    return quoted.decode()


def _authenticated(address: str) -> socket.socket:
    problem = "it is not an address of a bus"
    for place in address.split(";"):
        path = _socket_path(place)
        if not path:
            continue
        try:
            return _connected(path)
        except OSError as exc:
            problem = f"{os.fsdecode(path)}: {exc.strerror or exc}"
    raise ValueError(f"can't connect to the session bus: {problem}")


def _socket_path(place: str) -> bytes:
    transport, _, text = place.partition(":")
    pairs = dict(part.partition("=")[::2] for part in text.split(","))
    if transport != "unix":
        return b""
    if "abstract" in pairs:
        return b"\0" + _unescaped(pairs["abstract"])
    return _unescaped(pairs.get("path", ""))


def _unescaped(text: str) -> bytes:
    from urllib.parse import unquote_to_bytes  # noqa: PLC0415 - most addresses need none

    return unquote_to_bytes(text) if "%" in text else os.fsencode(text)


def _connected(path: bytes) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX)
    try:
        connection.settimeout(CONNECT_TIMEOUT_S)
        connection.connect(path)
        authenticator = Authenticator(enable_fds=True)
        for line in authenticator:
            connection.sendall(line)
            authenticator.feed(_received(connection))
        connection.sendall(BEGIN)
        connection.settimeout(None)
    except BaseException:
        connection.close()
        raise
    return connection


def _received(connection: socket.socket) -> bytes:
    answer = connection.recv(_READ_BYTES)
    if not answer:
        raise ConnectionResetError(0, "the bus ended the connection")
    return answer


def _encodable(call: Call) -> tuple[object, ...]:
    """Return the arguments with descriptors in place of their numbers in the call's list."""
    return tuple(_with_descriptors(value, call.descriptors) for value in call.body)


def _with_descriptors(value: object, descriptors: Sequence[int]) -> object:
    if isinstance(value, dict):
        return {key: _with_descriptors(item, descriptors) for key, item in value.items()}
    if isinstance(value, tuple) and len(value) == 2 and value[0] == "h":  # noqa: PLR2004 - a variant
        return ("h", descriptors[value[1]])
    return value


def _values(message: Message) -> list[object]:
    signature = message.header.fields.get(HeaderFields.signature, "")
    return [plain(*pair) for pair in zip(_types(signature), message.body, strict=True)]


def plain(signature: str, value: object) -> object:
    """Return a received value without variants, made of lists and dictionaries.

    Not-a-number and infinities become None: JSON has no words for them.
    """
    first = signature[0]
    if first == "v":
        kind, inner = cast("tuple[str, object]", value)
        return plain(kind, inner)
    if first == "a":
        return _plain_array(signature[1:], value)
    if first == "(":
        members = cast("Sequence[object]", value)
        return [plain(*pair) for pair in zip(_types(signature[1:-1]), members, strict=True)]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _plain_array(element: str, value: object) -> object:
    if element[0] == "{":
        _, kind = _types(element[1:-1])
        entries = cast("dict[object, object]", value)
        return {key: plain(kind, item) for key, item in entries.items()}
    items = cast("Sequence[object]", value)
    if element in _FLAT:
        return list(items)
    return [plain(element, item) for item in items]


@lru_cache(maxsize=256)
def _types(signature: str) -> tuple[str, ...]:
    return tuple(complete_types(signature))
