"""What changed in a library since a cursor (contract §5.4).

The counter of a section tells that something changed, not what, and not always. So each listing
is asked for two things: rows whose metadata was saved since, and rows with keys that are higher
than any before, since a new row may bear any time. What came and the count tell how many went.
A count that is off is looked into by enumerating, and so is a counter that moved for no row.
"""

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, field

from msd.backend_api.changes import Changes, Cursor
from msd.backend_api.protocol import Listing, RawItem
from msd.backends.plex.cursors import Mark, SectionCursor, decoded, encoded
from msd.backends.plex.delta import Delta, ListingDelta, Peek, numbered
from msd.backends.plex.link import ServerLink
from msd.backends.plex.located import Shelf, changes_by_id, holders
from msd.backends.plex.pages import ListReader
from msd.backends.plex.query import BELOW, above_of, below_queries, listing_query
from msd.backends.plex.wire import Section
from msd.errors import BadResponseError
from msd.models import ItemType, RemoteId

_MOST_HOLDERS = 50  # whose content is listed one by one; beyond that a listing is cheaper


@dataclass(slots=True)
class _Look:
    """What one look has found so far."""

    seen: set[RemoteId] = field(default_factory=set)
    holders: set[RemoteId] = field(default_factory=set)  # of what is new or changed
    edited: dict[ItemType, set[RemoteId]] = field(default_factory=dict)  # not the new ones
    counts: dict[ItemType, int | None] = field(default_factory=dict)
    marks: dict[str, Mark] = field(default_factory=dict)
    unsure: set[ItemType] = field(default_factory=set)
    has_moved: bool = False

    def take(self, item_type: ItemType, fresh: Sequence[RawItem], new: set[RemoteId]) -> None:
        """Note rows that are new or changed."""
        self.has_moved = self.has_moved or bool(fresh)
        self.seen |= {item.remote_id for item in fresh}
        self.holders |= holders(fresh)
        edited = {item.remote_id for item in fresh} - new
        self.edited.setdefault(item_type, set()).update(edited)

    def lose(self, item_type: ItemType) -> None:
        """Note that rows went; what they were in counts fewer now."""
        self.has_moved = True
        self.unsure |= above_of(item_type)


