"""The numbers of a sync, as they grow: seen = added + updated + unchanged + skipped."""

from msgspec import Struct, field

from msd.models import RemoteId, SyncFault, SyncReport
from msd.store.cache.writes.results import WriteResult

MAX_EXAMPLES = 20


class SyncStatistics(Struct, eq=False):
    """Counts rows by what became of them; every row that came is counted once.

    A row that comes twice (in a second enumeration of the same listing) counts twice, the second
    time as unchanged.
    """

    seen: int = 0
    added: int = 0
    updated: int = 0
    removed: int = 0
    unchanged: int = 0
    skipped: int = 0
    withheld: int = 0
    complete: bool = True
    examples: list[str] = field(default_factory=list)
    previewed: set[RemoteId] = field(default_factory=set)  # stored, and not yet enumerated

    def skip(self, count: int, examples: tuple[str, ...] = ()) -> None:
        """Count rows that were left out; keep the first few reasons."""
        self.skipped += count
        self.examples.extend(examples[: MAX_EXAMPLES - len(self.examples)])

    def count_known(self, remote_id: RemoteId) -> None:
        """Count a listed row that is cached as it is: unchanged, or new by its preview."""
        if remote_id in self.previewed:
            self.previewed.discard(remote_id)
            self.added += 1
        else:
            self.unchanged += 1

    def count(self, written: WriteResult, rows: int) -> None:
        """Count what one transaction made of `rows` rows; repeated ones are unchanged."""
        self.added += written.added
        self.updated += written.updated
        self.removed += len(written.removed)
        self.skip(written.refused)
        self.unchanged += rows - written.added - written.updated - written.refused

    def rekey(self, count: int) -> None:
        """Note that rows which were added turned out to be known ones with another id (I2)."""
        count = min(count, self.added)
        self.added -= count
        self.updated += count

    def report(self, *, duration_ms: int, faults: tuple[SyncFault, ...]) -> SyncReport:
        """Return the numbers as they stand."""
        return SyncReport(
            seen=self.seen + len(self.previewed),
            added=self.added + len(self.previewed),
            updated=self.updated,
            removed=self.removed,
            unchanged=self.unchanged,
            skipped=self.skipped,
            withheld=self.withheld,
            complete=self.complete,
            duration_ms=duration_ms,
            skipped_examples=tuple(self.examples),
            faults=faults,
        )
