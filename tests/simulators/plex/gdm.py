"""Answers to searches on the local network (GDM, contract section 3.4)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tests.simulators.http.datagrams import Responder

from .server import PlexServer

_SEARCH = b"M-SEARCH"


class GdmResponder(Responder):
    """Answers for media servers on one UDP port of loopback. Use it as a context manager.

    Args:
        servers: who answers; each with the port of its first address.
        newline: what ends a line of the answers.
    """

    def __init__(self, *servers: PlexServer, newline: str = "\r\n") -> None:
        super().__init__(self._found)
        self.servers: Sequence[PlexServer] = servers
        self.newline = newline

    def headers(self, server: PlexServer) -> dict[str, Any]:
        """Return what a server says of itself."""
        return {
            "Content-Type": "plex/media-server",
            "Host": f"{server.direct_digits}.plex.direct",
            "Name": server.world.name,
            "Port": server.doors[0].port,
            "Resource-Identifier": server.machine_id,
            "Updated-At": server.world.now(),
            "Version": server.state.version,
        }

    def answer(self, server: PlexServer) -> bytes:
        """Return the whole datagram of a server."""
        lines = [f"{name}: {value}" for name, value in self.headers(server).items()]
        return self.newline.join(["HTTP/1.0 200 OK", *lines, "", ""]).encode()

    def _found(self, question: bytes) -> list[bytes]:
        if not question.startswith(_SEARCH):
            return []
        return [self.answer(server) for server in self.servers]
