"""WavPack files, which libmediainfo often does not recognise: length and APEv2 tags."""

import struct
from collections.abc import Mapping

from msd.backends.local.files.opening import MediaFile
from msd.models import Milliseconds

_RATES = (
    *(6000, 8000, 9600, 11025, 12000, 16000, 22050, 24000, 32000),
    *(44100, 48000, 64000, 88200, 96000, 192000),
)
_HEADER = struct.Struct("<4sIHBBIIIII")
_FOOTER = struct.Struct("<8sIIII8s")
_MOST_TAGS = 200
_LARGEST_TAG = 1 << 20
_IS_TEXT = 0
_NAMES = {  # of APEv2, as libmediainfo calls them
    "title": "title",
    "artist": "performer",
    "album": "album",
    "album artist": "album_performer",
    "albumartist": "album_performer",
    "track": "track_name_position",
    "disc": "part_position",
    "year": "recorded_date",
    "genre": "genre",
}


def wavpack_length(file: MediaFile) -> Milliseconds | None:
    """Return the length of an open file, 0 when it does not say, None when it is no WavPack.

    Raises:
        OSError: the disk failed while reading.
    """
    file.seek(0)
    head = file.read(_HEADER.size)
    if len(head) < _HEADER.size or head[:4] != b"wvpk":
        return None
    samples, flags = _HEADER.unpack(head)[5], _HEADER.unpack(head)[8]
    rate = (flags >> 23) & 0xF
    if samples == 0xFFFFFFFF or rate >= len(_RATES):  # noqa: PLR2004 - unknown
        return Milliseconds(0)
    return Milliseconds(1000 * samples // _RATES[rate])


def ape_tags(file: MediaFile, size: int) -> Mapping[str, str]:
    """Return the text tags at the end of an open file.

    Raises:
        OSError: the disk failed while reading.
    """
    file.seek(max(0, size - _FOOTER.size))
    footer = file.read(_FOOTER.size)
    if len(footer) < _FOOTER.size or footer[:8] != b"APETAGEX":
        return {}
    length, count = _FOOTER.unpack(footer)[2:4]
    if not _FOOTER.size <= length <= min(_LARGEST_TAG, size):
        return {}
    file.seek(size - length)
    return _items(file.read(length - _FOOTER.size), min(count, _MOST_TAGS))


def _items(content: bytes, count: int) -> dict[str, str]:
    found: dict[str, str] = {}
    at = 0
    for _ in range(count):
        if at + 8 > len(content):
            break
        length, flags = struct.unpack_from("<II", content, at)
        end = content.find(b"\0", at + 8)
        if end < 0 or end + 1 + length > len(content):
            break
        name = _NAMES.get(content[at + 8 : end].decode("ascii", "replace").lower())
        if name is not None and (flags >> 1) & 3 == _IS_TEXT:
            value = content[end + 1 : end + 1 + length].decode("utf-8", "replace")
            found.setdefault(name, value.replace("\0", "; "))
        at = end + 1 + length
    return found