class MetadataLane:
    """The rows of one section, without what the user watched."""

    def __init__(
        self, link: ServerLink, section: Section, listings: Sequence[Listing], page_size: int
    ) -> None:
        self._link = link
        self._section = section
        self._listings = listings
        self._page_size = page_size
        self._deltas = [ListingDelta(link, one, page_size, "updatedAt") for one in listings]

    async def cursor(self) -> Cursor:
        """Return where the rows stand now.

        Raises:
            BackendError: as `ListingDelta.peek`.
        """
        marks = {}
        for delta in self._deltas:
            mark, top = await delta.mark(), await self._top(delta)
            mark.count, mark.newest = top.total, numbered(top.items)
            marks[delta.listing.type.value] = mark
        return self._cursor(marks)

    async def changes(
        self, since: Cursor, shelves: Mapping[RemoteId, Shelf]
    ) -> AsyncGenerator[Changes, None]:
        """Yield the rows that came and changed since, then the counts.

        Raises:
            BadResponseError: the section was made anew, or the cursor can't be used.
            BackendError: as `ListReader.pages`.
        """
        before = decoded(since)
        if before.uuid != (self._section.uuid or ""):
            raise BadResponseError("the library was made anew on the server")
        look = _Look()
        for delta in self._deltas:
            async for changes in self._listing(delta, marked(before, delta.listing), look):
                yield changes
        missing = look.holders - look.seen
        for changes in await changes_by_id(self._link, missing, shelves, self._listings):
            yield changes
        async for changes in self._below(look):
            yield changes
        async for changes in self._collections(look):
            yield changes
        if before.changed_at != (self._section.content_changed_at or 0) and not look.has_moved:
            look.unsure |= {listing.type for listing in self._listings}
        for listing in self._listings:
            yield Changes(
                listing=listing,
                count=look.counts[listing.type],
                is_unsure=listing.type in look.unsure,
                cursor=self._cursor(look.marks) if listing is self._listings[-1] else None,
            )

    async def _listing(
        self, delta: ListingDelta, mark: Mark, look: _Look
    ) -> AsyncGenerator[Changes, None]:
        listing = delta.listing
        top = await self._top(delta)
        newest = numbered(top.items)
        came: dict[RemoteId, RawItem] = {}
        if newest is None or mark.newest is None:
            look.unsure.add(listing.type)
        elif newest > mark.newest:
            came = await self._new(delta, mark.newest)
            yield Changes(listing=listing, items=tuple(came.values()))
        found = Delta()
        is_filtered = True
        async for page in delta.since(mark, found):
            # All rows of a large listing: the server does not know the filter, or has refreshed
            # everything. Enumerating costs the same.
            is_filtered = page.total is None or page.total < max(top.total or 0, self._page_size)
            if not is_filtered:
                break
            if page.items:
                yield Changes(listing=listing, items=page.items)
        fresh = came | found.fresh
        look.take(listing.type, list(fresh.values()), set(came))
        if found.is_unsure or not is_filtered:
            look.unsure.add(listing.type)
        if mark.count is not None and top.total is not None and top.total < mark.count + len(came):
            look.lose(listing.type)
        moved = delta.moved(mark, (came | found.seen).values(), top.now)
        if not is_filtered:
            moved = await delta.mark()
        moved.count = top.total
        moved.newest = None if newest is None else max(newest, mark.newest or 0)
        look.counts[listing.type] = top.total
        look.marks[listing.type.value] = moved

    async def _top(self, delta: ListingDelta) -> Peek:
        return await delta.peek(delta.query.narrowed(sort="id:desc"), 1)

    async def _new(self, delta: ListingDelta, newest: int) -> dict[RemoteId, RawItem]:
        """Return the rows whose keys are higher than any before."""
        found: dict[RemoteId, RawItem] = {}
        query = delta.query.narrowed(sort="id:desc")
        async for page in ListReader(self._link, query, delta.listing.type).pages(self._page_size):
            new = [item for item in page.items if (numbered([item]) or 0) > newest]
            found |= {item.remote_id: item for item in new}
            if len(new) < len(page.items):
                break
        return found

    async def _below(self, look: _Look) -> AsyncGenerator[Changes, None]:
        """Yield what lies in shows and the like that changed: it bears their names."""
        for above, below in BELOW.items():
            edited = look.edited.get(above, set())
            if len(edited) > _MOST_HOLDERS:
                look.unsure |= set(below)
                continue
            for remote_id in sorted(edited):
                for listing, query in below_queries(self._listings, above, remote_id):
                    reader = ListReader(self._link, query, listing.type)
                    async for page in reader.pages(self._page_size):
                        yield Changes(listing=listing, items=page.items)

    async def _collections(self, look: _Look) -> AsyncGenerator[Changes, None]:
        """Yield all collections when anything moved: their members may have come or gone."""
        listing = next((one for one in self._listings if one.type is ItemType.COLLECTION), None)
        if listing is None or not look.has_moved or not look.counts[listing.type]:
            return
        reader = ListReader(self._link, listing_query(listing), listing.type)
        async for page in reader.pages(self._page_size):
            yield Changes(listing=listing, items=page.items)

    def _cursor(self, marks: dict[str, Mark]) -> Cursor:
        return encoded(
            SectionCursor(
                uuid=self._section.uuid or "",
                changed_at=self._section.content_changed_at or 0,
                marks=marks,
            )
        )


def marked(cursor: SectionCursor, listing: Listing) -> Mark:
    """Return where a listing stood.

    Raises:
        BadResponseError: the cursor knows nothing of it.
    """
    mark = cursor.marks.get(listing.type.value)
    if mark is None:
        raise BadResponseError("the library holds something else than it did")
    return mark
