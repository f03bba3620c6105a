"""Bring a library up to date from its cursors, at a cost that follows the changes (Y6)."""

import logging
from collections.abc import Mapping
from contextlib import aclosing

from msgspec import Struct

from msd.backend_api.changes import Aspect, ChangeCursor, Changes, HasChanges
from msd.errors import BackendError, BadResponseError
from msd.models import ItemType, LibraryId, SyncProgress, SyncProgressMark
from msd.sync.cached_rows import CachedSource
from msd.sync.listing import FATAL, WITH_MEMBERS, ListingCopier
from msd.sync.passes import LibraryPass
from msd.sync.report import Report
from msd.sync.statistics import SyncStatistics
from msd.sync.store_thread import StoreThread

log = logging.getLogger(__name__)


class Follower:
    """Takes in the changes of one library after the other.

    What the changes can't tell makes a listing a suspect: a number of rows that does not fit,
    or a row that lives in another listing. Until the dirty_listings are enumerated the library's
    cursors stay where they were.
    """

    def __init__(
        self,
        backend: HasChanges,
        thread: StoreThread,
        copier: ListingCopier,
        report: Report,
        statistics: SyncStatistics,
        *,
        passes: Mapping[LibraryId, LibraryPass],
    ) -> None:
        self._backend = backend
        self._thread = thread
        self._store = thread.store
        self._cached = CachedSource(thread)
        self._copier = copier
        self._report = report
        self._statistics = statistics
        self._passes = passes
        self._counted: dict[ItemType, _Counted] = {}  # of the library that is followed

    async def follow(self, one: LibraryPass) -> None:
        """Take in what changed in both aspects.

        A library that can't be followed is to be enumerated; one that is refused stays as it
        is, and so do its cursors.
        """
        self._report.progress(SyncProgress(phase="changes", done=self._statistics.seen, total=None))
        self._counted = {}
        try:
            for aspect in Aspect:
                await self._follow_aspect(one, aspect)
                self._mark_dirty_where_counts_differ(one)
        except FATAL:
            raise
        except BadResponseError as error:
            log.info("%s can't be followed and is enumerated: %s", one.library.name, error)
            one.is_full = True
        except BackendError as error:
            log.warning("%s can't be followed: %s", one.library.name, error)
            self._statistics.skip(1, (f"{one.library.name}: {error}",))
            one.has_failed = True

    async def _follow_aspect(self, one: LibraryPass, aspect: Aspect) -> None:
        since = ChangeCursor(one.cursors[aspect])
        async with aclosing(
            self._backend.changes(one.library, aspect, since, self._cached)
        ) as pages:
            async for page in pages:
                await self._take(one, aspect, page)

    async def _take(self, one: LibraryPass, aspect: Aspect, page: Changes) -> None:
        item_type = page.listing.type
        rows = {raw.remote_id: raw for raw in page.items}
        known, elsewhere = await self._thread.run(
            self._store.known_items_among, one.library_id, item_type, list(rows)
        )
        for remote_id, (library_id, kind) in elsewhere.items():
            if library_id in self._passes:  # moved, or in two libraries: only a look can tell
                self._passes[library_id].dirty_listings.add(kind)
                one.dirty_listings.add(item_type)
                del rows[remote_id]
        new_rows = sum(not known.has(remote_id) for remote_id in rows)
        await self._count(one, page, new_rows)
        self._statistics.seen += len(rows)
        fresh = [raw for raw in rows.values() if known.is_fresh(raw.remote_id, raw.fingerprint)]
        self._statistics.unchanged += len(rows) - len(fresh)
        mark = SyncProgressMark(new_rows=new_rows, cursors=self._cursors(one, aspect, page))
        await self._copier.write(one.library_id, page.listing, fresh, mark)
        if item_type in WITH_MEMBERS:
            await self._copier.copy_members(one.library_id, list(rows))

    async def _count(self, one: LibraryPass, page: Changes, new_rows: int) -> None:
        item_type = page.listing.type
        if item_type not in self._counted:
            state = await self._thread.run(self._store.listing_state, one.library_id, item_type)
            self._counted[item_type] = _Counted(expected=state.expected)
        counted = self._counted[item_type]
        counted.new_rows += new_rows
        counted.count = counted.count if page.count is None else page.count
        if page.is_unsure:
            one.dirty_listings.add(item_type)
        if page.cursor is not None:
            self._mark_dirty_where_counts_differ(one)

    def _mark_dirty_where_counts_differ(self, one: LibraryPass) -> None:
        one.dirty_listings |= {kind for kind, counted in self._counted.items() if not counted.fits}

    def _cursors(self, one: LibraryPass, aspect: Aspect, page: Changes) -> Mapping[str, str]:
        """Return the cursors that this page's transaction may record."""
        if page.cursor is None:
            return {}
        if one.dirty_listings:
            one.reached[aspect] = page.cursor
            return {}
        return {aspect: page.cursor}


class _Counted(Struct, kw_only=True, eq=False):
    """How many rows a listing should have, and has."""

    expected: int  # -1: unknown
    new_rows: int = 0
    count: int | None = None

    @property
    def fits(self) -> bool:
        if self.expected < 0:
            return False
        return self.count is None or self.count == self.expected + self.new_rows
