"""Fetch the windows of a list; one on which a server fails is narrowed to the rows at fault (Y8).

Narrowing(fetch).page(window)    → Page
Narrowing(fetch).pages(windows)  → Pages in order, two windows at a time while that is quick
"""

import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable
from itertools import islice

import anyio
import msgspec

from msd.backend_api.protocol import Page, RawItem
from msd.errors import BackendError, BadResponseError, ForbiddenError, UnreachableError
from msd.models import StatusReason

MOST_BAD_ROWS = 20  # a server that fails on more is broken, not its rows
AT_A_TIME = 2  # windows of one list, until the server is slow (Y1)
SLOW_ANSWER_S = 3.0  # a server that takes longer for a window has something else to do


class Window(msgspec.Struct, frozen=True):
    """The rows of a list that one request asks for."""

    start: int
    limit: int
    with_total: bool = True

    def halves(self) -> tuple["Window", "Window"]:
        """The second half and the first, to be taken from the end of a list."""
        middle = self.limit // 2
        return (
            Window(self.start + middle, self.limit - middle, self.with_total),
            Window(self.start, middle, self.with_total),
        )


Fetch = Callable[[Window], Awaitable[Page | BackendError]]


class Narrowing:
    """Fetches the windows of one list, whole or without the rows on which the server fails.

    Args:
        fetch: returns a window as a page, or the fault that may be due to a single row in it.
        clock: tells the seconds by which an answer is slow.
    """

    def __init__(self, fetch: Fetch, clock: Callable[[], float] = time.monotonic) -> None:
        self._fetch = fetch
        self._clock = clock
        self._faults = 0

    async def page(self, window: Window) -> Page:
        """Return one window; rows at fault are named in `skipped`, and the page has gaps.

        Raises:
            UnreachableError: too many rows of the list are at fault.
            BackendError: as `fetch` raises it.
        """
        items: list[RawItem] = []
        skipped: list[str] = []
        has_gaps = False
        total: int | None = None
        parts = [window]
        while parts:
            part = parts.pop()
            page = await self._fetch(part)
            if isinstance(page, Page):
                items.extend(page.items)
                skipped.extend(page.skipped)
                has_gaps = has_gaps or page.gaps
                total = page.total if total is None else total
            elif part.limit > 1:
                parts.extend(part.halves())
            else:
                skipped.append(self._fault(part, page))
                has_gaps = True
        return Page(
            start=window.start,
            limit=window.limit,
            total=total,
            items=tuple(items),
            gaps=has_gaps,
            skipped=tuple(skipped),
        )

    async def pages(self, windows: Iterable[Window]) -> AsyncGenerator[Page, None]:
        """Yield windows in order, as `page` returns them; some are fetched before they are wanted.

        Raises:
            As `page` does, after the windows before the one that failed.
        """
        left = iter(windows)
        at_a_time = AT_A_TIME
        while batch := list(islice(left, at_a_time)):
            begun = self._clock()
            fetched = await self._together(batch)
            if self._clock() - begun > SLOW_ANSWER_S:
                at_a_time = 1
            for page in fetched:
                if isinstance(page, BackendError):
                    raise page
                yield page

    async def _together(self, windows: list[Window]) -> list[Page | BackendError]:
        """Return each window, or why it can't be had."""
        found: dict[int, Page | BackendError] = {}

        async def fetch(window: Window) -> None:
            try:
                found[window.start] = await self.page(window)
            except BackendError as error:
                found[window.start] = error

        async with anyio.create_task_group() as tasks:
            for window in windows:
                tasks.start_soon(fetch, window)
        return [found[window.start] for window in windows]

    def _fault(self, window: Window, error: BackendError) -> str:
        self._faults += 1
        if self._faults > MOST_BAD_ROWS:
            raise server_fault()
        return f"row {window.start} can't be listed: {error}"


def concerns_request(error: BackendError) -> bool:
    """Whether an error may concern one request alone, while the server itself works (S9)."""
    if isinstance(error, UnreachableError):
        return error.reason is StatusReason.SERVER_ERROR
    return isinstance(error, BadResponseError | ForbiddenError)


def server_fault() -> BackendError:
    """The error of a server that fails to list what it has."""
    return UnreachableError("the server fails to list its items", reason=StatusReason.SERVER_ERROR)
