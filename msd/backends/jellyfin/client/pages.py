"""Enumerate a list window by window, with the totals that deletions are judged by.

Completeness is checked, not believed: a last window that came back full is followed by one more
request, and rows beyond the announced total, or a list without a usable total, make the pages say
that rows may be missing (docs/protocols/jellyfin.md, Lists).
"""

import re
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing

import httpx
import msgspec
import xxhash
from anyio import to_thread
from msgspec.structs import replace

from msd.backend_api.http.client import PAGE_BYTES, Answer
from msd.backend_api.http.json import decode
from msd.backend_api.narrowing import Narrowing, Window, server_fault
from msd.backend_api.protocol import Page, RawItem
from msd.backend_api.rows import signed_fingerprint
from msd.backends.jellyfin.client.client import JellyfinClient
from msd.backends.jellyfin.client.faults import of_request
from msd.backends.jellyfin.client.query import Query
from msd.backends.jellyfin.parse.item import PARSER_VERSION
from msd.backends.jellyfin.parse.values import guid
from msd.backends.jellyfin.parse.wire import RawPage, RowId
from msd.errors import BackendError, BadResponseError, ForbiddenError
from msd.models import RemoteId

MOST_ROWS = 5_000_000  # of one listing; a larger total is a fault or a trap
# Servers up to 10.11 count rows that they then hide, so an empty page is not the end. This many
# in a row are not worth waiting for: the rest is reported as a gap, and nothing is deleted.
MOST_EMPTY_PAGES = 100
_LARGEST_ROW = 1 << 20
# Marks that change by themselves and are never read: the Etag of every row is a new one after a
# scan of a server without internet.
_UNREAD = re.compile(rb'"Etag":"[^"]{0,64}",?|"ImageBlurHashes":\{(?:[^{}]|\{[^{}]*\})*\},?')

_row_id = msgspec.json.Decoder(RowId)


async def pages(
    client: JellyfinClient, query: Query, page_size: int, first: int = 0
) -> AsyncGenerator[Page, None]:
    """Yield every window from a row on, up to the end of the list.

    The first page, and the last one of the announced total, carry that total. A window on which
    the server fails is narrowed down to the rows at fault; those are named in `Page.skipped`,
    and the page has gaps. After the first, two windows are asked for at a time, as long as the
    server is quick.

    Raises:
        ForbiddenError: the server does not list this for the user.
        AuthRequiredError, UnreachableError, BadResponseError: as `JellyfinClient.get` says.
    """
    async for page in _Reader(client, query).pages(page_size, first):
        yield page


class _Reader:
    """Reads one list."""

    def __init__(self, client: JellyfinClient, query: Query, max_bytes: int = PAGE_BYTES) -> None:
        self._client = client
        self._query = query
        self._max_bytes = max_bytes
        self._narrowing = Narrowing(self._fetch)

    async def pages(self, page_size: int, first: int) -> AsyncGenerator[Page, None]:
        """Yield every window; see `pages`."""
        page = await self.page(Window(first, page_size, with_total=True))
        end = _announced_end(page)
        page = _checked(page, end)
        yield page
        at = page.start + page.limit
        if end is not None and at < end:
            async with aclosing(self._windows(at, end, page_size)) as windows:
                async for page in windows:
                    yield page
            at = page.start + page.limit
        async with aclosing(self._beyond(page, page_size)) as windows:
            async for page in windows:
                yield page

    async def _windows(self, at: int, end: int, page_size: int) -> AsyncGenerator[Page, None]:
        """Yield the windows up to the announced end."""
        empty = 0
        async with aclosing(self._narrowing.pages(_windows(at, end, page_size))) as windows:
            async for page in windows:
                empty = 0 if page.items or page.skipped else empty + 1
                if empty >= MOST_EMPTY_PAGES and page.start + page_size < end:
                    yield replace(page, gaps=True)
                    return
                yield _checked(_at_full_length(page), end)

    async def _beyond(self, last: Page, page_size: int) -> AsyncGenerator[Page, None]:
        """Yield what comes after a window that came back full; nothing does where all is well."""
        seen = {row.remote_id for row in last.items}
        while _is_full(last) and last.start + last.limit < MOST_ROWS:
            window = Window(last.start + last.limit, page_size, with_total=True)
            page = await self.page(window)
            if not page.items and not page.skipped:
                return
            ids = {row.remote_id for row in page.items}
            if ids <= seen:  # the server repeats a page: this is no further one
                return
            yield replace(page, gaps=True)
            last, seen = page, ids

    async def page(self, window: Window) -> Page:
        """Return one window, without the rows on which the server fails."""
        return _at_full_length(await self._narrowing.page(window))

    async def whole(self, window: Window) -> Page:
        """Return one window, all of it or an error."""
        page = await self._fetch(window)
        if isinstance(page, Page):
            return page
        raise page

    async def _fetch(self, window: Window) -> Page | BackendError:
        """Return one window, or the fault that may be due to a single row in it."""
        query, client = self._query, self._client
        parameters = query.window(window.start, window.limit, with_total=window.with_total)
        answer = await client.answer(
            query.path, parameters, is_page=True, max_bytes=self._max_bytes
        )
        # 404 in plain text: a row that the server lists and can't find.
        is_lost_row = answer.status == httpx.codes.NOT_FOUND and answer.media_type == "text/plain"
        if answer.status == httpx.codes.INTERNAL_SERVER_ERROR or is_lost_row:
            return of_request(server_fault(), answer, query.path)
        if answer.status == httpx.codes.BAD_REQUEST:
            unknown = ForbiddenError("the server does not know this list any more")
            raise of_request(unknown, answer, query.path)
        await client.raise_for_status(answer, query.path)
        return await to_thread.run_sync(_decoded, answer, window, query.path)


