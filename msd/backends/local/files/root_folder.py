"""The root folder of a source: may msd use it, and is it still the one that was added.

A file system id (`statvfs`) tells a mounted disk from the empty directory it is mounted on. It is
no proof of identity: some file systems derive it from a device number, which changes when the
machine starts. So a new id alone is never a reason to refuse a folder that has content.
"""

import os
from collections.abc import Mapping
from itertools import islice
from types import MappingProxyType

import msgspec
from anyio import to_thread

from msd.backend_api import AddContext, NewSource, NewSources
from msd.backend_api.accounts import OptionValue
from msd.errors import InvalidArgumentError, UnreachableError
from msd.models import StatusReason

_FORBIDDEN = ("/proc", "/sys", "/dev")
_MAX_PATH = 4096
_MAX_NAME = 200
_LOOKED_AT = 1000  # hidden entries read before a folder counts as empty

FS_ID = "fs_id"
MOUNT_POINT = "mount_point"


class Mount(msgspec.Struct, frozen=True, kw_only=True):
    """The file system a folder lies on."""

    fs_id: str
    mount_point: str

    def as_config(self) -> dict[str, str]:
        """Return what is stored of it when the folder is added."""
        return {FS_ID: self.fs_id, MOUNT_POINT: self.mount_point}


async def add_folder(options: Mapping[str, OptionValue], _context: AddContext) -> NewSources:
    """Return the source for the folder `path`; nothing is walked yet.

    Raises:
        InvalidArgumentError: the folder can't be used, in words for the user.
    """
    path, name = options.get("path", ""), options.get("name", "")
    if not isinstance(path, str) or not isinstance(name, str) or len(name) > _MAX_NAME:
        raise InvalidArgumentError("path and name must be text, the name 200 characters at most")
    # A hanging network mount must not hold the caller: the thread is left behind.
    return await to_thread.run_sync(_new_source, path, name.strip(), abandon_on_cancel=True)


def _new_source(path: str, name: str) -> NewSources:
    real = canonical_folder(path)
    source = NewSource(
        server_id=real,
        name=name or os.path.basename(real),
        address=real,
        config=MappingProxyType(mount_of(real).as_config()),
    )
    return NewSources(account=None, sources=(source,))


def canonical_folder(path: str) -> str:
    """Return the canonical path of a folder that a user wants to add.

    Raises:
        InvalidArgumentError: not absolute, not a readable directory, or a place msd never reads.
    """
    if not path.startswith("/") or "\0" in path or len(path) > _MAX_PATH:
        raise InvalidArgumentError("the path must be absolute, like /home/me/Videos")
    real = os.path.realpath(path)
    if is_forbidden(real):
        raise InvalidArgumentError(f"{real} can't be a source: it is no place for media")
    if not os.path.isdir(real):
        there = os.path.lexists(real)
        raise InvalidArgumentError(
            f"{real} is not a directory" if there else f"there is no folder {real}"
        )
    try:
        real.encode()
        with os.scandir(real):
            pass
    except UnicodeEncodeError:
        raise InvalidArgumentError("the folder's own path must be valid UTF-8") from None
    except OSError as exc:
        raise InvalidArgumentError(f"{real} can't be read: {exc.strerror}") from exc
    return real


def is_forbidden(real: str) -> bool:
    """Say whether a canonical path is one that msd never reads (K6)."""
    return real == "/" or any(real == top or real.startswith(top + "/") for top in _FORBIDDEN)


def mount_of(real: str) -> Mount:
    """Return the file system that a folder lies on now."""
    mount_point = real
    while mount_point != "/" and not os.path.ismount(mount_point):
        mount_point = os.path.dirname(mount_point)
    return Mount(fs_id=f"{os.statvfs(real).f_fsid:x}", mount_point=mount_point)


def check_folder(path: str, config: Mapping[str, str]) -> str:
    """Check that a source's folder is there; return a remark for the user, mostly empty.

    Raises:
        UnreachableError: gone, unreadable, or an empty mount point. Never "empty" (Y7).
    """
    real = os.path.realpath(path)
    if is_forbidden(real) or not os.path.isdir(real):
        raise UnreachableError(
            f"the folder {path} is not there", reason=StatusReason.FOLDER_MISSING
        )
    try:
        with os.scandir(real) as entries:
            has_content = any(not e.name.startswith(".") for e in islice(entries, _LOOKED_AT))
        now = mount_of(real)
    except OSError as exc:
        raise UnreachableError(
            f"the folder {path} can't be read: {exc.strerror}", reason=StatusReason.FOLDER_MISSING
        ) from exc
    stored = Mount(
        fs_id=config.get(FS_ID, now.fs_id),
        mount_point=config.get(MOUNT_POINT, now.mount_point),
    )
    if stored.fs_id == now.fs_id:
        return ""
    if not has_content or stored.mount_point != now.mount_point:
        raise UnreachableError(
            f"nothing is mounted on {stored.mount_point}: the folder {path} is not the one added",
            reason=StatusReason.FOLDER_EMPTY_MOUNT,
        )
    return "another file system than when it was added, with content: accepted"
