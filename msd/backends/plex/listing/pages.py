"""Enumerate a list window by window, and notice when it moves meanwhile (Y7).

Each request begins with the last row of the one before. If that row is not there any more, the
list has moved below the reader and something may have been passed over: the page has gaps.
"""

from collections.abc import AsyncGenerator

from msd.backend_api.narrowing import Narrowing, Window
from msd.backend_api.protocol import Page, RawItem
from msd.backends.plex.connect.link import ServerLink
from msd.backends.plex.listing.query import Query
from msd.backends.plex.parse.rows import RowPage, raw_item, read_rows
from msd.backends.plex.parse.wire import Row, key
from msd.errors import BackendError, BadResponseError, ForbiddenError, UnreachableError
from msd.models import ItemType, StatusReason

MOST_ROWS = 5_000_000  # of one listing; a larger total is a fault or a trap


class ListReader:
    """Reads one list of a server from a row on, once.

    A server may give fewer rows than it was asked for; a window is filled by as many requests as
    it takes.
    """

    def __init__(self, link: ServerLink, query: Query, item_type: ItemType) -> None:
        self._link = link
        self._query = query
        self._type = item_type
        self._head: str | None = None  # the first row
        self._tail: tuple[int, str] | None = None  # a position, and the row before it

    async def pages(self, page_size: int, start: int = 0) -> AsyncGenerator[Page, None]:
        """Yield every window up to the total that the server announces first.

        Without announced totals the list ends where nothing more comes.

        Raises:
            ForbiddenError: the server does not list this for the user.
            BackendError: as `PlexClient.get`.
        """
        narrowing = Narrowing(self._window)
        end: int | None = None
        while end is None or start < end:
            page = await narrowing.page(Window(start, page_size))
            end = _end(page) if end is None else end
            yield page
            start += page_size
            if not page.items and not page.skipped:
                return

    async def first(self, limit: int) -> tuple[RawItem, ...]:
        """Return the first rows, fewer than `limit` where the list is shorter."""
        page = await Narrowing(self._window).page(Window(0, limit))
        return page.items

    async def _window(self, window: Window) -> Page | BackendError:
        """Return a window, or the fault that may be due to a single row in it."""
        filled = _Filled(window, self._type)
        try:
            while not filled.is_done:
                await self._request(filled)
        except BadResponseError as error:
            return error
        except UnreachableError as error:
            if error.reason is not StatusReason.SERVER_ERROR:
                raise
            return error
        return filled.page()

    async def _request(self, filled: "_Filled") -> None:
        position = filled.position
        overlap = 1 if self._tail is not None and self._tail[0] == position else 0
        size = filled.left + overlap
        page = await self._rows(position - overlap, size)
        rows = page.rows
        if position == 0 and rows:
            self._head = _key_of(rows[0])
        if overlap and rows:
            if not page.is_paged and (len(rows), _key_of(rows[0])) == (position, self._head):
                rows = rows[-1:]  # the same whole list again: there was no more of it
            filled.has_gaps = filled.has_gaps or _key_of(rows[0]) != self._tail_key
            rows = rows[1:]
        filled.add(rows, page.total)
        if rows:
            last = _key_of(rows[-1])
            self._tail = None if last is None else (filled.position, last)

    @property
    def _tail_key(self) -> str | None:
        return None if self._tail is None else self._tail[1]

    async def _rows(self, start: int, size: int) -> RowPage:
        client = await self._link.client()
        answer = await client.get_or_none(
            self._query.path, self._query.parameters, start=start, size=size
        )
        if answer is None:
            raise ForbiddenError("the server does not know this list any more")
        page = read_rows(answer)
        is_too_much = len(page.rows) > size and (page.is_paged or start == 0)
        if is_too_much or page.offset not in {None, start}:
            raise BadResponseError("the server sent other rows than were asked for")
        if page.total is not None and not 0 <= page.total <= MOST_ROWS:
            raise BadResponseError("the server announced an impossible number of rows")
        return page


class _Filled:
    """A window that fills up with what requests bring."""

    def __init__(self, window: Window, item_type: ItemType) -> None:
        self._window = window
        self._type = item_type
        self._items: list[RawItem] = []
        self._skipped: list[str] = []
        self._total: int | None = None
        self.position = window.start
        self.has_gaps = False
        self.is_done = False

    @property
    def left(self) -> int:
        """How many rows the window still lacks."""
        return self._window.start + self._window.limit - self.position

    def add(self, rows: list[Row | str], total: int | None) -> None:
        """Take the rows of the next request."""
        for index, row in enumerate(rows, start=self.position):
            item = raw_item(row, self._type) if isinstance(row, Row) else None
            if item is None:
                why = row if isinstance(row, str) else "it has no usable id"
                self._skipped.append(f"row {index} can't be read: {why}")
            else:
                self._items.append(item)
        self.position += len(rows)
        self._total = total
        at_end = total is not None and self.position >= total
        if not rows and not at_end:
            # Announced and not shown; or, without a total, the end.
            self.has_gaps = self.has_gaps or total is not None
            self._total = self.position if total is None else total
        self.is_done = not rows or at_end or self.left <= 0

    def page(self) -> Page:
        """Return what the window holds."""
        return Page(
            start=self._window.start,
            limit=self._window.limit,
            total=self._total,
            items=tuple(self._items),
            gaps=self.has_gaps,
            skipped=tuple(self._skipped),
        )


def _end(page: Page) -> int | None:
    if page.total is None and page.start > MOST_ROWS:
        raise BadResponseError("the server's list does not end")
    return page.total


def _key_of(row: Row | str) -> str | None:
    return key(row.rating_key) if isinstance(row, Row) else None
