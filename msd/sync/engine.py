"""Bring one source up to date; delete only what a complete enumeration lacks.

libraries ─┬─► followed from their cursors: what changed ─► parse ─► write       (following.py)
           │     └─► dirty listings, whose rows do not add up ─┐
           └─► enumerated, page by page: parse what is new ─► write              (listing.py)
                 └─► members of collections and playlists
           ─► deletions, once everything was seen, so that a moved item is never lost (Y7)
           ─► cursors, taken before the first row was read (Y6)

What fails costs the smallest part: its deletions and cursors wait, the rest goes on (S9).
"""

import logging
import time
from collections import defaultdict
from collections.abc import Callable, Sequence

from msd.backend_api import Listing, MediaBackend, Page
from msd.backend_api.changes import Aspect, CanResume, HasChanges, HasOmissions
from msd.backend_api.faults import Evidence, Request, evidence_of
from msd.errors import BackendError
from msd.models import (
    ItemType,
    LibraryId,
    SyncMode,
    SyncOptions,
    SyncProgress,
    SyncReport,
    UnixSeconds,
)
from msd.store.cache.writes.known_items import KnownItems
from msd.store.cache.writes.results import SavedLibraries, WriteResult
from msd.store.cache.writes.sync_writer import SyncWriter
from msd.sync.context import Report, StoreThread, SyncContext
from msd.sync.deletions import Deletions
from msd.sync.fault_log import FaultLog
from msd.sync.following import Follower
from msd.sync.listing import WITH_MEMBERS, CopiedListing, ListingCopier
from msd.sync.missing_rows import MissingRows
from msd.sync.passes import LibraryPass
from msd.sync.planning import Planner
from msd.sync.rights import RightsCheck
from msd.sync.statistics import SyncStatistics

log = logging.getLogger(__name__)


