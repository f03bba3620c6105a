"""Reads messages from the bus socket, in place of the reader of the library below."""

import array
import asyncio
import logging
import os
import socket
from collections.abc import Callable

from msd.dbus.binding import LibraryBus
from msd.dbus.messages.message import FIXED_BYTES, Message, lengths

logger = logging.getLogger(__name__)

MAX_BODY_BYTES = 8 * 1024 * 1024  # of a message that is kept; what a caller may send is far smaller
_MAX_DESCRIPTORS = 253  # that the kernel hands over at once
_CHUNK_BYTES = 256 * 1024
_AT_ONCE = 64  # messages before the event loop has its turn


class Receiver:
    """Hands every message to a handler, a bounded number before others have their turn.

    The body of a message that is too long is read and thrown away; the handler sees its header.
    """

    def __init__(self, bus: LibraryBus, handler: Callable[[Message], None]) -> None:
        self._bus = bus
        self._handler = handler
        self._socket: socket.socket = bus._sock  # noqa: SLF001 - offered by both libraries
        self._loop = asyncio.get_running_loop()
        self._data = bytearray()
        self._descriptors: list[int] = []
        self._start_message()

    def start(self) -> None:
        """Read from now on, instead of the library."""
        self._loop.remove_reader(self._socket)
        self._loop.add_reader(self._socket, self._read)

    def close(self) -> None:
        """Forget a message that has come in part."""
        for descriptor in self._descriptors:
            os.close(descriptor)
        self._descriptors = []

    def _start_message(self) -> None:
        self._data = bytearray()
        self._descriptors = []
        self._wanted = FIXED_BYTES
        self._is_sized = False
        self._to_skip = 0
        self._is_whole = True

    def _read(self) -> None:
        try:
            for _ in range(_AT_ONCE):
                if not self._read_message():
                    return
        except Exception as error:  # noqa: BLE001 - whatever is wrong with the socket ends it
            self.close()
            self._bus._finalize(error)  # noqa: SLF001 - offered by both libraries

    def _read_message(self) -> bool:
        """Read what there is of a message; False when more must come first."""
        while not self._is_sized or len(self._data) < self._wanted or self._to_skip:
            if not self._is_sized and len(self._data) == FIXED_BYTES:
                self._size()
                continue
            if not self._receive():
                return False
        message = self._made()
        if message is not None:
            self._handler(message)
        return True

    def _size(self) -> None:
        fields, body = lengths(self._data)
        self._is_sized = True
        self._wanted = FIXED_BYTES + fields
        if body > MAX_BODY_BYTES:
            self._to_skip = body
        else:
            self._wanted += body
        self._is_whole = not self._to_skip

    def _receive(self) -> bool:
        """Read once from the socket; False when nothing is there."""
        missing = self._wanted - len(self._data)
        size = min(missing or self._to_skip, _CHUNK_BYTES)
        try:
            data, ancillary, _, _ = self._socket.recvmsg(
                size, socket.CMSG_SPACE(_MAX_DESCRIPTORS * 4), socket.MSG_CMSG_CLOEXEC
            )
        except (BlockingIOError, InterruptedError):
            return False
        for level, kind, content in ancillary:
            if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
                self._descriptors += array.array("i", content[: len(content) // 4 * 4])
        if not data:
            raise EOFError("the bus ended the connection")
        if missing:
            self._data += data
        else:
            self._to_skip -= len(data)
        return True

    def _made(self) -> Message | None:
        data, descriptors, is_whole = self._data, self._descriptors, self._is_whole
        self._start_message()
        try:
            return Message(data, descriptors, is_whole=is_whole)
        except Exception:
            logger.exception("a message could not be understood")
            for descriptor in descriptors:
                os.close(descriptor)
            return None
