"""How players and file managers open a file of a folder: its path and its MIME type."""

import mimetypes
from urllib.parse import quote_from_bytes

from msd.backends.local.files.file_kind import FileKind, split_name

_MIME = {
    b".mkv": "video/x-matroska",
    b".mk3d": "video/x-matroska",
    b".mka": "audio/x-matroska",
    b".m2ts": "video/mp2t",
    b".mts": "video/mp2t",
    b".ts": "video/mp2t",
    b".vob": "video/mpeg",
    b".flac": "audio/flac",
    b".opus": "audio/ogg",
    b".oga": "audio/ogg",
    b".ogv": "video/ogg",
    b".m4a": "audio/mp4",
    b".m4b": "audio/mp4",
    b".m4v": "video/mp4",
    b".wv": "audio/x-wavpack",
    b".ape": "audio/x-ape",
    b".tta": "audio/x-tta",
    b".dsf": "audio/x-dsf",
    b".iso": "application/x-iso9660-image",
    b".rmvb": "application/vnd.rn-realmedia-vbr",
    b".wmv": "video/x-ms-wmv",
    b".flv": "video/x-flv",
}


def mime_of(name: bytes, kind: FileKind) -> str:
    """Return the MIME type of a media file by its suffix."""
    suffix = split_name(name)[1]
    guessed = _MIME.get(suffix) or mimetypes.guess_type("x" + suffix.decode("ascii", "replace"))[0]
    if guessed:
        return guessed
    return "audio/basic" if kind is FileKind.AUDIO else "video/mpeg"


def path_or_uri(path: bytes) -> str:
    """Return a path exactly as it is on the disk; as a URI when it is no UTF-8."""
    try:
        return path.decode()
    except UnicodeDecodeError:
        return "file://" + quote_from_bytes(path)
