"""From a listed row to a `MediaItem`: pure, lenient with every member but id and type.

This runs once for each new or changed row of a sync. Most members of most rows are absent, so
that is checked before a function is called.
"""

import re
from functools import lru_cache

import msgspec

from msd.backend_api.external_ids import external_ids
from msd.backend_api.lenient import lenient
from msd.backend_api.protocol import RawItem, SkippedItem
from msd.backend_api.values import (
    LONGEST_NAME,
    LONGEST_TEXT,
    MOST_COUNT,
    MOST_ENTRIES,
    number,
    percent_rating,
    position,
    rating,
    text,
    texts,
    year,
)
from msd.backends.jellyfin.parse.identity import identity
from msd.backends.jellyfin.parse.images import images, usual_blurhash
from msd.backends.jellyfin.parse.title import sort_title, title
from msd.backends.jellyfin.parse.values import guid, moment, ms, released
from msd.backends.jellyfin.parse.wire import ITEM_TYPES, Named, Row, RowWatch, UserData
from msd.models import (
    ItemType,
    MediaItem,
    Milliseconds,
    RemoteId,
    WatchState,
)

PARSER_VERSION = 4  # raise it whenever the same row would give another result

_LONGEST_ID = 100
_WORDS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_STATUSES = {"Continuing": "continuing", "Ended": "ended"}

_UNTOUCHED = WatchState()
_NO_LENGTH = Milliseconds(0)

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
    if item_type is None or guid(row.id) != remote_id:
        return SkippedItem(remote_id=remote_id, why="the row has no usable id or type")
    return _item(row, remote_id, item_type)


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


def _item(row: Row, remote_id: RemoteId, item_type: ItemType) -> MediaItem:
    is_episode, is_track = item_type is ItemType.EPISODE, item_type is ItemType.TRACK
    index = None if row.index_number is None else number(row.index_number)
    outer_index = number(row.parent_index_number) if is_episode or is_track else None
    duration_ms = ms(row.run_time_ticks) if row.run_time_ticks else _NO_LENGTH
    pictures = images(row)
    return MediaItem(
        remote_id=remote_id,
        type=item_type,
        title=title(row, item_type),
        sort_title=sort_title(row, item_type),
        original_title=text(row.original_title, LONGEST_NAME) if row.original_title else "",
        overview=text(row.overview, LONGEST_TEXT),
        tagline=next(iter(texts(row.taglines)), "") if row.taglines else "",
        tags=texts(row.tags) if row.tags else (),
        year=year(row.production_year),
        released=released(row.premiere_date),
        ended=released(row.end_date) if row.end_date else "",
        status=_STATUSES.get(row.status, "") if row.status else "",
        added_at=moment(row.date_created),
        duration_ms=duration_ms,
        genres=texts(row.genres) if row.genres else (),
        studios=texts([studio.name for studio in row.studios]) if row.studios else (),
        rating=rating(row.community_rating),
        critic_rating=percent_rating(row.critic_rating),
        content_rating=text(row.official_rating, LONGEST_NAME),
        external_ids=_external_ids(row.provider_ids, item_type) if row.provider_ids else (),
        parent_remote_id=_parent(row, remote_id, item_type),
        show_remote_id=_other_id(row.series_id, remote_id) if row.series_id else None,
        show_title=text(row.series_name, LONGEST_NAME) if row.series_name else "",
        season_number=outer_index
        if is_episode
        else index
        if item_type is ItemType.SEASON
        else None,
        episode_number=index if is_episode else None,
        episode_number_end=number(row.index_number_end) if is_episode else None,
        airs_before_season=number(row.airs_before_season_number),
        airs_before_episode=number(row.airs_before_episode_number),
        airs_after_season=number(row.airs_after_season_number),
        artist=_artist(row, item_type),
        artist_remote_ids=_artist_ids(row, item_type),
        album=text(row.album, LONGEST_NAME) if row.album else "",
        album_remote_id=_album(row, remote_id, item_type),
        disc_number=outer_index if is_track else None,
        track_number=index if is_track else None,
        has_lyrics=bool(row.has_lyrics),
        part_count=number(row.part_count) or 0,
        video_3d=text(row.video_3d_format, _LONGEST_ID).lower() if row.video_3d_format else "",
        child_count=None if row.child_count is None else number(row.child_count),
        unwatched_count=number(row.user_data.unplayed_item_count) if row.user_data else None,
        images=pictures,
        blurhash=usual_blurhash(row, pictures) if row.image_blur_hashes else "",
        watch=watch_state(row.user_data, duration_ms),
        identity=identity(row, item_type),
    )


def watch_state(data: UserData | None, duration_ms: Milliseconds = _NO_LENGTH) -> WatchState | None:
    """Return what the server knows of the user's watching; None when it does not say.

    Args:
        data: as the server wrote it. A position may lie beyond the end of the item.
        duration_ms: length of the item, 0 when it is unknown.
    """
    if data is None:
        return None
    if not (
        data.played
        or data.play_count
        or data.playback_position_ticks
        or data.last_played_date
        or data.is_favorite
        or data.rating is not None
        or data.likes is not None
    ):
        return _UNTOUCHED
    return WatchState(
        watched=bool(data.played),
        play_count=min(max(data.play_count or 0, 0), MOST_COUNT),
        position_ms=position(ms(data.playback_position_ticks), duration_ms),
        last_played=moment(data.last_played_date),
        favourite=bool(data.is_favorite),
        user_rating=rating(data.rating),
        likes=data.likes,
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
        case ItemType.ALBUM:
            return next(iter(_ids(row.album_artists)), None)
        case _:
            return None


def _album(row: Row, own: RemoteId, item_type: ItemType) -> RemoteId | None:
    """Return the album of a track.

    A music video may name an audio album that only has the same name: it is no part of it.
    """
    return _other_id(row.album_id, own) if item_type is ItemType.TRACK else None


def _artist_ids(row: Row, item_type: ItemType) -> tuple[RemoteId, ...]:
    """Return the ids of the artists, those of the track before those of its album."""
    if item_type is ItemType.ARTIST:
        return ()
    named = _ids(row.album_artists) if item_type is ItemType.ALBUM else _ids(row.artist_items)
    return named or _ids(row.album_artists)


def _ids(names: list[Named] | None) -> tuple[RemoteId, ...]:
    if not names:
        return ()
    found = dict.fromkeys(RemoteId(found_id) for name in names if (found_id := guid(name.id)))
    return tuple(found)[:MOST_ENTRIES]


def _artist(row: Row, item_type: ItemType) -> str:
    if item_type is ItemType.ALBUM:
        return text(row.album_artist, LONGEST_NAME)
    if row.artists and (artists := ", ".join(texts(row.artists))[:LONGEST_NAME]):
        return artists
    return text(row.album_artist, LONGEST_NAME) if row.album_artist else ""


def _external_ids(ids: dict[str, str | None], item_type: ItemType) -> tuple[str, ...]:
    named = (
        (provider, value)
        for name, value in ids.items()
        if value and len(name) < _LONGEST_ID and (provider := _id_name(name))
    )
    return external_ids(named, item_type)


@lru_cache(maxsize=256)
def _id_name(name: str) -> str:
    """`MusicBrainzAlbum` → `musicbrainz-album`; "" for what is no word."""
    words = _WORDS.sub("-", name.replace("MusicBrainz", "Musicbrainz")).lower()
    return words if words.isascii() and words.replace("-", "").isalnum() else ""
