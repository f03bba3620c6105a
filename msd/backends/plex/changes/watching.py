"""What the user watched since a cursor (docs/protocols/plex.md, Watch state).

The time of the last view finds what was watched or begun. Nothing finds what was marked as
unwatched, for that takes the time away. So the cache is asked what it holds *now*: what has a
position there and none on the server is asked for by its id, and where the numbers of watched rows
differ, the server's watched rows are listed and compared one by one (docs/behaviour.md, Y20).
"""

from collections.abc import AsyncGenerator, Iterable, Mapping

import msgspec

from msd.backend_api.changes import CachedRows, ChangeCursor, Changes
from msd.backend_api.narrowing import concerns_request
from msd.backend_api.protocol import RawItem
from msd.backend_api.rows import batches
from msd.backends.plex.changes.cursors import ListingMark, SectionCursor, decoded, encoded
from msd.backends.plex.changes.delta import Delta, ListingDelta
from msd.backends.plex.changes.metadata import mark_of
from msd.backends.plex.listing.locate import MOST_BY_ID, LibraryReader
from msd.backends.plex.listing.pages import ListReader
from msd.backends.plex.parse.item import watch_state
from msd.backends.plex.parse.rows import row_of
from msd.errors import BackendError
from msd.models import ItemType, RemoteId, WatchState

_MOST_BEGUN = 1_000
_PLACES_AT_ONCE = 5_000
_UNTOUCHED = WatchState()
WATCHED = frozenset(
    {
        ItemType.MOVIE,
        ItemType.EPISODE,
        ItemType.TRACK,
        ItemType.VIDEO,
        ItemType.MUSIC_VIDEO,
    }
)


class _States:
    """The watch states of one listing: those of the cache, and over them those of rows read."""

    def __init__(self, item_type: ItemType, cached: Mapping[RemoteId, WatchState]) -> None:
        self._type = item_type
        self._states = dict(cached)
        self.changed: dict[RemoteId, RawItem] = {}  # rows whose state is another one than cached

    def take(self, items: Iterable[RawItem]) -> None:
        """Take rows of the server into account."""
        for item in items:
            state = watch_state(row_of(item), self._type)
            if state is not None and state != self._states.get(item.remote_id, _UNTOUCHED):
                self._states[item.remote_id] = state
                self.changed[item.remote_id] = item

    @property
    def begun(self) -> set[RemoteId]:
        """The rows with a position."""
        return {remote_id for remote_id, state in self._states.items() if state.position_ms}

    @property
    def watched(self) -> set[RemoteId]:
        """The rows that were watched."""
        return {remote_id for remote_id, state in self._states.items() if state.watched}


