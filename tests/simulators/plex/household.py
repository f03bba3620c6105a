"""An account with its servers: near, far by relay, shared, dead."""

from __future__ import annotations

from typing import Self

from tests.simulators.http.tls import TestAuthority

from .doors import Conduct, Door
from .generate import make_world
from .item import Kind
from .plextv import PlexTv
from .server import PlexServer
from .tv.resources import player_entry, unconnected_entry


class Household:
    """A plex.tv with the account of alice and its four servers. Use it as a context manager.

    - `near`: hers, in her network;
    - `far`: hers, elsewhere: its direct addresses refuse, a relay works;
    - `shared`: bob's, of which she sees the first section and one item of another;
    - `dead`: hers, and off.

    plex.tv lists a player and a server without addresses besides. All certificates are of one
    authority, whose file is `ca_file`.
    """

    def __init__(self, items: int = 60) -> None:
        self.authority = TestAuthority()
        self.tv = PlexTv()
        self.alice = self.tv.add_user("alice", password="secret")
        self.bob = self.tv.add_user("bob", password="geheim")
        self.near = self._server("Near", items, 1, Door(), Door(host="127.0.0.2"))
        self.far = self._server(
            "Far",
            items,
            2,
            Door(conduct=Conduct.REFUSING),
            Door(local=False, conduct=Conduct.REFUSING),
            Door(local=False, relay=True),
        )
        self.shared = self._server("Shared", items, 3, Door(local=False))
        self.dead = self._server(
            "Dead",
            items,
            4,
            Door(conduct=Conduct.REFUSING),
            Door(local=False, conduct=Conduct.REFUSING),
        )
        for server in (self.near, self.far, self.dead):
            self.tv.publish(server, self.alice)
        self.tv.publish(self.shared, self.bob)
        first, second, *_ = self.shared.world.sections.values()
        single = self.shared.world.of_kind(Kind.SHOW, section=second)[0]
        self.tv.share(self.shared, self.alice, sections=[first], items=[single])
        self.tv.published(self.dead).presence = False
        self.tv.state.other_resources += [player_entry(), unconnected_entry()]

    @property
    def servers(self) -> tuple[PlexServer, ...]:
        """All four."""
        return self.near, self.far, self.shared, self.dead

    @property
    def ca_file(self) -> str:
        """The certificate authority a client has to trust (PEM file)."""
        return str(self.authority.ca_file)

    def token(self, client_id: str = "the-test-itself") -> str:
        """Sign alice in on a device and return the token."""
        return self.tv.token(self.alice, client_id)

    def __enter__(self) -> Self:
        for each in (self.tv, *self.servers):
            each.start()
        return self

    def __exit__(self, *_: object) -> None:
        for each in (*self.servers, self.tv):
            each.stop()
        self.authority.remove()

    def _server(self, name: str, items: int, seed: int, *doors: Door) -> PlexServer:
        world = make_world(items, seed=seed, name=name)
        return PlexServer(world, doors=doors, authority=self.authority)
