"""What the store tells its callers about one write."""

from collections.abc import Mapping

from msgspec import Struct, field

from msd.models import NEVER, ItemId, LibraryId, RemoteId, UnixSeconds


class WriteResult(Struct, frozen=True, kw_only=True):
    """What one transaction did to the rows of one library."""

    revision: int  # of the transaction; the newest one when nothing changed
    added: int = 0
    updated: int = 0
    unchanged: int = 0
    refused: int = 0  # items whose remote id can't be stored
    changed: tuple[ItemId, ...] = ()
    removed: tuple[ItemId, ...] = ()


class SavedLibraries(Struct, frozen=True, kw_only=True):
    """What became of the libraries that a source lists."""

    ids: Mapping[RemoteId, LibraryId]
    vanished: Mapping[LibraryId, int]  # not listed any more, with their live items
    never_synced: frozenset[LibraryId] = frozenset()  # not yet enumerated completely
    cursors: Mapping[LibraryId, Mapping[str, str]] = field(default_factory=dict)  # by lane
    fully_enumerated_at: Mapping[LibraryId, UnixSeconds] = field(default_factory=dict)


class ListingState(Struct, frozen=True, kw_only=True):
    """What is remembered of a listing between two syncs."""

    expected: int  # rows that the source announced, those that came since included; -1: unknown
    resume_at: int  # where an interrupted first sync goes on
    lost: int = 0  # rows that were deleted one by one …
    lost_since: UnixSeconds = NEVER  # … since then


class WithheldLoss(Struct, frozen=True, kw_only=True):
    """Deletions that are held back (Y7)."""

    count: int
    digest: int
    since: UnixSeconds
