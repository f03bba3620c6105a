"""Jobs, the options of a sync, and what it reports while it runs and at its end."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from msgspec import Struct, field

from msd.models.ids import NEVER, JobId, LibraryId, SourceId, UnixSeconds
from msd.models.words import JobKind, JobState, SyncMode

JobValue = int | bool | str | tuple[Mapping[str, str | bool], ...]
"""A value of a job's result; a tuple is a list of things that were found."""

_MOST_PLACES = 3  # that a sentence about several names
_NO_CURSORS: Mapping[str, str] = MappingProxyType({})
_NO_RESULT: Mapping[str, JobValue] = MappingProxyType({})


class SyncOptions(Struct, frozen=True, kw_only=True):
    """What one sync of a source is asked to do; the defaults mean every library, by its cursors."""

    mode: SyncMode = SyncMode.AUTO
    only: frozenset[LibraryId] = frozenset()  # empty: every library but those in `off`
    off: frozenset[LibraryId] = frozenset()
    confirm_deletes: bool = False  # the user says that the withheld deletions are real
    type_changed: frozenset[LibraryId] = frozenset()  # the user said that they hold something else
    full_enumeration: bool = False  # list every row, whatever the cursors say

    @property
    def reads_all(self) -> bool:
        """Whether every library is enumerated from its first row."""
        return self.full_enumeration or self.confirm_deletes or self.mode is SyncMode.FULL

    def includes(self, library_id: LibraryId) -> bool:
        """Return whether a library is to be synced."""
        if library_id in self.off:
            return False
        return not self.only or library_id in self.only


class SyncProgress(Struct, frozen=True, kw_only=True):
    """How far a running sync is (Y11)."""

    phase: str  # connecting, libraries, the listed item type, deletions, members
    done: int  # rows seen so far in the whole sync
    total: int | None  # rows the server announced so far; None = unknown


class FaultScope(StrEnum):
    """What a fault is about, from the smallest thing to the largest (S9)."""

    VALUE = "value"  # one field of a row
    ROW = "row"  # one row, or the members of one collection or playlist
    LISTING = "listing"  # one item type of one library
    LIBRARY = "library"
    SOURCE = "source"


class SyncFault(Struct, frozen=True, kw_only=True):
    """What failed in a sync that went on: which part, at which request, and why (S9)."""

    scope: FaultScope
    library: str = ""  # its name; "" for a fault of the whole source
    listing: str = ""  # its item type, e.g. "season"; "" for a fault of the whole library
    request: str = ""  # e.g. "GET /Items"; "" when none was sent
    status: int | None = None  # that the server answered with, e.g. 500
    reason: str = ""  # one sentence
    missing_rows: int | None = None  # rows that did not come because of it; None: unknown

    def place(self) -> str:
        """Return where it was, e.g. "Shows (season)"; "" for the whole source."""
        return f"{self.library} ({self.listing})" if self.listing else self.library

    def cause(self) -> str:
        """Return what was wrong, e.g. "the server answered with status 500, at GET /Items"."""
        text = f"{self.reason}, at {self.request}" if self.request else self.reason
        if self.missing_rows:
            text += f"; {self.missing_rows} {'row is' if self.missing_rows == 1 else 'rows are'}"
            text += " missing"
        return text

    def sentence(self) -> str:
        """Return it for people, e.g. 'Shows (season): the server answered with status 500'."""
        return f"{self.place()}: {self.cause()}" if self.place() else self.cause()


class SyncReport(Struct, frozen=True, kw_only=True):
    """What a sync did."""

    seen: int = 0
    added: int = 0
    updated: int = 0
    removed: int = 0
    unchanged: int = 0
    skipped: int = 0
    withheld: int = 0  # deletions that are withheld in the whole source now (Y7)
    complete: bool = True  # every listing was enumerated completely
    duration_ms: int = 0
    skipped_examples: tuple[str, ...] = ()  # at most 20, one sentence each
    faults: tuple[SyncFault, ...] = ()  # at most 20, in the order they were met

    def fault_summary(self) -> str:
        """Return one line about everything that failed, "" when nothing did.

        Places with the same cause are named together: one list may serve many libraries.
        """
        places: dict[str, list[str]] = {}
        for fault in self.faults:
            names = places.setdefault(fault.cause(), [])
            if fault.place() not in names:
                names.append(fault.place())
        return "; ".join(_sentence(names, cause) for cause, names in places.items())


def _sentence(places: list[str], cause: str) -> str:
    named = ", ".join(places[:_MOST_PLACES])
    more = len(places) - _MOST_PLACES
    named = f"{named} and {more} more" if more > 0 else named
    return f"{named}: {cause}" if named else cause


class SyncProgressMark(Struct, frozen=True, kw_only=True):
    """How far a sync is, recorded in the same transaction as the rows it covers (Y6, Y8)."""

    resume_at: int | None = None  # the row where an interrupted first sync goes on
    new_rows: int = 0  # rows of the transaction that the listing did not have before
    cursors: Mapping[str, str] = _NO_CURSORS  # by aspect


class Job(Struct, frozen=True, kw_only=True):
    """One long operation, as the `Job` object shows it."""

    id: JobId
    kind: JobKind
    source_id: SourceId
    state: JobState
    phase: str = ""
    done: int = 0
    total: int | None = None
    started_at: UnixSeconds = NEVER
    error: str = ""
    result: Mapping[str, JobValue] = field(default_factory=lambda: _NO_RESULT)
