"""From a listed row to a `MediaItem`: pure, lenient with every member but id and type.

This runs once for each new or changed row of a sync. An absent member says "none": an unwatched
item has no viewCount, no viewOffset and no lastViewedAt (docs/protocols/plex.md, Rows).
"""

from pathlib import PurePath

from msd.backend_api.protocol import RawItem, SkippedItem
from msd.backend_api.values import (
    LONGEST_NAME,
    LONGEST_TEXT,
    day,
    length,
    number,
    position,
    rating,
    seconds,
    text,
    texts,
    year,
)
from msd.backends.plex.parse.guids import file_of, identity, ids_in_databases
from msd.backends.plex.parse.images import corner_colors, images
from msd.backends.plex.parse.rows import ListedRow, UnreadableRow, play_count
from msd.backends.plex.parse.wire import WIRE_TYPES, Row, key, many
from msd.models import ItemType, MediaItem, RemoteId, WatchState

_UNTITLED = "(untitled)"
_NUMBERED = {ItemType.SEASON: "Season", ItemType.EPISODE: "Episode", ItemType.TRACK: "Track"}
_CRITICS = "rottentomatoes://"
_OF_LEAVES = frozenset({ItemType.SHOW, ItemType.SEASON, ItemType.ARTIST, ItemType.ALBUM})
_LISTS = frozenset({ItemType.COLLECTION, ItemType.PLAYLIST})

_UNTOUCHED = WatchState()


def parsed(item: RawItem) -> MediaItem | SkippedItem:
    """Return a listed row as an item, or why it can't be understood; never raises."""
    if isinstance(item.payload, UnreadableRow):
        return SkippedItem(remote_id=item.remote_id, why=item.payload.why)
    if not isinstance(item.payload, ListedRow):
        return SkippedItem(remote_id=item.remote_id, why="the row is not one of Plex's")
    return media_item(item.remote_id, item.payload.row, item.payload.type)


def media_item(remote_id: RemoteId, row: Row, item_type: ItemType) -> MediaItem | SkippedItem:
    """Return a row as an item of the type that was listed, or why it can't be; never raises."""
    if row.type not in WIRE_TYPES[item_type]:
        return SkippedItem(
            remote_id=remote_id, why=f"the row is no {item_type}: {text(row.type, 40)}"
        )
    return _item(row, remote_id, item_type, _title(row, item_type))


def _title(row: Row, item_type: ItemType) -> str:
    """Return a title that is never empty.

    Without one it is the original title, the sort title, the file's name, "Season 2" or the like,
    the date, and at last "(untitled)".
    """
    if title := text(row.title, LONGEST_NAME):
        return title
    numbered = number(row.index) if item_type in _NUMBERED else None
    substitutes = (
        "" if item_type is ItemType.TRACK else text(row.original_title, LONGEST_NAME),
        text(row.title_sort, LONGEST_NAME),
        text(PurePath(file_of(row).replace("\\", "/")).stem, LONGEST_NAME),
        "" if numbered is None else f"{_NUMBERED[item_type]} {numbered}",
        day(row.originally_available_at),
    )
    return next(filter(None, substitutes), _UNTITLED)


def _item(row: Row, remote_id: RemoteId, item_type: ItemType, title: str) -> MediaItem:
    is_season, is_episode = item_type is ItemType.SEASON, item_type is ItemType.EPISODE
    is_track = item_type is ItemType.TRACK
    index = None if row.index is None else number(row.index)
    outer_index = number(row.parent_index) if is_episode or is_track else None
    parent = _parent(row, remote_id, item_type)
    critics, audience = rating(row.rating), rating(row.audience_rating)
    is_of_critics = audience is not None or (row.rating_image or "").startswith(_CRITICS)
    duration_ms = length(row.duration)
    studio = row.studio or row.network
    return MediaItem(
        remote_id=remote_id,
        type=item_type,
        title=title,
        sort_title=text(row.title_sort, LONGEST_NAME) if row.title_sort else "",
        # Of a track it is the artist.
        original_title="" if is_track else text(row.original_title, LONGEST_NAME),
        overview=text(row.summary, LONGEST_TEXT),
        tagline=text(row.tagline, LONGEST_NAME) if row.tagline else "",
        year=year(row.min_year if row.year is None else row.year),
        released=day(row.originally_available_at),
        added_at=seconds(row.added_at),
        duration_ms=duration_ms,
        genres=texts([genre.tag for genre in many(row.genres)]) if row.genres else (),
        studios=texts([studio]) if studio else (),
        rating=critics if audience is None else audience,
        critic_rating=critics if is_of_critics else None,
        edition=text(row.edition_title, LONGEST_NAME) if row.edition_title else "",
        content_rating=text(row.content_rating, LONGEST_NAME) if row.content_rating else "",
        external_ids=ids_in_databases(row, item_type),
        parent_remote_id=parent,
        show_remote_id=_show(row, remote_id, item_type),
        show_title=_show_title(row, item_type),
        season_number=outer_index if is_episode else index if is_season else None,
        episode_number=index if is_episode else None,
        artist=_artist(row, item_type),
        artist_remote_ids=_artist_ids(row, remote_id, item_type),
        album=text(row.parent_title, LONGEST_NAME) if is_track else "",
        album_remote_id=parent if is_track else None,
        disc_number=outer_index if is_track else None,
        track_number=index if is_track else None,
        child_count=_child_count(row, item_type),
        unwatched_count=_unwatched_count(row, item_type),
        images=images(row, item_type),
        blurhash=row.thumb_blur_hash if row.thumb and row.thumb_blur_hash else "",
        colors=corner_colors(row) if row.colors else (),
        watch=watch_state(row, item_type),
        identity=identity(row, item_type),
    )


