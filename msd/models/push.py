"""What a source tells as it happens, and what became of it."""

from dataclasses import dataclass

from msd.models.ids import ItemId, LibraryId, RemoteId
from msd.models.item import MediaItem


@dataclass(frozen=True, slots=True, kw_only=True)
class PushedRow:
    """A row that a source told of; without a library it belongs where it is cached."""

    library: RemoteId | None
    item: MediaItem
    fingerprint: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PushedWrite:
    """What one transaction changed in one library."""

    library_id: LibraryId
    revision: int
    changed: tuple[ItemId, ...] = ()
    removed: tuple[ItemId, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeSet:
    """What changed since a revision, up to another one."""

    changed: tuple[ItemId, ...] = ()
    removed: tuple[ItemId, ...] = ()
    revision: int  # the next question's `since`
    reset: bool = False  # more changed than can be told: read everything anew