class WatchChanges:
    """One user's watch state of the rows of one section."""

    def __init__(self, library: LibraryReader) -> None:
        self._library = library
        self._deltas = [
            ListingDelta(library, listing, "lastViewedAt")
            for listing in library.listings
            if listing.type in WATCHED
        ]

    async def cursor(self) -> ChangeCursor:
        """Return where the watch state stands now.

        Raises:
            BackendError: as `ListingDelta.peek`.
        """
        marks = {delta.listing.type.value: await delta.mark() for delta in self._deltas}
        return encoded(SectionCursor(marks=marks))

    async def changes(
        self, since: ChangeCursor, cached: CachedRows
    ) -> AsyncGenerator[Changes, None]:
        """Yield the rows whose watch state changed since.

        Raises:
            BadResponseError: the cursor can't be used.
            BackendError: as `ListReader.pages`.
        """
        before = decoded(since)
        by_type = await self._cached_states(cached)
        marks: dict[str, ListingMark] = {}
        changed: dict[RemoteId, RawItem] = {}
        unsure: set[ItemType] = set()
        for delta in self._deltas:
            item_type = delta.listing.type
            mark, states = mark_of(before, delta.listing), _States(item_type, by_type[item_type])
            marks[item_type.value] = moved = msgspec.structs.replace(mark)
            try:
                async for changes in self._listing(delta, states, moved):
                    unsure |= {item_type} if changes.is_unsure else set()
                    yield changes
            except BackendError as error:
                if not concerns_request(error):
                    raise
                unsure.add(item_type)
                marks[item_type.value] = mark
            changed |= states.changed
        async for changes in self._library.parents(changed.values()):
            yield changes
        for listing in self._library.listings:
            yield Changes(
                listing=listing,
                is_unsure=listing.type in unsure,
                cursor=encoded(SectionCursor(marks=marks))
                if listing is self._library.listings[-1]
                else None,
            )

    async def _listing(
        self, delta: ListingDelta, states: _States, mark: ListingMark
    ) -> AsyncGenerator[Changes, None]:
        """Yield what changed in one listing, and move the mark."""
        rows = Delta()
        async for page in delta.since(mark, rows):
            states.take(page.items)
            yield Changes(listing=delta.listing, items=page.items)
        async for changes in self._positions(delta, states):
            yield changes
        async for changes in self._watched(delta, states, mark):
            yield changes
        moved = delta.moved(mark, rows.seen.values(), None)
        mark.moment, mark.edge = moved.moment, {}
        yield Changes(listing=delta.listing, is_unsure=rows.is_unsure)

    async def _cached_states(
        self, cached: CachedRows
    ) -> dict[ItemType, dict[RemoteId, WatchState]]:
        """Return the watch states of the cache by the types of their rows."""
        by_type: dict[ItemType, dict[RemoteId, WatchState]] = {
            delta.listing.type: {} for delta in self._deltas
        }
        if not self._deltas:
            return by_type
        library = self._deltas[0].listing.library.remote_id
        states = await cached.watch_states(library)
        for batch in batches(list(states), _PLACES_AT_ONCE):
            for remote_id, (_, item_type) in (await cached.places(batch)).items():
                if item_type in by_type:
                    by_type[item_type][remote_id] = states[remote_id]
        return by_type

    async def _positions(
        self, delta: ListingDelta, states: _States
    ) -> AsyncGenerator[Changes, None]:
        """Yield the rows with a position, and those that have none any more.

        A new position moves the time of the last view. So the list is read only where the cache
        holds positions, to find those that were taken away.
        """
        if not states.begun:
            return
        begun: set[RemoteId] = set()
        reader = ListReader(self._library.link, delta.query.narrowed(inProgress=1), _type(delta))
        async for page in reader.pages(self._library.page_size):
            begun |= {item.remote_id for item in page.items}
            states.take(page.items)
            yield Changes(listing=delta.listing, items=page.items)
            if len(begun) >= _MOST_BEGUN:
                return  # what else has a position is not known: nothing is said to have lost it
        async for changes in self._by_id(delta, states, states.begun - begun):
            yield changes

    async def _watched(
        self, delta: ListingDelta, states: _States, mark: ListingMark
    ) -> AsyncGenerator[Changes, None]:
        """Yield the rows that make the difference between watched here and watched there.

        A difference that stays, such as a watched row on which the server fails, is remembered in
        the mark, so that it costs a listing only when it changes.
        """
        query = delta.query.at_least("viewCount", 1)
        total = (await delta.peek(query, 0)).total
        if total is None:
            yield Changes(listing=delta.listing, is_unsure=True)
            return
        if total - len(states.watched) != mark.unexplained:
            listed: set[RemoteId] = set()
            is_moving = False
            reader = ListReader(self._library.link, query, _type(delta))
            async for page in reader.pages(self._library.page_size):
                unknown = [item for item in page.items if item.remote_id not in states.watched]
                listed |= {item.remote_id for item in page.items}
                is_moving = is_moving or (page.gaps and not page.skipped)
                states.take(unknown)
                yield Changes(listing=delta.listing, items=tuple(unknown), is_unsure=is_moving)
            async for changes in self._by_id(delta, states, states.watched - listed):
                yield changes
        mark.unexplained = total - len(states.watched)

    async def _by_id(
        self, delta: ListingDelta, states: _States, remote_ids: set[RemoteId]
    ) -> AsyncGenerator[Changes, None]:
        if len(remote_ids) > MOST_BY_ID:
            yield Changes(listing=delta.listing, is_unsure=True)
            return
        for changes in await self._library.by_id(remote_ids):
            if changes.listing == delta.listing:
                states.take(changes.items)
            yield changes


def _type(delta: ListingDelta) -> ItemType:
    return delta.listing.type
