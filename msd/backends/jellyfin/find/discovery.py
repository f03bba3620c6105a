"""Jellyfin's own discovery on the local network.

Anybody may answer: what is found is a hint, to be verified before it is used. The variable
`MSD_JELLYFIN_DISCOVERY` of the environment names another `address:port` to ask, or nobody when it
is empty: for tests, and for networks where nobody is to be asked.
"""

import json
from collections.abc import AsyncGenerator
from urllib.parse import urlsplit

import anyio
import httpx
import msgspec

from msd.backend_api import DiscoverContext, FoundServer
from msd.backend_api.datagrams import Reply, chosen_targets, replies
from msd.backend_api.http.client import open_client
from msd.backends.jellyfin.find.address import candidates
from msd.backends.jellyfin.find.probe import probe
from msd.backends.jellyfin.parse.values import guid
from msd.errors import BackendError, InvalidArgumentError

_QUESTION = b"Who is JellyfinServer?"
_EVERY_SERVER = ("255.255.255.255", 7359)
_VARIABLE = "MSD_JELLYFIN_DISCOVERY"
_WAIT_S = 3.0
_TRY_S = 2.0  # for one address of a server
_LONGEST_NAME = 200


async def discover(_: DiscoverContext) -> AsyncGenerator[FoundServer, None]:
    """Yield each server that answers within some seconds, once.

    The address inside an answer may be one that only the server itself can reach, such as that
    of a container. Where it is not the sender's, both are tried, and the sender's address with
    the port of the answer is the second choice.
    """
    seen: set[str] = set()
    async with open_client() as http:
        async for reply in replies(
            _QUESTION, chosen_targets(_VARIABLE, _EVERY_SERVER), wait_s=_WAIT_S
        ):
            server = _server(reply)
            if server is not None and server.server_id not in seen:
                seen.add(server.server_id)
                yield await _reachable(http, server, reply.sender)


async def _reachable(http: httpx.AsyncClient, server: FoundServer, sender: str) -> FoundServer:
    """Return a server with an address at which it answers, the one that it says if none does."""
    addresses = (server.address, _of_sender(server.address, sender))
    if addresses[0] == addresses[1]:
        return server
    for address in addresses:
        with anyio.move_on_after(_TRY_S):
            try:
                found = await probe(http, address)
            except BackendError:
                continue
            if found.server_id == server.server_id:
                return msgspec.structs.replace(server, address=address)
    return server


def _of_sender(address: str, sender: str) -> str:
    """Return an address with the sender as its host; port and path stay."""
    split = urlsplit(address)
    if split.hostname == sender:
        return address
    port = f":{split.port}" if split.port else ""
    return f"{split.scheme}://{sender}{port}{split.path}"


def _server(reply: Reply) -> FoundServer | None:
    """Return the server that a reply names; None for anything else."""
    try:
        said = json.loads(reply.content)
    except (ValueError, RecursionError):
        return None
    if not isinstance(said, dict):
        return None
    server_id, name, address = guid(said.get("Id")), said.get("Name"), said.get("Address")
    if server_id is None or not isinstance(address, str) or not _is_address(address):
        return None
    shown = "".join(filter(str.isprintable, name)) if isinstance(name, str) else ""
    return FoundServer(
        server_id=server_id, name=shown[:_LONGEST_NAME] or "Jellyfin", address=address
    )


def _is_address(text: str) -> bool:
    try:
        candidates(text)
    except InvalidArgumentError:
        return False
    return "://" in text
