"""Answers to searches on the local network."""

from __future__ import annotations

import json

from tests.simulators.http.datagrams import Responder
from tests.simulators.jellyfin.service.server import JellyfinSimulator

_SEARCH = b"who is jellyfinserver?"


class DiscoveryResponder(Responder):
    """Answers for servers on one UDP port of loopback. Use it as a context manager."""

    def __init__(self, *servers: JellyfinSimulator) -> None:
        super().__init__(self._found)
        self.servers = servers

    def _found(self, question: bytes) -> list[bytes]:
        if _SEARCH not in question.lower():
            return []
        return [self.answer(server) for server in self.servers]

    def answer(self, server: JellyfinSimulator) -> bytes:
        """Return the datagram of a server."""
        said = {
            "Address": server.url,
            "Id": server.world.server_id,
            "Name": server.world.server_name,
            "EndpointAddress": None,
        }
        return json.dumps(said).encode()
