"""Was a listing enumerated completely? And may what is missing from it be deleted? (Y7). Pure."""

from enum import StrEnum

from msgspec import Struct

from msd.backend_api import Page
from msd.models import UnixSeconds

SUSPICIOUS_SHARE = 0.2  # a drop of more than this share …
SUSPICIOUS_ROWS = 10  # … and of more than this many rows is withheld back
FEW_ROWS = 10  # fewer rows that the source denies by their ids are simply gone
AGREEMENT_S = 24 * 3600  # a withheld drop is believed when it stays the same for this long
MAX_EMPTY_WINDOWS = 20  # in a row, before the announced total is called wrong


class Enumeration:
    """Follows the pages of one listing and judges whether they add up to a whole."""

    def __init__(self, start: int = 0) -> None:
        """Begin, in the middle when an interrupted enumeration goes on."""
        self.rows = 0
        self.total: int | None = None
        self.next = start
        self._first_total: int | None = None
        self._is_first = True
        self._empty_windows = 0
        self._broken = False
        self._partial = bool(start)
        self._partial_start = bool(start)

    def add(self, page: Page) -> None:
        """Take a page into account."""
        if self._is_first:
            self._first_total = page.total
            self._is_first = False
        if page.start != self.next:
            self._broken = True
        self._partial |= page.gaps
        self.next = page.start + page.limit
        rows = len(page.items) + len(page.skipped)
        self._empty_windows = 0 if rows else self._empty_windows + 1
        self.rows += rows
        # Between the first and the last page a server may leave the total out.
        self._last_total = page.total
        if page.total is not None:
            self.total = page.total

    def break_off(self) -> None:
        """Say that the enumeration ended before its end."""
        self._broken = True

    @property
    def missing_rows(self) -> int | None:
        """How many of the announced rows did not come; None when no total was announced."""
        if self.total is None or self._partial_start:
            return None
        return max(self.total - self.rows, 0)

    @property
    def is_hopeless(self) -> bool:
        """Whether the announced total is so wrong that going on makes no sense."""
        return self._empty_windows >= MAX_EMPTY_WINDOWS

    @property
    def is_at_end(self) -> bool:
        """Whether every row was asked for, as far as the announced totals tell.

        The source announced the same total on the first and the last page. Rows may be fewer
        than the total, since servers hide some after counting, but not by half. A row that the
        server fails on, or one that an earlier run stored, is none that was left out.
        """
        if self._broken or self._first_total is None:
            return False
        is_stable = self._last_total == self._first_total and self.next >= self._first_total
        return is_stable and (self._partial or self._first_total <= 2 * self.rows)

    @property
    def is_complete(self) -> bool:
        """Whether the absence of a row means that the source has it no more.

        It does when every window of the announced total was fetched without gaps.
        """
        return self.is_at_end and not self._partial

    _last_total: int | None = None


class Verdict(StrEnum):
    """What to do with rows that a complete enumeration did not show."""

    KEEP = "keep"  # nothing is missing
    DELETE = "delete"
    WITHHOLD = "withhold"


class Loss(Struct, frozen=True, kw_only=True):
    """Rows that are missing from a complete enumeration."""

    count: int
    digest: int  # the same for the same rows
    since: UnixSeconds  # when they were first found to be


class Trust(StrEnum):
    """What is known about a loss beside the enumeration."""

    NONE = "none"
    DENIED = "denied"  # the source denied each row by its id: believe it when they are few
    ALL = "all"  # the library holds something else now: believe everything


def verdict(
    found: Loss, *, live: int, withheld: Loss | None, trust: Trust, lost: int = 0
) -> Verdict:
    """Decide about missing rows of one listing.

    Args:
        found: what is missing now.
        live: rows that the cache showed before.
        withheld: the loss that an earlier pass found here and withheld.
        trust: what is known about the loss beside the enumeration.
        lost: rows that went one by one within the last day; they count towards the limit.
    """
    if found.count == 0:
        return Verdict.KEEP
    if not is_suspicious(live + lost, found.count + lost) or trust is Trust.ALL:
        return Verdict.DELETE
    if trust is Trust.DENIED and found.count + lost < FEW_ROWS:
        return Verdict.DELETE
    if withheld is None:
        return Verdict.WITHHOLD
    agreed = withheld.digest == found.digest and found.since - withheld.since >= AGREEMENT_S
    return Verdict.DELETE if agreed else Verdict.WITHHOLD


def needs_consent(live: int, missing: int) -> bool:
    """Return whether rows that the source denied by their ids may not simply be deleted (Y7)."""
    return missing >= FEW_ROWS and is_suspicious(live, missing)


def is_suspicious(live: int, missing: int) -> bool:
    """Return whether so many of the rows may not simply be deleted (Y7)."""
    return missing >= live or (missing > SUSPICIOUS_ROWS and missing > SUSPICIOUS_SHARE * live)
