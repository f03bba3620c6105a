"""The shapes of a Plex Media Server's answers, as far as msd reads them.

They are decoded leniently (docs/protocols/plex.md, Types): numbers and truths may come in quotes,
and one child may stand where a list of them belongs. Absent members are None, as with the watch
state of an unwatched item. Sizes and texts are checked where they are used.
"""

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, TypeVar

from msgspec import Raw, Struct, field

from msd.models import ItemType

_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}").fullmatch

T = TypeVar("T")

WIRE_TYPES: Mapping[ItemType, frozenset[str]] = MappingProxyType(
    {
        ItemType.MOVIE: frozenset({"movie"}),
        ItemType.SHOW: frozenset({"show"}),
        ItemType.SEASON: frozenset({"season"}),
        ItemType.EPISODE: frozenset({"episode"}),
        ItemType.ARTIST: frozenset({"artist"}),
        ItemType.ALBUM: frozenset({"album"}),
        ItemType.TRACK: frozenset({"track"}),
        ItemType.MUSIC_VIDEO: frozenset({"movie", "clip", "video"}),
        ItemType.VIDEO: frozenset({"movie", "clip", "video"}),
        ItemType.COLLECTION: frozenset({"collection"}),
        ItemType.PLAYLIST: frozenset({"playlist", ""}),
    }
)


def many(value: list[T] | T | None) -> Sequence[T]:
    """Return the children of one name as a sequence, however many the server wrote."""
    if isinstance(value, list):
        return value
    return () if value is None else (value,)


def key(value: object) -> str | None:
    """Return an id as it may stand in a path, None when it is none; it means nothing else."""
    text = str(value) if isinstance(value, str | int) else ""
    return text if _KEY(text) else None


class Tag(Struct, gc=False):
    """A genre, a country, somebody: what is shared by items."""

    tag: str | None = None


class ExternalId(Struct, gc=False):
    """Another database's id of an item, such as `imdb://tt0133093`."""

    id: str | None = None


class Picture(Struct, gc=False):
    """A picture of an item by its kind."""

    type: str | None = None
    url: str | None = None


class Colors(Struct, rename="camel", gc=False):
    """The colours of a picture's corners, e.g. "0b0b0b"."""

    top_left: str | None = None
    top_right: str | None = None
    bottom_right: str | None = None
    bottom_left: str | None = None


class PartFile(Struct, gc=False):
    """A file as lists show it."""

    file: str | None = None


class Version(Struct):
    """One version of an item as lists show it."""

    part: list[PartFile] | PartFile | None = field(default=None, name="Part")


class Row(Struct, rename="camel"):
    """An item as lists carry it, and nothing of it that changes without a meaning.

    All members but the last three are part of the row's fingerprint, so a member that `parse`
    does not read has no place here.
    """

    rating_key: str | int
    type: str = ""  # left out in the answer about one playlist
    title: str | None = None
    title_sort: str | None = None
    original_title: str | None = None
    guid: str | None = None
    summary: str | None = None
    tagline: str | None = None
    year: int | None = None
    min_year: int | None = None  # of the members of a collection
    edition_title: str | None = None
    originally_available_at: str | None = None
    added_at: int | None = None
    duration: int | None = None
    rating: float | None = None  # of critics, unless `rating_image` names another database
    rating_image: str | None = None  # e.g. "rottentomatoes://image.rating.ripe"
    audience_rating: float | None = None
    content_rating: str | None = None
    studio: str | None = None
    network: str | None = None
    index: int | None = None
    parent_index: int | None = None
    parent_rating_key: str | int | None = None
    parent_title: str | None = None
    parent_guid: str | None = None
    parent_thumb: str | None = None
    grandparent_rating_key: str | int | None = None
    grandparent_title: str | None = None
    grandparent_thumb: str | None = None
    grandparent_art: str | None = None
    leaf_count: int | None = None
    viewed_leaf_count: int | None = None
    child_count: int | None = None
    view_count: int | float | str | None = None  # `raw_item` makes it a number
    view_offset: int | None = None
    last_viewed_at: int | None = None
    user_rating: float | None = None
    thumb: str | None = None
    art: str | None = None
    banner: str | None = None
    composite: str | None = None
    thumb_blur_hash: str | None = None
    colors: list[Colors] | Colors | None = field(default=None, name="UltraBlurColors")
    guids: list[ExternalId] | ExternalId | None = field(default=None, name="Guid")
    images: list[Picture] | Picture | None = field(default=None, name="Image")
    versions: list[Version] | Version | None = field(default=None, name="Media")
    genres: list[Tag] | Tag | None = field(default=None, name="Genre")
    has_odd_watch: bool = False  # set by `rows`: a value of the watch state could not be read
    updated_at: int | None = None  # of the metadata, may be absent or -1
    section: int | str | None = field(default=None, name="librarySectionID")


class RawWatch(Struct, rename="camel"):
    """The members of a row that make its watch state, whatever their types are."""

    view_count: Any = None
    view_offset: Any = None
    last_viewed_at: Any = None
    user_rating: Any = None
    leaf_count: Any = None
    viewed_leaf_count: Any = None


class Rows(Struct, rename="camel"):
    """A page of rows, its totals and where it begins."""

    metadata: list[Row] | None = field(default=None, name="Metadata")
    total_size: Any = None
    offset: Any = None


class RawRows(Struct, rename="camel"):
    """The same with rows that are not looked into yet."""

    metadata: list[Raw] | None = field(default=None, name="Metadata")
    total_size: Any = None
    offset: Any = None


