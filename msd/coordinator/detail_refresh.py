"""Fetches the details of items that somebody looks at, where they are stale (Y3).

    ids ─► stale ones by source ─► several: one request for all ─► each one that is not whole, alone

What came is stored before the next one is asked for. A failure leaves what is cached.
"""

import logging
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

import anyio

from msd.backend_api import MediaBackend
from msd.backend_api.details import HasDetailPages
from msd.coordinator.error_boundary import guarded
from msd.coordinator.services import Services
from msd.coordinator.source_tasks import SourceTasks
from msd.errors import BackendError, LimitExceededError, MsdError
from msd.events import ItemsChanged
from msd.models import DetailPage, DueItem, ItemId, SourceId, StaleItem

MAX_PENDING = 500  # in all
AT_ONCE = 2
ITEM_S = 30.0

log = logging.getLogger(__name__)
Result = TypeVar("Result")


class DetailRefresh:
    """Refreshes the details of items in the background, each item once at a time."""

    def __init__(
        self,
        services: Services,
        work: SourceTasks,
        publish_change: Callable[[ItemsChanged], None],
        publish_use: Callable[[SourceId], None],
    ) -> None:
        """Keep what is needed.

        Args:
            services: the managers.
            work: runs tasks for a source.
            publish_change: publishes that items changed.
            publish_use: publishes that a source is asked for the user.
        """
        self._cache = services.cache
        self._registry = services.registry
        self._backends = services.backends
        self._work = work
        self._publish_change = publish_change
        self._publish_use = publish_use
        self._places = anyio.Semaphore(AT_ONCE)
        self._pending: set[ItemId] = set()

    async def start(self, ids: Sequence[ItemId]) -> None:
        """Begin to fetch the details of those items whose details are stale.

        Raises:
            LimitExceededError: too many items are being refreshed already.
        """
        stale = await self._cache.stale_details(ids)
        wanted = [item for item in stale if item.id not in self._pending]
        if len(self._pending) + len(wanted) > MAX_PENDING:
            raise LimitExceededError(f"{MAX_PENDING} items are being refreshed already")
        by_source: defaultdict[SourceId, list[StaleItem]] = defaultdict(list)
        for item in wanted:
            by_source[item.source_id].append(item)
        self._pending |= {item.id for item in wanted}
        for source_id, items in by_source.items():
            self._publish_use(source_id)
            self._work.start_soon(source_id, self._refresh, source_id, items)

    async def _refresh(self, source_id: SourceId, items: Sequence[StaleItem]) -> None:
        waiting = {item.id for item in items}
        try:
            await guarded(
                lambda: self._fetch(source_id, items, waiting), f"fetching details of {source_id}"
            )
        except MsdError as error:
            log.info("%d items of %s were not refreshed: %s", len(waiting), source_id, error)
        finally:
            self._pending -= waiting

    async def _fetch(
        self, source_id: SourceId, items: Sequence[StaleItem], waiting: set[ItemId]
    ) -> None:
        """Fetch a page of all, then each item that is not whole; done ones leave `waiting`.

        Raises:
            MsdError: the source as a whole fails.
        """
        backend = self._backends.opened(source_id)
        if len(items) > 1 and isinstance(backend, HasDetailPages):
            page = await self._tried(backend, lambda: self._page(backend, source_id, items))
            if page is not None and page.is_whole:
                return
        for item in items:
            await self._tried(backend, lambda item=item: self._item(backend, item))  # type: ignore[misc]
            waiting.discard(item.id)
            self._pending.discard(item.id)

    async def _tried(
        self, backend: MediaBackend, fetch: Callable[[], Awaitable[Result]]
    ) -> Result | None:
        """Return what `fetch` returns; None when that failed and the source itself answers.

        Raises:
            MsdError: the source as a whole fails.
        """
        try:
            async with self._places:
                with anyio.fail_after(ITEM_S):
                    return await fetch()
        except TimeoutError:
            log.info("details took more than %d s", ITEM_S)
        except BackendError as error:
            log.info("details can't be had: %s", error)
        await backend.check_identity()
        return None

    async def _page(
        self, backend: HasDetailPages, source_id: SourceId, items: Sequence[StaleItem]
    ) -> DetailPage | None:
        page = await backend.detail_page([item.due.remote_id for item in items])
        if page is not None:
            await self._store(source_id, [item.due for item in items], page)
        return page

    async def _item(self, backend: MediaBackend, item: StaleItem) -> None:
        found = await backend.item(item.due.remote_id)
        if found is not None:  # else the next sync finds out whether it is gone
            page = DetailPage(items=(found,), is_whole=True)
            await self._store(item.source_id, [item.due], page)

    async def _store(self, source_id: SourceId, asked: Sequence[DueItem], page: DetailPage) -> None:
        aliases = await self._registry.aliases(source_id)
        revision, changed = await self._cache.store_details(source_id, asked, page, aliases=aliases)
        for library_id, item_ids in changed.items():
            self._publish_change(
                ItemsChanged(
                    source_id=source_id,
                    library_id=library_id,
                    changed=tuple(item_ids),
                    removed=(),
                    revision=revision,
                )
            )
