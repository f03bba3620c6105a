"""The simulated plex.tv: a real server on loopback."""

from __future__ import annotations

from collections.abc import Iterable

from tests.simulators.clock import Clock
from tests.simulators.http.connection import Service
from tests.simulators.http.server import Listener, LoopbackServer
from tests.simulators.http.tls import LOOPBACK_NAMES, TestAuthority

from .item import Item, Section
from .server import PlexServer
from .tv.app import TvApplication
from .tv.call import TvState
from .tv.pins import Pin
from .tv.resources import Published
from .tv.users import Home, PlexUser
from .viewer import Viewer

TEST_CLIENT = "the-test-itself"


class PlexTv(LoopbackServer):
    """A simulated plex.tv, which is clients.plex.tv too. Use it as a context manager.

    Args:
        authority: serve https with its certificate; plain http by default.
    """

    def __init__(self, authority: TestAuthority | None = None) -> None:
        super().__init__("plex-tv")
        self.state = TvState()
        self.service = Service(TvApplication(self.state), compresses=False)
        self.faults = self.service.faults
        self.log = self.service.log
        tls = authority.issue(*LOOPBACK_NAMES) if authority else None
        self.listeners.append(Listener(self.service, tls=tls))
        self.state.base = self.url

    @property
    def url(self) -> str:
        """What stands for https://plex.tv and for https://clients.plex.tv."""
        return self.listeners[0].origin

    @property
    def clock(self) -> Clock:
        """Its clock, by which PINs expire."""
        return self.state.clock

    # Being away

    def refuse(self) -> None:
        """Close the port and every connection, as with the internet down."""
        self._wait(self._close_all())

    def accept(self) -> None:
        """Listen again."""
        self._wait(self._open_all())

    # Accounts

    def add_user(
        self,
        name: str = "alice",
        *,
        password: str = "",
        pin: str = "",
        managed: bool = False,
        home_of: PlexUser | None = None,
    ) -> PlexUser:
        """Create an account, in somebody's Plex Home if asked."""
        with self.state.lock:
            number = 1000 + len(self.state.users)
            user = PlexUser(id=number, name=name, password=password, pin=pin, managed=managed)
            self.state.users[user.id] = user
            if home_of:
                if home_of.home is None:
                    home_of.home = Home(id=home_of.id, name=f"{home_of.name}'s home")
                    home_of.home.members.append(home_of)
                user.home = home_of.home
                user.home.members.append(user)
        return user

    def token(self, user: PlexUser, client_id: str = TEST_CLIENT) -> str:
        """Sign a device in and return its token; the one it had before dies."""
        with self.state.lock:
            return self.state.tokens.issue(user, client_id)

    def revoke_tokens(self, user: PlexUser) -> None:
        """Sign a user's devices out."""
        with self.state.lock:
            self.state.tokens.revoke_all(user)

    # Sign-ins by PIN

    def approve(self, code: str, user: PlexUser) -> str:
        """Let a user enter a code at plex.tv/link; return the token its client will get."""
        with self.state.lock:
            pin = self._pin(code)
            self.state.approve(pin, user)
            assert pin.token
            return pin.token

    def deny(self, code: str) -> None:
        """Let a user refuse."""
        with self.state.lock:
            self._pin(code).denied = True

    def _pin(self, code: str) -> Pin:
        found = self.state.pins.by_code(code)
        assert found, f"no PIN {code}"
        return found

    # Servers

    def publish(
        self, server: PlexServer, owner: PlexUser, *, takes_account_token: bool = False
    ) -> Published:
        """List a server as its owner's.

        With `takes_account_token` it takes the owner's account tokens too, as most do; without,
        a client that mixes tokens up is found out.
        """
        with self.state.lock:
            server.owner.name = owner.name
            entry = Published(server=server, owner=owner, viewers={owner.id: server.owner})
            self.state.published.append(entry)
        if takes_account_token:
            server.grants.account_tokens = lambda token: self._owner_of(token, entry)
        return entry

    def share(
        self,
        server: PlexServer,
        user: PlexUser,
        *,
        sections: Iterable[Section] | None = None,
        items: Iterable[Item] = (),
    ) -> Viewer:
        """Share sections (all by default) or single items of a server with another account."""
        with self.state.lock:
            viewer = Viewer(
                account_id=user.id,
                name=user.name,
                sections=None if sections is None else {each.id for each in sections},
                items={item.key for item in items},
            )
            self.published(server).viewers[user.id] = viewer
        return viewer

    def unshare(self, server: PlexServer, user: PlexUser) -> None:
        """Take a share back: the server vanishes from the list, its token dies."""
        with self.state.lock:
            server.grants.withdraw(self.published(server).viewers.pop(user.id))

    def rotate_access(self, server: PlexServer, user: PlexUser) -> str:
        """Replace the token with which a user reaches a server."""
        with self.state.lock:
            return server.grants.rotate(self.published(server).viewers[user.id])

    def withdraw_access(self, server: PlexServer, user: PlexUser) -> None:
        """Make a user's token worthless at a server; the next asking gives another one."""
        with self.state.lock:
            server.grants.withdraw(self.published(server).viewers[user.id])

    def access_token(self, server: PlexServer, user: PlexUser) -> str:
        """Return the token with which a user reaches a server."""
        with self.state.lock:
            return server.grants.token_of(self.published(server).viewers[user.id])

    def published(self, server: PlexServer) -> Published:
        """Return a server's entry, to change what is told of it."""
        return next(each for each in self.state.published if each.server is server)

    def _owner_of(self, token: str, entry: Published) -> Viewer | None:
        found = self.state.tokens.find(token)
        return entry.server.owner if found and found.user is entry.owner else None
