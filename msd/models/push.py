"""What a source tells as it happens, and what became of it."""

from msgspec import Struct

from msd.models.ids import ItemId, LibraryId, RemoteId
from msd.models.item import MediaItem


class PushedRow(Struct, frozen=True, kw_only=True):
    """A row that a source pushed; without a library it stays where it is cached."""

    library: RemoteId | None
    item: MediaItem
    fingerprint: int


class PushedWrite(Struct, frozen=True, kw_only=True):
    """What one transaction changed in one library."""

    library_id: LibraryId
    revision: int
    changed: tuple[ItemId, ...] = ()
    removed: tuple[ItemId, ...] = ()


class ChangeSet(Struct, frozen=True, kw_only=True):
    """What changed since a revision, up to another one."""

    changed: tuple[ItemId, ...] = ()
    removed: tuple[ItemId, ...] = ()
    revision: int  # the next question's `since`
    reset: bool = False  # more changed than can be told: read everything again
