"""Jobs, and what a sync tells while it runs and when it ends."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from msd.models.ids import NEVER, JobId, SourceId, UnixSeconds
from msd.models.words import JobKind, JobState

JobValue = int | bool | str | tuple[Mapping[str, str | bool], ...]
"""A value of a job's result; a tuple is a list of things that were found."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncProgress:
    """How far a running sync is (Y11)."""

    phase: str  # connecting, libraries, the listed item type, deletions, members
    done: int  # rows seen so far in the whole sync
    total: int | None  # rows the server announced so far; None = unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncReport:
    """What a sync did."""

    seen: int = 0
    added: int = 0
    updated: int = 0
    removed: int = 0
    unchanged: int = 0
    skipped: int = 0
    held: int = 0  # deletions that are held back in the whole source now (Y7)
    complete: bool = True  # every listing was enumerated completely
    duration_ms: int = 0
    skipped_examples: tuple[str, ...] = ()  # at most 20, one sentence each


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncProgressMark:
    """How far a sync is, as the transaction of the last rows records it beside them (Y6, Y8)."""

    resume_at: int | None = None  # where the listing goes on, should the first sync be cut short
    came: int = 0  # rows among these that the listing did not have
    cursors: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))  # by aspect


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
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
    result: Mapping[str, JobValue] = field(default_factory=lambda: MappingProxyType({}))