def _windows(start: int, end: int, page_size: int) -> Iterator[Window]:
    for at in range(start, end, page_size):
        yield Window(at, page_size, with_total=at + page_size >= end)


def _announced_end(page: Page) -> int | None:
    """Return where the list ends as announced, None when that can't be believed."""
    return page.total if page.total is not None and 0 <= page.total <= MOST_ROWS else None


def _checked(page: Page, end: int | None) -> Page:
    """Return a page that says so when it holds more than was announced, or nothing was."""
    is_within = end is not None and page.start + len(page.items) <= max(end, page.start)
    return page if is_within else replace(page, gaps=True, total=None if end is None else end)


def _at_full_length(page: Page) -> Page:
    """Return a page whose limit counts all of its rows: a server may ignore the limit."""
    return replace(page, limit=max(page.limit, len(page.items) + len(page.skipped)))


def _is_full(page: Page) -> bool:
    return len(page.items) + len(page.skipped) >= page.limit


async def first_page(client: JellyfinClient, query: Query, limit: int) -> Page:
    """Return the first rows of a list; see `is_whole_list`.

    Raises:
        As `pages` does.
    """
    return await _Reader(client, query).page(Window(0, limit, with_total=True))


def is_whole_list(page: Page) -> bool:
    """Return whether the first page of a list is all of it, as announced and as it came."""
    is_exact = page.total == len(page.items) and not page.gaps and not page.skipped
    return is_exact and not _is_full(page)


async def total(client: JellyfinClient, query: Query) -> int:
    """Return how many rows a list has, as `Page.total` counts them.

    Raises:
        As `pages` does.
    """
    page = await _Reader(client, query).whole(Window(0, 0, with_total=True))
    end = _announced_end(page)
    if end is None:
        raise BadResponseError("the server announced an impossible number of rows")
    return end


async def rows(
    client: JellyfinClient, query: Query, limit: int, max_bytes: int = PAGE_BYTES
) -> tuple[RawItem, ...]:
    """Return the rows of a short list, all or an error: what is absent is not there.

    Raises:
        BadResponseError: a row has no usable id or size, or all are larger than `max_bytes`.
        As `pages` does.
    """
    page = await _Reader(client, query, max_bytes).whole(Window(0, limit, with_total=False))
    if page.skipped:
        raise BadResponseError(f"the server's answer can't be used: {page.skipped[0]}")
    return page.items


def _decoded(answer: Answer, window: Window, path: str) -> Page | BadResponseError:
    try:
        return _page(decode(answer, RawPage), window)
    except BadResponseError as error:
        of_request(error, answer, path)
        return error


def _page(rows: RawPage, window: Window) -> Page:
    items: list[RawItem] = []
    skipped: list[str] = []
    for index, row in enumerate(rows.items, start=window.start):
        remote_id = _remote_id(row)
        if remote_id is None:
            skipped.append(f"row {index} has no usable id or size")
            continue
        items.append(RawItem(RemoteId(remote_id), fingerprint(row), row))
    return Page(
        start=window.start,
        limit=window.limit,
        total=rows.total_record_count if window.with_total else None,
        items=tuple(items),
        skipped=tuple(skipped),
    )


def fingerprint(row: msgspec.Raw) -> int:
    """Return the fingerprint of a row; members that are never read do not move it."""
    digest = xxhash.xxh3_64_intdigest(_UNREAD.sub(b"", bytes(row)))
    return signed_fingerprint(digest ^ PARSER_VERSION)


def _remote_id(row: msgspec.Raw) -> str | None:
    if len(memoryview(row)) > _LARGEST_ROW:
        return None
    try:
        return guid(_row_id.decode(row).id)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
