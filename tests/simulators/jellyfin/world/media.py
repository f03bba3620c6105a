"""Media sources, streams, people and images of an item, all derived from its number."""

from __future__ import annotations

from typing import Any

from tests.simulators.jellyfin.world.item import Item
from tests.simulators.jellyfin.world.wire import TICKS_PER_SECOND, make_id
from tests.simulators.words import PEOPLE

BLUR_HASH = "L6PZfSi_.AyE_3t7t7R**0o#DgR4"

_STILLS = frozenset({"Episode", "Video", "MusicVideo"})
_MUSIC = frozenset({"MusicArtist", "MusicAlbum", "Audio"})


def picture_tag(kind: str, item: Item) -> str:
    """Return the tag of a picture of an item; a replaced picture has another one."""
    count = item.replaced_pictures
    return make_id(kind, item.id, count) if count else make_id(kind, item.id)


def image_members(item: Item) -> dict[str, Any]:
    """Return the image tags and blur hashes of an item."""
    # A tag changes when the picture does; a save of the text leaves it alone.
    primary, backdrop = picture_tag("primary", item), picture_tag("backdrop", item)
    if item.type in ("Photo", "Book", "Audio"):
        return {
            "ImageTags": {"Primary": primary},
            "BackdropImageTags": [],
            "ImageBlurHashes": {"Primary": {primary: BLUR_HASH}},
        }
    logo = picture_tag("logo", item)
    return {
        "ImageTags": {"Primary": primary, "Logo": logo},
        "BackdropImageTags": [backdrop, picture_tag("backdrop2", item)],
        "ImageBlurHashes": {
            "Primary": {primary: BLUR_HASH},
            "Logo": {logo: BLUR_HASH},
            "Backdrop": {backdrop: BLUR_HASH},
        },
    }


def primary_ratio(item: Item) -> float:
    """Return width by height of an item's own picture; some films have only a frame of theirs."""
    if item.type in _STILLS or (item.type == "Movie" and item.number % 13 == 5):
        return 16 / 9
    return 1.0 if item.type in _MUSIC else 2 / 3


def people(item: Item) -> list[dict[str, Any]]:
    """Return the cast of an item."""
    if item.type not in ("Movie", "Series", "Episode"):
        return []
    found = []
    for place in range(6):
        name = PEOPLE[(item.number + place * 5) % len(PEOPLE)]
        person = {
            "Name": name,
            "Id": make_id("Person", name),
            "Type": "Actor" if place else "Director",
        }
        if place:
            person["Role"] = f"Rôle {place}"
        if has_portrait(name):
            person["PrimaryImageTag"] = make_id("portrait", name)
        found.append(person)
    return found


def has_portrait(name: str) -> bool:
    """Say whether there is a picture of a person."""
    return PEOPLE.index(name) % 4 != 3


def media_sources(item: Item) -> list[dict[str, Any]]:
    """Return the files of a playable item; every seventh movie has a second version."""
    return [_source(item, version) for version in range(1 + len(version_ids(item)))]


def version_ids(item: Item) -> tuple[str, ...]:
    """Return the ids of the other versions of a film: every seventh has one."""
    has_two = item.type == "Movie" and item.number % 7 == 0
    return (make_id("version", item.id, 1),) if has_two else ()


def _source(item: Item, version: int) -> dict[str, Any]:
    audio = item.type == "Audio"
    source_id = item.id if version == 0 else make_id("version", item.id, version)
    return {
        "Protocol": "File",
        "Id": source_id,
        "Path": item.path if version == 0 else f"{item.path} - 2160p.mkv",
        "Type": "Default",
        "Container": "flac" if audio else "mkv",
        "Size": 1_000_000 + item.number * 4099,
        "Name": item.name,
        "IsRemote": False,
        "ETag": make_id("file", source_id),
        "RunTimeTicks": item.runtime_ticks or TICKS_PER_SECOND,
        "ReadAtNativeFramerate": False,
        "IgnoreDts": False,
        "IgnoreIndex": False,
        "GenPtsInput": False,
        "SupportsTranscoding": True,
        "SupportsDirectStream": True,
        "SupportsDirectPlay": True,
        "IsInfiniteStream": False,
        "RequiresOpening": False,
        "RequiresClosing": False,
        "RequiresLooping": False,
        "SupportsProbing": True,
        "MediaStreams": media_streams(item),
        "MediaAttachments": [],
        "Formats": [],
        "Bitrate": 900_000 if audio else 8_000_000,
        "RequiredHttpHeaders": {},
        "DefaultAudioStreamIndex": 0 if audio else 1,
    }


def media_streams(item: Item) -> list[dict[str, Any]]:
    """Return the streams of an item's file."""
    sound = {
        "Codec": "flac" if item.type == "Audio" else "ac3",
        "Language": "eng",
        "DisplayTitle": "English - Stereo - Default",
        "ChannelLayout": "stereo",
        "BitRate": 900_000,
        "Channels": 2,
        "SampleRate": 48_000,
        "IsDefault": True,
        "IsForced": False,
        "Type": "Audio",
        "Index": 0 if item.type == "Audio" else 1,
        "IsExternal": False,
        "IsTextSubtitleStream": False,
        "SupportsExternalStream": False,
    }
    if item.type == "Audio":
        return [sound]
    picture = {
        "Codec": "hevc",
        "DisplayTitle": "1080p HEVC SDR",
        "IsInterlaced": False,
        "BitRate": 7_000_000,
        "BitDepth": 10,
        "IsDefault": True,
        "IsForced": False,
        "Height": 1080,
        "Width": 1920,
        "AverageFrameRate": 23.976025,
        "RealFrameRate": 23.976025,
        "Profile": "Main 10",
        "Type": "Video",
        "AspectRatio": "16:9",
        "Index": 0,
        "IsExternal": False,
        "IsTextSubtitleStream": False,
        "SupportsExternalStream": False,
        "PixelFormat": "yuv420p10le",
        "Level": 120,
    }
    words = {
        "Codec": "subrip",
        "Language": "cze",
        "DisplayTitle": "Čeština - SUBRIP",
        "IsDefault": False,
        "IsForced": item.number % 11 == 0,
        "Type": "Subtitle",
        "Index": 2,
        "IsExternal": False,
        "IsTextSubtitleStream": True,
        "SupportsExternalStream": True,
    }
    return [picture, sound, words]
