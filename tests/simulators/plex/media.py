"""The Media, Part and Stream members of an item."""

from __future__ import annotations

from typing import Any

from .item import Item, Kind

_RESOLUTIONS = {2160: "4k", 1080: "1080", 720: "720", 576: "576", 480: "480"}
_SUBTITLES = (("eng", "en", "English", "srt"), ("deu", "de", "Deutsch", "ass"))


def media_members(item: Item, *, streams: bool) -> list[dict[str, Any]]:
    """Return the versions of an item's file; only details have streams."""
    make = {Kind.TRACK: _audio, Kind.PHOTO: _picture}.get(item.kind, _video)
    return [make(item, version, streams=streams) for version in range(item.versions)]


def file_path(item: Item, folder: str = "/media", part: int = 0) -> str:
    """Return the path of a part on the server."""
    extension = {Kind.TRACK: "flac", Kind.PHOTO: "jpg"}.get(item.kind, "mkv")
    suffix = f" - pt{part + 1}" if item.parts > 1 else ""
    return f"{folder}/{item.title.replace('/', '-')} [{item.key}]{suffix}.{extension}"


def _video(item: Item, version: int, *, streams: bool) -> dict[str, Any]:
    height = item.height if version == 0 else 480
    number = item.key * 10 + version
    return {
        "id": number,
        "duration": item.duration_ms,
        "bitrate": height * 5,
        "width": height * 16 // 9,
        "height": height,
        "aspectRatio": 1.78,
        "audioChannels": 6,
        "audioCodec": "ac3",
        "videoCodec": "hevc" if height > 1080 else "h264",
        "videoResolution": _RESOLUTIONS.get(height, "sd"),
        "container": "mkv",
        "videoFrameRate": "24p",
        "videoProfile": "high",
        "hasVoiceActivity": False,
        "Part": _parts(item, number, {"videoProfile": "high"}, _video_streams if streams else None),
    }


def _audio(item: Item, version: int, *, streams: bool) -> dict[str, Any]:
    number = item.key * 10 + version
    return {
        "id": number,
        "duration": item.duration_ms,
        "bitrate": 920,
        "audioChannels": 2,
        "audioCodec": "flac",
        "container": "flac",
        "Part": _parts(item, number, {}, _audio_streams if streams else None),
    }


def _picture(item: Item, version: int, *, streams: bool) -> dict[str, Any]:
    number = item.key * 10 + version
    part = {
        "id": number * 10,
        "key": f"/library/parts/{number * 10}/{item.stamp}/file.jpg",
        "file": file_path(item),
        "size": 3_000_000 + item.key,
        "container": "jpeg",
    }
    return {
        "id": number,
        "width": 4000,
        "height": 3000,
        "aspectRatio": 1.33,
        "container": "jpeg",
        "Part": [part],
    }


def _parts(item: Item, number: int, more: dict[str, Any], streams: Any) -> list[dict[str, Any]]:
    container = "flac" if item.kind is Kind.TRACK else "mkv"
    found = []
    for place in range(item.parts):
        part_id = number * 10 + place
        part = {
            "id": part_id,
            "key": f"/library/parts/{part_id}/{item.stamp}/file.{container}",
            "duration": item.duration_ms // item.parts,
            "file": file_path(item, part=place),
            "size": max(1, item.duration_ms) * 900 // item.parts + item.stamp % 997,
            "container": container,
            **more,
        }
        if streams:
            part["Stream"] = streams(item, part_id)
        found.append(part)
    return found


def _video_streams(item: Item, part_id: int) -> list[dict[str, Any]]:
    video = {
        "id": part_id * 10,
        "streamType": 1,
        "default": True,
        "codec": "h264",
        "index": 0,
        "bitrate": item.height * 5,
        "width": item.height * 16 // 9,
        "height": item.height,
        "frameRate": 23.976,
        "bitDepth": 8,
        "profile": "high",
        "level": 41,
        "colorSpace": "bt709",
        "displayTitle": "1080p (H.264)",
        "extendedDisplayTitle": "1080p (H.264)",
    }
    audio = [
        {
            "id": part_id * 10 + 1 + place,
            "streamType": 2,
            "selected": place == 0,
            "default": place == 0,
            "codec": "ac3",
            "index": 1 + place,
            "channels": 6,
            "bitrate": 640,
            "language": language,
            "languageTag": tag,
            "languageCode": code,
            "audioChannelLayout": "5.1(side)",
            "samplingRate": 48000,
            "displayTitle": f"{language} (AC3 5.1)",
            "extendedDisplayTitle": f"{language} (AC3 5.1)",
        }
        for place, (code, tag, language, _) in enumerate(_SUBTITLES)
    ]
    subtitles = [
        {
            "id": part_id * 10 + 5 + place,
            "streamType": 3,
            "codec": codec,
            "language": language,
            "languageTag": tag,
            "languageCode": code,
            "displayTitle": f"{language} ({codec.upper()})",
            "extendedDisplayTitle": f"{language} ({codec.upper()})",
            **(
                {"key": f"/library/streams/{part_id * 10 + 5 + place}", "format": codec}
                if place == 0
                else {"index": 3 + place, "forced": True}
            ),
        }
        for place, (code, tag, language, codec) in enumerate(_SUBTITLES)
    ]
    return [video, *audio, *subtitles]


def _audio_streams(item: Item, part_id: int) -> list[dict[str, Any]]:
    lyrics = {
        "id": part_id * 10 + 9,
        "streamType": 4,
        "key": f"/library/streams/{part_id * 10 + 9}",
        "codec": "lrc",
        "format": "lrc",
        "displayTitle": "LRC (External)",
        "extendedDisplayTitle": "LRC (External)",
    }
    return [
        {
            "id": part_id * 10,
            "streamType": 2,
            "selected": True,
            "codec": "flac",
            "index": 0,
            "channels": 2,
            "bitrate": 920,
            "audioChannelLayout": "stereo",
            "bitDepth": 16,
            "samplingRate": 44100,
            "displayTitle": "FLAC (Stereo)",
            "extendedDisplayTitle": "FLAC (Stereo)",
        },
        *([lyrics] if item.lyrics else []),
    ]
