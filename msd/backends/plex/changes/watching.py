"""What the user watched since a cursor (contract §5.1, §5.4).

The time of the last view tells what was watched or begun. Nothing tells what was marked as
unwatched, for that takes the time away. But then fewer rows are watched than there should be,
and what had a position has none any more.
"""

from collections.abc import AsyncGenerator

from msd.backend_api.changes import ChangeCursor, Changes
from msd.backend_api.protocol import RawItem
from msd.backends.plex.changes.cursors import ListingMark, SectionCursor, decoded, encoded
from msd.backends.plex.changes.delta import Delta, FirstRows, ListingDelta
from msd.backends.plex.changes.metadata import mark_of
from msd.backends.plex.listing.locate import LibraryReader
from msd.backends.plex.listing.pages import ListReader
from msd.backends.plex.listing.query import above_of
from msd.backends.plex.parse.rows import row_of
from msd.models import ItemType, RemoteId

_MOST_BEGUN = 1_000
WATCHED = frozenset(
    {
        ItemType.MOVIE,
        ItemType.EPISODE,
        ItemType.TRACK,
        ItemType.VIDEO,
        ItemType.MUSIC_VIDEO,
    }
)


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
        marks = {}
        for delta in self._deltas:
            mark = await delta.mark()
            mark.count = (await self._watched(delta)).total
            mark.begun = tuple(item.remote_id for item in await self._begun(delta))
            marks[delta.listing.type.value] = mark
        return encoded(SectionCursor(marks=marks))

    async def changes(self, since: ChangeCursor) -> AsyncGenerator[Changes, None]:
        """Yield the rows whose watch state changed since.

        Raises:
            BadResponseError: the cursor can't be used.
            BackendError: as `ListReader.pages`.
        """
        before = decoded(since)
        marks: dict[str, ListingMark] = {}
        touched: list[RawItem] = []
        unsure: set[ItemType] = set()
        for delta in self._deltas:
            mark, item_type = mark_of(before, delta.listing), delta.listing.type
            delta_rows = Delta()
            async for page in delta.since(mark, delta_rows):
                if page.items:
                    yield Changes(listing=delta.listing, items=page.items)
            begun = await self._begun(delta)
            yield Changes(listing=delta.listing, items=begun)
            left = set(map(RemoteId, mark.begun)) - {item.remote_id for item in begun}
            left -= delta_rows.seen.keys()
            for changes in await self._library.by_id(left):
                touched += changes.items
                yield changes
            touched += delta_rows.fresh.values()
            watched = await self._watched(delta)
            moved = delta.moved(mark, delta_rows.seen.values(), watched.now)
            moved.count = watched.total
            moved.begun = tuple(item.remote_id for item in begun)
            marks[item_type.value] = moved
            if delta_rows.is_unsure or not _count_agrees(mark, moved, delta_rows):
                unsure |= {item_type, *above_of(item_type)}
        async for changes in self._library.parents(touched):
            yield changes
        for listing in self._library.listings:
            yield Changes(
                listing=listing,
                is_unsure=listing.type in unsure,
                cursor=encoded(SectionCursor(marks=marks))
                if listing is self._library.listings[-1]
                else None,
            )

    async def _watched(self, delta: ListingDelta) -> FirstRows:
        return await delta.peek(delta.query.at_least("viewCount", 1), 0)

    async def _begun(self, delta: ListingDelta) -> tuple[RawItem, ...]:
        """Return the rows that have a position, which nobody has thousands of."""
        delta_rows: list[RawItem] = []
        query = delta.query.narrowed(inProgress=1)
        async for page in ListReader(self._library.link, query, delta.listing.type).pages(
            self._library.page_size
        ):
            delta_rows += page.items
            if len(delta_rows) >= _MOST_BEGUN:
                break
        return tuple(delta_rows[:_MOST_BEGUN])


def _count_agrees(before: ListingMark, after: ListingMark, delta_rows: Delta) -> bool:
    """Whether as many rows are watched as were before and have been since."""
    if before.count is None or after.count is None:
        return False
    rows = [row_of(item) for item in delta_rows.fresh.values()]
    newly = sum(row.view_count == 1 and not row.view_offset for row in rows)
    return after.count == before.count + newly
