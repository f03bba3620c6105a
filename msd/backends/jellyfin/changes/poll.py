"""What one poll of a server says about all its libraries: asked for once, not library by library.

A sync goes through the libraries one after the other. The first one that needs a list of the whole
server fetches it, and the others are served from memory: what was saved since a moment, how many
items there are, what the user has watched, all collections and playlists. An older answer is as
good, since it only makes the next poll reach further back. So a poll serves every library, but
none of them twice, and not for long.

    ServerPolls.poll(library and aspect)   → ServerPoll, at most a minute old
        changed(since, cached)             → rows saved since, by library; None: too many
        has_expected_total(cached)         → the cache knows as many items as there are
        lists()                            → every collection and playlist
        touched(since)                     → what was played, begun or marked, with its state
"""

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import aclosing

import anyio
import msgspec

from msd.backend_api.changes import CachedRows, LocatedRow
from msd.backend_api.protocol import Listing, Page, RawItem
from msd.backends.jellyfin.changes.locate import Locator
from msd.backends.jellyfin.client.pages import pages, total
from msd.backends.jellyfin.client.query import (
    LIGHT,
    SERVER_WIDE,
    Query,
    changed_queries,
    count_queries,
    lists_query,
    played_last_query,
    touched_queries,
)
from msd.backends.jellyfin.client.server_time import Moment, server_moment, written
from msd.backends.jellyfin.client.session import Session
from msd.backends.jellyfin.parse.item import watch_state
from msd.backends.jellyfin.parse.place import place_of, played_at
from msd.backends.jellyfin.parse.values import ms
from msd.models import ItemType, RemoteId, WatchState

LASTS_S = 60.0
MOST_CHANGED = 2_000  # rows that are held in memory; beyond that each library is read by itself
_PLAYED_PAGE = 50
_MOST_PLAYED_PAGES = 20  # more are on the list of what is played


class ChangedRows(msgspec.Struct, kw_only=True):
    """What was saved on a server since a moment."""

    by_library: dict[RemoteId, list[LocatedRow]] = {}
    new: int = 0  # rows that the cache does not hold
    unplaced: set[ItemType] = set()  # types of rows whose library the server does not tell
    has_gaps: bool = False  # rows on which the server fails: anything may have changed


class Lists(msgspec.Struct, frozen=True, kw_only=True):
    """Every collection and playlist of a server, as listings show them."""

    rows: tuple[RawItem, ...]
    is_complete: bool


