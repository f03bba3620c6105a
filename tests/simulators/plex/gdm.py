"""Answers to searches on the local network (GDM, contract section 3.4)."""

from __future__ import annotations

import socket
import threading
from collections.abc import Sequence
from typing import Any, Self

from tests.simulators.http.server import HOST

from .server import PlexServer

_SEARCH = b"M-SEARCH"


class GdmResponder:
    """Answers for media servers on one UDP port of loopback. Use it as a context manager.

    Args:
        servers: who answers; each with the port of its first address.
        newline: what ends a line of the answers.
    """

    def __init__(self, *servers: PlexServer, newline: str = "\r\n") -> None:
        self.servers: Sequence[PlexServer] = servers
        self.newline = newline
        self.silent = False
        self.verbatim: list[bytes] = []  # sent besides, whatever it is
        self._ending = threading.Event()
        self.searches: list[bytes] = []
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((HOST, 0))
        self._thread = threading.Thread(target=self._serve, name="gdm-responder", daemon=True)

    @property
    def port(self) -> int:
        """Where to send a search."""
        port: int = self._socket.getsockname()[1]
        return port

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

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ending.set()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
            last.sendto(b"", (HOST, self.port))  # wakes the thread
        self._thread.join(timeout=10)
        self._socket.close()

    def _serve(self) -> None:
        while True:
            datagram, sender = self._socket.recvfrom(4096)
            if self._ending.is_set():
                return
            self.searches.append(datagram)
            if self.silent or not datagram.startswith(_SEARCH):
                continue
            for answer in (*(self.answer(each) for each in self.servers), *self.verbatim):
                self._socket.sendto(answer, sender)
