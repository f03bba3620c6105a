"""Fetches the details that are due, a page at a time and with pauses (Y24).

due rows ─► one request ─► one transaction ─► pause ─► due rows …

Nothing is remembered between two passes but the rows: a pass that is killed goes on where it was.
"""

import logging
import time
from collections.abc import Awaitable, Callable, Sequence

import anyio
from msgspec import Struct

from msd.backend_api import MediaBackend
from msd.backend_api.details import MOST_AT_ONCE, HasDetailPages
from msd.backend_api.faults import raise_if_source_failed
from msd.backend_api.narrowing import MOST_BAD_ROWS, SLOW_ANSWER_S
from msd.errors import BackendError, NotSupportedError, UnreachableError
from msd.models import DetailPage, DueItem, StatusReason, SyncProgress, SyncReport
from msd.store.cache.writes.detail_writer import DetailWriter
from msd.sync.context import Report, StoreThread

PHASE = "details"
FEWEST_AT_ONCE = 10
_NOTHING_CAME = DetailPage(items=())

log = logging.getLogger(__name__)


class Pauses(Struct, frozen=True, kw_only=True):
    """How long a source is left alone after each answer: longer, the longer that took."""

    shortest_s: float = 1.0
    per_second: float = 3.0  # the source works for a quarter of the time at most
    longest_s: float = 60.0

    def after_s(self, took_s: float) -> float:
        """Return the pause after an answer that took so long."""
        return min(max(self.shortest_s, self.per_second * took_s), self.longest_s)


class DetailPass:
    """One pass over one source."""

    def __init__(
        self,
        backend: MediaBackend,
        thread: StoreThread[DetailWriter],
        report: Report,
        *,
        pauses: Pauses = Pauses(),  # noqa: B008 - it can't change
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = anyio.sleep,
    ) -> None:
        self._backend = backend
        self._thread = thread
        self._store = thread.store
        self._report = report
        self._pauses = pauses
        self._clock = clock
        self._sleep = sleep
        self._at_once = MOST_AT_ONCE
        self._asked = self._updated = self._odd = 0
        self._total = 0

    async def run(self) -> SyncReport:
        """Fetch and store all details that are due; return how many rows were asked for.

        Raises:
            NotSupportedError: the source gives no details in pages.
            BackendError: the source failed as a whole; what was written so far stays.
            StorageError: the cache can't be written.
        """
        begun = self._clock()
        self._total = await self._thread.run(self._store.count)
        while due := await self._thread.run(self._store.due, self._at_once):
            await self._fetch(due)
        return SyncReport(
            seen=self._asked,
            updated=self._updated,
            skipped=self._odd,
            duration_ms=int((self._clock() - begun) * 1000),
        )

    async def _fetch(self, due: Sequence[DueItem]) -> None:
        """Fetch and store a page; one on which the source fails is divided (S9)."""
        parts = [due]
        while parts:
            part = parts.pop()
            begun = self._clock()
            page = await self._page(part)
            took_s = self._clock() - begun
            if page is not None:
                await self._write(part, page)
            else:
                middle = len(part) // 2
                parts += (part[middle:], part[:middle])
            self._adapt(took_s)
            await self._sleep(self._pauses.after_s(took_s))

    async def _page(self, part: Sequence[DueItem]) -> DetailPage | None:
        """Return the details of some items; None when one of several may be at fault."""
        if not isinstance(self._backend, HasDetailPages):
            raise NotSupportedError("this kind of source gives no details in pages")
        try:
            ids = [item.remote_id for item in part]
            page = await self._backend.detail_page(ids, more_follow=True)
        except BackendError as error:
            await self._raise_if_not_odd(part, error)
            return None if len(part) > 1 else _NOTHING_CAME
        if page is None:
            raise NotSupportedError("the server leaves details out of its lists")
        if not page.items:
            await self._check_that_items_come(self._backend)
        return page

    async def _check_that_items_come(self, backend: HasDetailPages) -> None:
        """Ask for an item whose details came before: an empty page alone proves nothing.

        Raises:
            UnreachableError: the source gives nothing at all now, as with unmounted storage.
        """
        example = await self._thread.run(self._store.item_with_details)
        if example is None and self._total <= MOST_BAD_ROWS:
            return  # a source of a few playlists, say: there is no other item to ask for
        page = None if example is None else await backend.detail_page([example])
        if page is None or not page.items:
            raise UnreachableError(
                "the server gives details of no item", reason=StatusReason.SERVER_ERROR
            )

    async def _raise_if_not_odd(self, part: Sequence[DueItem], error: BackendError) -> None:
        """Return when single items may be at fault and not the source."""
        if error.retry_after_s is not None:
            raise error  # it asks to be left alone
        await raise_if_source_failed(self._backend, error)
        if len(part) > 1:
            return
        self._odd += 1
        log.info("the details of %s can't be had: %s", part[0].remote_id, error)
        if self._odd > MOST_BAD_ROWS:
            raise error

    async def _write(self, part: Sequence[DueItem], page: DetailPage) -> None:
        written = await self._thread.run(self._store.store, part, page)
        for library_id, result in written.items():
            self._updated += len(result.changed)
            self._report.changed(library_id, result)
        self._asked += len(part)
        total = max(self._total, self._asked)  # rows may have come meanwhile
        self._report.progress(SyncProgress(phase=PHASE, done=self._asked, total=total))

    def _adapt(self, took_s: float) -> None:
        """Ask a slow source for less at once, and a quick one for more again."""
        if took_s > SLOW_ANSWER_S:
            self._at_once = max(self._at_once // 2, FEWEST_AT_ONCE)
        elif took_s < SLOW_ANSWER_S / 3:
            self._at_once = min(self._at_once * 2, MOST_AT_ONCE)
