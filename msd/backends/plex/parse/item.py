"""From a listed row to a `MediaItem`: pure, lenient with every member but id, type and title.

This runs once for each new or changed row of a sync. An absent member says "none": an unwatched
item has no viewCount, no viewOffset and no lastViewedAt (contract §0.5).
"""

import re

from msd.backend_api.protocol import RawItem, SkippedItem
from msd.backend_api.values import (
    LONGEST_NAME,
    LONGEST_TEXT,
    MOST_COUNT,
    day,
    length,
    number,
    rating,
    seconds,
    text,
    texts,
    year,
)
from msd.backends.plex.parse.guids import external_ids, identity
from msd.backends.plex.parse.rows import ListedRow
from msd.backends.plex.parse.wire import WIRE_TYPES, Row, key, many
from msd.models import Image, ItemType, MediaItem, RemoteId, WatchState

# A path of the server's own, without a query: that could hold a token (K1).
_PICTURE = re.compile(r"/(?!/)[A-Za-z0-9/:_.,~%-]{1,500}", re.ASCII).fullmatch
_UNTITLED = {ItemType.SEASON: "Season", ItemType.EPISODE: "Episode", ItemType.TRACK: "Track"}
_OF_LEAVES = frozenset({ItemType.SHOW, ItemType.SEASON, ItemType.ARTIST, ItemType.ALBUM})
_LISTS = frozenset({ItemType.COLLECTION, ItemType.PLAYLIST})

_UNTOUCHED = WatchState()


def parsed(item: RawItem) -> MediaItem | SkippedItem:
    """Return a listed row as an item, or why it can't be understood; never raises."""
    if not isinstance(item.payload, ListedRow):
        return SkippedItem(remote_id=item.remote_id, why="the row is not one of Plex's")
    return media_item(item.remote_id, item.payload.row, item.payload.type)


def media_item(remote_id: RemoteId, row: Row, item_type: ItemType) -> MediaItem | SkippedItem:
    """Return a row as an item of the type that was listed, or why it can't be; never raises."""
    if row.type not in WIRE_TYPES[item_type]:
        return SkippedItem(
            remote_id=remote_id, why=f"the row is no {item_type}: {text(row.type, 40)}"
        )
    title = _title(row, item_type)
    if not title:
        return SkippedItem(remote_id=remote_id, why="the row has no title")
    return _item(row, remote_id, item_type, title)


def _title(row: Row, item_type: ItemType) -> str:
    """The title; of an untitled part of something its number."""
    title = text(row.title, LONGEST_NAME)
    if not title and item_type in _UNTITLED and number(row.index) is not None:
        return f"{_UNTITLED[item_type]} {row.index}"
    return title


def _item(row: Row, remote_id: RemoteId, item_type: ItemType, title: str) -> MediaItem:
    is_season, is_episode = item_type is ItemType.SEASON, item_type is ItemType.EPISODE
    is_track = item_type is ItemType.TRACK
    index = None if row.index is None else number(row.index)
    outer_index = number(row.parent_index) if is_episode or is_track else None
    parent = _parent(row, remote_id, item_type)
    critics, audience = rating(row.rating), rating(row.audience_rating)
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
        year=year(row.year),
        released=day(row.originally_available_at),
        added_at=seconds(row.added_at),
        duration_ms=length(row.duration),
        genres=texts([genre.tag for genre in many(row.genres)]) if row.genres else (),
        studios=texts([studio]) if studio else (),
        rating=critics if audience is None else audience,
        content_rating=text(row.content_rating, LONGEST_NAME) if row.content_rating else "",
        external_ids=external_ids(row, item_type),
        parent_remote_id=parent,
        show_remote_id=_show(row, remote_id, item_type),
        show_title=_show_title(row, item_type),
        season_number=outer_index if is_episode else index if is_season else None,
        episode_number=index if is_episode else None,
        artist=_artist(row, item_type),
        album=text(row.parent_title, LONGEST_NAME) if is_track else "",
        album_remote_id=parent if is_track else None,
        disc_number=outer_index if is_track else None,
        track_number=index if is_track else None,
        child_count=_child_count(row, item_type),
        images=_images(row),
        watch=watch_state(row, item_type),
        identity=identity(row, item_type),
    )


def watch_state(row: Row, item_type: ItemType) -> WatchState:
    """Return what the server knows of the user's watching; it has no favourites."""
    if item_type in _LISTS:
        return _UNTOUCHED  # nobody watches a list; its viewCount is the list's own
    if not (
        row.view_count
        or row.view_offset
        or row.last_viewed_at
        or row.viewed_leaf_count
        or row.user_rating is not None
    ):
        return _UNTOUCHED
    plays = min(max(row.view_count or 0, 0), MOST_COUNT)
    leaves, viewed = row.leaf_count or 0, row.viewed_leaf_count or 0
    return WatchState(
        watched=0 < leaves <= viewed if item_type in _OF_LEAVES else plays > 0,
        play_count=plays,
        position_ms=length(row.view_offset),
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
            # A show with hidden seasons has episodes without one (contract §4.5).
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


def _images(row: Row) -> tuple[Image, ...]:
    """The pictures of an item, those of its relatives where it has none; `ref` is a path."""
    logo = next((picture.url for picture in many(row.images) if picture.type == "clearLogo"), None)
    candidates = (
        ("poster", (row.thumb, row.composite, row.parent_thumb, row.grandparent_thumb)),
        ("backdrop", (row.art, row.grandparent_art)),
        ("logo", (logo,)),
    )
    relative = ((kind, next(filter(None, map(_ref, paths)), "")) for kind, paths in candidates)
    return tuple(Image(kind=kind, ref=ref) for kind, ref in relative if ref)


def _ref(path: str | None) -> str:
    return path if path and _PICTURE(path) and "/../" not in path else ""
