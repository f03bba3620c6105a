"""One library in one sync: how it is looked at, and what came of it."""

from collections.abc import Mapping

from msgspec import Struct, field

from msd.models import ItemType, LibraryId, RemoteLibrary
from msd.sync.listing import CopiedListing


class LibraryPass(Struct, kw_only=True, eq=False):
    """A library; it is followed from its cursors, or enumerated as a whole.

    Following marks listings as dirty when something happened there that the changes don't tell.
    Those listings are enumerated, too.
    """

    library: RemoteLibrary
    library_id: LibraryId
    is_wanted: bool  # or only looked into for what left another library
    is_first: bool
    is_full: bool
    cursors: Mapping[str, str]  # where it stood before, by aspect
    reached: dict[str, str] = field(default_factory=dict)  # where it stands, not recorded yet
    dirty_listings: set[ItemType] = field(default_factory=set)
    copied: list[CopiedListing] = field(default_factory=list)
    has_failed: bool = False

    @property
    def is_at_end(self) -> bool:
        """Whether nothing was left out, so that its cursors may move (Y6)."""
        if self.has_failed or not all(one.enumeration.is_at_end for one in self.copied):
            return False
        return self.is_full or self.dirty_listings <= {one.listing.type for one in self.copied}

    @property
    def is_complete(self) -> bool:
        """Whether what it showed is all that there is."""
        return self.is_at_end and all(one.enumeration.is_complete for one in self.copied)

    def lacks(self, item_type: ItemType) -> bool:
        """Return whether a listing was not enumerated yet."""
        return all(one.listing.type is not item_type for one in self.copied)

    def has_seen(self, item_type: ItemType) -> bool:
        """Return whether a listing was enumerated to its end."""
        return any(
            one.listing.type is item_type and one.enumeration.is_at_end for one in self.copied
        )
