"""The results of writes to the cache."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from msgspec import Struct, field

from msd.models import NEVER, ItemId, LibraryId, PushedWrite, RemoteId, UnixSeconds


class WriteResult(Struct, frozen=True, kw_only=True):
    """What one transaction did to the rows of one library."""

    revision: int  # of the transaction; the newest one when nothing changed
    added: int = 0
    updated: int = 0
    unchanged: int = 0
    refused: int = 0  # items whose remote id can't be stored
    changed: tuple[ItemId, ...] = ()
    removed: tuple[ItemId, ...] = ()
    containers: Mapping[LibraryId, Sequence[ItemId]] = field(default_factory=dict)
    """Shows, albums, collections, … that are shown differently because of it, by library (Y21)."""

    def by_library(self, library_id: LibraryId) -> list[PushedWrite]:
        """Return what changed, library by library; the rows' own library is given."""
        return by_library(library_id, self.revision, self)


class SavedLibraries(Struct, frozen=True, kw_only=True):
    """What became of the libraries that a source lists."""

    ids: Mapping[RemoteId, LibraryId]
    vanished: Mapping[LibraryId, int]  # not listed any more, with their current items
    returned: tuple[LibraryId, ...] = ()  # listed again after their right was withdrawn (Y19)
    restored: Mapping[LibraryId, WriteResult] = field(default_factory=dict)  # what that showed
    never_synced: frozenset[LibraryId] = frozenset()  # not yet enumerated completely
    cursors: Mapping[LibraryId, Mapping[str, str]] = field(default_factory=dict)  # by aspect
    fully_enumerated_at: Mapping[LibraryId, UnixSeconds] = field(default_factory=dict)


class ListingState(Struct, frozen=True, kw_only=True):
    """What is remembered of a listing between two syncs."""

    expected: int  # rows that the source announced, those that came since included; -1: unknown
    resume_at: int  # where an interrupted first sync goes on
    lost: int = 0  # rows that were deleted one by one …
    lost_since: UnixSeconds = NEVER  # … since then


class WithheldLoss(Struct, frozen=True, kw_only=True):
    """Rows whose deletion is withheld (Y7)."""

    keys: frozenset[int]
    since: UnixSeconds  # since when exactly these rows are missing


class _Changes(Protocol):
    """What one transaction changed."""

    @property
    def changed(self) -> tuple[ItemId, ...]:
        """Items of the library that are shown differently."""

    @property
    def removed(self) -> tuple[ItemId, ...]:
        """Items of the library that are not shown any more."""

    @property
    def containers(self) -> Mapping[LibraryId, Sequence[ItemId]]:
        """Containers of any library that are shown differently."""


def by_library(library_id: LibraryId, revision: int, changes: _Changes) -> list[PushedWrite]:
    """Return what a transaction changed, each library once and each item once."""
    changed: dict[LibraryId, dict[ItemId, None]] = {library_id: dict.fromkeys(changes.changed)}
    for library, items in changes.containers.items():
        changed.setdefault(library, {}).update(dict.fromkeys(items))
    return [
        PushedWrite(
            library_id=library,
            revision=revision,
            changed=tuple(items),
            removed=changes.removed if library == library_id else (),
        )
        for library, items in changed.items()
        if items or (library == library_id and changes.removed)
    ]
