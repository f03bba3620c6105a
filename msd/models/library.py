"""Libraries: as a backend reports them, as they are cached, and the user's settings."""

from dataclasses import dataclass

from msd.models.ids import LibraryId, RemoteId, SourceId, UnixSeconds
from msd.models.words import LibraryType, SyncPolicy


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteLibrary:
    """A library as a backend reports it."""

    remote_id: RemoteId
    name: str
    type: LibraryType
    hidden: bool = False  # the user hides it on the server's own home page
    position: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class LibrarySettings:
    """What the user set for one library (A5); survives a rebuilt cache."""

    sync: SyncPolicy = SyncPolicy.LIVE
    interval_s: int = 0  # 0: the daemon's default
    show_in_home: bool = True
    content: LibraryType | None = None  # overrides what the backend found the library to hold


@dataclass(frozen=True, slots=True, kw_only=True)
class Library:
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
