"""From the stored details of an item to what the bus shows of them."""

from collections.abc import Mapping
from typing import Any

Entry = Mapping[str, Any]

_AS_THEY_ARE = ("people", "parts", "extras", "trailers", "decisions")
_STREAM = {
    "channel_layout": "layout",
    "is_default": "default",
    "is_forced": "forced",
    "is_hearing_impaired": "hearing_impaired",
    "is_external": "external",
}
_VERSION = {"video_3d": "three_d"}


def shown_details(details: Entry) -> dict[str, object]:
    """Return the keys of `msd.item_keys.DETAIL_KEYS` that the details of an item have."""
    markers = details.get("markers", ())
    shown: dict[str, object] = {
        "versions": [_version(source) for source in details.get("media_sources", ())],
        "chapters": [marker for marker in markers if marker.get("kind") == "chapter"],
        "markers": [marker for marker in markers if marker.get("kind") != "chapter"],
        "lyrics": [{"text": "", **line} for line in details.get("lyrics", ())],
        **{key: details.get(key, ()) for key in _AS_THEY_ARE},
    }
    return {key: value for key, value in shown.items() if value}


def _version(source: Entry) -> dict[str, object]:
    streams = [_renamed(stream, _STREAM) for stream in source.get("streams", ())]
    return {**_renamed(source, _VERSION), "streams": streams}


def _renamed(entry: Entry, names: Mapping[str, str]) -> dict[str, object]:
    return {names.get(key, key): value for key, value in entry.items()}
