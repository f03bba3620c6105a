"""Technical facts of a media file: duration, container, streams, chapters (libmediainfo).

libmediainfo follows what a file refers to: given a playlist named film.mp4 it fetches the URLs in
it. So it is handed an open file and never a name, and only files that begin like a container of
media do. Text never does.
"""

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from msd.backends.local.files.opening import MediaFile
from msd.backends.local.files.text import clean_title
from msd.models import Marker, MediaStream, Milliseconds

_HEAD = 1024
_MAGIC = re.compile(
    rb"\A(?:\x1aE\xdf\xa3"  # Matroska, WebM
    rb"|....(?:ftyp|moov|mdat|wide|free|skip|pnot)"  # MPEG-4, QuickTime
    rb"|RIFF....(?:AVI |WAVE)|RF64....WAVE|FORM....AIF[FC]"
    rb"|\x30\x26\xb2\x75\x8e\x66\xcf\x11"  # ASF: WMV, WMA
    rb"|FLV\x01|OggS|fLaC|ID3|\.RMF|MAC |wvpk|ADIF"
    rb"|\x00\x00\x01[\xb3\xba]"  # MPEG-1, MPEG-2
    rb"|\xff[\xe0-\xff][\x00-\xff]"  # MPEG audio, ADTS
    rb"|\x47.{187}\x47|.{4}\x47.{191}\x47"  # transport streams, also with Blu-ray's four bytes
    rb"|\xb7\xd8\x00\x20\x37\x49\xda\x11"  # WTV
    rb"|TTA1|DSD |FRM8|tBaK|MPCK|MP\+|caff|\.snd|#!AMR|\.ra\xfd|wvpk|ajkg|OFR |riff\x2e\x91"
    rb"|\x0b\x77|\x7f\xfe\x80\x01|\xfe\x7f\x01\x80|\x1f\xff\xe8\x00|\xff\x1f\x00\xe8"  # AC-3, DTS
    rb"|\x64\x58\x20\x25|....\xf8\x72\x6f[\xba\xbb]"  # DTS in HD, MLP
    rb"|\x06\x0e\x2b\x34|YUV4MPEG2|\x1f\x07\x00|\x00\x00\x00\x01[\x09\x27\x67\x40]"  # MXF, DV
    rb")",
    re.DOTALL,
)
_ISO_AT, _ISO_MAGIC = 0x8001, (b"CD001", b"BEA01")
_HDR = (
    *(("dolby vision", "dolby-vision"), ("hdr10+", "hdr10plus"), ("2094", "hdr10plus")),
    *(("2086", "hdr10"), ("hdr10", "hdr10"), ("hlg", "hlg")),
)
_TRANSFERS = {"PQ": "hdr10", "HLG": "hlg"}
_LAYOUTS = {1: "mono", 2: "stereo"}
_MAX_CHANNELS = 64
_STREAM_KINDS = {"Video": "video", "Audio": "audio", "Text": "subtitle"}
_MAX_STREAMS = 200
_MAX_CHAPTERS = 500
_MAX_DURATION_MS = 1000 * 3600 * 1000
_UNKNOWN = Milliseconds(0)
_TAGS = (
    *("title", "performer", "album", "album_performer", "track_name_position", "part_position"),
    *("recorded_date", "genre"),
)
_CHAPTER = re.compile(r"^(\d{2,3})_(\d{2})_(\d{2})_?(\d{3})$")


class Technical(msgspec.Struct, frozen=True, kw_only=True):
    """What the file itself says; `is_media` is False when nothing in it can be played."""

    is_media: bool
    container: str = ""
    duration_ms: Milliseconds = _UNKNOWN
    bitrate: int = 0
    title: str = ""
    streams: tuple[MediaStream, ...] = ()
    chapters: tuple[Marker, ...] = ()
    tags: Mapping[str, str] = {}  # of music: album, performer, track_name_position …


NOT_MEDIA = Technical(is_media=False)


def probe(file: MediaFile) -> Technical:
    """Return what an open file holds; hostile and broken files are simply not media.

    Raises:
        OSError: the disk failed while reading.
    """
    file.seek(0)
    head = file.read(_HEAD)
    if not _MAGIC.match(head):
        return _disc_image(file)
    import pymediainfo  # noqa: PLC0415 - loads a library of 15 MB

    file.seek(0)
    try:
        info = pymediainfo.MediaInfo.parse(file, parse_speed=0.0, encoding_errors="replace")
    except (RuntimeError, ValueError, SyntaxError):  # a ParseError of ElementTree is the last
        return NOT_MEDIA
    return _technical([track.to_data() for track in info.tracks])


