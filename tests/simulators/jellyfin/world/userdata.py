"""A user's data of an item as JSON, and the rules by which playing changes it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from tests.simulators.jellyfin.service.versions import ServerVersion
from tests.simulators.jellyfin.world.item import Item, Library, User, UserData
from tests.simulators.jellyfin.world.physical import physical_parent
from tests.simulators.jellyfin.world.wire import EMPTY_GUID, write_time
from tests.simulators.jellyfin.world.world import World

MIN_RESUME_PERCENT = 5
MAX_RESUME_PERCENT = 90
MIN_RESUME_SECONDS = 300
_UNTOUCHED = UserData()
_DERIVED = frozenset({"Series", "Season", "BoxSet", "Playlist"})


def user_data_members(
    world: World, item: Item, version: ServerVersion, user: User
) -> dict[str, Any]:
    """Return the UserItemDataDto of an item."""
    data = user.data.get(item.id, _UNTOUCHED)
    members: dict[str, Any] = {
        "PlaybackPositionTicks": data.position_ticks,
        "PlayCount": data.play_count,
        "IsFavorite": data.favorite,
        "Played": data.played,
        "Key": item.data_key,
    }
    if item.is_folder and not _is_never_played(world, item):
        members |= _folder_members(world.leaves_below(item.id), user)
        if version.rank >= (12, 0):
            members["PlayedPercentage"] = _played_percentage(world.leaves_below(item.id), user)
    if data.last_played:
        members["LastPlayedDate"] = write_time(data.last_played)
    if data.rating is not None:
        members["Rating"] = data.rating
    if data.likes is not None:
        members["Likes"] = data.likes
    if data.position_ticks and item.runtime_ticks:
        members["PlayedPercentage"] = data.position_ticks * 100 / item.runtime_ticks
    return members | _item_id(item.id, version)


def view_user_data_members(
    world: World, library: Library, version: ServerVersion, user: User
) -> dict[str, Any]:
    """Return the UserItemDataDto of a view."""
    leaves = [item for item in world.in_library(library.id) if not item.is_folder]
    members: dict[str, Any] = {
        "PlaybackPositionTicks": 0,
        "PlayCount": 0,
        "IsFavorite": False,
        "Key": library.id,
    }
    return members | _folder_members(leaves, user) | _item_id(library.id, version)


def _is_never_played(world: World, item: Item) -> bool:
    """Whether nothing is derived from the members: artists, albums and audio playlists."""
    if item.type == "Playlist":
        members = world.children_of(item.id)
        return bool(members) and all(member.type == "Audio" for member in members)
    return item.type in {"MusicArtist", "MusicAlbum"} or item.type not in _DERIVED


def _played_percentage(leaves: list[Item], user: User) -> float:
    if not leaves:
        return 0
    return 100 * sum(user.data.get(leaf.id, _UNTOUCHED).played for leaf in leaves) / len(leaves)


def _folder_members(leaves: list[Item], user: User) -> dict[str, Any]:
    """A folder is played when all in it is, so an empty one is."""
    unplayed = sum(not user.data.get(leaf.id, _UNTOUCHED).played for leaf in leaves)
    return {"Played": unplayed == 0, "UnplayedItemCount": unplayed}


def _item_id(item_id: str, version: ServerVersion) -> dict[str, str]:
    """Absent up to 10.9, the empty GUID in 10.10, real from 10.11."""
    if version.rank >= (10, 11):
        return {"ItemId": item_id}
    return {"ItemId": EMPTY_GUID} if version.rank >= (10, 10) else {}


def affected(world: World, item: Item) -> tuple[str, ...]:
    """Return the ids a change of an item's data is announced for: its own and its parent's.

    The parent is the one on disk: a season, an album, a folder; never a show or a box set.
    """
    parent = physical_parent(world, item)
    return (item.id, parent) if parent else (item.id,)


def announced(world: World, item: Item) -> tuple[str, ...]:
    """Return the ids that a mark of an item and all below it is announced for.

    Of a whole show these are its episodes and seasons and not the show; of a box set its films
    and their folder and not the set; of a season also the specials that air within it.
    """
    if not item.is_folder:
        return affected(world, item)
    leaves = world.leaves_below(item.id)
    if item.type == "Season" and item.index:
        leaves += [
            special
            for special in world.leaves_below(item.series_id or "")
            if special.parent_index == 0 and special.airs_before_season == item.index
        ]
    ids = dict.fromkeys(each for leaf in leaves for each in affected(world, leaf))
    if item.type in {"Season", "MusicAlbum", "Playlist"}:
        ids[item.id] = None
    return tuple(ids)


def mark(
    world: World, user: User, item: Item, *, played: bool, at: datetime | None = None
) -> UserData:
    """Mark an item, and everything below a folder, as played or not."""
    with world.lock:
        below = world.leaves_below(item.id) if item.is_folder else []
        for each in (*below, item):
            data = world.data(user, each.id)
            data.position_ticks = 0
            data.played = played
            if played:
                data.play_count = max(1, data.play_count) + (1 if at else 0)
                data.last_played = at or data.last_played or world.clock.now()
            else:
                data.play_count, data.last_played = 0, None
    world.data_changed(user, *announced(world, item))
    return world.data(user, item.id)


def favor(world: World, user: User, item: Item, *, favorite: bool) -> None:
    """Make an item a favourite of a user, or end that."""
    world.data(user, item.id).favorite = favorite
    world.data_changed(user, *affected(world, item))


def reach(data: UserData, item: Item, position_ticks: int) -> None:
    """Note how far playing has come, by the server's resume rules."""
    runtime = item.runtime_ticks
    if not runtime:
        data.position_ticks, data.played = 0, True
        return
    percent = position_ticks * 100 / runtime
    if percent < MIN_RESUME_PERCENT:
        data.position_ticks = 0
        return
    at_end = percent > MAX_RESUME_PERCENT or runtime - position_ticks < 10_000_000
    if at_end or runtime < MIN_RESUME_SECONDS * 10_000_000:
        data.position_ticks, data.played = 0, True
        return
    data.position_ticks = position_ticks
