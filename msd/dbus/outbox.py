"""The messages that wait to be written to the bus socket.

It replaces the writer of both libraries, which take a full socket for a broken connection
(dbus-next #153): a burst, or a bus daemon that stops for a moment, would take msd off the bus.
"""

import array
import asyncio
import os
import socket
from collections import deque
from itertools import islice

import anyio

from msd.dbus.binding import LibraryBus
from msd.dbus.messages.wire import Outgoing

HIGH_WATER_BYTES = 8 * 1024 * 1024  # waiting to be sent: calls are answered later
HIGH_WATER_MESSAGES = 1000  # waiting to be sent: what can be sent later should be
_CHUNK_BYTES = 64 * 1024
_CHUNK_MESSAGES = 256


class Outbox:
    """Writes messages in order, as fast as the socket takes them, and knows how many wait."""

    def __init__(self, bus: LibraryBus) -> None:
        self._bus = bus
        self._socket: socket.socket = bus._sock  # noqa: SLF001 - offered by both libraries
        self._loop = asyncio.get_running_loop()
        self._waiting: deque[Outgoing] = deque()
        self._waiting_bytes = 0
        self._is_watching = False
        self._is_closed = False
        self._below_high_water = anyio.Event()
        self._below_high_water.set()
        self._drained = anyio.Event()
        self._drained.set()

    @property
    def is_crowded(self) -> bool:
        """Whether so much waits that signals which can wait should wait."""
        return len(self._waiting) > HIGH_WATER_MESSAGES or self._waiting_bytes > HIGH_WATER_BYTES

    def post(self, message: Outgoing) -> None:
        """Send a message now, or after those that wait; its descriptors are closed then."""
        if self._is_closed:
            _close_all(message.descriptors)
            return
        self._waiting.append(message)
        self._waiting_bytes += len(message.data)
        if self._is_watching:
            self._wake_waiters()
        else:
            self._write()

    async def wait_for_room(self) -> None:
        """Return as soon as not too many bytes wait."""
        await self._below_high_water.wait()

    async def drain(self) -> None:
        """Return when nothing waits any more."""
        await self._drained.wait()

    def close(self) -> None:
        """Drop what waits; nothing is sent from now on."""
        self._is_closed = True
        self._watch(wanted=False)
        while self._waiting:
            _close_all(self._waiting.popleft().descriptors)
        self._waiting_bytes = 0
        self._below_high_water.set()
        self._drained.set()

    def _write(self) -> None:
        try:
            while self._waiting and self._write_some():
                pass
        except OSError as error:
            self.close()
            self._bus._finalize(error)  # noqa: SLF001 - offered by both libraries
            return
        self._watch(wanted=bool(self._waiting))
        self._wake_waiters()

    def _write_some(self) -> bool:
        """Write one message with descriptors or several without; False when the socket is full."""
        first = self._waiting[0]
        try:
            if first.descriptors:
                written = self._send_with_descriptors(first)
            else:
                written = self._socket.send(self._next_chunk())
        except (BlockingIOError, InterruptedError):
            return False
        self._forget(written)
        return True

    def _send_with_descriptors(self, message: Outgoing) -> int:
        rights = array.array("i", message.descriptors)
        return self._socket.sendmsg(
            [message.data], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, rights)]
        )

    def _next_chunk(self) -> bytes | memoryview:
        first = self._waiting[0].data
        if len(self._waiting) == 1 or len(first) >= _CHUNK_BYTES:
            return first
        parts: list[bytes | memoryview] = []
        size = 0
        for message in islice(self._waiting, _CHUNK_MESSAGES):
            if message.descriptors or size + len(message.data) > _CHUNK_BYTES:
                break
            parts.append(message.data)
            size += len(message.data)
        return b"".join(parts)

    def _forget(self, written: int) -> None:
        """Take written bytes off the queue; the rest of a message waits without descriptors."""
        self._waiting_bytes -= written
        while written:
            message = self._waiting.popleft()
            if message.descriptors:
                _close_all(message.descriptors)
            if written < len(message.data):
                self._waiting.appendleft(Outgoing(memoryview(message.data)[written:]))
                return
            written -= len(message.data)

    def _watch(self, *, wanted: bool) -> None:
        if wanted and not self._is_watching:
            self._loop.add_writer(self._socket, self._write)
        elif self._is_watching and not wanted and self._socket.fileno() >= 0:
            # dbus-fast closes the socket itself when the connection ends, after this very step.
            self._loop.remove_writer(self._socket)
        self._is_watching = wanted

    def _wake_waiters(self) -> None:
        if self._waiting_bytes <= HIGH_WATER_BYTES:
            self._below_high_water.set()
        elif self._below_high_water.is_set():
            self._below_high_water = anyio.Event()
        if not self._waiting:
            self._drained.set()
        elif self._drained.is_set():
            self._drained = anyio.Event()


def _close_all(descriptors: tuple[int, ...]) -> None:
    for descriptor in descriptors:
        os.close(descriptor)
