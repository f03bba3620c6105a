"""What changed in a library since a cursor (contract §5.4).

The counter of a section tells that something changed, not what, and not always. So each listing
is asked for two things: rows whose metadata was saved since, and rows with keys that are higher
than any before, since a new row may bear any time. What came and the count tell how many went.
A count that is off is looked into by enumerating, and so is a counter that moved for no row.
"""

from collections import Counter
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field

from msd.backend_api.changes import ChangeCursor, Changes
from msd.backend_api.protocol import Listing, RawItem
from msd.backends.plex.changes.cursors import Mark, SectionCursor, decoded, encoded
from msd.backends.plex.changes.delta import Delta, ListingDelta, Peek, numbered
from msd.backends.plex.listing.located import Library, holders
from msd.backends.plex.listing.pages import ListReader
from msd.backends.plex.listing.query import BELOW, above_of, listing_query
from msd.backends.plex.parse.rows import row_of
from msd.backends.plex.parse.wire import Section
from msd.errors import BadResponseError
from msd.models import ItemType, RemoteId


@dataclass(slots=True)
class _Look:
    """What one look has found so far."""

    fresh: dict[ItemType, dict[RemoteId, RawItem]] = field(default_factory=dict)
    new: set[RemoteId] = field(default_factory=set)  # of the fresh rows
    counts: dict[ItemType, int | None] = field(default_factory=dict)
    marks: dict[str, Mark] = field(default_factory=dict)
    unsure: set[ItemType] = field(default_factory=set)
    has_losses: bool = False

    @property
    def has_moved(self) -> bool:
        """Whether any row came, changed or went."""
        return self.has_losses or any(self.fresh.values())

    @property
    def rows(self) -> list[RawItem]:
        """Every row that came or changed."""
        return [item for found in self.fresh.values() for item in found.values()]

    def lose(self, item_type: ItemType) -> None:
        """Note that rows went; what they were in counts fewer now."""
        self.has_losses = True
        self.unsure |= above_of(item_type)

    def renaming(self, above: ItemType) -> set[RemoteId]:
        """Return the shows and the like whose content may bear other names than before.

        One that is new may hold what is not: a server that numbers a show anew leaves its
        episodes as they are.
        """
        leaves = Counter(one for item in self.rows for one in holders([row_of(item)]))
        return {
            remote_id
            for remote_id, item in self.fresh.get(above, {}).items()
            if remote_id not in self.new or (row_of(item).leaf_count or -1) > leaves[remote_id]
        }


class MetadataChanges:
    """The rows of one section, without what the user watched."""

    def __init__(self, library: Library, section: Section) -> None:
        self._library = library
        self._section = section
        self._deltas = [ListingDelta(library, one, "updatedAt") for one in library.listings]

    async def cursor(self) -> ChangeCursor:
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

    async def changes(self, since: ChangeCursor) -> AsyncGenerator[Changes, None]:
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
        async for changes in self._library.holding(look.rows):
            yield changes
        for above in BELOW:
            async for changes in self._library.below(above, look.renaming(above)):
                yield changes
        async for changes in self._collections(look):
            yield changes
        if before.changed_at != (self._section.content_changed_at or 0) and not look.has_moved:
            look.unsure |= {listing.type for listing in self._library.listings}
        for listing in self._library.listings:
            yield Changes(
                listing=listing,
                count=look.counts[listing.type],
                is_unsure=listing.type in look.unsure,
                cursor=self._cursor(look.marks) if listing is self._library.listings[-1] else None,
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
            is_filtered = page.total is None or page.total < max(
                top.total or 0, self._library.page_size
            )
            if not is_filtered:
                break
            if page.items:
                yield Changes(listing=listing, items=page.items)
        look.fresh[listing.type] = came | found.fresh
        look.new |= came.keys()
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
        async for page in ListReader(self._library.link, query, delta.listing.type).pages(
            self._library.page_size
        ):
            new = [item for item in page.items if (numbered([item]) or 0) > newest]
            found |= {item.remote_id: item for item in new}
            if len(new) < len(page.items):
                break
        return found

    async def _collections(self, look: _Look) -> AsyncGenerator[Changes, None]:
        """Yield all collections when anything moved: their members may have come or gone."""
        listing = next(
            (one for one in self._library.listings if one.type is ItemType.COLLECTION), None
        )
        if listing is None or not look.has_moved or not look.counts[listing.type]:
            return
        reader = ListReader(self._library.link, listing_query(listing), listing.type)
        async for page in reader.pages(self._library.page_size):
            yield Changes(listing=listing, items=page.items)

    def _cursor(self, marks: dict[str, Mark]) -> ChangeCursor:
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
