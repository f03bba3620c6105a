"""What a source has and msd leaves out, with the reason."""

from msgspec import Struct

from msd.models.ids import LibraryId, RemoteId, UnixSeconds

OMISSION_KINDS = (
    "broken",
    "link-outside",
    "unreadable",
    "unsupported",
    "unfinished",
    "twin",
    "sample",
    "disc",
    "snapshot",
    "bin",
    "hidden",
    "ignored",
    "other",
)
"""The kinds of omissions, worst first; any other word sorts like "other"."""


class Omission(Struct, frozen=True, kw_only=True):
    """One file or row that a backend leaves out (Y16)."""

    place: str  # path below the folder, or the remote id of a row
    kind: str  # one of OMISSION_KINDS
    reason: str  # one sentence for a person, e.g. "the server answers 500 for this film"
    library: RemoteId | None = None
    title: str = ""
    thing: str = ""  # what a server calls it, e.g. "photo"; "" where the kind says it all
    number: int = 1  # of such things that this one omission stands for, 0 = unknown


class SkippedRow(Struct, frozen=True, kw_only=True):
    """One omission as it is stored."""

    place: str
    kind: str
    reason: str
    since: UnixSeconds  # when it was first left out
    library_id: LibraryId | None = None
    title: str = ""
    thing: str = ""
    number: int = 1  # 0 = unknown


class SkippedPage(Struct, frozen=True, kw_only=True):
    """One page of a source's omissions, worst kind first, then by place."""

    rows: tuple[SkippedRow, ...]
    next_cursor: str  # "" at the end
    total: int
