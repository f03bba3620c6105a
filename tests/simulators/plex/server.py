"""The simulated Plex Media Server: a real server on any number of loopback addresses."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tests.simulators.http.connection import Service
from tests.simulators.http.server import Listener, LoopbackServer
from tests.simulators.http.tls import TestAuthority

from .doors import Conduct, Door
from .generate import make_world
from .item import Item, Section, hex_id
from .pms.app import MediaServer
from .pms.call import PmsState
from .pms.events import Disturbance, Notifications
from .viewer import Viewer
from .world import Change, World


class PlexServer(LoopbackServer):
    """One simulated Plex Media Server. Use it as a context manager.

    Args:
        world: what it holds; by default a small generated world.
        doors: its addresses; by default one of plain http.
        authority: signs its certificates; by default one of its own.
    """

    def __init__(
        self,
        world: World | None = None,
        *,
        doors: Sequence[Door] = (),
        authority: TestAuthority | None = None,
    ) -> None:
        super().__init__("plex-server")
        self.world = world or make_world()
        self.state = PmsState(self.world)
        self.grants = self.state.grants
        self.notifications = Notifications(self.world)
        application = MediaServer(self.state, self.notifications, self._stranger_at)
        self.service = Service(application, compresses=False)
        self.faults = self.service.faults
        self.log = self.service.log
        self.authority = authority or TestAuthority()
        self._owns_authority = authority is None
        self.doors = list(doors) or [Door(secure=False)]
        self.direct_digits = hex_id(32, "direct", self.machine_id)
        for door in self.doors:
            self.listeners.append(door.reserve(self.service, self.direct_digits))
        self.world.listeners.append(self._changed)

    # Who and where it is

    @property
    def machine_id(self) -> str:
        """Its machineIdentifier, which is its clientIdentifier at plex.tv."""
        return self.world.machine_id

    @property
    def url(self) -> str:
        """The URI of its first address."""
        return self.doors[0].uri

    @property
    def ca_file(self) -> str:
        """The certificate authority a client has to trust (PEM file)."""
        return str(self.authority.ca_file)

    @property
    def owner(self) -> Viewer:
        """Its owner, as the server knows him."""
        return self.grants.owner

    @property
    def token(self) -> str:
        """The owner's access token."""
        return self.grants.token_of(self.owner)

    # Life

    def stop(self) -> None:
        """Close everything."""
        super().stop()
        if self._owns_authority:
            self.authority.remove()

    def refuse(self) -> None:
        """Close every address and every connection, as a server that is shut down."""
        self._wait(self._close_all())

    def accept(self) -> None:
        """Listen again, where the conduct of an address is to listen."""
        self._wait(self._open_all())

    def restart(self) -> None:
        """Shut down and come back; every connection and channel ends."""
        self.refuse()
        self.accept()

    def set_conduct(self, door: Door, conduct: Conduct) -> None:
        """Let an address behave in another way from now on; its connections break."""
        door.conduct = conduct
        self._wait(self._reopen(door))

    # What a test lets happen

    def limit(self, viewer: Viewer, sections: Iterable[Section] | None) -> None:
        """Let an account see these sections from now on, or all."""
        with self.world.lock:
            viewer.sections = None if sections is None else {each.id for each in sections}
            self.world.revision += 1

    @property
    def disturbance(self) -> Disturbance:
        """What goes wrong with events on their way."""
        return self.notifications.disturbance

    def play(self, item: Item, state: str, offset_ms: int = 0) -> None:
        """Tell listeners what a player does; the item's state in the world is another matter."""
        self._call(lambda: self.notifications.play(item, state, offset_ms))

    def push(self, kind: str, entry: dict[str, object]) -> None:
        """Send any event to every listener."""
        self._call(lambda: self.notifications.push(kind, entry))

    def wait_for_channels(self, count: int, timeout_s: float = 10) -> None:
        """Wait until so many push channels are open; TimeoutError when they are not in time."""
        self.notifications.wait_for(count, timeout_s)

    def close_channels(self) -> None:
        """End every push channel in an orderly way."""
        self._call(self.notifications.close_all)

    def break_channels(self) -> None:
        """Break every push channel."""
        self._call(self.notifications.break_all)

    # Inside

    async def _open_all(self) -> None:
        for door in self.doors:
            await self._open(door)

    async def _reopen(self, door: Door) -> None:
        await door.listener.close()
        await self._open(door)

    async def _open(self, door: Door) -> None:
        listener: Listener = door.listener
        listener.silent = door.conduct is Conduct.HANGING
        listener.tls = door.certificate(self.authority)
        if door.conduct is not Conduct.REFUSING:
            await listener.open()

    def _stranger_at(self, address: str) -> str | None:
        for door in self.doors:
            if door.conduct is Conduct.STRANGER and door.address == address:
                return hex_id(40, "stranger", address)
        return None

    def _changed(self, change: Change) -> None:
        self._later(self.notifications.note, change)
