"""One pass over the names below a folder, or over some of it: what is there, nothing is opened.

Symbolic links are followed only when they end inside the folder, after everything that is there
under its own name, so that a file is found once and under its real name whenever it has one.
"""

import os
import stat
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import suppress
from threading import Event
from typing import NamedTuple

import msgspec

from msd.backends.local.files.file_kind import MEDIA_KINDS, FileKind, kind_of, split_name
from msd.backends.local.files.left_out import (
    LEAVE_OUT,
    LeftOut,
    file_left_out,
    folder_left_out,
    is_device_folder,
    is_passed_over,
)

MOST_LEFT_OUT = 50_000  # kept by name; what comes after is only counted
_MAX_LINKS = 100_000
_MAX_OF_TREES = 500  # directories
_MAX_DEPTH = 60  # of nested directories


class FileEntry(NamedTuple):
    """One file: its name in its folder, and the facts that show whether it changed."""

    name: bytes
    size: int
    mtime_ns: int
    kind: FileKind


class Folder(msgspec.Struct, eq=False):
    """One folder with the files that matter; the path is relative to the root, b"" for it."""

    path: bytes
    files: list[FileEntry] = msgspec.field(default_factory=list)
    subfolders: list[bytes] = msgspec.field(default_factory=list)  # names
    is_mount: bool = False
    is_empty: bool = False


class Walk(msgspec.Struct, eq=False):
    """Everything found below a root folder."""

    folders: dict[bytes, Folder] = msgspec.field(default_factory=dict)
    left_out: list[LeftOut] = msgspec.field(default_factory=list)
    uncounted: int = 0  # left out beyond the ones that are kept by name
    # Files with several names in this folder or elsewhere, by device and inode.
    linked: dict[tuple[int, int], list[tuple[Folder, FileEntry]]] = msgspec.field(
        default_factory=dict
    )
    gaps: list[bytes] = msgspec.field(
        default_factory=list
    )  # folders that could not be read completely

    def leave_out(self, path: bytes, kind: str, reason: str) -> None:
        """Note a file or folder that is no item."""
        if len(self.left_out) < MOST_LEFT_OUT:
            self.left_out.append(LeftOut(path, kind, reason))
        else:
            self.uncounted += 1


class WalkStoppedError(Exception):
    """The walk was stopped; only its own caller sees this."""


def walk_folder(root: str, stop: Event) -> Walk:
    """Read all names below `root`. Unreadable folders become gaps, never errors.

    Raises:
        WalkStoppedError: `stop` was set.
        OSError: the root itself can't be read.
    """
    return _Walker(os.fsencode(root), stop).run()


def walk_directories(
    root: str, directories: Iterable[bytes], trees: Iterable[bytes], stop: Event
) -> Walk | None:
    """Read some directories, and some others with all below them; absent ones are left out.

    Returns:
        As `walk_folder` would find these directories; None when only that can tell, because of
        links, mounts, names that leave a directory out, or trees that are large.

    Raises:
        As `walk_folder`.
    """
    return _Walker(os.fsencode(root), stop, most=_MAX_OF_TREES).run_some(directories, trees)


def holds_media(root: bytes, start: bytes, leave_out: Iterable[bytes]) -> bool:
    """Say whether any media file lies below a directory, without some of its subdirectories."""
    left_out, waiting = frozenset(leave_out), [start]
    while waiting:
        for path, name, is_folder in _entries(root, waiting.pop()):
            if is_folder:
                waiting += [] if path in left_out else [path]
            elif kind_of(name) in MEDIA_KINDS:
                return True
    return False


def _entries(root: bytes, path: bytes) -> Iterator[tuple[bytes, bytes, bool]]:
    """Yield paths, names, and whether they are directories; what can't be read is left out."""
    with suppress(OSError), os.scandir(join(root, path)) as entries:
        for entry in entries:
            if not is_passed_over(entry.name):
                yield join(path, entry.name), entry.name, entry.is_dir(follow_symlinks=False)


