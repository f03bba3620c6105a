"""Disks and databases: is there room, is the place fit for SQLite, are the files sound?"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, cast

from msd.cli.doctor.finding import Finding, Machine, error, fine, warning

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

LEAST_FREE_BYTES = 200 * 1024 * 1024
_NETWORK = frozenset({"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "fuse.sshfs"})
_MEGABYTE = 1024 * 1024


def storage_findings(
    machine: Machine,
    databases: Sequence[Mapping[str, object]],
    *,
    least_free_bytes: int = LEAST_FREE_BYTES,
) -> Iterator[Finding]:
    """Yield what is wrong with the data folder and the databases in it.

    Args:
        machine: where to look.
        databases: as `msd.selfcheck` describes them.
        least_free_bytes: less room than this counts as a full disk.
    """
    folder = _existing(machine.folders.data / "msd")
    stat = os.statvfs(folder)
    free = stat.f_bavail * stat.f_frsize
    if free < least_free_bytes:
        yield error(
            "disk-full",
            f"the disk of {folder} is full: {free // _MEGABYTE} MB are free",
            "make room; `du -sh ~/.cache ~/.local/share` shows where it went",
        )
    if stat.f_favail == 0 and stat.f_files:
        yield error(
            "no-inodes", f"the disk of {folder} can hold no more files", "delete some files"
        )
    yield from _access_findings(folder)
    kind = _file_system(folder, machine.mounts)
    if kind in _NETWORK:
        yield warning(
            "network-home",
            f"{folder} is on a network file system ({kind}), where databases are slow or break",
            "set XDG_DATA_HOME to a folder on this machine for msd",
        )
    problems = [finding for row in databases for finding in _database_findings(row)]
    yield from problems
    if not problems and any(row.get("bytes") for row in databases):
        yield fine("databases", "the databases are sound")


def _existing(path: Path) -> Path:
    """Return the folder, or the nearest one above it that exists."""
    while not path.is_dir():
        path = path.parent
    return path


def _access_findings(folder: Path) -> Iterator[Finding]:
    owner = folder.stat().st_uid
    if owner != os.geteuid() and os.geteuid() != 0:
        yield error(
            "wrong-owner",
            f"{folder} belongs to another user; msd was once run with sudo",
            f"sudo chown -R $USER '{folder}'",
        )
    elif not os.access(folder, os.W_OK | os.X_OK):
        yield error("not-writable", f"{folder} can't be written", f"chmod u+rwx '{folder}'")


def _file_system(folder: Path, mounts: Path) -> str:
    """Return the type of the file system that a folder is on, e.g. `ext4`; empty if unknown."""
    best, kind = "", ""
    try:
        lines = mounts.read_text(errors="replace").splitlines()
    except OSError:
        return ""
    for line in lines:
        before, _, after = line.partition(" - ")
        place = before.split()[4].replace("\\040", " ")
        if folder.resolve().is_relative_to(place) and len(place) >= len(best):
            best, kind = place, after.split()[0]
    return kind


def _database_findings(row: Mapping[str, object]) -> Iterator[Finding]:
    path = Path(cast("str", row["path"]))
    name, is_cache = path.name, path.name == "cache.db"
    match row.get("problem"):
        case "damaged" if is_cache:
            yield error(
                "cache-damaged",
                f"{name} is damaged; it can be made again from the sources",
                f"msdctl stop && rm '{path}' && msdctl start",
            )
        case "damaged":
            yield error(
                "state-damaged",
                f"{name}, which holds your sources, is damaged",
                f"msdctl stop; then put the newest backup beside '{path}' in its place",
            )
        case "newer":
            yield error(
                "schema-newer",
                f"{name} was written by a newer msd (version {row.get('version')} of its tables,"
                f" this msd knows {row.get('known_version')})",
                "upgrade msd; a downgrade can't read it",
            )
        case "foreign":
            yield error("not-a-database", f"{path} is no database of msd", f"mv '{path}' elsewhere")
        case "unreadable":
            yield error("database-unreadable", f"{path} can't be read", f"ls -l '{path}'")
        case _:
            return
