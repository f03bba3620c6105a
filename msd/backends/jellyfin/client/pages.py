"""Enumerate a list window by window, with the totals that deletions are judged by (Y7)."""

from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from dataclasses import replace

import httpx
import msgspec
import xxhash

from msd.backend_api.http.json import decode
from msd.backend_api.narrowing import Narrowing, Window, server_fault
from msd.backend_api.protocol import Page, RawItem
from msd.backends.jellyfin.client.client import JellyfinClient
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
_SIGN = 1 << 63

_row_id = msgspec.json.Decoder(RowId)


async def pages(
    client: JellyfinClient, query: Query, page_size: int, first: int = 0
) -> AsyncGenerator[Page, None]:
    """Yield every window from a row on, up to the total that the server announces with the first.

    The first and the last page carry the announced total. A window on which the server fails is
    narrowed down to the rows at fault; those are named in `Page.skipped`, and the page has gaps.
    After the first, two windows are asked for at a time, as long as the server is quick (Y1).

    Raises:
        ForbiddenError: the server does not list this for the user.
        AuthRequiredError, UnreachableError, BadResponseError: as `JellyfinClient.get` says.
    """
    narrowing = _narrowing(client, query)
    page = await narrowing.page(Window(first, page_size, with_total=True))
    yield page
    end, empty = _announced_end(page), 0 if page.items or page.skipped else 1
    async with aclosing(narrowing.pages(_windows(first + page_size, end, page_size))) as others:
        async for page in others:
            empty = 0 if page.items or page.skipped else empty + 1
            if empty >= MOST_EMPTY_PAGES and page.start + page_size < end:
                yield replace(page, gaps=True)
                return
            yield page


def _windows(start: int, end: int, page_size: int) -> Iterator[Window]:
    for at in range(start, end, page_size):
        yield Window(at, page_size, with_total=at + page_size >= end)


async def first_rows(client: JellyfinClient, query: Query, limit: int) -> tuple[RawItem, ...]:
    """Return the first rows of a list, fewer than `limit` where it is shorter.

    Raises:
        As `pages` does.
    """
    page = await _narrowing(client, query).page(Window(0, limit, with_total=False))
    return page.items


async def total(client: JellyfinClient, query: Query) -> int:
    """Return how many rows a list has, as `Page.total` counts them.

    Raises:
        As `pages` does.
    """
    return _announced_end(await _whole(client, query, Window(0, 0, with_total=True)))


async def rows(client: JellyfinClient, query: Query, limit: int) -> tuple[RawItem, ...]:
    """Return the rows of a short list, all or an error: what is absent is not there.

    Raises:
        BadResponseError: a row has no usable id or size.
        As `pages` does.
    """
    page = await _whole(client, query, Window(0, limit, with_total=False))
    if page.skipped:
        raise BadResponseError(f"the server's answer can't be used: {page.skipped[0]}")
    return page.items


async def _whole(client: JellyfinClient, query: Query, window: Window) -> Page:
    page = await _fetch(client, query, window)
    if isinstance(page, Page):
        return page
    raise page


def _announced_end(page: Page) -> int:
    if page.total is None or not 0 <= page.total <= MOST_ROWS:
        raise BadResponseError("the server announced an impossible number of rows")
    return page.total


def _narrowing(client: JellyfinClient, query: Query) -> Narrowing:
    return Narrowing(lambda window: _fetch(client, query, window))


async def _fetch(client: JellyfinClient, query: Query, window: Window) -> Page | BackendError:
    """Return one window, or the fault that may be due to a single row in it."""
    parameters = query.window(window.start, window.limit, with_total=window.with_total)
    try:
        answer = await client.answer(query.path, parameters, is_page=True)
        if answer.status == httpx.codes.INTERNAL_SERVER_ERROR:
            return server_fault()
        if answer.status == httpx.codes.BAD_REQUEST:
            raise ForbiddenError("the server does not know this list any more")
        await client.raise_for_status(answer, query.path)
        return _page(decode(answer, RawPage), window)
    except BadResponseError as error:
        return error


def _page(rows: RawPage, window: Window) -> Page:
    if len(rows.items) > window.limit:
        raise BadResponseError("the server sent more rows than were asked for")
    items: list[RawItem] = []
    skipped: list[str] = []
    for index, row in enumerate(rows.items, start=window.start):
        remote_id = _remote_id(row)
        if remote_id is None:
            skipped.append(f"row {index} has no usable id or size")
            continue
        digest = xxhash.xxh3_64_intdigest(row) ^ PARSER_VERSION
        signed = digest - (_SIGN << 1) if digest >= _SIGN else digest
        items.append(RawItem(RemoteId(remote_id), signed, row))
    return Page(
        start=window.start,
        limit=window.limit,
        total=rows.total_record_count if window.with_total else None,
        items=tuple(items),
        skipped=tuple(skipped),
    )


def _remote_id(row: msgspec.Raw) -> str | None:
    if len(memoryview(row)) > _LARGEST_ROW:
        return None
    try:
        return guid(_row_id.decode(row).id)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
