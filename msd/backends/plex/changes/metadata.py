"""What changed in a library since a cursor (docs/protocols/plex.md, Changes).

The counter of a section tells that something changed, not what, and not always. So each listing
is asked for two things: rows whose metadata was saved since, and rows with keys that are higher
than any before, since a new row may have any date. The server's number of rows, compared with
what the cache should hold by now, tells whether rows went. A listing whose number does not fit is
enumerated, and so is every listing of a section whose counter moved although no row did.
"""

from collections import Counter
from collections.abc import AsyncGenerator, Mapping

import msgspec

from msd.backend_api.changes import CachedRows, ChangeCursor, Changes
from msd.backend_api.narrowing import concerns_request
from msd.backend_api.protocol import Listing, RawItem
from msd.backends.plex.changes.cursors import ListingMark, SectionCursor, decoded, encoded
from msd.backends.plex.changes.delta import Delta, ListingDelta, numbered
from msd.backends.plex.listing.locate import LibraryReader, parents_of
from msd.backends.plex.listing.pages import ListReader
from msd.backends.plex.listing.query import BELOW, above_of, listing_query
from msd.backends.plex.parse.rows import row_of
from msd.backends.plex.parse.wire import Section
from msd.errors import BackendError, BadResponseError
from msd.models import ItemType, RemoteId


class _Pass(msgspec.Struct):
    """What one pass over a section has found so far."""

    expected: Mapping[ItemType, int]  # rows of each listing by the cache, -1 where unknown
    fresh: dict[ItemType, dict[RemoteId, RawItem]] = msgspec.field(default_factory=dict)
    new: set[RemoteId] = msgspec.field(default_factory=set)  # of the fresh rows
    counts: dict[ItemType, int | None] = msgspec.field(default_factory=dict)
    marks: dict[str, ListingMark] = msgspec.field(default_factory=dict)
    unsure: set[ItemType] = msgspec.field(default_factory=set)
    has_losses: bool = False

    @property
    def has_moved(self) -> bool:
        """Whether any row came, changed or went."""
        return self.has_losses or any(self.fresh.values())

    @property
    def rows(self) -> list[RawItem]:
        """Every row that came or changed."""
        return [item for rows_found in self.fresh.values() for item in rows_found.values()]

    def fail(self, listing: Listing, mark: ListingMark) -> None:
        """Note that the server failed to tell what changed: the listing is to be enumerated."""
        self.unsure.add(listing.type)
        self.counts[listing.type] = None
        self.marks[listing.type.value] = mark

    def count(self, item_type: ItemType, total: int | None, new_rows: int) -> None:
        """Take the server's number of rows; where rows went, their parents count fewer now."""
        expected = self.expected.get(item_type, -1)
        self.counts[item_type] = total
        if expected >= 0 and total is not None and total < expected + new_rows:
            self.has_losses = True
            self.unsure |= above_of(item_type)

    def renaming(self, above: ItemType) -> set[RemoteId]:
        """Return the shows and the like below which rows may bear other names than before.

        A new show may hold old rows: a server that gives a show a new key leaves its episodes as
        they are. Then the show counts more episodes than came with it.
        """
        leaves = Counter(parent for item in self.rows for parent in parents_of([row_of(item)]))
        return {
            remote_id
            for remote_id, item in self.fresh.get(above, {}).items()
            if remote_id not in self.new or _may_hold_more(item, leaves[remote_id])
        }


def _may_hold_more(item: RawItem, count: int) -> bool:
    """Whether a new row may hold more rows than came with it; albums do not say how many."""
    leaves = row_of(item).leaf_count
    return leaves is None or leaves > count


