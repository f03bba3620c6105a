"""What a music file is recognised by when its tags and its name change: its sound.

Tags lie before or behind the sound in a file. So samples are taken of the sound alone, where a
format tells where that is; of other formats, samples of the whole file.
"""

import struct
from collections.abc import Callable

from xxhash import xxh3_128

from msd.backends.local.files.opening import MediaFile, content_identity

_SAMPLE = 32 << 10
_HEAD = 64  # a shorter file holds no sound
_MOST_BOXES = 200
_ID3_HEADER = 10
_ID3_FOOTER_FLAG = 0x10
_ID3V1 = 128
_FLAC_STREAMINFO = 0


def sound_identity(file: MediaFile, size: int) -> str:
    """Return what stays of an open music file when only its tags change.

    Raises:
        OSError: the disk failed while reading.
    """
    file.seek(0)
    head = file.read(_HEAD)
    if len(head) < _HEAD:
        return content_identity(file, size)
    digest = _flac_digest(head)
    if digest:
        return f"flac:{digest}"
    for matches, find in _FORMATS:
        if matches(head):
            span = find(file, size, head)
            if span is not None and span[1] > span[0]:
                return _sampled(file, *span)
    return content_identity(file, size)


def _sampled(file: MediaFile, start: int, end: int) -> str:
    digest, length = xxh3_128(), end - start
    for offset in sorted({0, max(0, length // 2 - _SAMPLE // 2), max(0, length - _SAMPLE)}):
        file.seek(start + offset)
        digest.update(file.read(min(_SAMPLE, length - offset)))
    return f"sound:{length}:{digest.hexdigest()}"


def _flac_digest(head: bytes) -> str:
    """FLAC keeps the MD5 of its sound in the first block."""
    if head[:4] != b"fLaC" or head[4] & 0x7F != _FLAC_STREAMINFO:
        return ""
    md5 = head[8 + 18 : 8 + 34]
    return md5.hex() if any(md5) else ""


def _mpeg_span(file: MediaFile, size: int, head: bytes) -> tuple[int, int] | None:
    """Between an ID3v2 tag in front and an ID3v1 or APE tag behind."""
    start = 0
    if head[:3] == b"ID3":
        start = _ID3_HEADER + _syncsafe(head[6:10])
        start += _ID3_HEADER if head[5] & _ID3_FOOTER_FLAG else 0
    return start, _without_end_tags(file, size)


def _without_end_tags(file: MediaFile, size: int) -> int:
    end = size
    file.seek(max(0, end - _ID3V1))
    if file.read(3) == b"TAG":
        end -= _ID3V1
    file.seek(max(0, end - 32))
    footer = file.read(32)
    if footer[:8] == b"APETAGEX":
        length, _count, flags = struct.unpack_from("<III", footer, 12)
        end -= min(length, end) + (32 if flags & 0x80000000 else 0)
    return max(0, end)


def _syncsafe(four: bytes) -> int:
    return sum((byte & 0x7F) << shift for byte, shift in zip(four, (21, 14, 7, 0), strict=True))


def _box_span(file: MediaFile, size: int, _head: bytes) -> tuple[int, int] | None:
    """The `mdat` box of MPEG-4."""
    at = 0
    for _ in range(_MOST_BOXES):
        file.seek(at)
        header = file.read(16)
        if len(header) < 8:  # noqa: PLR2004 - size and type
            return None
        length, kind = struct.unpack_from(">I4s", header)
        content = at + 8
        if length == 1 and len(header) == 16:  # noqa: PLR2004 - a size of 64 bits
            (length,) = struct.unpack_from(">Q", header, 8)
            content = at + 16
        length = length or size - at
        if kind == b"mdat":
            return content, min(at + length, size)
        if length < 8:  # noqa: PLR2004 - no box is smaller
            return None
        at += length
    return None


def _chunk_span(file: MediaFile, size: int, head: bytes) -> tuple[int, int] | None:
    """The `data` chunk of WAV, the `SSND` chunk of AIFF."""
    order, wanted = ("<", b"data") if head[:4] == b"RIFF" else (">", b"SSND")
    at = 12
    for _ in range(_MOST_BOXES):
        file.seek(at)
        header = file.read(8)
        if len(header) < 8:  # noqa: PLR2004 - type and size
            return None
        kind, length = struct.unpack(f"{order}4sI", header)
        if kind == wanted:
            return at + 8, min(at + 8 + length, size)
        at += 8 + length + length % 2
    return None


def _ogg_span(file: MediaFile, size: int, head: bytes) -> tuple[int, int] | None:
    """Return the content of the last page: all pages get other numbers when tags change."""
    del head
    tail_at = max(0, size - (64 << 10))
    file.seek(tail_at)
    tail = file.read(64 << 10)
    last = tail.rfind(b"OggS")
    if last < 0 or len(tail) < last + 27:
        return None
    segments = tail[last + 26]
    content = tail_at + last + 27 + segments
    return content, size


def _end_tagged_span(file: MediaFile, size: int, _head: bytes) -> tuple[int, int] | None:
    """WavPack, Monkey's Audio, Musepack: tags at the end."""
    return 0, _without_end_tags(file, size)


_FORMATS: tuple[
    tuple[Callable[[bytes], bool], Callable[[MediaFile, int, bytes], tuple[int, int] | None]],
    ...,
] = (
    (lambda head: head[:3] == b"ID3" or head[:1] == b"\xff", _mpeg_span),
    (lambda head: head[4:8] in (b"ftyp", b"moov", b"mdat", b"wide", b"free"), _box_span),
    (lambda head: head[:4] in (b"RIFF", b"FORM"), _chunk_span),
    (lambda head: head[:4] == b"OggS", _ogg_span),
    (lambda head: head[:4] in (b"wvpk", b"MAC ", b"MPCK", b"TTA1"), _end_tagged_span),
)
