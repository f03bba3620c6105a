"""Addresses of a server as plex.tv and the server itself spell them."""

from __future__ import annotations

HASH = "fc6b48db927de7394036856ade1760b9"
OTHER_HASH = "0123456789abcdef0123456789abcdef"


def direct(port: int, ip: str = "127.0.0.1", certificate: str = HASH) -> str:
    """The https address of a server on a loopback address, by its name below plex.direct."""
    return f"https://{ip.replace('.', '-').replace(':', '-')}.{certificate}.plex.direct:{port}"
