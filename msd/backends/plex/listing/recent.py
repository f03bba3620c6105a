"""Short lists that were just read completely, so that one sync does not list them twice (Y23)."""

import time
from collections.abc import Callable

import msgspec

from msd.backend_api.protocol import Listing, Page, RawItem

KEPT_S = 20.0  # one sync asks for preview, cursors and rows of a short list within seconds


class RecentList(msgspec.Struct, frozen=True, kw_only=True):
    """Every row of a listing, and when it was read."""

    items: tuple[RawItem, ...]  # in the order of their keys
    now: int | None  # the server's time, in seconds
    read_at: float


class RecentLists:
    """Remembers complete short lists for some seconds.

    A preview or a cursor that happened to read a whole listing serves the cursors and the
    enumeration after it. What changes meanwhile is later than the cursor, and is found by the next
    pass.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lists: dict[Listing, RecentList] = {}

    def put(self, listing: Listing, page: Page, now: int | None) -> None:
        """Keep a page when it is the whole listing and its keys are numbers."""
        is_whole = page.start == 0 and page.total == len(page.items)
        if not is_whole or page.gaps or page.skipped:
            return
        if not all(item.remote_id.isascii() and item.remote_id.isdecimal() for item in page.items):
            return
        items = tuple(sorted(page.items, key=lambda item: int(item.remote_id)))
        self._lists[listing] = RecentList(items=items, now=now, read_at=self._clock())

    def get(self, listing: Listing) -> RecentList | None:
        """Return a list that was read some seconds ago, None without one."""
        recent = self._lists.get(listing)
        if recent is None or self._clock() - recent.read_at > KEPT_S:
            self._lists.pop(listing, None)
            return None
        return recent

    def take(self, listing: Listing) -> Page | None:
        """Return a recent list as the only page of an enumeration, once."""
        recent = self.get(listing)
        if recent is None:
            return None
        del self._lists[listing]
        count = len(recent.items)
        return Page(start=0, limit=max(count, 1), total=count, items=recent.items)
