"""What the user, or the schedule, wants of one sync."""

from dataclasses import dataclass

from msd.models import LibraryId, SyncMode
from msd.sync.enumeration import Trust


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncPlan:
    """What the user wants of one sync."""

    mode: SyncMode = SyncMode.AUTO
    only: frozenset[LibraryId] = frozenset()  # empty: every library but those in `off`
    off: frozenset[LibraryId] = frozenset()
    confirm_deletes: bool = False
    anew: frozenset[LibraryId] = frozenset()  # just said to hold something else
    sweep: bool = False  # enumerate, whatever the cursors say

    @property
    def reads_all(self) -> bool:
        """Whether every library is enumerated from its first row."""
        return self.sweep or self.confirm_deletes or self.mode is SyncMode.FULL

    def includes(self, library_id: LibraryId) -> bool:
        """Return whether a library is to be synced."""
        if library_id in self.off:
            return False
        return not self.only or library_id in self.only

    def trust(self, library_id: LibraryId) -> Trust:
        """Return what the user said about losses of a library."""
        if library_id in self.anew:
            return Trust.ALL
        return Trust.HELD if self.confirm_deletes else Trust.NONE
