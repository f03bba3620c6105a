"""From the full answer about one item to its `ItemDetails`."""

import re
from collections.abc import Mapping, Sequence
from itertools import pairwise
from types import MappingProxyType

import msgspec

from msd.backend_api.lenient import lenient
from msd.backend_api.lyrics import bounded_lyrics
from msd.backend_api.values import number, position, size, text
from msd.backends.jellyfin.parse.images import image_ref
from msd.backends.jellyfin.parse.values import guid, ms
from msd.backends.jellyfin.parse.wire import (
    TICKS_PER_MS,
    ChapterRow,
    DetailRow,
    ExtraRow,
    LyricRow,
    PersonRow,
    SegmentRow,
    SourceRow,
    StreamRow,
    TrailerLink,
)
from msd.models import (
    Extra,
    ItemDetails,
    Marker,
    MediaSource,
    MediaStream,
    Milliseconds,
    Part,
    Person,
)

_LONGEST = 500
_MOST_PEOPLE = 1_000
_LONGEST_URL = 2_000
_MOST_EXTRAS = 200
_MOST_SOURCES = 100
_MOST_STREAMS = 500
_MOST_MARKERS = 2_000
_JOBS = {"guest-star": "guest"}
_WORDS = re.compile(r"(?<=[a-z])(?=[A-Z])")
_STREAM_KINDS = {"Video": "video", "Audio": "audio", "Subtitle": "subtitle"}
_HDR = {"HDR10": "hdr10", "HDR10Plus": "hdr10plus", "HLG": "hlg"}
_SPATIAL = {"DolbyAtmos": "atmos", "DTSX": "dtsx"}
_EXTRA_KINDS = {
    "Trailer": "trailer",
    "Scene": "scene",
    "DeletedScene": "deleted-scene",
    "Interview": "interview",
    "BehindTheScenes": "behind-the-scenes",
    "Featurette": "featurette",
    "Short": "short",
    "Sample": "sample",
    "Clip": "clip",
    "ThemeSong": "theme-song",
    "ThemeVideo": "theme-video",
}
_NO_POSITIONS: Mapping[str, Milliseconds] = MappingProxyType({})
_SEGMENT_KINDS = {
    "Intro": "intro",
    "Outro": "credits",
    "Recap": "recap",
    "Preview": "preview",
    "Commercial": "commercial",
}


class ExtraAnswers(msgspec.Struct, frozen=True, kw_only=True):
    """What other requests than the full answer say about an item."""

    segments: Sequence[SegmentRow] = ()
    parts: Sequence[Part] = ()
    trailers: Sequence[ExtraRow] = ()
    features: Sequence[ExtraRow] = ()
    themes: Sequence[ExtraRow] = ()
    lyrics: Sequence[LyricRow] = ()


