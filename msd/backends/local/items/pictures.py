"""Pictures of a folder: files beside the media, and covers inside music files.

A `ref` is `file:` or `embedded:` with the path below the root, and `@` with the time of the file's
last change, so that a replaced picture has another ref: `file:Films/Alien/poster.jpg@17f3a09c2b11`.
"""

import errno
import os
from urllib.parse import unquote_to_bytes

from msd.backend_api.artwork import MOST_PICTURE_BYTES, Picture
from msd.backends.local.files.file_kind import FileKind, kind_of
from msd.backends.local.files.opening import open_media, read_small
from msd.errors import BadResponseError

_FILE, _EMBEDDED = "file:", "embedded:"
# Too large, no regular file, a circle of links, or a link out of the folder.
_NO_PICTURES = frozenset({errno.EFBIG, errno.EINVAL, errno.ELOOP, errno.EXDEV})


def read_picture(folder: str, ref: str) -> Picture | None:
    """Return the picture that a ref stands for, None when there is none. Blocks on the disk.

    Raises:
        BadResponseError: its file can't be read now. The disk may come back as it was.
    """
    root = os.fsencode(os.path.realpath(folder))
    kind, separator, rest = ref.partition(":")
    path = unquote_to_bytes(rest.rpartition("@")[0] or rest)
    if b"\0" in path or path.startswith(b"/") or b".." in path.split(b"/"):
        return None
    file_kind = kind_of(path.rpartition(b"/")[2])
    try:
        if kind + separator == _FILE and file_kind is FileKind.IMAGE:
            return Picture(content=read_small(root, path, MOST_PICTURE_BYTES))
        if kind + separator == _EMBEDDED and file_kind is FileKind.AUDIO:
            return _cover(root, path)
    except OSError as error:
        if error.errno in _NO_PICTURES:
            return None
        raise BadResponseError(f"a picture's file can't be read: {error.strerror}") from error
    return None


def _cover(root: bytes, path: bytes) -> Picture | None:
    from msd.backends.local.music.tags import read_cover  # noqa: PLC0415 - only where music is

    with open_media(root, path) as file:
        content = read_cover(file, path.decode("ascii", "replace"))
    return Picture(content=content) if 0 < len(content) <= MOST_PICTURE_BYTES else None
