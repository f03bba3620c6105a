"""What the coordinator works with: the managers and the settings, built once by `msd.app`."""

import msgspec

from msd.managers.artwork import ArtworkManager
from msd.managers.auth import AuthManager
from msd.managers.backends import BackendManager
from msd.managers.cache import CacheManager
from msd.managers.registry import SourceRegistry
from msd.managers.session import Callers, Desktop, Network
from msd.managers.sync import SyncManager
from msd.settings import Settings


class Services(msgspec.Struct, frozen=True, kw_only=True):
    """The managers, which know neither one another nor the coordinator."""

    settings: Settings
    registry: SourceRegistry
    auth: AuthManager
    backends: BackendManager
    cache: CacheManager
    syncs: SyncManager
    artwork: ArtworkManager
    network: Network
    callers: Callers
    desktop: Desktop | None = None  # None: the user wants no notifications
