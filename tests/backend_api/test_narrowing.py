"""Narrowing a window down to the rows on which a server fails (Y8)."""

import anyio
import anyio.lowlevel
import pytest
from hypothesis import given
from hypothesis import strategies as st

from msd.backend_api import Page, RawItem
from msd.backend_api.narrowing import AT_A_TIME, MOST_BAD_ROWS, SLOW_ANSWER_S, Narrowing, Window
from msd.errors import BadResponseError, UnreachableError
from msd.models import RemoteId

pytestmark = pytest.mark.anyio


class FailingList:
    """A list of numbered rows, some of which can't be listed."""

    def __init__(self, bad: set[int]) -> None:
        self.bad = bad
        self.windows: list[Window] = []

    async def fetch(self, window: Window):
        self.windows.append(window)
        rows = range(window.start, window.start + window.limit)
        if self.bad & set(rows):
            return BadResponseError("no")
        items = tuple(RawItem(RemoteId(str(row)), row, None) for row in rows)
        return Page(start=window.start, limit=window.limit, total=100, items=items)


@given(st.sets(st.integers(0, 63), max_size=MOST_BAD_ROWS))
def test_every_row_comes_in_order_but_those_at_fault(bad):
    """Every row comes in order but those at fault (Y8).

    They are named, and the page has gaps.
    """
    rows = FailingList(bad)

    page = anyio.run(Narrowing(rows.fetch).page, Window(0, 64))

    assert [item.fingerprint for item in page.items] == [n for n in range(64) if n not in bad]
    assert len(page.skipped) == len(bad)
    assert page.gaps is bool(bad)
    assert (page.start, page.limit) == (0, 64)


async def test_a_window_that_comes_is_asked_for_once():
    """No fault costs nothing."""
    rows = FailingList(set())
    await Narrowing(rows.fetch).page(Window(0, 64))

    assert len(rows.windows) == 1


async def test_too_many_rows_at_fault_are_the_servers_fault():
    """Too many rows at fault are the servers fault (S2).

    Over all windows of a list, and after a bounded number of requests.
    """
    rows = FailingList(set(range(0, 1_000, 7)))
    narrowing = Narrowing(rows.fetch)
    await narrowing.page(Window(0, 100))
    with pytest.raises(UnreachableError):
        await narrowing.page(Window(100, 100))

    assert len(rows.windows) < 250


class CountedList(FailingList):
    """Notes how many windows are asked for at a time."""

    def __init__(self, bad: set[int], took_s: float = 0.0) -> None:
        super().__init__(bad)
        self.now = 0.0
        self._took_s = took_s
        self._running = 0
        self.at_a_time: list[int] = []

    async def fetch(self, window: Window):
        self._running += 1
        await anyio.lowlevel.checkpoint()
        self.at_a_time.append(self._running)
        self.now += self._took_s
        try:
            return await super().fetch(window)
        finally:
            self._running -= 1

    async def read(self) -> list[Page]:
        windows = [Window(start, 10) for start in range(0, 70, 10)]
        pages = Narrowing(self.fetch, lambda: self.now).pages(windows)
        return [page async for page in pages]


@given(st.sets(st.integers(0, 69), max_size=MOST_BAD_ROWS))
def test_windows_that_are_fetched_together_come_in_order(bad):
    """Windows that are fetched together come in order (Y1, Y8).

    As they would one after the other.
    """
    rows = CountedList(bad)

    pages = anyio.run(rows.read)

    assert [page.start for page in pages] == list(range(0, 70, 10))
    found = [item.fingerprint for page in pages for item in page.items]
    assert found == [n for n in range(70) if n not in bad]
    assert max(rows.at_a_time) == AT_A_TIME


async def test_a_slow_server_is_asked_for_one_window_at_a_time():
    """A slow server is asked for one window at a time (Y1).

    Fewer when it slows down.
    """
    rows = CountedList(set(), took_s=SLOW_ANSWER_S)
    await rows.read()

    assert max(rows.at_a_time[:AT_A_TIME]) == AT_A_TIME
    assert set(rows.at_a_time[AT_A_TIME:]) == {1}


async def test_what_comes_before_a_failure_is_not_lost():
    """What comes before a failure is not lost (Y8).

    A cut connection must not cost the page that was already there.
    """

    async def fetch(window: Window):
        if window.start == 30:
            raise UnreachableError("cut")
        return Page(start=window.start, limit=window.limit, total=100, items=())

    pages = Narrowing(fetch).pages(Window(start, 10) for start in range(0, 70, 10))

    assert [(await anext(pages)).start for _ in range(3)] == [0, 10, 20]
    with pytest.raises(UnreachableError):
        await anext(pages)
