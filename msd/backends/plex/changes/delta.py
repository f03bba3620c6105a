"""The new and changed rows of one listing since a mark, for either aspect."""

from collections.abc import AsyncGenerator, Iterable, Sequence

import msgspec

from msd.backend_api.protocol import Listing, Page, RawItem
from msd.backends.plex.changes.cursors import ListingMark
from msd.backends.plex.listing.locate import LibraryReader
from msd.backends.plex.listing.pages import ListReader, server_time, unknown_list
from msd.backends.plex.listing.query import Query, listing_query
from msd.backends.plex.parse.rows import read_rows, row_of
from msd.models import RemoteId

OVERLAP_S = 300  # looked back behind a mark: clocks are set, writes are late
_EDGE = 100  # rows of one moment that are told apart
_MOST_UNREADABLE = 19  # rows on which a server may fail before the first readable one


class FirstRows(msgspec.Struct, frozen=True):
    """The first rows of a list, how many it has in all, and the server's time."""

    items: tuple[RawItem, ...]
    total: int | None
    now: int | None


class Delta(msgspec.Struct, kw_only=True):
    """The rows that were read of one listing's changes."""

    seen: dict[RemoteId, RawItem] = msgspec.field(default_factory=dict)
    fresh: dict[RemoteId, RawItem] = msgspec.field(default_factory=dict)  # not of the overlap alone
    is_unsure: bool = False


class ListingDelta:
    """Asks one listing for its latest rows by a member that holds a time.

    Args:
        member: `updatedAt`, or `lastViewedAt`.
    """

    def __init__(self, library: LibraryReader, listing: Listing, member: str) -> None:
        self.listing = listing
        self.query = listing_query(listing)
        self._link = library.link
        self._page_size = library.page_size
        self._member = member
        self._recent = library.recent

    async def peek(self, query: Query, limit: int) -> FirstRows:
        """Return the first rows of a list that can be read.

        Raises:
            ForbiddenError: the server does not know the list.
            BackendError: as `ListReader.pages`.
        """
        reader = ListReader(self._link, query, self.listing.type)
        if not limit:
            return await self._count(query)
        page = await reader.first_page(limit)
        if page.skipped and not page.items:
            page = await reader.first_page(limit + _MOST_UNREADABLE)
        return FirstRows(page.items[:limit], page.total, reader.now)

    async def _count(self, query: Query) -> FirstRows:
        client = await self._link.client()
        answer = await client.get_or_none(query.path, query.parameters, start=0, size=0)
        if answer is None:
            raise unknown_list(query)
        return FirstRows((), read_rows(answer).total, server_time(answer))

    async def mark(self) -> ListingMark:
        """Return where the listing stands now, with its highest key."""
        if (recent := self._recent.get(self.listing)) is None:
            reader = ListReader(
                self._link, self.query.narrowed(sort=f"{self._member}:desc"), self.listing.type
            )
            page = await reader.first_page(_EDGE)
            self._recent.put(self.listing, page, reader.now)
            mark = self._mark(ListingMark(), page.items, reader.now)
            if self._recent.get(self.listing) is None:
                mark.newest = numbered((await self.top()).items)
                return mark
            mark.newest = numbered(page.items)
            return mark
        mark = self._mark(ListingMark(), recent.items, recent.now)
        mark.newest = numbered(recent.items)
        return mark

    async def top(self) -> FirstRows:
        """Return the row with the highest key, and how many rows there are."""
        return await self.peek(self.query.narrowed(sort="id:desc"), 1)

    def moved(self, mark: ListingMark, items: Iterable[RawItem], now: int | None) -> ListingMark:
        """Return the mark after some rows came."""
        return self._mark(mark, items, now)

    async def since(self, mark: ListingMark, delta: Delta) -> AsyncGenerator[Page, None]:
        """Yield the rows that changed since a mark, with an overlap; note them in `delta`."""
        query = self.query.at_least(self._member, max(mark.moment - OVERLAP_S, 1))
        query = query.narrowed(sort=f"{self._member},id")
        async for page in ListReader(self._link, query, self.listing.type).pages(self._page_size):
            # Enumerating would not read the rows either on which the server fails.
            delta.is_unsure = delta.is_unsure or (page.gaps and not page.skipped)
            delta.seen |= {item.remote_id: item for item in page.items}
            delta.fresh |= {
                item.remote_id: item for item in page.items if self._is_fresh(mark, item)
            }
            yield page

    def moment_of(self, item: RawItem) -> int:
        """Return the time by which a row is sorted, 0 when it has none."""
        row = row_of(item)
        value = row.updated_at if self._member == "updatedAt" else row.last_viewed_at
        return max(value or 0, 0)

    def _is_fresh(self, mark: ListingMark, item: RawItem) -> bool:
        moment = self.moment_of(item)
        return moment > mark.moment or (
            moment == mark.moment and mark.edge.get(item.remote_id) != item.fingerprint
        )

    def _mark(self, before: ListingMark, items: Iterable[RawItem], now: int | None) -> ListingMark:
        """Return a mark that is not later than the server's clock.

        A row may carry a time in the future; as a mark it would hide every change until then.
        """
        rows = list(items)
        latest = max([before.moment, *map(self.moment_of, rows)])
        moment = latest if now is None else max(min(latest, now), before.moment)
        edge = dict(before.edge) if moment == before.moment else {}
        edge |= {row.remote_id: row.fingerprint for row in rows if self.moment_of(row) >= moment}
        return ListingMark(moment=moment, edge=edge if len(edge) <= _EDGE else {})


def numbered(items: Sequence[RawItem]) -> int | None:
    """Return the highest key of rows, 0 of none; None when one of them is no number."""
    keys = [item.remote_id for item in items]
    if not all(key.isascii() and key.isdecimal() for key in keys):
        return None
    return max(map(int, keys), default=0)
