"""From the full answer about one item to its `ItemDetails`."""

from collections.abc import Sequence
from itertools import pairwise

import msgspec

from msd.backend_api.lenient import lenient
from msd.backend_api.values import number, size, text
from msd.backends.jellyfin.parse.values import guid, ms
from msd.backends.jellyfin.parse.wire import (
    ChapterRow,
    DetailRow,
    PersonRow,
    SegmentRow,
    SourceRow,
    StreamRow,
)
from msd.models import (
    ItemDetails,
    Marker,
    MediaSource,
    MediaStream,
    Milliseconds,
    Person,
)

_LONGEST = 500
_MOST_PEOPLE = 1_000
_MOST_SOURCES = 100
_MOST_STREAMS = 500
_MOST_MARKERS = 2_000
_JOBS = {"gueststar": "guest"}
_STREAM_KINDS = {"Video": "video", "Audio": "audio", "Subtitle": "subtitle"}
_SEGMENT_KINDS = {
    "Intro": "intro",
    "Outro": "credits",
    "Recap": "recap",
    "Preview": "preview",
    "Commercial": "commercial",
}


def item_details(raw: bytes | msgspec.Raw, segments: Sequence[SegmentRow] = ()) -> ItemDetails:
    """Return people, media sources and markers; what can't be understood is left out."""
    try:
        row = msgspec.json.decode(raw, type=DetailRow)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        try:
            row = lenient(bytes(raw), DetailRow)
        except ValueError:
            row = DetailRow()
    people = [_person(person) for person in (row.people or ())[:_MOST_PEOPLE]]
    return ItemDetails(
        people=tuple(person for person in people if person.name),
        media_sources=tuple(
            _source(source) for source in (row.media_sources or ())[:_MOST_SOURCES]
        ),
        markers=_chapters(row.chapters or []) + _segments(segments),
    )


def _person(row: PersonRow) -> Person:
    job = text(row.type, _LONGEST).lower()
    return Person(
        name=text(row.name, _LONGEST),
        role=text(row.role, _LONGEST),
        job=_JOBS.get(job, job) or "actor",
        remote_id=guid(row.id) or "",
    )


def _source(row: SourceRow) -> MediaSource:
    streams = [_stream(stream) for stream in (row.media_streams or ())[:_MOST_STREAMS]]
    return MediaSource(
        remote_id=text(row.id, _LONGEST),
        container=text(row.container, _LONGEST),
        size=size(row.size),
        bitrate=size(row.bitrate),
        duration_ms=ms(row.run_time_ticks),
        streams=tuple(stream for stream in streams if stream is not None),
    )


def _stream(row: StreamRow) -> MediaStream | None:
    kind = _STREAM_KINDS.get(row.type or "")
    if kind is None:
        return None
    return MediaStream(
        index=number(row.index) or 0,
        kind=kind,
        codec=text(row.codec, _LONGEST),
        language=text(row.language, _LONGEST),
        title=text(row.title, _LONGEST),
        is_default=bool(row.is_default),
        is_external=bool(row.is_external),
        channels=number(row.channels) or 0,
        width=number(row.width) or 0,
        height=number(row.height) or 0,
    )


def _chapters(rows: Sequence[ChapterRow]) -> tuple[Marker, ...]:
    """Chapters end where the next one begins; the end of the last is not known."""
    known = [row for row in rows[:_MOST_MARKERS] if row.start_position_ticks is not None]
    begins = sorted((ms(row.start_position_ticks), text(row.name, _LONGEST)) for row in known)
    ends: list[Milliseconds] = [later[0] for _, later in pairwise(begins)]
    return tuple(
        Marker(kind="chapter", start_ms=start, end_ms=end, title=title)
        for (start, title), end in zip(begins, [*ends, Milliseconds(0)], strict=False)
    )


def _segments(rows: Sequence[SegmentRow]) -> tuple[Marker, ...]:
    found = []
    for row in rows[:_MOST_MARKERS]:
        kind = _SEGMENT_KINDS.get(row.type or "")
        start, end = ms(row.start_ticks), ms(row.end_ticks)
        if kind is not None and end > start:
            found.append(Marker(kind=kind, start_ms=start, end_ms=end))
    return tuple(found)
