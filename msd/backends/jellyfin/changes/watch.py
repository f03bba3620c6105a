"""Whose watch state changed, by comparison: the server keeps no date of such a change.

What the user has played, begun or marked is listed for the whole server and compared with what the
cache holds now. A row that the cache holds as watched and that is on no list any more has changed
as well. What was played last comes in addition, since an item that was only looked into is on none
of the lists. Rows that differ are fetched whole, by their ids.
"""

from collections.abc import AsyncGenerator, Mapping

from msd.backend_api.changes import CachedRows, ChangeCursor, Changes
from msd.backends.jellyfin.changes.cursor import WatchCursor, decoded, encoded
from msd.backends.jellyfin.changes.library import FollowedLibrary, parents
from msd.backends.jellyfin.client.server_time import looked_back
from msd.models import ItemType, RemoteId, WatchState

_CONTAINERS = frozenset(
    {
        ItemType.SHOW,
        ItemType.SEASON,
        ItemType.ARTIST,
        ItemType.ALBUM,
        ItemType.COLLECTION,
        ItemType.PLAYLIST,
    }
)  # as watched as their members, in the cache; only marks of their own are compared
_UNTOUCHED = WatchState()


async def watch_changes(
    library: FollowedLibrary, since: ChangeCursor, cached: CachedRows
) -> AsyncGenerator[Changes, None]:
    """Yield the rows whose watch state differs from the cached one, and what they lie in.

    Raises:
        BadResponseError: the cursor is invalid.
        As `pages.pages` does.
    """
    before = decoded(since, WatchCursor)
    start = looked_back(before.at, library.poll.at)
    states = await library.poll.touched(start)
    changed = await _differing(library, states, start, cached)
    lie_in: set[RemoteId] = set()
    async for changes in library.by_id(changed, cached):
        lie_in |= parents(changes.items)
        yield changes
    async for changes in library.by_id(lie_in - changed, cached):
        yield changes
    queued = await library.session.queue.watched(start) - changed - lie_in
    async for changes in library.by_id(queued, cached):
        yield changes
    yield Changes(listing=library.listings[-1], cursor=encoded(WatchCursor(library.poll.at)))


async def _differing(
    library: FollowedLibrary,
    states: Mapping[RemoteId, WatchState],
    start: int,
    cached: CachedRows,
) -> set[RemoteId]:
    """Return the rows of a library that the server and the cache know differently."""
    known = await cached.watch_states(library.remote_id)
    places = await library.poll.places_of_touched(start, cached)
    own = {
        remote_id: item_type
        for remote_id, (where, item_type) in places.items()
        if where == library.remote_id
    }
    listed = {
        remote_id
        for remote_id, item_type in own.items()
        if _told(states[remote_id], item_type) != _told(known.get(remote_id, _UNTOUCHED), item_type)
    }
    gone = [remote_id for remote_id in known if remote_id not in states]
    types = await cached.places(gone)
    unlisted = {
        remote_id
        for remote_id, (_, item_type) in types.items()
        if _is_listed(known[remote_id], item_type)
    }
    return listed | unlisted


def _told(state: WatchState, item_type: ItemType) -> tuple[object, ...]:
    """Return the part of a watch state that both the lists and the cache hold."""
    if item_type in _CONTAINERS:
        return state.favourite, _rounded(state.user_rating)
    return (
        state.watched,
        state.play_count,
        state.position_ms,
        state.last_played,
        state.favourite,
        _rounded(state.user_rating),
    )


def _is_listed(state: WatchState, item_type: ItemType) -> bool:
    """Return whether a row with this state is on one of the lists."""
    is_played = state.watched or state.position_ms > 0
    return state.favourite or (is_played and item_type not in _CONTAINERS)


def _rounded(rating: float | None) -> float | None:
    return None if rating is None else round(rating, 2)
