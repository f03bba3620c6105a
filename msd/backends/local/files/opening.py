"""Open files below a root: only regular ones, only inside, and never more than a bound is read."""

import errno
import os
import stat
from io import BufferedReader, FileIO

from xxhash import xxh3_128

from msd.backends.local.files.walk import is_inside, join

_MAX_READ = 32 << 20  # in one call: no size field of a file makes msd allocate more
_MAX_TOTAL = 256 << 20  # of one open file: some containers are searched to find their end
_SAMPLE = 64 << 10


class MediaFile(BufferedReader):
    """A file opened for reading whose reads are bounded in size and in sum."""

    def __init__(self, raw: FileIO) -> None:
        super().__init__(raw, 65536)
        self._left = _MAX_TOTAL

    def read(self, size: int | None = -1, /) -> bytes:
        """Read at most `size` bytes; nothing once the file's budget is spent."""
        wanted = _MAX_READ if size is None or size < 0 else size
        content = super().read(min(wanted, _MAX_READ, self._left))
        self._left -= len(content)
        return content


def open_media(root: bytes, path: bytes) -> MediaFile:
    """Open one file below a canonical root.

    Raises:
        OSError: gone, unreadable, not a regular file, or reached through a link out of the root.
    """
    real = os.path.realpath(join(root, path), strict=True)
    if not is_inside(real, root):
        raise OSError(errno.EXDEV, "outside of the folder")
    if not stat.S_ISREG(os.lstat(real).st_mode):
        raise OSError(errno.EINVAL, "not a regular file")
    # Between check and open the file may have been replaced: follow no link, wait for no writer.
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY
    file = MediaFile(FileIO(os.open(real, flags), "rb"))
    if stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        return file
    file.close()
    raise OSError(errno.EINVAL, "not a regular file")


def read_small(root: bytes, path: bytes, limit: int) -> bytes:
    """Return the whole content of a small file.

    Raises:
        OSError: as `open_media`, and when the file is larger than `limit`.
    """
    with open_media(root, path) as file:
        content = file.read(limit + 1)
    if len(content) > limit:
        raise OSError(errno.EFBIG, "too large")
    return content


def content_identity(file: MediaFile, size: int) -> str:
    """Return what a file is recognised by when it is renamed: its size and samples of it (I2)."""
    if size == 0:
        return ""
    digest = xxh3_128()
    for offset in sorted({0, max(0, size // 2 - _SAMPLE // 2), max(0, size - _SAMPLE)}):
        file.seek(offset)
        digest.update(file.read(_SAMPLE))
    file.seek(0)
    return f"file:{size}:{digest.hexdigest()}"
