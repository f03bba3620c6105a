"""One library in one sync: how it is read, and the result."""

from collections.abc import Mapping

from msgspec import Struct, field

from msd.models import ItemType, LibraryId, RemoteLibrary
from msd.sync.listing import CopiedListing


class LibraryPass(Struct, kw_only=True, eq=False):
    """A library; it is followed from its cursors, or enumerated in full.

    Following marks a listing as dirty when something happened there that the changes don't tell.
    Dirty listings are enumerated, too.
    """

    library: RemoteLibrary
    library_id: LibraryId
    is_wanted: bool  # if not, it is only searched for rows that left another library
    is_first: bool  # it was never enumerated completely
    is_full: bool  # every listing of it is enumerated
    cursors: Mapping[str, str]  # where it stood before, by aspect
    reached: dict[str, str] = field(default_factory=dict)  # where it stands, not yet recorded
    dirty_listings: set[ItemType] = field(default_factory=set)
    copied: list[CopiedListing] = field(default_factory=list)
    has_failed: bool = False  # a request about the library as a whole failed

    @property
    def is_at_end(self) -> bool:
        """Whether nothing was left out, so that its cursors may move (Y6)."""
        if self.has_failed or not all(listing.enumeration.is_at_end for listing in self.copied):
            return False
        enumerated = {listing.listing.type for listing in self.copied}
        return self.is_full or self.dirty_listings <= enumerated

    @property
    def is_complete(self) -> bool:
        """Whether what it showed is all that there is."""
        return self.is_at_end and all(listing.enumeration.is_complete for listing in self.copied)

    def lacks(self, item_type: ItemType) -> bool:
        """Return whether a listing was not enumerated yet."""
        return all(listing.listing.type is not item_type for listing in self.copied)

    def has_seen(self, item_type: ItemType) -> bool:
        """Return whether a listing was enumerated to its end."""
        return any(
            listing.listing.type is item_type and listing.enumeration.is_at_end
            for listing in self.copied
        )
