"""Bring a library up to date from its cursors, at a cost that follows the changes (Y6)."""

import logging
from collections.abc import Mapping
from contextlib import aclosing

from msgspec import Struct

from msd.backend_api.changes import Aspect, ChangeCursor, Changes, HasChanges
from msd.backend_api.faults import Request
from msd.errors import BackendError, BadResponseError
from msd.models import ItemType, LibraryId, SyncProgress, SyncProgressMark
from msd.sync.cached_rows import CachedSource
from msd.sync.context import SyncContext
from msd.sync.listing import WITH_MEMBERS, ListingCopier
from msd.sync.passes import LibraryPass

log = logging.getLogger(__name__)


class Follower:
    """Takes in the changes of one library after the other.

    What the changes can't tell makes a listing dirty: a number of rows that does not fit, or a
    row that is cached in another listing. Until the dirty listings are enumerated the library's
    cursors stay where they were.
    """

    def __init__(
        self,
        backend: HasChanges,
        context: SyncContext,
        copier: ListingCopier,
        passes: Mapping[LibraryId, LibraryPass],
    ) -> None:
        self._backend = backend
        self._thread = context.thread
        self._store = context.store
        self._cached = CachedSource(context.thread)
        self._copier = copier
        self._report = context.report
        self._statistics = context.statistics
        self._faults = context.faults
        self._passes = passes
        self._counted: dict[ItemType, _Counted] = {}  # of the library that is followed

    async def follow(self, library: LibraryPass) -> None:
        """Take in what changed in both aspects; each fails on its own.

        A library whose cursor or changes can't be read is to be enumerated. One whose request is
        refused stays as it is, and so does the cursor of that aspect.
        """
        self._report.progress(SyncProgress(phase="changes", done=self._statistics.seen, total=None))
        self._counted = {}
        for aspect in Aspect:
            try:
                await self._follow_aspect(library, aspect)
                self._mark_dirty_where_counts_differ(library)
            except BadResponseError as error:
                log.info("%s is enumerated instead: %s", library.library.name, error)
                library.is_full = True
                return
            except BackendError as error:
                await self._faults.contain(
                    error, Request.CHANGES, library.library, what=f"changes ({aspect})"
                )
                library.has_failed = True

    async def _follow_aspect(self, library: LibraryPass, aspect: Aspect) -> None:
        since = ChangeCursor(library.cursors[aspect])
        changes = self._backend.changes(library.library, aspect, since, self._cached)
        async with aclosing(changes) as pages:
            async for page in pages:
                await self._take(library, aspect, page)

    async def _take(self, library: LibraryPass, aspect: Aspect, page: Changes) -> None:
        item_type = page.listing.type
        rows = {raw.remote_id: raw for raw in page.items}
        known, elsewhere = await self._thread.run(
            self._store.known_items_among, library.library_id, item_type, list(rows)
        )
        for remote_id, (library_id, kind) in elsewhere.items():
            if library_id in self._passes:  # moved, or in two libraries: only a look can tell
                self._passes[library_id].dirty_listings.add(kind)
                library.dirty_listings.add(item_type)
                del rows[remote_id]
        new_rows = sum(not known.has(remote_id) for remote_id in rows)
        await self._count(library, page, new_rows)
        fresh = [raw for raw in rows.values() if known.is_fresh(raw.remote_id, raw.fingerprint)]
        self._statistics.seen += len(rows) - len(fresh)
        self._statistics.unchanged += len(rows) - len(fresh)
        mark = SyncProgressMark(new_rows=new_rows, cursors=self._cursors(library, aspect, page))
        await self._copier.write(library.library_id, page.listing, fresh, mark)
        if item_type in WITH_MEMBERS:
            await self._copier.copy_members(library.library_id, page.listing, list(rows))

    async def _count(self, library: LibraryPass, page: Changes, new_rows: int) -> None:
        item_type = page.listing.type
        if item_type not in self._counted:
            state = await self._thread.run(self._store.listing_state, library.library_id, item_type)
            self._counted[item_type] = _Counted(expected=state.expected)
        counted = self._counted[item_type]
        counted.new_rows += new_rows
        counted.count = counted.count if page.count is None else page.count
        if page.is_unsure:
            library.dirty_listings.add(item_type)
        if page.cursor is not None:
            self._mark_dirty_where_counts_differ(library)

    def _mark_dirty_where_counts_differ(self, library: LibraryPass) -> None:
        library.dirty_listings |= {
            kind for kind, counted in self._counted.items() if not counted.fits
        }

    def _cursors(self, library: LibraryPass, aspect: Aspect, page: Changes) -> Mapping[str, str]:
        """Return the cursors that this page's transaction may record."""
        if page.cursor is None:
            return {}
        if library.dirty_listings:
            library.reached[aspect] = page.cursor
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