def _disc_image(file: MediaFile) -> Technical:
    """Recognise a disc image by its head; what is in it is not read."""
    file.seek(_ISO_AT)
    if file.read(len(_ISO_MAGIC[0])) in _ISO_MAGIC:
        return Technical(is_media=True, container="iso")
    return NOT_MEDIA


def _technical(tracks: list[dict[str, Any]]) -> Technical:
    streams = [track for track in tracks if track.get("track_type") in _STREAM_KINDS]
    playable = [t for t in streams if t["track_type"] in ("Video", "Audio")]
    if not playable:
        return NOT_MEDIA
    general: Mapping[str, Any] = next((t for t in tracks if t.get("track_type") == "General"), {})
    menus = (t for t in tracks if t.get("track_type") == "Menu")
    duration = max(_number(t.get("duration")) for t in (general, *playable))
    return Technical(
        is_media=True,
        container=str(general.get("format", "")).lower()[:40],
        duration_ms=Milliseconds(duration if duration <= _MAX_DURATION_MS else 0),
        bitrate=_number(general.get("overall_bit_rate")),
        title=clean_title(str(general.get("title") or general.get("track_name") or "")),
        tags={key: str(general[key])[:1000] for key in _TAGS if general.get(key)},
        streams=tuple(_stream(n, t) for n, t in enumerate(streams[:_MAX_STREAMS])),
        chapters=_chapters(next(menus, {})),
    )


def _stream(index: int, track: Mapping[str, Any]) -> MediaStream:
    return MediaStream(
        index=index,
        kind=_STREAM_KINDS[track["track_type"]],
        codec=str(track.get("format", "")).lower()[:40],
        profile=str(track.get("format_profile") or "")[:40],
        language=str(track.get("language") or "")[:20],
        title=clean_title(str(track.get("title") or "")),
        is_default=track.get("default") == "Yes",
        is_forced=track.get("forced") == "Yes",
        is_hearing_impaired="hearing" in str(track.get("servicekind") or "").lower(),
        hdr=_hdr(track),
        spatial=_spatial(track),
        channel_layout=_layout(track),
        channels=min(_number(track.get("channel_s")), _MAX_CHANNELS),
        width=min(_number(track.get("width")), 100_000),
        height=min(_number(track.get("height")), 100_000),
    )


def _hdr(track: Mapping[str, Any]) -> str:
    """Return the kind of high dynamic range; Dolby Vision before the one it falls back to."""
    told = f"{track.get('hdr_format')} {track.get('hdr_format_commercial')}".lower()
    kind = next((kind for word, kind in _HDR if word in told), "")
    return kind or _TRANSFERS.get(str(track.get("transfer_characteristics")), "")


def _spatial(track: Mapping[str, Any]) -> str:
    names = ("commercial_name", "format_commercial_if_any", "format_additionalfeatures")
    told = " ".join(str(track.get(name)) for name in names).lower()
    if "atmos" in told:
        return "atmos"
    return "dtsx" if "dts:x" in told or "xll x" in told else ""


def _layout(track: Mapping[str, Any]) -> str:
    """Return the usual name of a layout of loudspeakers, e.g. "5.1" for "L R C LFE Ls Rs"."""
    places = str(track.get("channel_layout") or "").split()
    bass = places.count("LFE")
    if not places or len(places) > _MAX_CHANNELS:
        return ""
    return (
        _LAYOUTS.get(len(places), f"{len(places)}.0")
        if not bass
        else f"{len(places) - bass}.{bass}"
    )


def _chapters(menu: Mapping[str, Any]) -> tuple[Marker, ...]:
    found: list[Marker] = []
    for key, value in menu.items():
        match = _CHAPTER.match(key)
        if match and len(found) < _MAX_CHAPTERS:
            hours, minutes, seconds, ms = map(int, match.groups())
            start = ((hours * 60 + minutes) * 60 + seconds) * 1000 + ms
            title = clean_title(
                str(value).rpartition(":")[2] if ":" in str(value)[:4] else str(value)
            )
            found.append(Marker(kind="chapter", start_ms=Milliseconds(start), title=title))
    return tuple(sorted(found, key=lambda marker: marker.start_ms))


def _number(value: object) -> int:
    """Return a number of libmediainfo's, which may be text, absent or absurd."""
    try:
        number = int(float(str(value)))
    except (ValueError, OverflowError):
        return 0
    return number if 0 <= number < 2**53 else 0
