"""The addresses of one media server, and how each of them behaves."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any

from tests.simulators.http.connection import Service
from tests.simulators.http.dual import DualListener
from tests.simulators.http.server import HOST, Listener, bound
from tests.simulators.http.tls import TestAuthority


class Conduct(Enum):
    """What happens to who comes to an address."""

    GOOD = auto()
    REFUSING = auto()
    HANGING = auto()  # the connection opens, and nothing is said on it
    STRANGER = auto()  # another server answers, with an identity of its own
    WRONG_CERTIFICATE = auto()  # good, but for another name
    UNTRUSTED = auto()  # for the name, but signed by nobody the client knows


@dataclass(slots=True, kw_only=True, eq=False)
class Door:
    """One address.

    Args:
        host: any loopback address, "::1" included; 127.0.0.2 is as good as 127.0.0.1.
        secure: https by its plex.direct name, and plain http on the same port; otherwise only
            plain http.
        local: as plex.tv announces it.
        relay: as plex.tv announces it.
        name: a domain of the server's own instead of plex.direct, like "localhost".
        announced: whether plex.tv knows it.
        conduct: how it behaves at first.
    """

    host: str = HOST
    secure: bool = True
    local: bool = True
    relay: bool = False
    name: str = ""
    announced: bool = True
    conduct: Conduct = Conduct.GOOD
    _listener: Listener | None = field(default=None, init=False)
    _digits: str = field(default="", init=False)

    @property
    def listener(self) -> Listener:
        """What listens here, once its server was made."""
        assert self._listener is not None
        return self._listener

    @property
    def port(self) -> int:
        """The port, reserved as long as the server lives."""
        return self.listener.port

    @property
    def address(self) -> str:
        """Address and port, as the request log names this door."""
        return self.listener.name

    @property
    def direct_name(self) -> str:
        """The plex.direct name that encodes the address."""
        return f"{self.host.replace('.', '-').replace(':', '-')}.{self._digits}.plex.direct"

    @property
    def uri(self) -> str:
        """The URI plex.tv gives for it."""
        if self.secure:
            return f"https://{self.name or self.direct_name}:{self.port}"
        return self.plain_url

    @property
    def plain_url(self) -> str:
        """The address without a name and without TLS."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{self.name or host}:{self.port}"

    @property
    def connection(self) -> dict[str, Any]:
        """Its entry in a resource's `connections`."""
        return {
            "protocol": "https" if self.secure else "http",
            "address": self.host,
            "port": self.port,
            "uri": self.uri,
            "local": self.local,
            "relay": self.relay,
            "IPv6": ":" in self.host,
        }

    def reserve(self, service: Service, digits: str) -> Listener:
        """Bind the port for a server whose plex.direct names have these hex digits."""
        self._digits = digits
        listener = self._listener = DualListener(service, host=self.host)
        listener.name = f"{self.host}:{listener.port}"
        return listener

    def certificate(self, authority: TestAuthority) -> ssl.SSLContext | None:
        """Return what the door shows of itself, by its conduct."""
        if not self.secure:
            return None
        names = [self.name] if self.name else [f"*.{self._digits}.plex.direct"]
        if self.conduct is Conduct.WRONG_CERTIFICATE:
            names = [f"*.{self._digits[::-1]}.plex.direct"]
        if self.conduct is Conduct.UNTRUSTED:
            stranger = TestAuthority()
            stranger.remove()
            return stranger.issue(*names)
        return authority.issue(*names)


def ipv6_works() -> bool:
    """Whether this machine has ::1."""
    try:
        bound("::1").close()
    except OSError:
        return False
    return True
