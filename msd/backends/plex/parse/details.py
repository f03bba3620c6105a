"""From the full answer about one item to its `ItemDetails`: pure, bounded."""

from collections.abc import Iterable, Sequence
from itertools import chain, islice

from msd.backend_api.values import length, number, size, text
from msd.backends.plex.parse.images import image_ref, person_ref
from msd.backends.plex.parse.wire import (
    DetailRow,
    ExtraRow,
    PartRow,
    PersonRow,
    SpanRow,
    StreamRow,
    VersionRow,
    key,
    many,
)
from msd.models import Extra, ItemDetails, Marker, MediaSource, MediaStream, Part, Person

_LONGEST = 500
_MOST_PEOPLE = 1_000
_MOST_SOURCES = 100
_MOST_STREAMS = 500
_MOST_MARKERS = 2_000
_MOST_EXTRAS = 500
_BITS = 1_000  # the server counts kbit/s
_STREAM_KINDS = {1: "video", 2: "audio", 3: "subtitle"}
_MARKER_KINDS = frozenset({"intro", "credits", "commercial"})
_TRANSFERS = {"smpte2084": "hdr10", "arib-std-b67": "hlg"}
_RESOLUTIONS = {"4k": "4K", "8k": "8K", "sd": "SD"}
_EXTRA_KINDS = {
    "trailer": "trailer",
    "sceneOrSample": "scene",
    "deletedScene": "deleted-scene",
    "interview": "interview",
    "behindTheScenes": "behind-the-scenes",
    "featurette": "featurette",
    "short": "short",
}


def item_details(row: DetailRow) -> ItemDetails:
    """Return people, media sources, markers, parts and extras."""
    jobs = (
        ("actor", row.roles),
        ("director", row.directors),
        ("writer", row.writers),
        ("producer", row.producers),
    )
    people = chain.from_iterable(
        (_person(person, job) for person in many(tagged)) for job, tagged in jobs
    )
    versions = many(row.versions)[:_MOST_SOURCES]
    extras = _extras(() if row.extras is None else many(row.extras.rows))
    return ItemDetails(
        people=tuple(islice((person for person in people if person.name), _MOST_PEOPLE)),
        media_sources=tuple(map(_source, versions)),
        markers=_markers(many(row.chapters), many(row.markers)),
        parts=_parts(many(versions[0].parts)) if versions else (),
        extras=(*(extra for extra in extras if extra.kind != "trailer"), *_themes(row.theme)),
        trailers=tuple(extra for extra in extras if extra.kind == "trailer"),
    )


def _themes(path: str | None) -> tuple[Extra, ...]:
    """Return the song that is played while an item is looked at; its path is all there is."""
    ref = image_ref(path)
    return (Extra(title="", kind="theme-song", remote_id=ref),) if ref else ()


def _person(row: PersonRow, job: str) -> Person:
    return Person(
        name=text(row.tag, _LONGEST),
        role=text(row.role, _LONGEST) if job == "actor" else "",
        job=job,
        remote_id=key(row.id) or "",
        image=person_ref(row.thumb),
    )


def _source(row: VersionRow) -> MediaSource:
    parts = many(row.parts)
    return MediaSource(
        remote_id=key(row.id) or "",
        name=text(row.title, _LONGEST) or _resolution(row.video_resolution),
        container=text(row.container, _LONGEST),
        size=sum(size(part.size) for part in parts[:_MOST_SOURCES]),
        bitrate=size(row.bitrate) * _BITS,
        duration_ms=length(row.duration),
        # The files of one version that follow each other have the same tracks.
        streams=_streams(parts[0]) if parts else (),
    )


def _resolution(value: str | None) -> str:
    """The usual name of a resolution: "1080" becomes "1080p"."""
    plain = text(value, _LONGEST).lower()
    return f"{plain}p" if plain.isdecimal() else _RESOLUTIONS.get(plain, "")


def _parts(rows: Sequence[PartRow]) -> tuple[Part, ...]:
    """The files of the first version that are played one after the other; none of a single one."""
    if len(rows) < 2:  # noqa: PLR2004 - a single file is no part of anything
        return ()
    return tuple(
        Part(remote_id=key(row.id) or "", duration_ms=length(row.duration))
        for row in rows[:_MOST_SOURCES]
    )


def _streams(part: PartRow) -> tuple[MediaStream, ...]:
    """The tracks of a file; those in files of their own count on behind the embedded ones."""
    rows = [row for row in many(part.streams)[:_MOST_STREAMS] if row.stream_type in _STREAM_KINDS]
    behind = 1 + max((number(row.index) or 0 for row in rows), default=0)
    streams = []
    for row in rows:
        index = number(row.index)
        if index is None:
            index, behind = behind, behind + 1
        streams.append(_stream(row, index))
    return tuple(streams)


def _stream(row: StreamRow, index: int) -> MediaStream:
    kind = _STREAM_KINDS[row.stream_type or 0]
    return MediaStream(
        index=index,
        kind=kind,
        codec=text(row.codec, _LONGEST),
        profile=text(row.profile, _LONGEST),
        language=text(row.language_code or row.language_tag, _LONGEST),
        title=text(row.title, _LONGEST),
        display_title=text(row.display_title, _LONGEST),
        is_default=bool(row.default),
        is_external=row.key is not None,
        is_forced=bool(row.forced),
        is_hearing_impaired=bool(row.hearing_impaired),
        channels=number(row.channels) or 0,
        channel_layout=text(row.audio_channel_layout, _LONGEST),
        width=number(row.width) or 0,
        height=number(row.height) or 0,
        hdr=_hdr(row) if kind == "video" else "",
        spatial=_spatial(row) if kind == "audio" else "",
    )


def _hdr(row: StreamRow) -> str:
    """The kind of high dynamic range, "" of an ordinary picture."""
    if row.dovi_present:
        return "dolby-vision"
    kind = _TRANSFERS.get(text(row.color_trc, _LONGEST).lower(), "")
    return "hdr10plus" if kind == "hdr10" and "hdr10+" in _shown(row) else kind


def _spatial(row: StreamRow) -> str:
    """The kind of spatial audio, which the server names in its titles alone."""
    shown = _shown(row)
    if "atmos" in shown:
        return "atmos"
    return "dtsx" if "dts:x" in shown or "dts-x" in shown else ""


def _shown(row: StreamRow) -> str:
    titles = (row.display_title, row.extended_display_title, row.title, row.profile)
    return " ".join(text(title, _LONGEST).lower() for title in titles)


def _markers(chapters: Sequence[SpanRow], markers: Sequence[SpanRow]) -> tuple[Marker, ...]:
    named = (_marker(row, "chapter") for row in chapters[:_MOST_MARKERS])
    spans = (_marker(row, row.type) for row in markers[:_MOST_MARKERS] if row.type in _MARKER_KINDS)
    found: Iterable[Marker | None] = chain(named, spans)
    return tuple(marker for marker in found if marker is not None)


def _marker(row: SpanRow, kind: str | None) -> Marker | None:
    start, end = length(row.start_time_offset), length(row.end_time_offset)
    if kind is None or end <= start:
        return None
    return Marker(kind=kind, start_ms=start, end_ms=end, title=text(row.tag, _LONGEST))


def _extras(rows: Sequence[ExtraRow]) -> tuple[Extra, ...]:
    return tuple(
        Extra(
            title=text(row.title, _LONGEST),
            kind=_EXTRA_KINDS.get(row.subtype or "", "extra"),
            remote_id=key(row.rating_key) or "",
            duration_ms=length(row.duration),
        )
        for row in rows[:_MOST_EXTRAS]
        if row.rating_key is not None or row.title
    )
