"""An address that speaks TLS and plain HTTP on one port, by the first byte a client sends."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from typing import Final

from .server import Listener, bound

_TLS_HANDSHAKE: Final = b"\x16"


class DualListener(Listener):
    """Like a listener with a certificate, and plain HTTP is answered there too."""

    _listening: socket.socket | None = None
    _greeting: set[asyncio.Task[None]]

    async def open(self) -> None:
        """Listen."""
        if self.silent or self.tls is None:
            await super().open()
        elif self._listening is None:
            self._greeting = set()
            self._listening = bound(self.host, self.port)
            self._listening.listen(128)
            self._listening.setblocking(False)
            asyncio.get_running_loop().add_reader(self._listening, self._take)

    async def close(self) -> None:
        """Refuse connections and break those there are."""
        listening, self._listening = self._listening, None
        await super().close()
        if listening:
            asyncio.get_running_loop().remove_reader(listening)
            listening.close()
            await asyncio.sleep(0)  # a task that has not begun would not close its socket
            for task in self._greeting:
                task.cancel()
            if self._greeting:
                await asyncio.wait(self._greeting)
            self.abort_all()

    def _take(self) -> None:
        assert self._listening
        try:
            connection, _ = self._listening.accept()
        except OSError:
            return  # the client has left already
        connection.setblocking(False)
        task = asyncio.create_task(self._greet(connection))
        self._greeting.add(task)
        task.add_done_callback(self._greeting.discard)

    async def _greet(self, connection: socket.socket) -> None:
        """Look at the first byte, then serve in the way it asks for."""
        loop = asyncio.get_running_loop()
        try:
            await _readable(connection)
            tls = self.tls if connection.recv(1, socket.MSG_PEEK) == _TLS_HANDSHAKE else None
        except OSError:
            connection.close()
            return
        except asyncio.CancelledError:
            connection.close()
            raise
        reader = asyncio.StreamReader()
        with contextlib.suppress(OSError):  # a client that does not like the certificate
            await loop.connect_accepted_socket(
                lambda: asyncio.StreamReaderProtocol(reader, self._accept), connection, ssl=tls
            )


async def _readable(connection: socket.socket) -> None:
    loop, ready = asyncio.get_running_loop(), asyncio.Event()
    loop.add_reader(connection.fileno(), ready.set)
    try:
        await ready.wait()
    finally:
        loop.remove_reader(connection.fileno())
