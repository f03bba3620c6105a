"""A simulated Jellyfin server for tests: real HTTP on loopback, four versions, a fault script."""

from tests.simulators.jellyfin.service import faults
from tests.simulators.jellyfin.service.server import JellyfinSimulator
from tests.simulators.jellyfin.service.state import Phase
from tests.simulators.jellyfin.service.versions import VERSIONS
from tests.simulators.jellyfin.service.websocket import Timing
from tests.simulators.jellyfin.world.generate import make_world
from tests.simulators.jellyfin.world.world import World

__all__ = ["VERSIONS", "JellyfinSimulator", "Phase", "Timing", "World", "faults", "make_world"]
