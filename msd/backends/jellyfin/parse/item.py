"""From a listed row to a `MediaItem`: pure, lenient with every member but id, name and type.

This runs once for each new or changed row of a sync, so what is absent, which most members of
most rows are, is told apart before anything is called.
"""

import re
from functools import lru_cache

import msgspec

from msd.backend_api.lenient import lenient
from msd.backend_api.protocol import RawItem, SkippedItem
from msd.backend_api.values import (
    LONGEST_NAME,
    LONGEST_TEXT,
    MOST_COUNT,
    MOST_ENTRIES,
    number,
    rating,
    text,
    texts,
    year,
)
from msd.backends.jellyfin.parse.identity import identity
from msd.backends.jellyfin.parse.values import guid, moment, ms, released
from msd.backends.jellyfin.parse.wire import ITEM_TYPES, Row, RowWatch, UserData
from msd.models import (
    Image,
    ItemType,
    MediaItem,
    RemoteId,
    WatchState,
)

PARSER_VERSION = 1  # raise it whenever the same row would give another result

_LONGEST_ID = 100
_WORDS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
# The SortName of these is a number made of their place in the parent.
_PLACE_SORTED = frozenset({ItemType.SEASON, ItemType.EPISODE, ItemType.TRACK})

_UNTOUCHED = WatchState()

_decode = msgspec.json.Decoder(Row).decode
_decode_watch = msgspec.json.Decoder(RowWatch).decode


def parsed(item: RawItem) -> MediaItem | SkippedItem:
    """Return a listed row as an item, or why it can't be understood; never raises."""
    if not isinstance(item.payload, bytes | msgspec.Raw):
        return SkippedItem(remote_id=item.remote_id, why="the row is not one of Jellyfin's")
    return media_item(item.remote_id, item.payload)


def media_item(remote_id: RemoteId, raw: bytes | msgspec.Raw) -> MediaItem | SkippedItem:
    """Return the JSON of a row as an item, or why it can't be understood; never raises."""
    try:
        row = _decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        try:
            row = lenient(bytes(raw), Row)
            row.user_data = _readable_user_data(raw, row.user_data)
        except ValueError as error:
            return SkippedItem(remote_id=remote_id, why=f"the row can't be read: {error}"[:200])
    item_type = ITEM_TYPES.get(row.type)
    title = text(row.name, LONGEST_NAME)
    if item_type is None or not title or guid(row.id) != remote_id:
        return SkippedItem(remote_id=remote_id, why="the row has no usable id, name or type")
    return _item(row, remote_id, item_type, title)


def _readable_user_data(raw: bytes | msgspec.Raw, data: UserData | None) -> UserData | None:
    """Return a repaired watch state; None, no opinion, when all that it said can't be read.

    A state must not become "never watched" because a number in it was odd.
    """
    if data is None or watch_state(data) != _UNTOUCHED:
        return data
    try:
        return _decode_watch(raw).user_data
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _item(row: Row, remote_id: RemoteId, item_type: ItemType, title: str) -> MediaItem:
    is_episode, is_track = item_type is ItemType.EPISODE, item_type is ItemType.TRACK
    index = None if row.index_number is None else number(row.index_number)
    outer_index = number(row.parent_index_number) if is_episode or is_track else None
    return MediaItem(
        remote_id=remote_id,
        type=item_type,
        title=title,
        sort_title="" if item_type in _PLACE_SORTED else text(row.sort_name, LONGEST_NAME),
        original_title=text(row.original_title, LONGEST_NAME) if row.original_title else "",
        overview=text(row.overview, LONGEST_TEXT),
        tagline=next(iter(texts(row.taglines)), "") if row.taglines else "",
        year=year(row.production_year),
        released=released(row.premiere_date),
        added_at=moment(row.date_created),
        duration_ms=ms(row.run_time_ticks),
        genres=texts(row.genres),
        studios=texts([studio.name for studio in row.studios]) if row.studios else (),
        rating=rating(row.community_rating),
        content_rating=text(row.official_rating, LONGEST_NAME),
        external_ids=_external_ids(row.provider_ids) if row.provider_ids else (),
        parent_remote_id=_parent(row, remote_id, item_type),
        show_remote_id=_other_id(row.series_id, remote_id) if row.series_id else None,
        show_title=text(row.series_name, LONGEST_NAME) if row.series_name else "",
        season_number=outer_index
        if is_episode
        else index
        if item_type is ItemType.SEASON
        else None,
        episode_number=index if is_episode else None,
        artist=_artist(row, item_type),
        album=text(row.album, LONGEST_NAME) if row.album else "",
        album_remote_id=_other_id(row.album_id, remote_id) if row.album_id else None,
        disc_number=outer_index if is_track else None,
        track_number=index if is_track else None,
        child_count=None if row.child_count is None else number(row.child_count),
        images=_images(row),
        watch=watch_state(row.user_data),
        identity=identity(row, item_type),
    )


