"""Plex's own discovery on the local network ("GDM"), which works without plex.tv.

Anybody may answer: what is found is a hint, to be verified before it is used. The variable
`MSD_PLEX_GDM` of the environment names another `address:port` to ask, or nobody when it is empty:
for tests, and for networks where nobody is to be asked.
"""

import re
from collections.abc import AsyncGenerator, Iterable

from msd.backend_api import DiscoverContext, FoundServer
from msd.backend_api.datagrams import Reply, Target, chosen_targets, replies
from msd.backends.plex.connect.connections import Candidate
from msd.backends.plex.connect.plex_direct import direct_name
from msd.backends.plex.parse.scalars import identifier, number, word
from msd.models import Route

_QUESTION = b"M-SEARCH * HTTP/1.1\r\n\r\n"
_EVERY_SERVER: Target = ("239.0.0.250", 32414)
_VARIABLE = "MSD_PLEX_GDM"
_DISCOVER_S = 3.0
_LOCATE_S = 1.0
_MOST_PLACES = 8
_LAST_PORT = 65_535
_HOST = re.compile(r"([0-9a-f]{32})\.plex\.direct")


async def discover(_: DiscoverContext) -> AsyncGenerator[FoundServer, None]:
    """Yield each server that answers within some seconds, once."""
    seen: set[str] = set()
    async for reply in replies(_QUESTION, _targets(), wait_s=_DISCOVER_S):
        headers = _headers(reply)
        port = _port(headers)
        server_id = identifier(headers.get("resource-identifier"))
        if port is None or not server_id or server_id in seen:
            continue
        seen.add(server_id)
        certificate = _HOST.fullmatch(headers.get("host", ""))
        yield FoundServer(
            server_id=server_id,
            name=word(headers.get("name")) or "Plex",
            address=_https(reply.sender, port, certificate[1])
            if certificate
            else f"http://{reply.sender}:{port}",
            version=word(headers.get("version")),
        )


async def locate_server(server_id: str, certificates: Iterable[str]) -> tuple[Candidate, ...]:
    """Return where a known server may be on the local network now.

    Args:
        server_id: whom to look for.
        certificates: the parts of names below plex.direct that are known to be the server's; only
            its own names are made of what strangers answer.
    """
    places: dict[Candidate, None] = {}
    hashes = tuple(certificates)
    if not hashes:
        return ()
    async for reply in replies(_QUESTION, _targets(), wait_s=_LOCATE_S):
        headers = _headers(reply)
        port = _port(headers)
        if port is None or headers.get("resource-identifier") != server_id:
            continue
        for certificate in hashes:
            places[Candidate(_https(reply.sender, port, certificate), Route.LOCAL)] = None
        if len(places) >= _MOST_PLACES:
            break
    return tuple(places)


def _headers(reply: Reply) -> dict[str, str]:
    """The headers of a server's answer by their names in lower case; none of anything else."""
    first, *lines = reply.content.decode("utf-8", "replace").splitlines() or [""]
    if not first.startswith("HTTP/1.") or " 200" not in first:
        return {}
    pairs = (line.partition(":") for line in lines if ":" in line)
    headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
    return headers if headers.get("content-type") == "plex/media-server" else {}


def _port(headers: dict[str, str]) -> int | None:
    port = number(headers.get("port"))
    return port if port is not None and 0 < port <= _LAST_PORT else None


def _https(ip: str, port: int, certificate: str) -> str:
    return f"https://{direct_name(ip, certificate)}:{port}"


def _targets() -> tuple[Target, ...]:
    return chosen_targets(_VARIABLE, _EVERY_SERVER)
