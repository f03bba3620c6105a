"""What a sync needs of the cache; `msd.store.SyncWriter` provides it. Every method blocks."""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Protocol

from msd.models import (
    ItemId,
    ItemType,
    LibraryId,
    MediaItem,
    RemoteId,
    RemoteLibrary,
    SyncProgressMark,
    UnixSeconds,
)


class Written(Protocol):
    """What one transaction changed."""

    @property
    def revision(self) -> int:
        """The revision of the transaction."""

    @property
    def added(self) -> int:
        """New rows."""

    @property
    def updated(self) -> int:
        """Rows with other content than before."""

    @property
    def refused(self) -> int:
        """Items that can't be stored at all."""

    @property
    def changed(self) -> tuple[ItemId, ...]:
        """Items that were added or updated."""

    @property
    def removed(self) -> tuple[ItemId, ...]:
        """Items that are shown no more."""


class Known(Protocol):
    """What the cache holds of one listing; follows which rows an enumeration has shown."""

    def is_fresh(self, remote_id: RemoteId, fingerprint: int) -> bool:
        """Mark the row as seen; return whether it must be read: it is new or has changed."""

    def has(self, remote_id: RemoteId) -> bool:
        """Return whether the listing had a live row with this id."""

    def has_seen(self, remote_id: RemoteId) -> bool:
        """Return whether the listing has shown a row; asked when it is at its end."""

    def has_repeats(self) -> bool:
        """Return whether a row was listed twice: then another one may have slipped through."""

    def missing(self) -> list[int]:
        """Return the keys of live rows that were not seen."""

    def __len__(self) -> int:
        """Return how many live rows the listing had."""


class Held(Protocol):
    """A loss that was held back."""

    @property
    def count(self) -> int:
        """How many rows it was."""

    @property
    def digest(self) -> int:
        """Tells one loss from another."""

    @property
    def since(self) -> UnixSeconds:
        """When it was first found."""


class SavedLibraries(Protocol):
    """What became of the libraries that the source lists."""

    @property
    def ids(self) -> Mapping[RemoteId, LibraryId]:
        """The id of every listed library."""

    @property
    def never_synced(self) -> AbstractSet[LibraryId]:
        """Those among them that were never enumerated completely."""

    @property
    def vanished(self) -> Mapping[LibraryId, int]:
        """Libraries not listed any more, with their live rows."""

    @property
    def cursors(self) -> Mapping[LibraryId, Mapping[str, str]]:
        """Where each library stood when it was last up to date, by aspect (Y6)."""

    @property
    def fully_enumerated_at(self) -> Mapping[LibraryId, UnixSeconds]:
        """When every listing of a library was last enumerated."""


class ListingState(Protocol):
    """What is remembered of a listing between two syncs."""

    @property
    def expected(self) -> int:
        """Rows that the source announced, those that came since included; -1: unknown."""

    @property
    def resume_at(self) -> int:
        """Where an interrupted first sync goes on (Y8)."""

    @property
    def lost(self) -> int:
        """Rows that were deleted one by one, as the source told of it."""

    @property
    def lost_since(self) -> UnixSeconds:
        """Since when they are counted."""


class SyncStore(Protocol):
    """The cache of one source, as its sync sees it. One transaction per call."""

    def save_libraries(self, libraries: Sequence[RemoteLibrary]) -> SavedLibraries:
        """Store the listed libraries; return their ids and those not listed any more."""

    def types(self, library_id: LibraryId) -> frozenset[ItemType]:
        """Return the types of which the library has live items."""

    def known_items(self, library_id: LibraryId, item_type: ItemType) -> Known:
        """Return what is cached of a listing."""

    def known_items_among(
        self, library_id: LibraryId, item_type: ItemType, remote_ids: Sequence[RemoteId]
    ) -> tuple[Known, Mapping[RemoteId, tuple[LibraryId, ItemType]]]:
        """Return what is cached of some rows of a listing, and those that live in another."""

    def count(self, library_id: LibraryId, item_type: ItemType) -> int:
        """Return how many live rows a listing has."""

    def listing_state(self, library_id: LibraryId, item_type: ItemType) -> ListingState:
        """Return what is remembered of a listing."""

    def write(
        self,
        library_id: LibraryId,
        item_type: ItemType,
        items: Sequence[tuple[MediaItem, int]],
        mark: SyncProgressMark,
    ) -> Written:
        """Store items with their fingerprints; rows that are the same are left alone (Y5).

        The mark is set in the same transaction (Y6, Y8).
        """

    def remaining(
        self, library_id: LibraryId, item_type: ItemType, keys: Sequence[int]
    ) -> list[int]:
        """Return those keys whose live row still belongs to the listing (did not move away)."""

    def remaining_rows(
        self, library_id: LibraryId, item_type: ItemType, keys: Sequence[int]
    ) -> list[tuple[int, RemoteId]]:
        """Return those with their remote ids."""

    def rekey(self, library_id: LibraryId, item_type: ItemType, keys: Sequence[int]) -> Written:
        """Let newcomers take over the ids of missing rows with the same identity (I2).

        A newcomer is a live row of the same source, type and identity that came after the
        listing's last complete pass. The missing row is gone then.
        """

    def soft_delete(
        self, library_id: LibraryId, item_type: ItemType, keys: Sequence[int]
    ) -> Written:
        """Hide rows that are gone from the source."""

    def remove_library(self, library_id: LibraryId) -> Written:
        """Hide a library's rows and forget the library."""

    def withheld(self, library_id: LibraryId, item_type: ItemType | None) -> Held | None:
        """Return the loss held back for a listing, or for a whole library (type None)."""

    def withhold(
        self,
        library_id: LibraryId,
        item_type: ItemType | None,
        *,
        count: int,
        digest: int,
        now: UnixSeconds,
    ) -> None:
        """Hold a loss back; the same digest again keeps the time of the first."""

    def clear_withheld(self, library_id: LibraryId, item_type: ItemType | None) -> None:
        """Forget a held loss: it is over, or it was accepted."""

    def total_withheld(self) -> int:
        """Return how many rows are held back in the whole source."""

    def set_members(self, parent: RemoteId, members: Sequence[RemoteId]) -> Written:
        """Store the members of a collection or playlist in order."""

    def finish_listing(
        self, library_id: LibraryId, item_type: ItemType, *, total: int, now: UnixSeconds
    ) -> None:
        """Record a complete enumeration and the total that was announced with it."""

    def expect_rows(self, library_id: LibraryId, item_type: ItemType, total: int) -> None:
        """Record how many rows the source announced; -1: that can't be told."""

    def begin_library(self, library_id: LibraryId, cursors: Mapping[str, str]) -> None:
        """Record where the source stood when the first sync of a library began (Y8)."""

    def finish_library(
        self,
        library_id: LibraryId,
        *,
        now: UnixSeconds,
        cursors: Mapping[str, str],
        fully_enumerated: bool,
    ) -> None:
        """Record that the library is up to date as of these cursors."""