class _Walker:
    """The state of one walk."""

    def __init__(self, root: bytes, stop: Event, most: int | None = None) -> None:
        self._root = root
        self._stop = stop
        self._most = most  # directories; what comes after is not read
        self._walk = Walk()
        self._seen: set[tuple[int, int]] = set()
        self._links: deque[bytes] = deque()
        self._names: dict[bytes, frozenset[bytes]] = {}  # of folders that links lead into

    def run(self) -> Walk:
        with os.scandir(self._root):
            pass  # an unreadable root is an error, an unreadable folder below it a gap
        self._descend(b"", os.stat(self._root).st_dev)
        followed = 0
        while self._links and followed < _MAX_LINKS:
            self._follow(self._links.popleft())
            followed += 1
        return self._in_order()

    def run_some(self, directories: Iterable[bytes], trees: Iterable[bytes]) -> Walk | None:
        device = os.stat(self._root).st_dev
        for path in directories:
            if self._is_special(path):
                return None
            if self._is_there(path):
                self._enter(path, device)
        for path in trees:
            if self._is_special(path):
                return None
            if self._is_there(path):
                self._descend(path, device)
        folders = self._walk.folders.values()
        if self._links or self._walk.linked or self._is_full() or any(f.is_mount for f in folders):
            return None
        return self._in_order()

    def _in_order(self) -> Walk:
        for folder in self._walk.folders.values():
            folder.files.sort()
        self._walk.folders = dict(sorted(self._walk.folders.items()))
        return self._walk

    def _is_full(self) -> bool:
        return self._most is not None and len(self._walk.folders) > self._most

    def _is_special(self, path: bytes) -> bool:
        """Say whether one is no ordinary directory, or those above have a say in what it holds."""
        names = path.split(b"/") if path else []
        if any(map(is_passed_over, names)) or len(names) > _MAX_DEPTH:
            return True
        places = [b"/".join(names[:depth]) for depth in range(len(names) + 1)]
        if any(os.path.lexists(join(self._root, join(p, n))) for p in places for n in LEAVE_OUT):
            return True  # what is left out may still be listed by links
        full = join(self._root, path)
        return os.path.realpath(full) != full

    def _is_there(self, path: bytes) -> bool:
        try:
            os.stat(join(self._root, path))
        except (FileNotFoundError, NotADirectoryError):
            return False
        except OSError:
            return True  # entering it will find the same error, and note the gap
        return True

    def _descend(self, start: bytes, parent_device: int) -> None:
        pending = [(start, parent_device)]
        while pending and not self._is_full():
            if self._stop.is_set():
                raise WalkStoppedError
            path, device_above = pending.pop()
            here = self._enter(path, device_above)
            if here is not None:
                folder, device = here
                pending.extend((join(path, name), device) for name in folder.subfolders)

    def _enter(self, path: bytes, device_above: int) -> tuple[Folder, int] | None:
        """Read one folder, unless it was read before under another name."""
        full = join(self._root, path)
        try:
            facts = os.stat(full)
            if (facts.st_dev, facts.st_ino) in self._seen:
                return None
            self._seen.add((facts.st_dev, facts.st_ino))
            folder = Folder(path, is_mount=facts.st_dev != device_above)
            self._read(folder, full)
        except OSError:
            self._walk.gaps.append(path)
            return None
        self._walk.folders[path] = folder
        return folder, facts.st_dev

    def _read(self, folder: Folder, full: bytes) -> None:
        with os.scandir(full) as entries:
            found = list(entries)
        folder.is_empty = not found
        marker = next((entry.name for entry in found if entry.name in LEAVE_OUT), None)
        if marker is not None:
            why = f"there is a {marker.decode()} file in it"
            self._walk.leave_out(folder.path, "ignored", why)
            return
        for entry in found:
            if entry.is_symlink():
                if not is_passed_over(entry.name):
                    self._links.append(join(folder.path, entry.name))
            elif entry.is_dir(follow_symlinks=False):
                self._note_folder(folder, entry.name)
            else:
                self._note_entry(folder, entry)

    def _note_entry(self, folder: Folder, entry: os.DirEntry[bytes]) -> None:
        try:
            facts = entry.stat(follow_symlinks=False)
        except OSError:
            self._walk.gaps.append(folder.path)  # it went away, or the disk did
        else:
            self._note_file(folder, entry.name, facts)

    def _note_folder(self, folder: Folder, name: bytes) -> None:
        path = join(folder.path, name)
        left_out = folder_left_out(name)
        if left_out is not None:
            self._walk.leave_out(path, *left_out)
        elif path.count(b"/") >= _MAX_DEPTH:
            self._walk.leave_out(path, "unreadable", "it lies too deep in other folders")
        elif not is_device_folder(name):
            folder.subfolders.append(name)

    def _note_file(self, folder: Folder, name: bytes, facts: os.stat_result) -> None:
        path, kind = join(folder.path, name), kind_of(name)
        if name.startswith(b"."):
            if kind in MEDIA_KINDS:
                self._walk.leave_out(path, "hidden", "a hidden file")
        elif not stat.S_ISREG(facts.st_mode):
            self._walk.leave_out(path, "other", "not a regular file")
        elif kind is None:
            self._walk.leave_out(path, *file_left_out(name, split_name(name)[1]))
        else:
            entry = FileEntry(name, facts.st_size, facts.st_mtime_ns, kind)
            folder.files.append(entry)
            if facts.st_nlink > 1 and kind in MEDIA_KINDS:
                same = self._walk.linked.setdefault((facts.st_dev, facts.st_ino), [])
                same.append((folder, entry))

    def _follow(self, path: bytes) -> None:
        """List what a link leads to, if that is inside the root and not listed by its name."""
        try:
            real = os.path.realpath(join(self._root, path), strict=True)
            facts = os.stat(real)
        except OSError:
            self._walk.leave_out(path, "broken", "a link that leads nowhere")
            return
        if not is_inside(real, self._root):
            reason = "a link out of the folder; add the folder that it leads to as a source"
            self._walk.leave_out(path, "link-outside", reason)
            return
        above = self._walk.folders[os.path.dirname(path)]
        name = os.path.basename(path)
        if stat.S_ISDIR(facts.st_mode):
            if (facts.st_dev, facts.st_ino) not in self._seen:
                above.subfolders.append(name)
                self._descend(path, facts.st_dev)
        elif not self._is_listed(os.path.relpath(real, self._root)):
            self._note_file(above, name, facts)

    def _is_listed(self, path: bytes) -> bool:
        above, name = os.path.split(path)
        if above not in self._names:
            folder = self._walk.folders.get(above)
            self._names[above] = (
                frozenset(entry.name for entry in folder.files) if folder else frozenset()
            )
        return name in self._names[above]


def join(folder: bytes, name: bytes) -> bytes:
    """Return the path of a name in a folder; the root's own path is empty."""
    if not folder:
        return name
    return folder + b"/" + name if name else folder


def is_inside(real: bytes, root: bytes) -> bool:
    """Say whether a canonical path lies below a canonical folder."""
    return real.startswith(root.rstrip(b"/") + b"/")
