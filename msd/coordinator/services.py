"""What the coordinator works with: the managers and the settings, built once by `msd.app`."""

from dataclasses import dataclass

from msd.coordinator.login_owner import Callers
from msd.managers.auth import AuthManager
from msd.managers.backends import BackendManager
from msd.managers.cache import CacheManager
from msd.managers.desktop import Desktop
from msd.managers.network import Network
from msd.managers.registry import SourceRegistry
from msd.managers.sync import SyncManager
from msd.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """The managers, which know neither one another nor the coordinator."""

    settings: Settings
    registry: SourceRegistry
    auth: AuthManager
    backends: BackendManager
    cache: CacheManager
    syncs: SyncManager
    network: Network
    callers: Callers
    desktop: Desktop | None = None  # None: the user wants no notifications
