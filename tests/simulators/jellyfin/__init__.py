"""A simulated Jellyfin server for tests: real HTTP on loopback, four versions, a fault script."""

from . import faults
from .generate import make_world
from .server import JellyfinSimulator
from .state import Phase
from .versions import VERSIONS
from .websocket import Timing
from .world import World

__all__ = ["VERSIONS", "JellyfinSimulator", "Phase", "Timing", "World", "faults", "make_world"]
