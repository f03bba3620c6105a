"""The simulator itself: a real HTTP server on loopback in a thread of its own."""

from __future__ import annotations

import asyncio
import shutil
import socket
import threading
from collections.abc import Callable, Coroutine
from types import TracebackType
from typing import Any, Self

from .connection import Connection, Service
from .faults import FaultScript
from .generate import make_world
from .item import User
from .requestlog import RequestLog
from .state import Phase, ServerState
from .tls import TestCertificate, issue
from .versions import VERSIONS
from .websocket import Sockets, Timing
from .wire import make_id
from .world import Change, World

HOST = "127.0.0.1"


class JellyfinSimulator:
    """One simulated Jellyfin server. Use it as a context manager.

    Args:
        world: what it holds; by default a small generated world with the user alice/secret.
        version: "10.8", "10.10", "10.11" or "12".
        port: 0 for any; the port stays reserved while the server refuses connections.
        base_path: like "/jellyfin".
        tls: serve https with a certificate of its own authority (see `ca_file`).
        wrong_host: make that certificate out to another host.
        timing: the waits of the push channel.
    """

    def __init__(
        self,
        world: World | None = None,
        *,
        version: str = "10.11",
        port: int = 0,
        base_path: str = "",
        tls: bool = False,
        wrong_host: bool = False,
        timing: Timing | None = None,
    ) -> None:
        self.world = world or make_world()
        self.faults = FaultScript()
        self.log = RequestLog()
        self.state = ServerState(self.world, VERSIONS[version], base_path=base_path)
        self.sockets = Sockets(self.state, timing or Timing())
        self.service = Service(self.state, self.faults, self.log, self.sockets)
        self._certificate: TestCertificate | None = issue(wrong_host=wrong_host) if tls else None
        self._wanted_port = port
        self._holder: socket.socket | None = None
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="jellyfin-simulator", daemon=True)
        self.world.listeners.append(self._changed)

    # Life

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Reserve a port and listen on it."""
        # A bound socket that does not listen refuses connections and keeps the port ours.
        self._holder = _bound(self._wanted_port)
        self.state.url = self.url
        self._thread.start()
        self._wait(self._listen())

    def stop(self) -> None:
        """Close everything."""
        if not self._thread.is_alive():
            return
        self._wait(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=10)
        if self._holder:
            self._holder.close()
        if self._certificate:
            shutil.rmtree(self._certificate.ca_file.parent, ignore_errors=True)

    # Where it is

    @property
    def port(self) -> int:
        """The port it listens on."""
        assert self._holder is not None
        port: int = self._holder.getsockname()[1]
        return port

    @property
    def url(self) -> str:
        """The address a person would type, base path included."""
        scheme = "https" if self._certificate else "http"
        return f"{scheme}://{HOST}:{self.port}{self.state.base_path}"

    @property
    def ca_file(self) -> str:
        """The certificate authority a client has to trust (PEM file)."""
        assert self._certificate is not None
        return str(self._certificate.ca_file)

    # What a test does to it

    def user(self, name: str = "alice") -> User:
        """Return an account by name."""
        found = self.world.user(name)
        assert found is not None
        return found

    def set_phase(self, phase: Phase) -> None:
        """Go to a phase of starting up; REFUSED closes the port and every connection."""
        was, self.state.phase = self.state.phase, phase
        if phase is Phase.REFUSED and was is not Phase.REFUSED:
            self._wait(self._close())
        elif was is Phase.REFUSED and phase is not Phase.REFUSED:
            self._wait(self._listen())

    def set_version(self, series: str) -> None:
        """Become another version."""
        with self.world.lock:
            self.state.set_version(series)

    def restart(self) -> None:
        """Say so on the push channel, close, lose what is only in memory, and listen again."""
        self._wait(self._announce_restart())
        self.set_phase(Phase.REFUSED)
        self.state.quick_connect.forget()
        self.set_phase(Phase.READY)

    def drop_connections(self) -> None:
        """Break every open connection, sockets included."""
        self._call(self._abort_all)

    def mute_sockets(self) -> None:
        """Let every open socket die silently."""
        self._call(self.sockets.mute_all)

    def become_another_server(self, name: str = "Another Jellyfin") -> None:
        """Put another server, with an id of its own, on the same port."""
        with self.world.lock:
            self.world.server_name = name
            self.world.server_id = make_id("server", name)
            self.state.devices.by_token.clear()
            self.state.rows.clear()

    def revoke_tokens(self, name: str = "alice") -> None:
        """Sign a user out everywhere."""
        self.state.devices.revoke_all(self.user(name))

    def disable_user(self, name: str = "alice", *, disabled: bool = True) -> None:
        """Disable an account, or enable it again."""
        self.user(name).disabled = disabled

    def add_api_key(self, app: str = "test") -> str:
        """Create an API key and return it."""
        return self.state.devices.add_api_key(app)

    def push(self, kind: str, data: Any = None, message_id: str | None = None) -> None:
        """Send a message to every open socket."""
        self._call(lambda: self.sockets.broadcast(kind, data, message_id))

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

    def _call(self, action: Callable[[], object]) -> None:
        """Run a function in the server's thread and wait for it."""

        async def run() -> None:
            action()

        self._wait(run())

    def _wait(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout=10)

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(
            self._accept,
            sock=_bound(self.port),
            ssl=self._certificate.context if self._certificate else None,
            backlog=128,
        )

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            await Connection(self.service, reader, writer).serve()
        finally:
            self._writers.discard(writer)

    async def _close(self) -> None:
        server, self._server = self._server, None
        if server:
            # A server that closes in the turn in which it accepts leaves that socket open for ever:
            # stop accepting, let what was accepted become a connection, then close.
            for listening in server.sockets:
                self._loop.remove_reader(listening.fileno())
            await asyncio.sleep(0)
            server.close()
        self._abort_all()

    async def _end(self) -> None:
        """Close everything, connections included that were accepted a moment ago."""
        await self._close()
        for _ in range(20):
            others = asyncio.all_tasks() - {asyncio.current_task()}
            if not others:
                return
            self._abort_all()
            await asyncio.wait(others, timeout=0.05)

    def _abort_all(self) -> None:
        for writer in list(self._writers):
            writer.transport.abort()

    async def _announce_restart(self) -> None:
        self.sockets.broadcast("ServerRestarting")
        for open_socket in list(self.sockets.open):
            await open_socket.writer.drain()

    def _changed(self, change: Change) -> None:
        if self._loop.is_running():
            self._loop.call_soon_threadsafe(self.sockets.note, change)


def _bound(port: int) -> socket.socket:
    # Named as TCP, or asyncio would not switch Nagle's algorithm off (40 ms a reply).
    made = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    made.bind((HOST, port))
    return made
