"""The numbers of a sync, as they grow."""

from msgspec import Struct, field

from msd.models import SyncReport
from msd.store.cache.writes.results import WriteResult

MAX_EXAMPLES = 20


class SyncStatistics(Struct, eq=False):
    """Counts rows by what became of them."""

    seen: int = 0
    added: int = 0
    updated: int = 0
    removed: int = 0
    unchanged: int = 0
    previewed: int = 0  # added before the listing was enumerated, so seen there as unchanged
    skipped: int = 0
    withheld: int = 0
    complete: bool = True
    examples: list[str] = field(default_factory=list)

    def skip(self, count: int, examples: tuple[str, ...]) -> None:
        """Count rows that were left out; remember the first few reasons."""
        self.skipped += count
        self.examples.extend(examples[: MAX_EXAMPLES - len(self.examples)])

    def count(self, written: WriteResult) -> None:
        """Count what one transaction changed."""
        self.added += written.added
        self.updated += written.updated
        self.removed += len(written.removed)
        self.skip(written.refused, ())

    def adopt(self, count: int) -> None:
        """Take in that rows which were added turned out to be known ones with another id (I2)."""
        self.added = max(self.added - count, 0)
        self.updated += count

    def report(self, *, duration_ms: int) -> SyncReport:
        """Return the numbers as they stand."""
        return SyncReport(
            seen=self.seen,
            added=self.added,
            updated=self.updated,
            removed=self.removed,
            unchanged=max(self.unchanged - self.previewed, 0),
            skipped=self.skipped,
            withheld=self.withheld,
            complete=self.complete,
            duration_ms=duration_ms,
            skipped_examples=tuple(self.examples),
        )
