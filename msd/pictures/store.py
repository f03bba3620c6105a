"""Pictures as files below a folder: by key, private, whole or absent, within a cap.

    FOLDER/<source>/<key>.<jpg|png|webp>        e.g. artwork/5d41402abc4b/7d793037a076….jpg

Source and key are hashes, so that neither a server's name nor a token stands in a path. The cap
holds at every moment: files that were used longest ago are removed before a new one is written.
"""

import os
import time
from collections import OrderedDict
from contextlib import suppress
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import NewType

from msgspec import Struct

from msd.models import SourceId
from msd.pictures.wire import Format

PictureKey = NewType("PictureKey", str)
PRIVATE = 0o700
_BLOCK = 4096  # a file takes whole blocks of the disk
_SUFFIXES = frozenset(one.suffix for one in Format)
_UNFINISHED = ".part"
_NEW = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC


class _File(Struct):
    path: Path
    size: int  # what it takes of the disk


def picture_key(source_id: SourceId, ref: str, width: int = 0) -> PictureKey:
    """Return the key of a source's picture in one width, e.g. `5d41402abc4b/7d79…` (40 letters).

    Without a width it is the key of the picture in all widths.
    """
    digest = sha256(f"{source_id}\0{ref}\0{width}".encode()).hexdigest()
    return PictureKey(f"{source_folder(source_id)}/{digest[:40]}")


@lru_cache(maxsize=64)
def source_folder(source_id: SourceId) -> str:
    """Return the name of the folder of a source's files."""
    return sha256(source_id.encode()).hexdigest()[:12]


class PictureStore:
    """The files; every method blocks on the disk and belongs into a thread."""

    def __init__(self, folder: Path, *, most_bytes: int) -> None:
        self._folder = folder
        self._most_bytes = most_bytes
        self._files: OrderedDict[PictureKey, _File] | None = None  # least recently used first
        self._size = 0

    @property
    def size(self) -> int:
        """How many bytes of the disk the files take."""
        return self._size

    def find(self, key: PictureKey) -> Path | None:
        """Return the file of a key, and count it as used."""
        files = self._known()
        file = files.get(key)
        if file is None:
            return None
        try:
            _mark_as_used(file.path)
        except FileNotFoundError:
            self._forget(key)
            return None
        except OSError:
            pass  # a disk that is read-only now still serves
        files.move_to_end(key)
        return file.path

    def put(self, key: PictureKey, picture_format: Format, content: bytes) -> Path | None:
        """Write a picture and return its path; None when it is larger than the cap.

        Raises:
            OSError: the disk is full, or the folder can't be written.
        """
        files = self._known()
        size = _on_disk(len(content))
        if size > self._most_bytes:
            return None
        self._drop(key)
        while files and self._size + size > self._most_bytes:
            self._drop(next(iter(files)))
        path = self._folder / (key + picture_format.suffix)
        make_private(path.parent)
        part = path.with_suffix(_UNFINISHED)
        try:
            with os.fdopen(os.open(part, _NEW, 0o600), "wb") as file:
                file.write(content)
            _mark_as_used(part)
            part.replace(path)
        except OSError:
            part.unlink(missing_ok=True)
            raise
        files[key] = _File(path, size)
        self._size += size
        return path

    def drop_source(self, source_id: SourceId) -> None:
        """Remove every picture of a source.

        Raises:
            OSError: one of them can't be removed.
        """
        name = source_folder(source_id)
        for key in [key for key in self._known() if key.startswith(f"{name}/")]:
            self._drop(key)
        remove_folder(self._folder / name)

    def _drop(self, key: PictureKey) -> None:
        file = self._known().get(key)
        if file is not None:
            file.path.unlink(missing_ok=True)
            self._forget(key)

    def _forget(self, key: PictureKey) -> None:
        file = self._known().pop(key, None)
        if file is not None:
            self._size -= file.size

    def _known(self) -> OrderedDict[PictureKey, _File]:
        if self._files is None:
            self._files = self._read()
            with suppress(OSError):  # read-only: nothing can be removed, and nothing is added
                while self._files and self._size > self._most_bytes:  # the cap was made smaller
                    self._drop(next(iter(self._files)))
        return self._files

    def _read(self) -> OrderedDict[PictureKey, _File]:
        found: list[tuple[int, PictureKey, _File]] = []
        now = time.time_ns()
        for path in self._folder.glob("*/*"):
            with suppress(OSError):
                status = path.stat()
                if path.suffix not in _SUFFIXES:
                    path.unlink()  # a write that a crash ended
                    continue
                used = min(status.st_mtime_ns, now)
                key = PictureKey(f"{path.parent.name}/{path.stem}")
                found.append((used, key, _File(path, _on_disk(status.st_size))))
        found.sort(key=lambda file: file[0])
        self._size = sum(file.size for _, _, file in found)
        return OrderedDict((key, file) for _, key, file in found)


def make_private(folder: Path) -> None:
    """Create a source's folder and the one above it, for the user only.

    Raises:
        OSError: they can't be created.
    """
    if not folder.is_dir():
        folder.parent.mkdir(mode=PRIVATE, parents=True, exist_ok=True)
        folder.parent.chmod(PRIVATE)
        folder.mkdir(mode=PRIVATE, exist_ok=True)


def remove_folder(folder: Path) -> None:
    """Remove a folder of files, if it is there.

    Raises:
        OSError: something in it can't be removed.
    """
    if folder.is_dir():
        for path in folder.iterdir():
            path.unlink(missing_ok=True)
        folder.rmdir()


def _on_disk(size: int) -> int:
    return -(-size // _BLOCK) * _BLOCK


def _mark_as_used(path: Path) -> None:
    """Keep the order of use over a restart, finer than the clock of the file system."""
    now = time.time_ns()
    os.utime(path, ns=(now, now))
