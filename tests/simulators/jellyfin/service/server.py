"""The simulator itself: a real HTTP server on loopback in a thread of its own."""

from __future__ import annotations

from typing import Any

from tests.simulators.http.connection import Service
from tests.simulators.http.server import Listener, LoopbackServer
from tests.simulators.http.tls import LOOPBACK_NAMES, TestAuthority
from tests.simulators.jellyfin.service.app import Jellyfin
from tests.simulators.jellyfin.service.faults import FaultScript
from tests.simulators.jellyfin.service.state import Phase, ServerState
from tests.simulators.jellyfin.service.versions import VERSIONS
from tests.simulators.jellyfin.service.websocket import Sockets, Timing
from tests.simulators.jellyfin.world.generate import make_world
from tests.simulators.jellyfin.world.item import User
from tests.simulators.jellyfin.world.wire import make_id
from tests.simulators.jellyfin.world.world import Change, World


class JellyfinSimulator(LoopbackServer):
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
        super().__init__("jellyfin-simulator")
        self.world = world or make_world()
        self.state = ServerState(self.world, VERSIONS[version], base_path=base_path)
        self.sockets = Sockets(self.state, timing or Timing())
        self.service = Service(Jellyfin(self.state, self.sockets))
        self.faults: FaultScript = self.service.faults
        self.log = self.service.log
        self._authority = TestAuthority() if tls else None
        self._names = ("elsewhere.example",) if wrong_host else LOOPBACK_NAMES
        self._wanted_port = port
        self.world.listeners.append(self._changed)

    # Life

    def start(self) -> None:
        """Reserve a port and listen on it."""
        tls = self._authority.issue(*self._names) if self._authority else None
        self.listeners.append(Listener(self.service, port=self._wanted_port, tls=tls))
        self.state.url = self.url
        super().start()

    def stop(self) -> None:
        """Close everything."""
        super().stop()
        if self._authority:
            self._authority.remove()

    # Where it is

    @property
    def port(self) -> int:
        """The port it listens on."""
        return self.listeners[0].port

    @property
    def url(self) -> str:
        """The address a person would type, base path included."""
        return f"{self.listeners[0].origin}{self.state.base_path}"

    @property
    def ca_file(self) -> str:
        """The certificate authority a client has to trust (PEM file)."""
        assert self._authority is not None
        return str(self._authority.ca_file)

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
            self._wait(self._close_all())
        elif was is Phase.REFUSED and phase is not Phase.REFUSED:
            self._wait(self._open_all())

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

    async def _announce_restart(self) -> None:
        self.sockets.broadcast("ServerRestarting")
        for open_socket in list(self.sockets.open):
            await open_socket.writer.drain()

    def _changed(self, change: Change) -> None:
        self._later(self.sockets.note, change)