class ServerPoll:
    """A server as it was at one moment.

    Attributes:
        at: the moment, before anything else was asked for.
        listings: all listings of the server.
    """

    def __init__(
        self,
        session: Session,
        locator: Locator,
        listings: Sequence[Listing],
        page_size: int,
        at: Moment,
    ) -> None:
        self.at = at
        self._session = session
        self._locator = locator
        self.listings = listings
        self._page_size = page_size
        self._lock = anyio.Lock()
        self._changed: dict[int, ChangedRows | None] = {}
        self._has_expected_total: bool | None = None
        self._lists: Lists | None = None
        self._touched: dict[int, dict[RemoteId, WatchState]] = {}
        self._places: Mapping[RemoteId, tuple[RemoteId, ItemType]] | None = None

    async def changed(self, since: int, cached: CachedRows) -> ChangedRows | None:
        """Return what was saved in all libraries since a moment of the server's time.

        None when that is too much to hold: each library is then to be asked for its own.

        Raises:
            As `pages.pages` does.
        """
        async with self._lock:
            return await self._changed_since(since, cached)

    async def has_expected_total(self, since: int, cached: CachedRows) -> bool:
        """Return whether the server has as many items as the cache will hold after this pass.

        Artists, collections and playlists are not counted here. False also where the same item
        stands in two libraries; then the libraries are counted one by one.

        Raises:
            As `pages.pages` does.
        """
        async with self._lock:
            if self._has_expected_total is None:
                changed = await self._changed_since(since, cached)
                expected = 0 if changed is None else await self._expected(cached) + changed.new
                is_known = changed is not None and expected >= 0
                self._has_expected_total = is_known and expected == await self._total()
            return self._has_expected_total

    async def lists(self) -> Lists:
        """Return every collection and playlist.

        Raises:
            As `pages.pages` does.
        """
        async with self._lock:
            if self._lists is None:
                rows: dict[RemoteId, RawItem] = {}
                is_complete = True
                query = lists_query(self._user_id)
                async for page in pages(self._session.client, query, self._page_size):
                    rows |= {row.remote_id: row for row in page.items}
                    is_complete = is_complete and not page.gaps and not page.skipped
                self._lists = Lists(rows=tuple(rows.values()), is_complete=is_complete)
            return self._lists

    async def touched(self, since: int) -> Mapping[RemoteId, WatchState]:
        """Return what the user has played, begun or marked in all libraries, with its state.

        Args:
            since: what was played from this moment of the server's time on is in it as well; an
                item that was only looked into is on none of the lists.

        Raises:
            As `pages.pages` does.
        """
        async with self._lock:
            if since not in self._touched:
                states: dict[RemoteId, WatchState] = {}
                for query in touched_queries(self.listings, self._user_id):
                    size = self._page_size * LIGHT
                    async for page in pages(self._session.client, query, size):
                        states |= _states(page)
                states |= await self._played_since(since)
                await self._session.versions.refresh()
                states |= {
                    remote_id: self._session.versions.merged(remote_id, states.get(remote_id))
                    for remote_id in self._session.versions.begun
                }
                self._touched[since] = states
            return self._touched[since]

    async def places_of_touched(
        self, since: int, cached: CachedRows
    ) -> Mapping[RemoteId, tuple[RemoteId, ItemType]]:
        """Return library and type of what was touched, as far as the cache holds it.

        Raises:
            As `pages.pages` does.
        """
        states = await self.touched(since)
        if self._places is None or len(self._touched) > 1:
            self._places = await cached.places(list(states))
        return self._places

    async def _changed_since(self, since: int, cached: CachedRows) -> ChangedRows | None:
        if since not in self._changed:
            self._changed[since] = await self._read_changed(since, cached)
        return self._changed[since]

    async def _read_changed(self, since: int, cached: CachedRows) -> ChangedRows | None:
        rows: dict[RemoteId, RawItem] = {}
        changed = ChangedRows()
        for query in changed_queries(self.listings, self._user_id, written(since), everywhere=True):
            async with aclosing(pages(self._session.client, query, self._page_size)) as windows:
                async for page in windows:
                    rows |= {row.remote_id: row for row in page.items}
                    changed.has_gaps |= page.gaps or bool(page.skipped)
                    if max(page.total or 0, len(rows)) > MOST_CHANGED:
                        return None
        for row in await self._locator.locate(tuple(rows.values()), self.listings, cached):
            if row.listing is not None:
                library = row.listing.library.remote_id
                changed.by_library.setdefault(library, []).append(row)
            elif (place := place_of(row.item)) is not None and place.item_type is not None:
                changed.unplaced.add(place.item_type)
        counted = [
            row.item.remote_id
            for located in changed.by_library.values()
            for row in located
            if row.listing is not None and row.listing.type not in SERVER_WIDE
        ]
        changed.new = len(counted) - len(await cached.places(counted))
        return changed

    async def _expected(self, cached: CachedRows) -> int:
        """Return how many items the cache should hold; negative when that is not known."""
        libraries = {listing.library.remote_id for listing in self.listings}
        expected = 0
        for library in libraries:
            rows = await cached.expected_rows(library)
            types = (
                {listing.type for listing in self.listings if listing.library.remote_id == library}
                - SERVER_WIDE
                - {ItemType.ARTIST}
            )
            counts = [rows.get(item_type, -1) for item_type in types]
            if any(count < 0 for count in counts):
                return -1 << 62
            expected += sum(counts)
        return expected

    async def _total(self) -> int:
        queries = count_queries(self.listings, self._user_id, everywhere=True)
        return sum([await total(self._session.client, query) for query in queries])

    async def _played_since(self, start: int) -> dict[RemoteId, WatchState]:
        """Return what was played since a moment of the server's time, as far back as is cheap."""
        states: dict[RemoteId, WatchState] = {}
        query = played_last_query(self.listings, self._user_id)
        if query is None:
            return states
        async with aclosing(pages(self._session.client, query, _PLAYED_PAGE)) as windows:
            async for page in windows:
                recent = [row for row in page.items if played_at(row) >= start]
                states |= _states_of(recent)
                is_older = len(recent) < len(page.items)
                if is_older or page.start >= _PLAYED_PAGE * _MOST_PLAYED_PAGES:
                    break
        return states

    @property
    def _user_id(self) -> str:
        return self._session.routes.user_id


def queries_of(listings: Sequence[Listing], user_id: str, since: int) -> tuple[Query, ...]:
    """Return the requests for what was saved in one library since a moment."""
    return changed_queries(listings, user_id, written(since), everywhere=False)


def _states(page: Page) -> dict[RemoteId, WatchState]:
    return _states_of(page.items)


def _states_of(rows: Sequence[RawItem]) -> dict[RemoteId, WatchState]:
    states = {}
    for row in rows:
        if (place := place_of(row)) is None:
            continue
        state = watch_state(place.user_data, ms(place.run_time_ticks))
        if state is not None:
            states[row.remote_id] = state
    return states


class ServerPolls:
    """The polls of one session.

    Args:
        session: with the server.
        locator: finds the library of a row.
        page_size: how many rows one request asks for.
        clock: in seconds.
    """

    def __init__(
        self,
        session: Session,
        locator: Locator,
        page_size: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._session = session
        self._locator = locator
        self._page_size = page_size
        self._clock = clock
        self._latest: ServerPoll | None = None
        self._begun = 0.0
        self._served: set[str] = set()

    async def poll(self, asker: str, listings: Sequence[Listing]) -> ServerPoll:
        """Return a poll that is younger than a minute and new to the asker.

        Args:
            asker: library and aspect that the poll is for.
            listings: all listings of the server.

        Raises:
            As `server_moment` does.
        """
        is_old = self._clock() - self._begun > LASTS_S
        is_other = self._latest is not None and self._latest.listings != listings
        if self._latest is None or is_old or is_other or asker in self._served:
            at = await server_moment(self._session.client)
            self._latest = ServerPoll(self._session, self._locator, listings, self._page_size, at)
            self._begun = self._clock()
            self._served = set()
        self._served.add(asker)
        return self._latest
