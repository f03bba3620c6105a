"""Watches every directory below a folder with inotify; nothing is polled.

Each directory needs one watch. All programs of the user share a limited number of them, and each
takes about a kilobyte of kernel memory. So there is a budget; a folder with more directories is
scanned at intervals instead. Everything here blocks and may run in threads that are left behind:
events that such a thread read are kept for the next call.
"""

import errno
import os
import stat
from pathlib import Path
from threading import Event, Lock

import msgspec
from inotify_simple import Event as FileEvent
from inotify_simple import INotify, flags

from msd.backends.local.files.file_kind import kind_of
from msd.backends.local.files.left_out import LEAVE_OUT, is_passed_over
from msd.backends.local.files.walk import join
from msd.errors import BackendError, UnreachableError
from msd.models import StatusReason

MOST_WATCHES = 50_000  # of one folder
MOST_FILES = 100  # reported by name; with more of them the whole folder is scanned
_SHARE = 4  # one of so many parts of what the user may have
_LIMIT = Path("/proc/sys/fs/inotify/max_user_watches")
_NAMES = flags.CREATE | flags.DELETE | flags.MOVED_FROM | flags.MOVED_TO | flags.CLOSE_WRITE
_SELF = flags.DELETE_SELF | flags.MOVE_SELF
_MASK = _NAMES | _SELF | flags.ONLYDIR | flags.DONT_FOLLOW | flags.EXCL_UNLINK
_ALL_TAKEN = frozenset({errno.ENOSPC, errno.EMFILE, errno.ENFILE, errno.ENOMEM})


