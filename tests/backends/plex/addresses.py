"""Addresses of a server as plex.tv and the server itself spell them, dead ones included."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager

import trustme

HASH = "fc6b48db927de7394036856ade1760b9"
OTHER_HASH = "0123456789abcdef0123456789abcdef"


def direct(port: int, ip: str = "127.0.0.1", certificate: str = HASH) -> str:
    """The https address of a server on a loopback address, by its name below plex.direct."""
    return f"https://{ip.replace('.', '-').replace(':', '-')}.{certificate}.plex.direct:{port}"


def server_tls(authority: trustme.CA, name: str) -> ssl.SSLContext:
    """What a server with a certificate for a name has."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    return context


@contextmanager
def dead() -> Iterator[int]:
    """A port that refuses connections until a server is started at it."""
    with socket.socket() as bound:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        bound.bind(("127.0.0.1", 0))
        yield bound.getsockname()[1]


@contextmanager
def hanging() -> Iterator[int]:
    """A port that takes connections and never says a word."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(64)
        yield listening.getsockname()[1]
