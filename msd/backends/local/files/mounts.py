"""Which file systems lie below a folder: changes on those of other machines go unseen here."""

import os
import re
from pathlib import Path

_MOUNTS = Path("/proc/self/mountinfo")
_ELSEWHERE = frozenset(
    (
        *("9p", "acfs", "afp", "afs", "autofs", "ceph", "cifs", "coda", "davfs", "gfs2"),
        *("glusterfs", "lustre", "ncpfs", "nfs", "nfs4", "ocfs2", "orangefs", "pvfs2"),
        *("smb2", "smb3", "smbfs", "virtiofs"),
    )
)
_ESCAPE = re.compile(rb"\\([0-7]{3})")


def foreign_mounts(root: bytes, mounts: Path = _MOUNTS) -> list[bytes]:
    """Return the mount points on or below a canonical folder whose content may change unseen.

    The kernel reports what happens through its own file system only: not what another machine
    writes to a share, nor what a program in user space shows.
    """
    try:
        lines = mounts.read_bytes().splitlines()
    except OSError:
        return []
    found = [entry for line in lines if (entry := _entry(line)) is not None]
    holding = [point for point, _ in found if _is_on(root, point)]
    own = max(holding, key=len, default=b"/")
    return [
        point
        for point, kind in found
        if _is_foreign(kind) and (point == own or _is_on(point, root))
    ]


def _entry(line: bytes) -> tuple[bytes, str] | None:
    left, _, right = line.partition(b" - ")
    fields, kind = left.split(b" "), right.split(b" ")[0]
    if len(fields) < len(("id", "parent", "device", "root", "point")) or not kind:
        return None
    point = _ESCAPE.sub(lambda match: bytes([int(match[1], 8) & 0xFF]), fields[4])
    return point, os.fsdecode(kind)


def _is_foreign(kind: str) -> bool:
    return kind in _ELSEWHERE or kind.startswith("fuse.")


def _is_on(path: bytes, above: bytes) -> bool:
    return path == above or path.startswith(above.rstrip(b"/") + b"/")
