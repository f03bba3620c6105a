"""The list of everything below a folder that is no item (Y16)."""

from msd.backends.local.files.left_out import LeftOut
from msd.backends.local.files.walk import join
from msd.backends.local.scanning.scan import Scan
from msd.models import Omission


def omissions_of(scan: Scan) -> tuple[Omission, ...]:
    """Return every file and folder of a source that is no item, each once; blocks.

    Paths are those on the disk; bytes that are no UTF-8 show as U+FFFD. What lies below a folder
    in the list is left out with it.
    """
    found: dict[bytes, LeftOut] = {}
    gaps = [LeftOut(path, "unreadable", "it can't be read") for path in scan.walk.gaps]
    catalogued = [left_out for part in scan.parts for left_out in scan.left_out(part)]
    for left_out in (*gaps, *_broken(scan), *scan.walk.left_out, *catalogued):
        found.setdefault(left_out.path, left_out)
    return tuple(_omission(scan, left_out) for left_out in found.values())


def _broken(scan: Scan) -> list[LeftOut]:
    """Return the files that could not be played when they were read, as far as still there."""
    problems = scan.problems()
    if not problems:
        return []
    return [
        LeftOut(path, "broken", problems[path][2])
        for folder in scan.walk.folders.values()
        for entry in folder.files
        if (path := join(folder.path, entry.name)) in problems
        and problems[path][:2] == (entry.size, entry.mtime_ns)
    ]


def _omission(scan: Scan, left_out: LeftOut) -> Omission:
    part = scan.library_of(left_out.path) if left_out.path else None
    return Omission(
        place=left_out.path.decode("utf-8", "replace") or ".",
        kind=left_out.kind,
        reason=left_out.reason,
        library=part.remote_id if part is not None else None,
    )
