"""Enumerate a list window by window, and notice when it moves meanwhile (Y7).

Each request begins with the last row of the one before. If that row is not there any more, the
list has moved below the reader and something may have been passed over: the page has gaps.
"""

from collections.abc import AsyncGenerator
from collections.abc import Set as AbstractSet
from email.utils import parsedate_to_datetime

from msgspec.structs import replace

from msd.backend_api.http.client import Answer
from msd.backend_api.narrowing import Narrowing, Window, concerns_request
from msd.backend_api.protocol import Page, RawItem
from msd.backends.plex.connect.link import ServerLink
from msd.backends.plex.listing.query import Query
from msd.backends.plex.parse.rows import RowPage, raw_item, read_rows
from msd.backends.plex.parse.wire import Row, key
from msd.errors import BackendError, BadResponseError, ForbiddenError, UnreachableError
from msd.models import ItemType, RemoteId

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
        self._is_ended = False  # the server does not list from where it was asked to
        self._tail: tuple[int, str] | None = None  # a position, and the row before it
        self.now: int | None = None  # the server's time, as its last answer said

    async def pages(self, page_size: int, start: int = 0) -> AsyncGenerator[Page, None]:
        """Yield every window of the list, in order; a page may hold more rows than its window.

        The end that the server announces first is checked: a full last window is followed by one
        more. Rows behind the announced end, and a window that the server repeats, make gaps.
        Without announced totals the list ends where nothing more comes.

        Raises:
            ForbiddenError: the server does not list this for the user.
            BackendError: as `PlexClient.get`.
        """
        narrowing = Narrowing(self._window)
        position, end, is_behind = start, None, False
        previous: frozenset[RemoteId] = frozenset()
        while True:
            page = await narrowing.page(Window(position, page_size))
            count = len(page.items) + len(page.skipped)
            ids = frozenset(item.remote_id for item in page.items)
            is_repeated = bool(ids) and ids <= previous
            end = _end(page) if end is None else end
            yield _with_gaps(page, is_behind=is_behind, is_repeated=is_repeated)
            position += max(page_size, count)
            if is_repeated or not count or self._is_ended:
                return
            if end is None or position >= end:
                is_behind = is_behind or (
                    count >= page_size and await self._has_more(position, ids)
                )
                if count < page_size or not is_behind:
                    return
            previous = ids

    async def _has_more(self, position: int, known: AbstractSet[RemoteId]) -> bool:
        """Whether the list goes on behind its announced end, after a window that was full."""
        page = await self._window(Window(position, 1))
        return isinstance(page, Page) and any(item.remote_id not in known for item in page.items)

    async def first_page(self, limit: int) -> Page:
        """Return the first rows as a page, with the rows on which the server fails left out."""
        return await Narrowing(self._window).page(Window(0, limit))

    async def _window(self, window: Window) -> Page | BackendError:
        """Return a window, or the fault that may be due to a single row in it."""
        filled = _Filled(window, self._type)
        try:
            while not filled.is_done:
                await self._request(filled)
        except (BadResponseError, UnreachableError) as error:
            if not concerns_request(error):
                raise
            return error
        return filled.page()

    async def _request(self, filled: "_Filled") -> None:
        position = filled.position
        overlap = 1 if self._tail is not None and self._tail[0] == position else 0
        size = filled.left + overlap
        page = await self._rows(position - overlap, size)
        rows = page.rows
        if page.offset not in {None, position - overlap}:
            filled.end_with_gaps()
            self._is_ended = True
            return
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
            raise unknown_list(self._query)
        self.now = server_time(answer)
        return read_rows(answer)


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
        if total is not None and not 0 <= total <= MOST_ROWS:
            total, self.has_gaps = None, True
        self._total = total
        at_end = total is not None and self.position >= total
        # More rows than the server announced: it can't be believed that these are all.
        self.has_gaps = self.has_gaps or (total is not None and self.position > total)
        if not rows and not at_end:
            # Announced and not shown; or, without a total, the end.
            self.has_gaps = self.has_gaps or total is not None
            self._total = self.position if total is None else total
        self.is_done = not rows or at_end or self.left <= 0

    def end_with_gaps(self) -> None:
        """Take no more rows: the server does not list from where it was asked to."""
        self.has_gaps = self.is_done = True

    def page(self) -> Page:
        """Return what the window holds."""
        return Page(
            start=self._window.start,
            limit=max(self._window.limit, len(self._items) + len(self._skipped)),
            total=self._total,
            items=tuple(self._items),
            gaps=self.has_gaps,
            skipped=tuple(self._skipped),
        )


def _end(page: Page) -> int | None:
    if page.total is None and page.start > MOST_ROWS:
        raise BadResponseError("the server's list does not end")
    return page.total


def _with_gaps(page: Page, *, is_behind: bool, is_repeated: bool) -> Page:
    """The page of a list whose announced end or windows can't be believed."""
    if is_repeated:
        return replace(page, items=(), skipped=(), gaps=True)
    return replace(page, gaps=True) if is_behind else page


def unknown_list(query: Query) -> ForbiddenError:
    """Return the error for a list that answers 404 on a server that works."""
    return ForbiddenError(
        "the server does not know this list", request=f"GET {query.path}", status=404
    )


def server_time(answer: Answer) -> int | None:
    """Return the server's clock in seconds, as an answer says; None when it does not."""
    try:
        return int(parsedate_to_datetime(answer.headers.get("date", "")).timestamp())
    except (ValueError, OverflowError):
        return None


def _key_of(row: Row | str) -> str | None:
    return key(row.rating_key) if isinstance(row, Row) else None
