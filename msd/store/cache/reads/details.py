"""From the stored details of an item to what the bus shows of them."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

Entry = Mapping[str, Any]

_STREAM = {
    "channel_layout": "layout",
    "is_default": "default",
    "is_forced": "forced",
    "is_hearing_impaired": "hearing_impaired",
    "is_external": "external",
}
_VERSION = {"video_3d": "three_d"}
_NO_URI = "path"  # of a version: shown once, as the URI of the item
_4K_WIDTH, _4K_HEIGHT = 3800, 2100
_HD_WIDTH, _HD_HEIGHT = 1900, 1060


def shown_details(details: Entry) -> dict[str, object]:
    """Return the keys of `msd.item_keys.DETAIL_KEYS` that the details of an item have."""
    sources = details.get("media_sources", ())
    markers = details.get("markers", ())
    shown: dict[str, object] = {
        "people": details.get("people", ()),
        "versions": [_version(source) for source in sources],
        "chapters": [marker for marker in markers if marker.get("kind") == "chapter"],
        "markers": [marker for marker in markers if marker.get("kind") != "chapter"],
        "badges": list(dict.fromkeys(_badges(sources))),
        **{key: details.get(key, ()) for key in ("parts", "extras", "trailers", "decisions")},
        **_file(sources),
    }
    return {key: value for key, value in shown.items() if value}


def _version(source: Entry) -> dict[str, object]:
    streams = [_renamed(stream, _STREAM) for stream in source.get("streams", ())]
    return {**_renamed(source, _VERSION), "streams": streams}


def _renamed(entry: Entry, names: Mapping[str, str]) -> dict[str, object]:
    return {names.get(key, key): value for key, value in entry.items() if key != _NO_URI}


def _file(sources: Sequence[Entry]) -> dict[str, object]:
    """Return URI, MIME type and size of an item that is a file of this machine."""
    if not sources or not sources[0].get("path"):
        return {}
    first = sources[0]
    path = str(first["path"])  # a URI already when the name is no UTF-8
    uri = path if path.startswith("file://") else f"file://{quote(path)}"
    return {"path": uri, "mime": first.get("mime", ""), "size": first.get("size", 0)}


def _badges(sources: Sequence[Entry]) -> Iterator[str]:
    """Yield what a frontend marks an item with, e.g. "4k", "dolby-vision", "atmos"."""
    for source in sources:
        for stream in source.get("streams", ()):
            width, height = stream.get("width", 0), stream.get("height", 0)
            if width >= _4K_WIDTH or height >= _4K_HEIGHT:
                yield "4k"
            elif width >= _HD_WIDTH or height >= _HD_HEIGHT:
                yield "1080p"
            yield from (word for key in ("hdr", "spatial") if (word := stream.get(key)))
        if source.get("video_3d"):
            yield "3d"