class MetadataChanges:
    """The rows of one section, without what the user watched."""

    def __init__(self, library: LibraryReader, section: Section) -> None:
        self._library = library
        self._section = section
        self._deltas = [ListingDelta(library, listing, "updatedAt") for listing in library.listings]

    async def cursor(self) -> ChangeCursor:
        """Return where the rows stand now.

        Raises:
            BackendError: as `ListingDelta.peek`.
        """
        marks = {}
        for delta in self._deltas:
            marks[delta.listing.type.value] = await delta.mark()
        return self._cursor(marks)

    async def changes(
        self, since: ChangeCursor, cached: CachedRows
    ) -> AsyncGenerator[Changes, None]:
        """Yield the rows that came and changed since, then the counts.

        Raises:
            BadResponseError: the section was created again, or the cursor can't be used.
            BackendError: as `ListReader.pages`.
        """
        before = decoded(since)
        if before.uuid != (self._section.uuid or ""):
            raise BadResponseError("the library was created again on the server")
        library = self._library.listings[0].library.remote_id if self._library.listings else None
        this_pass = _Pass(expected=await cached.expected_rows(library) if library else {})
        async for changes in self._moved(before, this_pass, cached):
            yield changes
        async for changes in self._library.parents(this_pass.rows):
            yield changes
        for above in BELOW:
            async for changes in self._library.below(above, this_pass.renaming(above)):
                yield changes
        async for changes in self._collections(this_pass):
            yield changes
        if before.changed_at != (self._section.content_changed_at or 0) and not this_pass.has_moved:
            this_pass.unsure |= {listing.type for listing in self._library.listings}
        for listing in self._library.listings:
            yield Changes(
                listing=listing,
                count=this_pass.counts[listing.type],
                is_unsure=listing.type in this_pass.unsure,
                cursor=self._cursor(this_pass.marks)
                if listing is self._library.listings[-1]
                else None,
            )

    async def _moved(
        self, before: SectionCursor, this_pass: _Pass, cached: CachedRows
    ) -> AsyncGenerator[Changes, None]:
        """Yield the rows that came or changed, listing by listing; one may fail by itself (S9)."""
        for delta in self._deltas:
            mark = mark_of(before, delta.listing)
            try:
                async for changes in self._listing(delta, mark, this_pass, cached):
                    yield changes
            except BackendError as error:
                if not concerns_request(error):
                    raise
                this_pass.fail(delta.listing, mark)

    async def _listing(
        self, delta: ListingDelta, mark: ListingMark, this_pass: _Pass, cached: CachedRows
    ) -> AsyncGenerator[Changes, None]:
        """Yield the rows of one listing that came or changed since a mark."""
        listing = delta.listing
        top = await delta.top()
        newest = numbered(top.items)
        came: dict[RemoteId, RawItem] = {}
        new_rows = 0
        if newest is None or mark.newest is None:
            this_pass.unsure.add(listing.type)
        elif newest > mark.newest:
            came = await self._new(delta, mark.newest)
            new_rows = len(came.keys() - (await cached.places(list(came))).keys())
            yield Changes(listing=listing, items=tuple(came.values()))
        rows = Delta()
        is_filtered = True
        async for page in delta.since(mark, rows):
            # All rows of a large listing: the server does not know the filter, or has refreshed
            # everything. Enumerating costs the same.
            is_filtered = page.total is None or page.total < max(
                top.total or 0, self._library.page_size
            )
            if not is_filtered:
                break
            if page.items:
                yield Changes(listing=listing, items=page.items)
        this_pass.fresh[listing.type] = came | rows.fresh
        this_pass.new |= came.keys()
        if rows.is_unsure or not is_filtered:
            this_pass.unsure.add(listing.type)
        this_pass.count(listing.type, top.total, new_rows)
        moved = delta.moved(mark, (came | rows.seen).values(), top.now)
        if not is_filtered:
            moved = await delta.mark()
        moved.newest = None if newest is None else max(newest, mark.newest or 0)
        this_pass.marks[listing.type.value] = moved

    async def _new(self, delta: ListingDelta, newest: int) -> dict[RemoteId, RawItem]:
        """Return the rows whose keys are higher than any before."""
        rows_found: dict[RemoteId, RawItem] = {}
        query = delta.query.narrowed(sort="id:desc")
        async for page in ListReader(self._library.link, query, delta.listing.type).pages(
            self._library.page_size
        ):
            new = [item for item in page.items if (numbered([item]) or 0) > newest]
            rows_found |= {item.remote_id: item for item in new}
            if len(new) < len(page.items):
                break
        return rows_found

    async def _collections(self, this_pass: _Pass) -> AsyncGenerator[Changes, None]:
        """Yield all collections when anything moved: their members may have come or gone."""
        listing = next(
            (listing for listing in self._library.listings if listing.type is ItemType.COLLECTION),
            None,
        )
        if listing is None or not this_pass.has_moved or not this_pass.counts[listing.type]:
            return
        reader = ListReader(self._library.link, listing_query(listing), listing.type)
        async for page in reader.pages(self._library.page_size):
            yield Changes(listing=listing, items=page.items)

    def _cursor(self, marks: dict[str, ListingMark]) -> ChangeCursor:
        return encoded(
            SectionCursor(
                uuid=self._section.uuid or "",
                changed_at=self._section.content_changed_at or 0,
                marks=marks,
            )
        )


def mark_of(cursor: SectionCursor, listing: Listing) -> ListingMark:
    """Return where a listing stood.

    Raises:
        BadResponseError: the cursor knows nothing of it.
    """
    mark = cursor.marks.get(listing.type.value)
    if mark is None:
        raise BadResponseError("the library holds something else than it did")
    return mark
