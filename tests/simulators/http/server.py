"""Real servers on loopback, in a thread of their own that a test starts and stops."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
from collections.abc import Callable, Coroutine
from typing import Any, Self

from .connection import Connection, Service

HOST = "127.0.0.1"


class Listener:
    """One address a server is reached by.

    The port stays reserved while it does not listen: clients are refused then.
    """

    def __init__(
        self,
        service: Service,
        *,
        host: str = HOST,
        port: int = 0,
        tls: ssl.SSLContext | None = None,
        name: str = "",
    ) -> None:
        self.host = host
        self.tls = tls
        self.name = name
        self.silent = False
        self._service = service
        # A bound socket that does not listen refuses connections and keeps the port ours.
        self._holder = bound(host, port)
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()

    @property
    def port(self) -> int:
        """The port it listens on."""
        port: int = self._holder.getsockname()[1]
        return port

    @property
    def origin(self) -> str:
        """Scheme, address and port."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'https' if self.tls else 'http'}://{host}:{self.port}"

    async def open(self) -> None:
        """Listen."""
        if self._server is None:
            self._server = await asyncio.start_server(
                self._accept,
                sock=bound(self.host, self.port),
                ssl=None if self.silent else self.tls,
                backlog=128,
            )

    async def close(self) -> None:
        """Refuse connections and break those there are."""
        server, self._server = self._server, None
        if server:
            # A server that closes in the turn in which it accepts leaves that socket open for ever:
            # stop accepting, let what was accepted become a connection, then close.
            for listening in server.sockets:
                asyncio.get_running_loop().remove_reader(listening.fileno())
            await asyncio.sleep(0)
            server.close()
        self.abort_all()

    def abort_all(self) -> None:
        """Break every connection."""
        for writer in list(self._writers):
            writer.transport.abort()

    def release(self) -> None:
        """Give the port back."""
        self._holder.close()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            if self.silent:
                await _say_nothing(reader, writer)
            else:
                await Connection(self._service, reader, writer, self.name).serve()
        finally:
            self._writers.discard(writer)


class LoopbackServer:
    """A server with any number of addresses. Use it as a context manager.

    Subclasses give it its listeners before it starts.
    """

    def __init__(self, name: str) -> None:
        self.listeners: list[Listener] = []
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Listen on every address."""
        self._thread.start()
        self._wait(self._open_all())

    def stop(self) -> None:
        """Close everything."""
        if self._thread.is_alive():
            self._wait(self._end())
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(timeout=60)
        elif not self._loop.is_closed():
            self._loop.close()
        for listener in self.listeners:
            listener.release()

    def drop_connections(self) -> None:
        """Break every open connection."""
        self._call(self._abort_all)

    # For subclasses

    def _call(self, action: Callable[[], object]) -> None:
        """Run a function in the server's thread and wait for it."""

        async def run() -> None:
            action()

        self._wait(run())

    def _wait(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout=60)

    def _later(self, action: Callable[..., object], *arguments: object) -> None:
        """Run a function in the server's thread soon, if that runs."""
        if self._loop.is_running():
            self._loop.call_soon_threadsafe(action, *arguments)

    async def _open_all(self) -> None:
        for listener in self.listeners:
            await listener.open()

    async def _close_all(self) -> None:
        for listener in self.listeners:
            await listener.close()

    def _abort_all(self) -> None:
        for listener in self.listeners:
            listener.abort_all()

    # Inside

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_forever()
        finally:
            tasks = asyncio.all_tasks(self._loop)
            for task in tasks:
                task.cancel()
            self._loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
            self._loop.run_until_complete(self._loop.shutdown_default_executor())
            self._loop.close()

    async def _end(self) -> None:
        """Close everything, connections included that were accepted a moment ago."""
        await self._close_all()
        for _ in range(20):
            others = asyncio.all_tasks() - {asyncio.current_task()}
            if not others:
                return
            self._abort_all()
            await asyncio.wait(others, timeout=0.05)


def bound(host: str, port: int = 0) -> socket.socket:
    """Return a TCP socket of this address that does not listen yet."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Named as TCP, or asyncio would not switch Nagle's algorithm off (40 ms a reply).
    made = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        made.bind((host, port))
    except OSError:
        made.close()
        raise
    return made


async def _say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Take what is sent, answer nothing, and go when the client goes."""
    try:
        while await reader.read(65_536):
            pass
    except ConnectionError:
        pass
    finally:
        writer.close()
