"""Libraries: as a backend reports them, as they are cached, and the user's settings."""

from collections.abc import Mapping

from msgspec import Struct, field

from msd.models.ids import LibraryId, RemoteId, SourceId, UnixSeconds
from msd.models.words import ItemType, LibraryType, SyncPolicy


class RemoteLibrary(Struct, frozen=True, kw_only=True):
    """A library as a backend reports it."""

    remote_id: RemoteId
    name: str
    type: LibraryType
    hidden: bool = False  # the user hides it on the server's own home page
    position: int = 0


class LibrarySettings(Struct, frozen=True, kw_only=True):
    """What the user set for one library (A5); survives a rebuilt cache."""

    sync: SyncPolicy = SyncPolicy.LIVE
    interval_s: int = 0  # 0: the daemon's default
    show_in_home: bool = True
    content: LibraryType | None = None  # overrides what the backend found the library to hold


class Library(Struct, frozen=True, kw_only=True):
    """A library as it is cached, with the user's settings."""

    id: LibraryId
    source_id: SourceId
    remote_id: RemoteId
    name: str
    type: LibraryType
    hidden: bool
    position: int
    item_count: int
    synced_at: UnixSeconds  # end of its last complete pass, 0 = never
    settings: LibrarySettings
    counts: Mapping[ItemType, int] = field(default_factory=dict)
    """How many items of each type it has; their sum is `item_count`."""
    left_out: Mapping[str, int] = field(default_factory=dict)
    """What it holds and msd does not show → number, 0 = unknown, e.g. {"photo": 120}."""
