"""The stored form of what is fetched for one item: people, media sources, markers."""

import json

from msd.models import ItemDetails, Marker, MediaSource, MediaStream, Person
from msd.store.cache.rows import normalise


def encode_details(details: ItemDetails) -> bytes:
    """Return bounded JSON of an item's details."""
    most = normalise.MAX_ENTRIES
    body = {
        "people": [_person(one) for one in details.people[:most]],
        "media_sources": [_media_source(one) for one in details.media_sources[:most]],
        "markers": [_marker(one) for one in details.markers[:most]],
    }
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def _person(person: Person) -> dict[str, object]:
    return {
        "name": normalise.text(person.name),
        "role": normalise.text(person.role),
        "job": normalise.text(person.job, normalise.NAME),
        "remote_id": person.remote_id if normalise.is_usable_id(person.remote_id) else "",
    }


def _media_source(source: MediaSource) -> dict[str, object]:
    return {
        "remote_id": normalise.text(source.remote_id),
        "container": normalise.text(source.container, normalise.NAME),
        "path": normalise.text(source.path, 2 * normalise.REFERENCE),
        "size": normalise.number(source.size, normalise.MAX_SIZE),
        "bitrate": normalise.number(source.bitrate, normalise.MAX_SIZE),
        "duration_ms": normalise.number(source.duration_ms, normalise.MAX_DURATION_MS),
        "streams": [_stream(one) for one in source.streams[: normalise.MAX_ENTRIES]],
    }


def _stream(stream: MediaStream) -> dict[str, object]:
    return {
        "index": normalise.number(stream.index, normalise.MAX_COUNT),
        "kind": normalise.text(stream.kind, normalise.NAME),
        "codec": normalise.text(stream.codec, normalise.NAME),
        "language": normalise.text(stream.language, normalise.NAME),
        "title": normalise.text(stream.title),
        "is_default": bool(stream.is_default),
        "is_external": bool(stream.is_external),
        "channels": normalise.number(stream.channels, normalise.MAX_COUNT),
        "width": normalise.number(stream.width, normalise.MAX_COUNT),
        "height": normalise.number(stream.height, normalise.MAX_COUNT),
    }


def _marker(marker: Marker) -> dict[str, object]:
    return {
        "kind": normalise.text(marker.kind, normalise.NAME),
        "start_ms": normalise.number(marker.start_ms, normalise.MAX_DURATION_MS),
        "end_ms": normalise.number(marker.end_ms, normalise.MAX_DURATION_MS),
        "title": normalise.text(marker.title),
    }
