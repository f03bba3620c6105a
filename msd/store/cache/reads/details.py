"""From the stored details of an item to what the bus shows of them."""

from collections.abc import Mapping
from typing import Any

from msd.store.ids import person_artwork_id

Entry = Mapping[str, Any]

_AS_THEY_ARE = ("parts", "extras", "trailers", "decisions")
_STREAM = {
    "channel_layout": "layout",
    "is_default": "default",
    "is_forced": "forced",
    "is_hearing_impaired": "hearing_impaired",
    "is_external": "external",
}
_VERSION = {"video_3d": "three_d"}


def shown_details(details: Entry, item_id: str) -> dict[str, object]:
    """Return the keys of `msd.item_keys.DETAIL_KEYS` that the details of an item have."""
    markers = details.get("markers", ())
    shown: dict[str, object] = {
        "people": [_person(person, item_id) for person in details.get("people", ())],
        "versions": [_version(source) for source in details.get("media_sources", ())],
        "chapters": [marker for marker in markers if marker.get("kind") == "chapter"],
        "markers": [marker for marker in markers if marker.get("kind") != "chapter"],
        "lyrics": [{"text": "", **line} for line in details.get("lyrics", ())],
        **{key: details.get(key, ()) for key in _AS_THEY_ARE},
    }
    return {key: value for key, value in shown.items() if value}


def person_key(person: Entry) -> str:
    """Return what a person is told from the others of an item by."""
    return str(person.get("remote_id") or person.get("name", ""))


def _person(person: Entry, item_id: str) -> Entry:
    if not person.get("image"):
        return person
    return {**person, "artwork_id": person_artwork_id(item_id, person_key(person))}


def _version(source: Entry) -> dict[str, object]:
    streams = [_renamed(stream, _STREAM) for stream in source.get("streams", ())]
    return {**_renamed(source, _VERSION), "streams": streams}


def _renamed(entry: Entry, names: Mapping[str, str]) -> dict[str, object]:
    return {names.get(key, key): value for key, value in entry.items()}