class SyncEngine:
    """One sync of one source."""

    def __init__(
        self,
        backend: MediaBackend,
        thread: StoreThread[SyncWriter],
        report: Report,
        *,
        options: SyncOptions,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._backend = backend
        self._thread = thread
        self._store = thread.store
        self._report = report
        self._options = options
        self._clock = clock
        self._statistics = SyncStatistics()
        self._faults = FaultLog(backend)
        self._earlier: defaultdict[ItemType, list[KnownItems]] = defaultdict(list)
        self._context = SyncContext(
            backend=backend,
            thread=thread,
            report=report,
            statistics=self._statistics,
            faults=self._faults,
            reads_all=options.mode is SyncMode.FULL,
        )
        self._rights = RightsCheck(self._context)

    async def run(self) -> SyncReport:
        """Bring the source up to date; return what was done.

        Pages arrive in the source's order and are written in whole transactions, so a cancelled
        or failed run leaves whole pages. Cursors move only with what they cover (Y6). A request
        that fails while the source itself answers is named in the report; what it was about
        stays as it is, and everything else is brought up to date (S9).

        Raises:
            BackendError: the source failed as a whole; what was written so far stays.
            StorageError: the cache can't be written.
        """
        started = self._clock()
        self._report.progress(SyncProgress(phase="libraries", done=0, total=None))
        await self._rights.ask()
        planner = Planner(self._context, self._options, self._rights, self._now())
        libraries, saved = await planner.libraries()
        deletions = Deletions(self._context, self._options, self._now())
        if self._options.confirm_deletes:
            await deletions.confirm()  # first: what a later pass finds is no part of the consent
        passes = await planner.passes(libraries, saved)
        await self._read(passes)
        await self._delete(deletions, passes, saved)
        await self._finish(passes)
        await self._note_omissions(passes)
        while await self._thread.run(self._store.tend_search_index):
            pass  # each is a transaction; others can write in between
        self._statistics.withheld = await self._thread.run(self._store.total_withheld)
        duration_ms = int((self._clock() - started) * 1000)
        return self._statistics.report(duration_ms=duration_ms, faults=self._faults.faults)

    # --- new and changed rows ----------------------------------------------------------------

    async def _read(self, passes: list[LibraryPass]) -> None:
        """Bring what is new or changed into the cache, and find out what is missing from it."""
        wanted = [library for library in passes if library.is_wanted]
        await self._preview([library for library in wanted if library.is_first])
        await self._follow([library for library in wanted if not library.is_full], passes)
        for library in passes:
            await self._enumerate(library)
        for library in await MissingRows(self._context, passes).libraries_to_search():
            await self._enumerate(library)

    async def _preview(self, new: Sequence[LibraryPass]) -> None:
        """Fetch the newest items of new libraries first.

        Faults are not counted here; the enumeration that follows reports them.
        """
        copier = self._copier()
        for library in new:
            for listing in self._backend.listings(library.library):
                try:
                    await copier.preview(listing, library.library_id)
                except BackendError as error:
                    if evidence_of(error) is Evidence.SOURCE:
                        raise
                    log.info("no preview of %s: %s", library.library.name, error)

    async def _follow(self, followed: list[LibraryPass], passes: list[LibraryPass]) -> None:
        if not isinstance(self._backend, HasChanges):
            return
        by_id = {library.library_id: library for library in passes}
        follower = Follower(self._backend, self._context, self._copier(), by_id)
        for library in followed:
            await follower.follow(library)

    def _copier(self) -> ListingCopier:
        return ListingCopier(self._context, self._earlier)

    # --- enumerating -------------------------------------------------------------------------

    async def _enumerate(self, library: LibraryPass) -> None:
        """Enumerate a library in full, or its dirty listings."""
        listings = self._backend.listings(library.library)
        if not library.dirty_listings <= {listing.type for listing in listings}:
            library.is_full = True
        wanted = [
            listing
            for listing in listings
            if (library.is_full or listing.type in library.dirty_listings)
            and library.lacks(listing.type)
        ]
        if not wanted and not library.is_full:
            return
        can_resume = await self._begin(library)
        copier = self._copier()
        copied = [
            await self._copy(copier, library, listing, can_resume=can_resume) for listing in wanted
        ]
        library.copied += copied
        for listing in copied:
            self._earlier[listing.listing.type].append(listing.known)
        if library.is_full and library.is_complete:
            library.copied += await self._no_longer_listed(copier, library)

    async def _begin(self, library: LibraryPass) -> bool:
        """Take the cursors before rows are read; return whether an interrupted sync goes on."""
        is_followed = isinstance(self._backend, HasChanges)
        can_resume = isinstance(self._backend, CanResume) and not self._options.reads_all
        resumes = can_resume and library.is_first
        if not library.is_full or not is_followed:
            return resumes
        if resumes and library.cursors.keys() >= set(Aspect):
            library.reached = dict(library.cursors)
            return True
        library.reached = await self._cursors(library)
        if library.is_first and library.reached:
            await self._thread.run(self._store.begin_library, library.library_id, library.reached)
        return False

    async def _cursors(self, library: LibraryPass) -> dict[str, str]:
        """Return where a library stands in each aspect; without one aspect it is not followed."""
        if not isinstance(self._backend, HasChanges):
            return {}
        reached: dict[str, str] = {}
        for aspect in Aspect:
            try:
                reached[aspect] = await self._backend.cursor(library.library, aspect)
            except BackendError as error:
                await self._faults.contain(
                    error, Request.CURSOR, library.library, what=f"its cursor ({aspect})"
                )
        return reached

    async def _copy(
        self, copier: ListingCopier, library: LibraryPass, listing: Listing, *, can_resume: bool
    ) -> CopiedListing:
        state = await self._thread.run(self._store.listing_state, library.library_id, listing.type)
        start = state.resume_at if can_resume else 0
        is_first = library.is_first
        copied = await copier.begin(listing, library.library_id, is_first=is_first, start=start)
        await self._copy_guarded(copier, copied)
        if start and copied.enumeration.is_at_end and not await self._adds_up(copied):
            copied = await copier.begin(listing, library.library_id, is_first=is_first)
            await self._copy_guarded(copier, copied)
        if listing.type in WITH_MEMBERS:
            await copier.copy_members(library.library_id, listing, copied.remote_ids)
        return copied

    async def _adds_up(self, copied: CopiedListing) -> bool:
        """Return whether two halves of an enumeration are a whole; rows may have moved between."""
        count = await self._thread.run(self._store.count, copied.library_id, copied.listing.type)
        return count == copied.enumeration.total

    async def _copy_guarded(self, copier: ListingCopier, copied: CopiedListing) -> None:
        """Copy one listing; one that fails does not stop the others (S3, S9)."""
        try:
            await copier.copy(copied)
        except BackendError as error:
            await self._faults.contain(
                error,
                Request.PAGES,
                copied.listing,
                missing_rows=copied.enumeration.missing_rows,
            )

    async def _no_longer_listed(
        self, copier: ListingCopier, library: LibraryPass
    ) -> list[CopiedListing]:
        """Return, as empty listings, the types that a library of another kind has no more."""
        cached = await self._thread.run(self._store.types, library.library_id)
        found = []
        for item_type in sorted(cached - {copied.listing.type for copied in library.copied}):
            listing = Listing(library=library.library, type=item_type)
            copied = await copier.begin(listing, library.library_id)
            copied.is_listed = False
            copied.enumeration.add(Page(start=0, limit=1, total=0, items=()))
            found.append(copied)
        return found

    # --- what is gone ------------------------------------------------------------------------

    async def _delete(
        self, deletions: Deletions, passes: list[LibraryPass], saved: SavedLibraries
    ) -> None:
        self._report.progress(SyncProgress(phase="deletions", done=0, total=None))
        await deletions.clear_withheld_libraries(saved.ids.values())
        missing_rows = MissingRows(self._context, passes)
        vanished = [library for library in saved.vanished if self._options.includes(library)]
        if vanished or await missing_rows.are_any():
            await self._rights.ask_again()
        are_withdrawn = self._rights.have_changed
        confirmed = await missing_rows.confirm(asks=not are_withdrawn)
        await deletions.apply(confirmed, are_withdrawn=are_withdrawn)
        await deletions.apply_to_libraries(vanished, are_withdrawn=are_withdrawn)

    # --- what is recorded --------------------------------------------------------------------

    async def _finish(self, passes: list[LibraryPass]) -> None:
        now = self._now()
        settled: list[tuple[LibraryId, WriteResult]] = []

        def record() -> None:
            for library in passes:
                written = [self._record_listing(copied, now) for copied in library.copied]
                settled.extend(
                    (library.library_id, result) for result in written if result is not None
                )
                if library.is_wanted and library.is_at_end:
                    self._store.finish_library(
                        library.library_id,
                        now=now,
                        cursors=library.reached,
                        fully_enumerated=library.is_full,
                    )

        await self._thread.run(record)
        for library_id, result in settled:
            self._report.changed(library_id, result)
        are_complete = all(library.is_complete for library in passes if library.is_wanted)
        self._statistics.complete = are_complete and not len(self._faults)
        if self._statistics.complete and not self._options.only:
            await self._rights.record()

    async def _note_omissions(self, passes: list[LibraryPass]) -> None:
        """Record what the source leaves out, as far as its backend knows that by itself (Y16)."""
        if not isinstance(self._backend, HasOmissions):
            return
        are_all_read = all(library.is_full and library.is_at_end for library in passes)
        if not self._backend_names_rows and not are_all_read:
            return
        try:
            omissions = list(await self._backend.omissions())
        except BackendError as error:
            await self._faults.contain(error, Request.OMISSIONS, what="what is left out")
            return
        if not self._backend_names_rows:
            rows = [copied.omissions for library in passes for copied in library.copied]
            omissions += [omission for listing in rows for omission in listing]
        await self._thread.run(self._store.replace_omissions, omissions)

    @property
    def _backend_names_rows(self) -> bool:
        return isinstance(self._backend, HasOmissions) and self._backend.names_rows

    def _record_listing(self, copied: CopiedListing, now: UnixSeconds) -> WriteResult | None:
        enumeration, where = copied.enumeration, (copied.library_id, copied.listing.type)
        is_counted = enumeration.is_at_end and not copied.known.has_repeats()
        # Without a judgement the listing is dirty next time: its total is not known.
        can_be_trusted = is_counted and copied.is_judged
        total = (enumeration.total or 0) if can_be_trusted else -1
        if not self._backend_names_rows:
            if enumeration.is_at_end and not copied.start:
                self._store.replace_omissions(copied.omissions, *where)
            else:
                self._store.add_omissions(copied.omissions, copied.listing.type)
        if enumeration.is_complete and copied.is_judged:
            return self._store.finish_listing(*where, total=total, now=now)
        self._store.expect_rows(*where, total)
        return None

    def _now(self) -> UnixSeconds:
        return UnixSeconds(int(self._clock()))
