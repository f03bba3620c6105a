"""From the full answer about one item to its `ItemDetails`: pure, bounded."""

from collections.abc import Iterable, Sequence
from itertools import chain

from msd.backend_api.values import length, number, size, text
from msd.backends.plex.parse.wire import (
    DetailRow,
    PartRow,
    PersonRow,
    SpanRow,
    StreamRow,
    VersionRow,
    key,
    many,
)
from msd.models import ItemDetails, Marker, MediaSource, MediaStream, Person

_LONGEST = 500
_MOST_PEOPLE = 1_000
_MOST_SOURCES = 100
_MOST_STREAMS = 500
_MOST_MARKERS = 2_000
_BITS = 1_000  # the server counts kbit/s
_STREAM_KINDS = {1: "video", 2: "audio", 3: "subtitle"}
_MARKER_KINDS = frozenset({"intro", "credits", "commercial"})


def item_details(row: DetailRow) -> ItemDetails:
    """Return people, media sources and markers."""
    jobs = (
        ("actor", row.roles),
        ("director", row.directors),
        ("writer", row.writers),
        ("producer", row.producers),
    )
    people = chain.from_iterable(
        (_person(person, job) for person in many(tagged)) for job, tagged in jobs
    )
    return ItemDetails(
        people=tuple(person for person in people if person.name)[:_MOST_PEOPLE],
        media_sources=tuple(_source(version) for version in many(row.versions)[:_MOST_SOURCES]),
        markers=_markers(many(row.chapters), many(row.markers)),
    )


def _person(row: PersonRow, job: str) -> Person:
    return Person(
        name=text(row.tag, _LONGEST),
        role=text(row.role, _LONGEST) if job == "actor" else "",
        job=job,
        remote_id=key(row.id) or "",
    )


def _source(row: VersionRow) -> MediaSource:
    parts = many(row.parts)
    return MediaSource(
        remote_id=key(row.id) or "",
        container=text(row.container, _LONGEST),
        size=sum(size(part.size) for part in parts[:_MOST_SOURCES]),
        bitrate=size(row.bitrate) * _BITS,
        duration_ms=length(row.duration),
        # The files of one version that follow each other have the same tracks.
        streams=_streams(parts[0]) if parts else (),
    )


def _streams(part: PartRow) -> tuple[MediaStream, ...]:
    """The tracks of a file; those in files of their own count on behind the embedded ones."""
    rows = [row for row in many(part.streams)[:_MOST_STREAMS] if row.stream_type in _STREAM_KINDS]
    behind = 1 + max((number(row.index) or 0 for row in rows), default=0)
    result = []
    for row in rows:
        index = number(row.index)
        if index is None:
            index, behind = behind, behind + 1
        result.append(_stream(row, index))
    return tuple(result)


def _stream(row: StreamRow, index: int) -> MediaStream:
    return MediaStream(
        index=index,
        kind=_STREAM_KINDS[row.stream_type or 0],
        codec=text(row.codec, _LONGEST),
        language=text(row.language_code or row.language_tag, _LONGEST),
        title=text(row.title, _LONGEST),
        is_default=bool(row.default),
        is_external=row.key is not None,
        channels=number(row.channels) or 0,
        width=number(row.width) or 0,
        height=number(row.height) or 0,
    )


def _markers(chapters: Sequence[SpanRow], markers: Sequence[SpanRow]) -> tuple[Marker, ...]:
    named = (_marker(row, "chapter") for row in chapters[:_MOST_MARKERS])
    spans = (_marker(row, row.type) for row in markers[:_MOST_MARKERS] if row.type in _MARKER_KINDS)
    result: Iterable[Marker | None] = chain(named, spans)
    return tuple(marker for marker in result if marker is not None)


def _marker(row: SpanRow, kind: str | None) -> Marker | None:
    start, end = length(row.start_time_offset), length(row.end_time_offset)
    if kind is None or end <= start:
        return None
    return Marker(kind=kind, start_ms=start, end_ms=end, title=text(row.tag, _LONGEST))
