"""The servers that a Plex account reaches, each with a token and addresses of its own.

plex.tv is asked rarely; what it answers is enough to reach the servers without it.
"""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from urllib.parse import urlsplit

import msgspec

from msd.backend_api import AccountContext, AccountServers, NewSource
from msd.backend_api.host import is_private_address
from msd.backend_api.http.client import open_client
from msd.backends.plex.connect.connections import Candidate, best_first, config_of, usable_address
from msd.backends.plex.connect.device import device_of
from msd.backends.plex.connect.plex_direct import encoded_address
from msd.backends.plex.login.tv import PlexTv
from msd.backends.plex.parse.scalars import flag, identifier, token, word
from msd.models import Route

RESOURCES = "/api/v2/resources"
_WITH_ALL_ADDRESSES = {"includeHttps": "1", "includeRelay": "1", "includeIPv6": "1"}
_MOST_RESOURCES = 1_000  # players and other devices of all members are among them
_MOST_ROWS = 100


class Server(msgspec.Struct, frozen=True, kw_only=True):
    """One server as plex.tv lists it."""

    source: NewSource
    token: str  # "" when plex.tv gives none


async def servers(context: AccountContext) -> AccountServers:
    """Return the servers that an account reaches now, owned and shared.

    Raises:
        AuthRequiredError: plex.tv does not accept the account's token.
        UnreachableError, TlsError, BadResponseError: plex.tv can't be asked; nothing has changed.
    """
    async with open_client() as http:
        tv = PlexTv(http, device_of(context), context.credentials.token)
        return await servers_of(tv)


async def servers_of(tv: PlexTv) -> AccountServers:
    """Return the servers that the signed-in user reaches now.

    An answer that is empty or holds what can't be read is not taken for complete (A2).
    """
    rows = await tv.get(RESOURCES, list[object], _WITH_ALL_ADDRESSES)
    servers: dict[str, Server] = {}
    complete = 0 < len(rows) <= _MOST_RESOURCES
    for row in rows[:_MOST_RESOURCES]:
        if not isinstance(row, dict):
            complete = False
        elif _is_server(row):
            server = _server(row)
            if server is None:
                complete = False
            else:
                servers.setdefault(server.source.server_id, server)
    return AccountServers(
        sources=tuple(server.source for server in servers.values()),
        server_tokens=MappingProxyType({key: server.token for key, server in servers.items()}),
        complete=complete,
    )


def _is_server(row: Mapping[str, object]) -> bool:
    provides = row.get("provides")
    return isinstance(provides, str) and "server" in map(str.strip, provides.split(","))


def _server(row: Mapping[str, object]) -> Server | None:
    server_id = identifier(row.get("clientIdentifier"))  # of a server: its machineIdentifier
    if not server_id:
        return None
    return Server(
        source=NewSource(
            server_id=server_id,
            name=word(row.get("name")) or "Plex",
            server_version=word(row.get("productVersion")),
            owned=flag(row.get("owned")),
            config=config_of(best_first(_candidates(row))),
        ),
        token=token(row.get("accessToken")),
    )


def _candidates(row: Mapping[str, object]) -> Iterator[Candidate]:
    rows = row.get("connections")
    for connection in rows[:_MOST_ROWS] if isinstance(rows, list) else ():
        if not isinstance(connection, dict):
            continue
        uri = connection.get("uri")
        address = usable_address(uri) if isinstance(uri, str) else None
        if address is None:
            continue
        route = _route(connection)
        yield Candidate(address, route)
        if route is Route.LOCAL and _may_be_asked_in_clear(row):
            yield from _in_clear(address)


def _route(connection: Mapping[str, object]) -> Route:
    if flag(connection.get("relay")):
        return Route.RELAY
    return Route.LOCAL if flag(connection.get("local")) else Route.REMOTE


def _may_be_asked_in_clear(row: Mapping[str, object]) -> bool:
    """Whether the server allows http and shares this machine's public address."""
    return flag(row.get("publicAddressMatches")) and not flag(row.get("httpsRequired"))


def _in_clear(address: str) -> Iterator[Candidate]:
    """Yield the same address without TLS, for a server whose certificate has expired."""
    parts = urlsplit(address)
    host = parts.hostname or ""
    place = encoded_address(host) or host
    if parts.scheme == "https" and is_private_address(place):
        shown = f"[{place}]" if ":" in place else place
        yield Candidate(f"http://{shown}:{parts.port or 443}", Route.LOCAL)