def item_details(
    raw: bytes | msgspec.Raw,
    extras: ExtraAnswers | None = None,
    positions: Mapping[str, Milliseconds] = _NO_POSITIONS,
) -> ItemDetails:
    """Return people, versions, markers, parts and extras; what can't be understood is left out.

    Args:
        raw: the full answer about one item.
        extras: what other requests tell.
        positions: where the user stopped in versions of films, by the version's id.
    """
    extras = extras or ExtraAnswers()
    row = _detail_row(raw)
    people = [_person(person) for person in (row.people or ())[:_MOST_PEOPLE]]
    links = [_link(link) for link in (row.remote_trailers or ())[:_MOST_EXTRAS]]
    return ItemDetails(
        people=tuple(person for person in people if person.name),
        media_sources=tuple(
            _source(source, positions) for source in (row.media_sources or ())[:_MOST_SOURCES]
        ),
        markers=_chapters(row.chapters or []) + _segments(extras.segments),
        parts=_parts(extras.parts, row.media_sources or []),
        trailers=_extras(extras.trailers, "trailer") + tuple(link for link in links if link.url),
        extras=_extras(extras.features, "extra") + _extras(extras.themes, "theme-song"),
        lyrics=bounded_lyrics(
            (None if line.start is None else line.start // TICKS_PER_MS, line.text)
            for line in extras.lyrics
        ),
    )


def carries_details(raw: bytes | msgspec.Raw) -> bool:
    """Return whether a listed row has any of the details that were asked for."""
    row = _detail_row(raw)
    return any(part is not None for part in (row.people, row.media_sources, row.chapters))


def _detail_row(raw: bytes | msgspec.Raw) -> DetailRow:
    try:
        return msgspec.json.decode(raw, type=DetailRow)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        try:
            return lenient(bytes(raw), DetailRow)
        except ValueError:
            return DetailRow()


def _parts(others: Sequence[Part], sources: Sequence[SourceRow]) -> tuple[Part, ...]:
    """Return all parts of a film; the first one is the film's own source."""
    if not others or not sources:
        return tuple(others)
    first = sources[0]
    return (Part(remote_id=guid(first.id) or "", duration_ms=ms(first.run_time_ticks)), *others)


def _extras(rows: Sequence[ExtraRow], otherwise: str) -> tuple[Extra, ...]:
    return tuple(
        Extra(
            title=text(row.name, _LONGEST),
            kind=_EXTRA_KINDS.get(row.extra_type or "", otherwise),
            remote_id=guid(row.id) or "",
            duration_ms=ms(row.run_time_ticks),
        )
        for row in rows[:_MOST_EXTRAS]
        if guid(row.id)
    )


def _link(link: TrailerLink) -> Extra:
    """Return a trailer on a page of the internet; other addresses have no `url`."""
    url = text(link.url, _LONGEST_URL)
    return Extra(
        title=text(link.name, _LONGEST),
        kind="trailer",
        url=url if url.startswith(("https://", "http://")) and url.isprintable() else "",
    )


def _person(row: PersonRow) -> Person:
    job = _WORDS.sub("-", text(row.type, _LONGEST)).lower()
    remote_id = guid(row.id) or ""
    return Person(
        name=text(row.name, _LONGEST),
        role=text(row.role, _LONGEST),
        job=_JOBS.get(job, job) or "actor",
        remote_id=remote_id,
        image=image_ref("Primary", row.primary_image_tag, remote_id) if remote_id else "",
    )


def _source(row: SourceRow, positions: Mapping[str, Milliseconds]) -> MediaSource:
    streams = [_stream(stream) for stream in (row.media_streams or ())[:_MOST_STREAMS]]
    remote_id = text(row.id, _LONGEST)
    duration_ms = ms(row.run_time_ticks)
    return MediaSource(
        remote_id=remote_id,
        name=text(row.name, _LONGEST),
        container=text(row.container, _LONGEST),
        size=size(row.size),
        bitrate=size(row.bitrate),
        duration_ms=duration_ms,
        position_ms=position(positions.get(remote_id), duration_ms),
        video_3d=text(row.video_3d_format, _LONGEST).lower(),
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
        profile=text(row.profile, _LONGEST),
        language=text(row.language, _LONGEST),
        title=text(row.title, _LONGEST),
        display_title=text(row.display_title, _LONGEST),
        is_default=bool(row.is_default),
        is_forced=bool(row.is_forced),
        is_hearing_impaired=bool(row.is_hearing_impaired),
        is_external=bool(row.is_external),
        channels=number(row.channels) or 0,
        channel_layout=text(row.channel_layout, _LONGEST),
        width=(number(row.width) or 0) if kind == "video" else 0,
        height=(number(row.height) or 0) if kind == "video" else 0,
        hdr=_hdr(row.video_range_type),
        spatial=_SPATIAL.get(row.audio_spatial_format or "", ""),
    )


def _hdr(range_type: str | None) -> str:
    """Return the kind of high dynamic range; Dolby Vision before the one it falls back to."""
    if not range_type:
        return ""
    return "dolby-vision" if range_type.startswith("DOVI") else _HDR.get(range_type, "")


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
