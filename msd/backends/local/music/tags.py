"""The tags of a music file (tinytag), with what the file itself says where it has none."""

from dataclasses import dataclass
from typing import Any

from msd.backends.local.files.opening import MediaFile
from msd.backends.local.files.probe import probe
from msd.backends.local.files.text import clean_title
from msd.backends.local.names.file_names import track_name

_MAX_NUMBER = 10_000
_MAX_DURATION_S = 1_000_000
_YEARS = range(1000, 3000)
_ID_NAMES = {
    "musicbrainz_albumid": "musicbrainz-album",
    "musicbrainz album id": "musicbrainz-album",
    "musicbrainz_trackid": "musicbrainz-recording",
}


@dataclass(frozen=True, slots=True)
class TrackTags:
    """What is known of a track; columns of the tag index, in this order."""

    title: str
    artist: str = ""
    album_artist: str = ""
    album: str = ""
    disc: int = 0
    track: int = 0
    year: int = 0
    genre: str = ""
    is_compilation: bool = False
    has_cover: bool = False
    duration_ms: int = 0
    album_mbid: str = ""
    problem: str = ""  # why the file is no track


def read_tags(file: MediaFile, name: str) -> TrackTags:
    """Return the tags of an open music file called `name`; broken tags are no tags.

    Raises:
        OSError: the disk failed while reading.
    """
    import tinytag  # noqa: PLC0415 - only where music is

    try:
        found = tinytag.TinyTag.get(filename=name, file_obj=file, image=True)
    except tinytag.TinyTagException as exc:
        if isinstance(exc.__cause__, OSError):
            raise exc.__cause__ from exc
        return _untagged(file, name)
    if not found.duration and not found.title:
        return _untagged(file, name)
    return _from_tags(found, name)


def _untagged(file: MediaFile, name: str) -> TrackTags:
    technical = probe(file)
    if not technical.is_media:
        return TrackTags("", problem="no audio in it that msd understands")
    disc, track, artist, title = track_name(_stem(name))
    return TrackTags(
        title or _stem(name),
        artist=artist,
        disc=disc or 0,
        track=track or 0,
        duration_ms=technical.duration_ms,
    )


def _from_tags(found: Any, name: str) -> TrackTags:  # noqa: ANN401 - tinytag's attributes are dynamic
    disc, track, artist, title = track_name(_stem(name))
    tagged = _text(found.title)
    other = {str(key).lower(): value for key, value in (found.other or {}).items()}
    year = str(found.year or "")[:4]
    return TrackTags(
        tagged or title or _stem(name),
        artist=_text(found.artist) or ("" if tagged else artist),
        album_artist=_text(found.albumartist),
        album=_text(found.album),
        disc=_small(found.disc) or (disc or 0 if not tagged else 0),
        track=_small(found.track) or (track or 0),
        year=int(year) if year.isascii() and year.isdigit() and int(year) in _YEARS else 0,
        genre=_text(found.genre),
        is_compilation=_first(other.get("compilation")) in ("1", "true", "True"),
        has_cover=found.images.any is not None,
        duration_ms=_milliseconds(found.duration),
        album_mbid=_text(_first(_id_in(other, "musicbrainz-album"))),
    )


def _id_in(other: dict[str, Any], wanted: str) -> object:
    return next(
        (other[key] for key, name in _ID_NAMES.items() if name == wanted and key in other), ""
    )


def _first(value: object) -> str:
    if isinstance(value, list):
        value = value[0] if value else ""
    return "" if value is None else str(value)


def _text(value: object) -> str:
    return clean_title(_first(value))


def _small(value: object) -> int:
    return value if isinstance(value, int) and 0 < value <= _MAX_NUMBER else 0


def _milliseconds(value: object) -> int:
    is_sane = isinstance(value, int | float) and 0 < value < _MAX_DURATION_S
    return int(value * 1000) if is_sane else 0  # type: ignore[operator]


def _stem(name: str) -> str:
    stem = name.rpartition(".")[0] or name
    return clean_title(stem)