def watch_state(data: UserData | None) -> WatchState | None:
    """Return what the server knows of the user's watching; None when it does not say."""
    if data is None:
        return None
    if not (
        data.played
        or data.play_count
        or data.playback_position_ticks
        or data.last_played_date
        or data.is_favorite
        or data.rating is not None
    ):
        return _UNTOUCHED
    return WatchState(
        watched=bool(data.played),
        play_count=min(max(data.play_count or 0, 0), MOST_COUNT),
        position_ms=ms(data.playback_position_ticks),
        last_played=moment(data.last_played_date),
        favourite=bool(data.is_favorite),
        user_rating=rating(data.rating),
    )


def _other_id(value: str | None, own: RemoteId) -> RemoteId | None:
    """The id of a relative; a row that names itself has none."""
    found = guid(value)
    return RemoteId(found) if found is not None and found != own else None


def _parent(row: Row, own: RemoteId, item_type: ItemType) -> RemoteId | None:
    match item_type:
        case ItemType.SEASON:
            return _other_id(row.series_id, own)
        case ItemType.EPISODE:
            return _other_id(row.season_id, own) or _other_id(row.series_id, own)
        case ItemType.TRACK:
            return _other_id(row.album_id, own)
        case ItemType.ALBUM if row.album_artists:
            return _other_id(row.album_artists[0].id, own)
        case _:
            return None


def _artist(row: Row, item_type: ItemType) -> str:
    if item_type is ItemType.ALBUM:
        return text(row.album_artist, LONGEST_NAME)
    if row.artists and (artists := ", ".join(texts(row.artists))[:LONGEST_NAME]):
        return artists
    return text(row.album_artist, LONGEST_NAME) if row.album_artist else ""


def _external_ids(ids: dict[str, str | None]) -> tuple[tuple[str, str], ...]:
    found = []
    for name, value in ids.items():
        if value and len(name) < _LONGEST_ID and (provider := _id_name(name)):
            external_id = text(value, _LONGEST_ID)
            if external_id:
                found.append((provider, external_id))
    return tuple(found[:MOST_ENTRIES])


@lru_cache(maxsize=256)
def _id_name(name: str) -> str:
    """`MusicBrainzAlbum` → `musicbrainz-album`; "" for what is no word."""
    words = _WORDS.sub("-", name.replace("MusicBrainz", "Musicbrainz")).lower()
    return words if words.isascii() and words.replace("-", "").isalnum() else ""


def _images(row: Row) -> tuple[Image, ...]:
    """The pictures of an item, those of its relatives where it has none.

    `ref` is type:tag, with the id of the item that owns the picture when that is another.
    """
    tags = row.image_tags or {}
    found = []
    if poster := _poster(row, tags):
        found.append(Image(kind="poster", ref=poster))
    if backdrop := _backdrop(row):
        found.append(Image(kind="backdrop", ref=backdrop))
    if "Thumb" in tags and (thumb := _ref("Thumb", tags["Thumb"])):
        found.append(Image(kind="thumb", ref=thumb))
    if "Logo" in tags and (logo := _ref("Logo", tags["Logo"])):
        found.append(Image(kind="logo", ref=logo))
    return tuple(found)


def _poster(row: Row, tags: dict[str, str | None]) -> str:
    return (
        _ref("Primary", tags.get("Primary"))
        or _ref("Primary", row.album_primary_image_tag, row.album_id)
        or _ref("Primary", row.series_primary_image_tag, row.series_id)
    )


def _backdrop(row: Row) -> str:
    if row.backdrop_image_tags and (own := _ref("Backdrop", row.backdrop_image_tags[0])):
        return own
    if row.parent_backdrop_image_tags:
        return _ref("Backdrop", row.parent_backdrop_image_tags[0], row.parent_backdrop_item_id)
    return ""


def _ref(wire: str, tag: str | None, owner: str | None = "") -> str:
    if not tag or len(tag) > _LONGEST_ID or not (tag.isascii() and tag.isalnum()):
        return ""
    if owner == "":
        return f"{wire}:{tag}"
    owner_id = guid(owner)
    return f"{wire}:{tag}:{owner_id}" if owner_id else ""
