"""Names below plex.direct, which spell the address that they stand for.

Every Plex Media Server has a certificate for `*.<32 hex>.plex.direct`; the name
`192-168-1-5.<32 hex>.plex.direct` stands for 192.168.1.5. Many routers hide names that lead to
private addresses (DNS rebinding protection), so the address is taken from the name itself. The
certificate is still checked against the name (docs/protocols/plex.md, Servers).
"""

import re
from collections.abc import Iterable
from ipaddress import ip_address

import httpcore

_NAME = re.compile(r"(?P<address>[0-9a-f-]{1,45})\.(?P<hash>[0-9a-f]{32})\.plex\.direct")
_PARTS_OF_IPV4 = 4


def encoded_address(host: str) -> str | None:
    """Return the IP address that a host's name spells, None when it is no such name."""
    match = _NAME.fullmatch(host.rstrip(".").lower())
    if match is None:
        return None
    parts = match["address"].split("-")
    separator = "." if len(parts) == _PARTS_OF_IPV4 and all(map(str.isdecimal, parts)) else ":"
    try:
        return str(ip_address(separator.join(parts)))
    except ValueError:
        return None


def certificate_hash(host: str) -> str | None:
    """Return the part of a host's name that belongs to one server alone, None without one."""
    match = _NAME.fullmatch(host.rstrip(".").lower())
    return None if match is None else match["hash"]


def direct_name(address: str, certificate: str) -> str:
    """Return the name of an IP address for which a server has a certificate."""
    return f"{re.sub(r'[.:]', '-', address)}.{certificate}.plex.direct"


class DirectDialling(httpcore.AsyncNetworkBackend):
    """Opens connections, for names below plex.direct without asking any name server."""

    def __init__(self) -> None:
        self._system = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's signature
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect to the address that the name spells, else to what the system knows of it."""
        return await self._system.connect_tcp(
            encoded_address(host) or host, port, timeout, local_address, socket_options
        )

    async def sleep(self, seconds: float) -> None:
        """Pause before another attempt to connect."""
        await self._system.sleep(seconds)
