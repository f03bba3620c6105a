"""Simulators of a Plex Media Server and of plex.tv: real HTTP(S) on loopback, a fault script."""

from . import faults
from .doors import Conduct, Door, ipv6_works
from .gdm import GdmResponder
from .generate import make_world
from .household import Household
from .plextv import PlexTv
from .server import PlexServer
from .world import World

__all__ = [
    "Conduct",
    "Door",
    "GdmResponder",
    "Household",
    "PlexServer",
    "PlexTv",
    "World",
    "faults",
    "ipv6_works",
    "make_world",
]
