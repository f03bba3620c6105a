"""What a walk leaves out, and why: every file that a user would miss is listed with a reason."""

import re
from typing import NamedTuple

LEAVE_OUT = frozenset({b".nomedia", b".ignore", b".plexignore"})
_BINS = re.compile(
    rb"^(?:[@#]recycled?|\$recycle\.bin|recycler|\.recycle(?:\.bin|d)?|\.trash(?:es|-\d+)?|"
    rb"network trash folder|@trash)$"
)
_SNAPSHOTS = re.compile(
    rb"^(?:@recently-snapshot|[#@~]snapshots?|\.snapshots?|\.zfs|@gmt-[\d.-]+|\.ckpt|timemachine)$"
)
_UNPACKING = re.compile(rb"^(?:_+unpack(?:ing)?_|__admin__$|[._]?incomplete$)")
_FAILED = re.compile(rb"^_+failed_")
# Made by devices for themselves; what is in them is never a medium of its own.
_DEVICE_FOLDERS = frozenset({b"@eadir", b".@__thumb", b"@tmp"})
_SYSTEM = re.compile(rb"^(?:lost\+found|system volume information|__macosx)$")
_HIDDEN = re.compile(rb"^\.")
# The first form that fits decides.
_FOLDERS = (
    (_BINS, ("bin", "a recycle bin")),
    (_SNAPSHOTS, ("snapshot", "older states of the folder, kept by the file system")),
    (_UNPACKING, ("unfinished", "a download program is still working on it")),
    (_FAILED, ("broken", "a download program could not finish it")),
    (_SYSTEM, ("other", "made by an operating system for itself")),
    (_HIDDEN, ("hidden", "a hidden folder")),
)
_DOWNLOADING = frozenset(
    {b".part", b".partial", b".crdownload", b".!qb", b".!ut", b".aria2", b".download", b".bc!"}
)
_STREAM_LINKS = frozenset({b".strm", b".url", b".webloc", b".disc"})


class LeftOut(NamedTuple):
    """A file or folder that is no item; what lies below a folder is left out with it."""

    path: bytes  # relative to the source's folder
    kind: str  # one of `msd.models.OMISSION_KINDS`
    reason: str  # for the user, in plain words


def folder_left_out(name: bytes) -> tuple[str, str] | None:
    """Return kind and reason when a folder of this name is not read, None when it is."""
    lower = name.lower()
    return next((found for form, found in _FOLDERS if form.match(lower)), None)


def is_device_folder(name: bytes) -> bool:
    """Say whether a folder is one that a device makes for itself, such as for thumbnails."""
    return name.lower() in _DEVICE_FOLDERS


def is_passed_over(name: bytes) -> bool:
    """Say whether a name is hidden, or one whose content is never listed."""
    return name.startswith(b".") or is_device_folder(name) or folder_left_out(name) is not None


def file_left_out(name: bytes, suffix: bytes) -> tuple[str, str]:
    """Return kind and reason for a file that is no medium by its name."""
    if suffix in _DOWNLOADING:
        return "unfinished", "a download that has not ended"
    if suffix in _STREAM_LINKS:
        return "unsupported", "it only points to something elsewhere, which msd does not open"
    if suffix == b".cue":
        return "unsupported", "a cue sheet whose audio file is not there"
    del name
    return "other", "not a media file by its name"
