"""Jobs, the options of a sync, and what it reports while it runs and at its end."""

from collections.abc import Mapping
from types import MappingProxyType

from msgspec import Struct, field

from msd.models.ids import NEVER, JobId, LibraryId, SourceId, UnixSeconds
from msd.models.words import JobKind, JobState, SyncMode

JobValue = int | bool | str | tuple[Mapping[str, str | bool], ...]
"""A value of a job's result; a tuple is a list of things that were found."""

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
