"""The tags of a music file (tinytag), with what the file itself says where it has none."""

from typing import Any

import msgspec

from msd.backends.local.files.opening import MediaFile
from msd.backends.local.files.probe import probe
from msd.backends.local.files.text import clean_title
from msd.backends.local.music.sound import sound_identity
from msd.backends.local.music.wavpack import ape_tags, wavpack_length
from msd.backends.local.names.tracks import track_name

_MAX_NUMBER = 10_000
_MAX_DURATION_S = 1_000_000
_YEARS = range(1000, 3000)
_MOST_VALUES = 20
_LYRICS = "lyrics"  # ID3's USLT and SYLT, the comments of Vorbis and the boxes of MPEG-4
_ALBUM_IDS = ("musicbrainz_albumid", "musicbrainz album id")


class TrackTags(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a track; columns of the tag index, in this order."""

    title: str
    artist: str = ""
    album_artist: str = ""
    album: str = ""
    disc: int = 0
    track: int = 0
    year: int = 0
    genre: str = ""  # several are separated by "; "
    is_compilation: bool = False
    has_cover: bool = False
    duration_ms: int = 0
    album_mbid: str = ""
    identity: str = ""  # what stays when the tags change
    is_titled: bool = False  # the title is a tag, not the file's name
    has_lyrics: bool = False
    has_video: bool = False  # there are pictures in it that move
    problem: str = ""  # why the file is no track


def genres_of(tags: TrackTags) -> tuple[str, ...]:
    """Return the genres of a track."""
    parts = (clean_title(part) for part in tags.genre.split(";"))
    return tuple(dict.fromkeys(part for part in parts if part))


def read_tags(file: MediaFile, name: str, size: int) -> TrackTags:
    """Return the tags of an open music file called `name`; broken tags are no tags.

    Raises:
        OSError: the disk failed while reading.
    """
    found = _parsed(file, name, image=True)
    has_any = found is not None and (found.duration or found.title)
    tags = _from_tags(found, name) if has_any else _by_probe(file, name, size)
    if tags.problem:
        return tags
    return msgspec.structs.replace(tags, identity=sound_identity(file, size))


def read_lyrics(file: MediaFile, name: str) -> str:
    """Return the lyrics in the tags of an open music file called `name`, as LRC or plain text.

    Those with times are taken where the file has both.

    Raises:
        OSError: the disk failed while reading.
    """
    found = _parsed(file, name, duration=False)
    other: dict[str, list[str]] = dict(found.other or {}) if found is not None else {}
    values = [str(value) for value in other.get(_LYRICS, ())]
    return next((value for value in values if value.startswith("[")), next(iter(values), ""))


def read_cover(file: MediaFile, name: str) -> bytes:
    """Return the picture in the tags of an open music file called `name`; empty without one.

    Raises:
        OSError: the disk failed while reading.
    """
    found = _parsed(file, name, image=True)
    image = found.images.any if found is not None else None
    return image.data if image is not None else b""


def _parsed(file: MediaFile, name: str, *, duration: bool = True, image: bool = False) -> Any:  # noqa: ANN401 - a TinyTag
    """Return the tags that a file has, None when they can't be understood.

    Raises:
        OSError: the disk failed while reading, which tinytag hides behind an error of its own.
    """
    import tinytag  # noqa: PLC0415 - only where music is

    try:
        return tinytag.TinyTag.get(filename=name, file_obj=file, duration=duration, image=image)
    except tinytag.TinyTagException as exc:
        if isinstance(exc.__cause__, OSError):
            raise exc.__cause__ from exc
        return None


def _by_probe(file: MediaFile, name: str, size: int) -> TrackTags:
    """Read formats that tinytag doesn't know by libmediainfo, with their tags if they have any."""
    technical = probe(file)
    tags, duration = technical.tags, technical.duration_ms
    if not technical.is_media:
        length = wavpack_length(file)
        if length is None:
            return TrackTags(title="", problem="no audio in it that msd understands")
        tags, duration = ape_tags(file, size), length
    disc, track, artist, title = track_name(_stem(name))
    tagged = clean_title(tags.get("title", ""))
    return TrackTags(
        title=tagged or title or _stem(name),
        artist=clean_title(tags.get("performer", "")) or ("" if tagged else artist),
        album_artist=clean_title(tags.get("album_performer", "")),
        album=clean_title(tags.get("album", "")),
        disc=_digits(tags.get("part_position", "")) or disc or 0,
        track=_digits(tags.get("track_name_position", "")) or track or 0,
        year=_year(tags.get("recorded_date", "")),
        genre=clean_title(tags.get("genre", "").replace(" / ", "; ")),
        duration_ms=duration,
        is_titled=bool(tagged),
        has_video=any(stream.kind == "video" for stream in technical.streams),
    )


def _from_tags(found: Any, name: str) -> TrackTags:  # noqa: ANN401 - tinytag's attributes are dynamic
    disc, track, artist, title = track_name(_stem(name))
    tagged = _text(found.title)
    other = {str(key).lower(): value for key, value in (found.other or {}).items()}
    return TrackTags(
        title=tagged or title or _stem(name),
        artist=_several(found.artist, other.get("artist"), ", ") or ("" if tagged else artist),
        album_artist=_text(found.albumartist),
        album=_text(found.album),
        disc=_small(found.disc) or (disc or 0 if not tagged else 0),
        track=_small(found.track) or (track or 0),
        year=_year(str(found.year or "")),
        genre=_several(found.genre, other.get("genre"), "; "),
        is_compilation=_first(other.get("compilation")).lower() in ("1", "true"),
        has_cover=found.images.any is not None,
        has_lyrics=bool(_first(other.get(_LYRICS)).strip()),
        duration_ms=_milliseconds(found.duration),
        album_mbid=_text(next((other[key] for key in _ALBUM_IDS if key in other), "")),
        is_titled=bool(tagged),
    )


def _several(first: object, others: object, mark: str) -> str:
    """Return the values of a tag that may occur several times."""
    more = others if isinstance(others, list) else [others]
    texts = (_text(value) for value in [first, *more[:_MOST_VALUES]])
    return mark.join(dict.fromkeys(text for text in texts if text))


def _first(value: object) -> str:
    if isinstance(value, list):
        value = value[0] if value else ""
    return "" if value is None else str(value)


def _text(value: object) -> str:
    return clean_title(_first(value).replace("\0", "; "))


def _small(value: object) -> int:
    return value if isinstance(value, int) and 0 < value <= _MAX_NUMBER else 0


def _digits(text: str) -> int:
    number = text.partition("/")[0].strip()
    return _small(int(number)) if number.isascii() and number.isdigit() else 0


def _year(text: str) -> int:
    digits = text.strip()[:4]
    is_number = digits.isascii() and digits.isdigit()
    return int(digits) if is_number and int(digits) in _YEARS else 0


def _milliseconds(value: object) -> int:
    is_sane = isinstance(value, int | float) and 0 < value < _MAX_DURATION_S
    return int(value * 1000) if is_sane else 0  # type: ignore[operator]


def _stem(name: str) -> str:
    stem = name.rpartition(".")[0] or name
    return clean_title(stem)