def watch_budget(limit: Path = _LIMIT) -> int:
    """Return how many directories of one folder may be watched."""
    try:
        return min(int(limit.read_text()) // _SHARE, MOST_WATCHES)
    except (OSError, ValueError):
        return MOST_WATCHES


class Touched(msgspec.Struct, frozen=True):
    """What changed below a folder. False in a condition when nothing changed."""

    files: frozenset[bytes] = frozenset()  # paths relative to it; they may be gone
    is_unclear: bool = False  # something changed that file names can't describe: scan the folder

    def __bool__(self) -> bool:
        return self.is_unclear or bool(self.files)

    def __or__(self, other: "Touched") -> "Touched":
        files = self.files | other.files
        if self.is_unclear or other.is_unclear or len(files) > MOST_FILES:
            return Touched(is_unclear=True)
        return Touched(files)


class FolderWatch:
    """Watches a folder from `begin` until it is closed.

    Args:
        root: the canonical folder.
        budget: how many directories may be watched.

    Raises:
        BackendError: this user has no watch left (reason `degraded-live`).
    """

    def __init__(self, root: bytes, budget: int) -> None:
        self._root = root
        self._budget = budget
        self._stop = Event()  # ends what a thread does that was left behind
        self._lock = Lock()
        self._paths: dict[int, bytes] = {}  # by watch, relative to the root
        self._touched = Touched()
        try:
            self._inotify = INotify(nonblocking=True)
        except OSError as error:
            raise _unwatched(f"no more watches can be had: {error.strerror}") from error

    def begin(self) -> None:
        """Watch every directory; nothing that happens after it returns is missed.

        Raises:
            BackendError: there are too many directories, or no watch is left.
            UnreachableError: the folder is not there.
        """
        with self._lock:
            self._watch_below(b"")

    def fileno(self) -> int:
        """Return the file descriptor that becomes readable when something happens."""
        return int(self._inotify.fileno())

    def read(self) -> None:
        """Read the events that are there, without waiting.

        Raises:
            UnreachableError: the folder itself went away.
            BackendError: new directories can't be watched any more.
        """
        with self._lock:
            for event in self._inotify.read(timeout=0):
                self._note(event)

    def take(self) -> Touched:
        """Return the changes since the last call."""
        touched, self._touched = self._touched, Touched()
        return touched

    def close(self) -> None:
        """Give all watches back."""
        self._stop.set()
        with self._lock:
            self._inotify.close()

    def _note(self, event: FileEvent) -> None:
        if event.mask & flags.Q_OVERFLOW:
            self._note_unclear()
            self._watch_below(b"")  # directories may have come unseen
            return
        path = self._paths.get(event.wd)
        if path is None:
            return
        if event.mask & (flags.IGNORED | flags.UNMOUNT | _SELF):
            self._lose(event, path)
        else:
            self._note_name(event, path, os.fsencode(event.name))

    def _lose(self, event: FileEvent, path: bytes) -> None:
        """Handle the end of a watch; for a moved directory the event of its parent says more."""
        if path and event.mask & flags.MOVE_SELF:
            return
        if not path:
            raise UnreachableError(
                "the folder was moved, deleted or unmounted", reason=StatusReason.FOLDER_MISSING
            )
        self._paths.pop(event.wd, None)
        if not event.mask & flags.DELETE_SELF:  # its files were reported one by one
            self._note_unclear()

    def _note_name(self, event: FileEvent, folder: bytes, name: bytes) -> None:
        path = join(folder, name)
        if event.mask & flags.ISDIR:
            self._note_directory(event, path, name)
        elif name in LEAVE_OUT:
            self._note_unclear()
        elif not name.startswith(b".") and (not event.mask & flags.CREATE or self._is_whole(path)):
            self._note_file(path, name)

    def _note_directory(self, event: FileEvent, path: bytes, name: bytes) -> None:
        """Report the files of a new directory; those of one that was moved away are not known."""
        if is_passed_over(name):
            return
        if event.mask & flags.MOVED_FROM:
            self._forget_below(path)
            self._note_unclear()
        elif event.mask & (flags.CREATE | flags.MOVED_TO):
            self._watch_below(path, is_new=True)

    def _note_file(self, path: bytes, name: bytes) -> None:
        if kind_of(name) is not None:
            self._touched |= Touched(frozenset({path}))
        elif b"." not in name:  # without a known ending it may be a link to a directory
            self._note_unclear()

    def _note_unclear(self) -> None:
        self._touched |= Touched(is_unclear=True)

    def _is_whole(self, path: bytes) -> bool:
        """Return whether a new file is complete: links are; others are reported when closed."""
        try:
            facts = os.lstat(join(self._root, path))
        except OSError:
            return False
        return stat.S_ISLNK(facts.st_mode) or facts.st_nlink > 1

    def _watch_below(self, start: bytes, *, is_new: bool = False) -> None:
        """Watch a directory and all below it, each before it is read, so that nothing is missed."""
        waiting = [start]
        while waiting:
            if self._stop.is_set():
                return
            path = waiting.pop()
            if self._watch(path):
                folders, others = self._names_in(path)
                waiting.extend(join(path, name) for name in folders)
                for name in others if is_new else ():
                    self._note_file(join(path, name), name)

    def _watch(self, path: bytes) -> bool:
        try:
            watch = self._inotify.add_watch(join(self._root, path) or b"/", _MASK)
        except OSError as error:
            if error.errno in _ALL_TAKEN:
                raise _unwatched("no more directories can be watched by this user") from error
            if not path:
                raise UnreachableError(
                    f"the folder can't be watched: {error.strerror}",
                    reason=StatusReason.FOLDER_MISSING,
                ) from error
            return False  # it went away, or can't be read: the walk knows it as a gap
        self._paths[watch] = path
        if len(self._paths) > self._budget:
            raise _unwatched(f"the folder has more than {self._budget} directories")
        return True

    def _names_in(self, path: bytes) -> tuple[list[bytes], list[bytes]]:
        """Return the names of the directories in one, and those of everything else."""
        folders: list[bytes] = []
        others: list[bytes] = []
        try:
            with os.scandir(join(self._root, path)) as entries:
                for entry in entries:
                    if not is_passed_over(entry.name):
                        is_folder = entry.is_dir(follow_symlinks=False)
                        (folders if is_folder else others).append(entry.name)
        except OSError:
            pass
        return folders, others

    def _forget_below(self, start: bytes) -> None:
        """Remove the watches of a directory that was moved; it may be out of the folder now."""
        below = start + b"/"
        gone = [w for w, path in self._paths.items() if path == start or path.startswith(below)]
        for watch in gone:
            del self._paths[watch]
            try:
                self._inotify.rm_watch(watch)
            except OSError:
                continue  # the kernel was faster


def _unwatched(why: str) -> BackendError:
    return BackendError(
        f"{why}; the folder is scanned at intervals instead", reason=StatusReason.DEGRADED_LIVE
    )