class Listed(Struct):
    """The one object of an answer that lists rows."""

    container: Rows = field(name="MediaContainer")


class RawListed(Struct):
    """The same with rows that are not looked into yet."""

    container: RawRows = field(name="MediaContainer")


class Section(Struct, rename="camel"):
    """A library."""

    key: str | int | None = None
    type: str | None = None
    title: str | None = None
    agent: str | None = None
    uuid: str | None = None
    hidden: int | bool | None = None  # 0 visible, 1 not on the home page, 2 nor in searches
    updated_at: int | None = None
    scanned_at: int | None = None
    content_changed_at: int | None = None  # a counter, not a time


class RawSections(Struct):
    """Every library that is shared with the user, not looked into yet."""

    directory: list[Raw] | Raw | None = field(default=None, name="Directory")


class RawSectionsListed(Struct):
    """The one object of the answer that lists libraries."""

    container: RawSections = field(name="MediaContainer")


class Entry(Struct, rename="camel"):
    """One entry in the menu of a provider."""

    id: str | int | None = None
    key: str | None = None
    title: str | None = None
    type: str | None = None


class Feature(Struct):
    """One thing that a provider can do."""

    type: str | None = None
    directory: list[Entry] | Entry | None = field(default=None, name="Directory")


class Provider(Struct):
    """A provider of media; the server itself is one."""

    identifier: str | None = None
    feature: list[Feature] | Feature | None = field(default=None, name="Feature")


class Providers(Struct):
    """Every provider."""

    provider: list[Provider] | Provider | None = field(default=None, name="MediaProvider")


class ProvidersListed(Struct):
    """The one object of the answer that lists providers."""

    container: Providers = field(name="MediaContainer")


class PersonRow(Struct, gc=False):
    """Someone who took part in an item."""

    tag: str | None = None
    role: str | None = None
    id: str | int | None = None
    thumb: str | None = None  # a picture's address on the internet, or a path of the server's


class StreamRow(Struct, rename="camel", gc=False):
    """One track of a file."""

    stream_type: int | None = None
    index: int | None = None
    codec: str | None = None
    profile: str | None = None
    language_code: str | None = None
    language_tag: str | None = None
    title: str | None = None
    display_title: str | None = None
    extended_display_title: str | None = None
    default: bool | None = None
    forced: bool | None = None
    hearing_impaired: bool | None = None
    key: str | None = None  # of a file beside the media: external
    channels: int | None = None
    audio_channel_layout: str | None = None
    width: int | None = None
    height: int | None = None
    color_trc: str | None = None  # the transfer function, e.g. "smpte2084"
    dovi_present: bool | None = field(default=None, name="DOVIPresent")


class PartRow(Struct, rename="camel"):
    """A file of a version; several are played one after the other."""

    id: str | int | None = None
    size: int | None = None
    duration: int | None = None
    streams: list[StreamRow] | StreamRow | None = field(default=None, name="Stream")


class VersionRow(Struct, rename="camel"):
    """One playable version of an item."""

    id: str | int | None = None
    title: str | None = None
    video_resolution: str | None = None  # "4k", "1080", "sd"
    container: str | None = None
    bitrate: int | None = None  # kbit/s
    duration: int | None = None
    parts: list[PartRow] | PartRow | None = field(default=None, name="Part")


class SpanRow(Struct, rename="camel", gc=False):
    """A marker or a chapter."""

    type: str | None = None
    tag: str | None = None
    start_time_offset: int | None = None
    end_time_offset: int | None = None


class ExtraRow(Struct, rename="camel"):
    """A trailer, an interview or the like of an item."""

    rating_key: str | int | None = None
    title: str | None = None
    subtype: str | None = None  # e.g. "trailer", "behindTheScenes"
    duration: int | None = None


class Extras(Struct):
    """What belongs to an item without being part of it."""

    rows: list[ExtraRow] | ExtraRow | None = field(default=None, name="Metadata")


class LyricSpan(Struct, rename="camel", gc=False):
    """Some words of a line, and when they begin in milliseconds."""

    text: str | None = None
    start_offset: int | None = None


class LyricsLine(Struct, rename="camel"):
    """One line of the words that are sung; an empty one is a pause."""

    spans: list[LyricSpan] | LyricSpan | None = field(default=None, name="Span")
    start_offset: int | None = None


class LyricsRow(Struct):
    """The words of a track."""

    lines: list[LyricsLine] | LyricsLine | None = field(default=None, name="Line")


class Lyrics(Struct):
    """What the stream of a track's words holds."""

    lyrics: list[LyricsRow] | LyricsRow | None = field(default=None, name="Lyrics")


class LyricsListed(Struct):
    """The one object of the answer with the words of a track."""

    container: Lyrics = field(name="MediaContainer")


class DetailRow(Struct):
    """What only the full answer about one item carries."""

    roles: list[PersonRow] | PersonRow | None = field(default=None, name="Role")
    directors: list[PersonRow] | PersonRow | None = field(default=None, name="Director")
    writers: list[PersonRow] | PersonRow | None = field(default=None, name="Writer")
    producers: list[PersonRow] | PersonRow | None = field(default=None, name="Producer")
    versions: list[VersionRow] | VersionRow | None = field(default=None, name="Media")
    markers: list[SpanRow] | SpanRow | None = field(default=None, name="Marker")
    chapters: list[SpanRow] | SpanRow | None = field(default=None, name="Chapter")
    extras: Extras | None = field(default=None, name="Extras")
    theme: str | None = None  # a path of the server's: a song
