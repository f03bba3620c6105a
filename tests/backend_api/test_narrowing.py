"""Narrowing a window down to the rows on which a server fails (Y8)."""

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from msd.backend_api import Page, RawItem
from msd.backend_api.narrowing import MOST_BAD_ROWS, Narrowing, Window
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
    """Y8: they are named, and the page has gaps."""
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
    """S2: over all windows of a list, and after a bounded number of requests."""
    rows = FailingList(set(range(0, 1_000, 7)))
    narrowing = Narrowing(rows.fetch)
    await narrowing.page(Window(0, 100))
    with pytest.raises(UnreachableError):
        await narrowing.page(Window(100, 100))

    assert len(rows.windows) < 250