def watch_state(row: Row, item_type: ItemType) -> WatchState | None:
    """Return what the server knows of the user's watching; it has no favourites.

    None, no opinion, when all that the row says of it can't be read.
    """
    if item_type in _LISTS:
        return _UNTOUCHED  # nobody watches a list; its viewCount is the list's own
    state = _watch_state(row, item_type)
    return None if row.has_odd_watch and state == _UNTOUCHED else state


def _watch_state(row: Row, item_type: ItemType) -> WatchState:
    if not (
        row.view_count
        or row.view_offset
        or row.last_viewed_at
        or row.viewed_leaf_count
        or row.user_rating is not None
    ):
        return _UNTOUCHED
    plays = play_count(row.view_count) or 0
    leaves, viewed = row.leaf_count or 0, row.viewed_leaf_count or 0
    return WatchState(
        watched=0 < leaves <= viewed if item_type in _OF_LEAVES else plays > 0,
        play_count=plays,
        position_ms=position(row.view_offset, length(row.duration)),
        last_played=seconds(row.last_viewed_at),
        user_rating=rating(row.user_rating),
    )


def _other_key(value: object, item_id: RemoteId) -> RemoteId | None:
    """The id of a relative; a row that names itself has none."""
    relative = key(value)
    return RemoteId(relative) if relative is not None and relative != item_id else None


def _parent(row: Row, item_id: RemoteId, item_type: ItemType) -> RemoteId | None:
    match item_type:
        case ItemType.SEASON | ItemType.ALBUM | ItemType.TRACK:
            return _other_key(row.parent_rating_key, item_id)
        case ItemType.EPISODE:
            # A show with hidden seasons has episodes without one (docs/protocols/plex.md, Rows).
            return _other_key(row.parent_rating_key, item_id) or _show(row, item_id, item_type)
        case _:
            return None


def _show(row: Row, item_id: RemoteId, item_type: ItemType) -> RemoteId | None:
    match item_type:
        case ItemType.SEASON:
            return _other_key(row.parent_rating_key, item_id)
        case ItemType.EPISODE:
            return _other_key(row.grandparent_rating_key, item_id)
        case _:
            return None


def _show_title(row: Row, item_type: ItemType) -> str:
    match item_type:
        case ItemType.SEASON:
            return text(row.parent_title, LONGEST_NAME)
        case ItemType.EPISODE:
            return text(row.grandparent_title, LONGEST_NAME)
        case _:
            return ""


def _artist(row: Row, item_type: ItemType) -> str:
    match item_type:
        case ItemType.ALBUM:
            return text(row.parent_title, LONGEST_NAME)
        case ItemType.TRACK:
            return text(row.original_title or row.grandparent_title, LONGEST_NAME)
        case _:
            return ""


def _child_count(row: Row, item_type: ItemType) -> int | None:
    match item_type:
        case ItemType.SEASON | ItemType.ALBUM | ItemType.PLAYLIST:
            return number(row.leaf_count)
        case _:
            return number(row.child_count)


def _unwatched_count(row: Row, item_type: ItemType) -> int | None:
    """Return the server's number of unwatched leaves; None where it does not count them."""
    leaves = number(row.leaf_count)
    if item_type not in _OF_LEAVES or leaves is None:
        return None
    return max(leaves - (number(row.viewed_leaf_count) or 0), 0)


def _artist_ids(row: Row, item_id: RemoteId, item_type: ItemType) -> tuple[RemoteId, ...]:
    match item_type:
        case ItemType.ALBUM:
            artist = _other_key(row.parent_rating_key, item_id)
        case ItemType.TRACK:
            artist = _other_key(row.grandparent_rating_key, item_id)
        case _:
            artist = None
    return () if artist is None else (artist,)
