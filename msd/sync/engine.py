"""Bring one source up to date; delete only what a whole enumeration lacks.

libraries ─┬─► followed from their cursors: what changed ─► parse ─► write     (following.py)
           │     └─► dirty_listings: listings whose rows do not add up ─┐
           └─► enumerated, page by page: parse what is new ─► write           (listing.py)
                 └─► members of collections and playlists
           ─► deletions, once everything was seen, so that a moved item is never lost (Y7)
           ─► cursors, taken before the first row was read (Y6)
"""

import logging
import time
from collections import defaultdict
from collections.abc import Callable, Sequence

from msd.backend_api import Listing, MediaBackend, Page
from msd.backend_api.changes import Aspect, CanResume, HasChanges
from msd.errors import BackendError
from msd.models import (
    ItemType,
    LibraryId,
    RemoteLibrary,
    SyncMode,
    SyncOptions,
    SyncProgress,
    SyncReport,
    UnixSeconds,
)
from msd.store.cache.writes.known_items import KnownItems
from msd.store.cache.writes.results import SavedLibraries, WriteResult
from msd.sync.deletions import Deletions
from msd.sync.following import Follower
from msd.sync.listing import FATAL, WITH_MEMBERS, CopiedListing, ListingCopier
from msd.sync.missing_rows import MissingRows
from msd.sync.passes import LibraryPass
from msd.sync.report import Report
from msd.sync.statistics import SyncStatistics
from msd.sync.store_thread import StoreThread

log = logging.getLogger(__name__)

FULL_ENUMERATION_S = (
    24 * 3600
)  # after this long a library is enumerated, for what changes can't tell


class SyncEngine:
    """One sync of one source."""

    def __init__(
        self,
        backend: MediaBackend,
        thread: StoreThread,
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
        self._earlier: defaultdict[ItemType, list[KnownItems]] = defaultdict(list)

    async def run(self) -> SyncReport:
        """Bring the source up to date; return what was done.

        Pages arrive in the source's order and are written in whole transactions, so a cancelled
        or failed run leaves whole pages. Cursors move only with what they cover (Y6).

        Raises:
            BackendError: the source failed as a whole; what was written so far stays.
            StorageError: the cache can't be written.
        """
        started = self._clock()
        self._report.progress(SyncProgress(phase="libraries", done=0, total=None))
        libraries = await self._backend.libraries()
        saved = await self._thread.run(self._store.save_libraries, libraries)
        for library_id, restored in saved.restored.items():
            self._report.changed(library_id, restored)
        deletions = self._deletions()
        if self._options.confirm_deletes:
            await deletions.confirm()  # first: what a later pass finds is no part of the consent
        passes = await self._passes(libraries, saved)
        await self._preview([one for one in passes if one.is_wanted and one.is_first])
        await self._follow([one for one in passes if one.is_wanted and not one.is_full], passes)
        for one in passes:
            await self._enumerate(one)
        missing_rows = MissingRows(self._backend, self._thread, passes)
        for one in await missing_rows.to_look_through():
            await self._enumerate(one)
        await self._delete(deletions, await missing_rows.confirm(), saved)
        await self._finish(passes)
        self._statistics.withheld = await self._thread.run(self._store.total_withheld)
        return self._statistics.report(duration_ms=int((self._clock() - started) * 1000))

    # --- how each library is looked at -------------------------------------------------------

    async def _passes(
        self, libraries: Sequence[RemoteLibrary], saved: SavedLibraries
    ) -> list[LibraryPass]:
        """Return every library that is not off, in order."""
        passes = []
        for library in sorted(libraries, key=lambda lib: lib.position):
            library_id = saved.ids.get(library.remote_id)  # None: an id that can't be stored
            if library_id is None or library_id in self._options.off:
                continue
            cached = await self._thread.run(self._store.types, library_id)
            listed = {listing.type for listing in self._backend.listings(library)}
            one = LibraryPass(
                library=library,
                library_id=library_id,
                is_wanted=self._options.includes(library_id),
                is_first=library_id in saved.never_synced,
                is_full=False,
                cursors=saved.cursors.get(library_id, {}),
            )
            one.is_full = one.is_wanted and (
                not cached <= listed or self._must_be_enumerated(one, saved)
            )
            passes.append(one)
        return passes

    def _must_be_enumerated(self, one: LibraryPass, saved: SavedLibraries) -> bool:
        """Return whether cursors won't do for a library, or not any more."""
        enumerated_s = self._now() - saved.fully_enumerated_at.get(one.library_id, 0)
        return (
            not isinstance(self._backend, HasChanges)
            or self._options.reads_all
            or one.is_first
            or one.library_id in self._options.type_changed
            or not one.cursors.keys() >= set(Aspect)
            or not 0
            <= enumerated_s
            < FULL_ENUMERATION_S  # in the future: the clock was wrong, then or now
        )

    async def _preview(self, new: Sequence[LibraryPass]) -> None:
        """Show something of new libraries at once; what fails here will fail later, and count."""
        copier = self._copier()
        for one in new:
            for listing in self._backend.listings(one.library):
                try:
                    await copier.preview(listing, one.library_id)
                except FATAL:
                    raise
                except BackendError as error:
                    log.info("no preview of %s: %s", one.library.name, error)

    async def _follow(self, followed: list[LibraryPass], passes: list[LibraryPass]) -> None:
        if not isinstance(self._backend, HasChanges):
            return
        follower = Follower(
            self._backend,
            self._thread,
            self._copier(),
            self._report,
            self._statistics,
            passes={one.library_id: one for one in passes},
        )
        for one in followed:
            await follower.follow(one)

    def _copier(self) -> ListingCopier:
        return ListingCopier(
            self._backend,
            self._thread,
            self._report,
            self._statistics,
            earlier=self._earlier,
            read_all=self._options.mode is SyncMode.FULL,
        )

    # --- enumerating -------------------------------------------------------------------------

    async def _enumerate(self, one: LibraryPass) -> None:
        """Enumerate a library as a whole, or those of its listings that are dirty_listings."""
        listings = self._backend.listings(one.library)
        if not one.dirty_listings <= {listing.type for listing in listings}:
            one.is_full = True
        wanted = [
            listing
            for listing in listings
            if (one.is_full or listing.type in one.dirty_listings) and one.lacks(listing.type)
        ]
        if not wanted and not one.is_full:
            return
        can_resume = await self._begin(one)
        copier = self._copier()
        copied = [
            await self._copy(copier, one, listing, can_resume=can_resume) for listing in wanted
        ]
        one.copied += copied
        for listing in copied:
            self._earlier[listing.listing.type].append(listing.known)
        if one.is_full and one.is_complete:
            one.copied += await self._no_longer_listed(copier, one)

    async def _begin(self, one: LibraryPass) -> bool:
        """Take the cursors before rows are read; return whether an interrupted sync goes on."""
        is_followed = isinstance(self._backend, HasChanges)
        resumes = (
            isinstance(self._backend, CanResume) and one.is_first and not self._options.reads_all
        )
        if not one.is_full or not is_followed:
            return resumes
        if resumes and one.cursors.keys() >= set(Aspect):
            one.reached = dict(one.cursors)
            return True
        one.reached = await self._cursors(one)
        if one.is_first and one.reached:
            await self._thread.run(self._store.begin_library, one.library_id, one.reached)
        return False

    async def _cursors(self, one: LibraryPass) -> dict[str, str]:
        if not isinstance(self._backend, HasChanges):
            return {}
        try:
            return {aspect: await self._backend.cursor(one.library, aspect) for aspect in Aspect}
        except FATAL:
            raise
        except BackendError as error:
            log.info("%s can't be followed: %s", one.library.name, error)
            return {}

    async def _copy(
        self, copier: ListingCopier, one: LibraryPass, listing: Listing, *, can_resume: bool
    ) -> CopiedListing:
        state = await self._thread.run(self._store.listing_state, one.library_id, listing.type)
        start = state.resume_at if can_resume else 0
        copied = await copier.begin(listing, one.library_id, is_first=one.is_first, start=start)
        await self._copy_contained(copier, copied)
        if start and copied.enumeration.is_at_end and not await self._adds_up(copied):
            copied = await copier.begin(listing, one.library_id, is_first=one.is_first)
            await self._copy_contained(copier, copied)
        if listing.type in WITH_MEMBERS:
            await copier.copy_members(one.library_id, copied.remote_ids)
        return copied

    async def _adds_up(self, copied: CopiedListing) -> bool:
        """Return whether two halves of an enumeration are a whole; rows may have moved between."""
        count = await self._thread.run(self._store.count, copied.library_id, copied.listing.type)
        return count == copied.enumeration.total

    async def _copy_contained(self, copier: ListingCopier, copied: CopiedListing) -> None:
        """Copy one listing; one that is refused or garbled does not stop the others (S3)."""
        try:
            await copier.copy(copied)
        except FATAL:
            raise
        except BackendError as error:
            what = f"{copied.listing.library.name} ({copied.listing.type})"
            log.warning("%s can't be listed: %s", what, error)
            self._statistics.skip(1, (f"{what}: {error}",))

    async def _no_longer_listed(
        self, copier: ListingCopier, one: LibraryPass
    ) -> list[CopiedListing]:
        """Return, as empty listings, the types that a library of another kind has no more."""
        cached = await self._thread.run(self._store.types, one.library_id)
        found = []
        for item_type in sorted(cached - {copied.listing.type for copied in one.copied}):
            listing = Listing(library=one.library, type=item_type)
            copied = await copier.begin(listing, one.library_id)
            copied.is_listed = False
            copied.enumeration.add(Page(start=0, limit=1, total=0, items=()))
            found.append(copied)
        return found

    # --- what is gone ------------------------------------------------------------------------

    def _deletions(self) -> Deletions:
        return Deletions(
            self._thread,
            self._report.changed,
            self._statistics,
            now=self._now(),
            options=self._options,
        )

    async def _delete(
        self, deletions: Deletions, copied: list[CopiedListing], saved: SavedLibraries
    ) -> None:
        self._report.progress(SyncProgress(phase="deletions", done=0, total=None))
        await deletions.welcome_back(saved.ids.values())
        await deletions.apply(copied)
        await deletions.apply_to_libraries(
            {
                library_id: count
                for library_id, count in saved.vanished.items()
                if self._options.includes(library_id)
            }
        )

    # --- what is recorded --------------------------------------------------------------------

    async def _finish(self, passes: list[LibraryPass]) -> None:
        now = self._now()
        settled: list[tuple[LibraryId, WriteResult]] = []

        def record() -> None:
            for one in passes:
                written = [self._record_listing(copied, now) for copied in one.copied]
                settled.extend((one.library_id, result) for result in written if result is not None)
                if one.is_wanted and one.is_at_end:
                    self._store.finish_library(
                        one.library_id,
                        now=now,
                        cursors=one.reached,
                        fully_enumerated=one.is_full,
                    )

        await self._thread.run(record)
        for library_id, written in settled:
            self._report.changed(library_id, written)
        self._statistics.complete = all(one.is_complete for one in passes if one.is_wanted)

    def _record_listing(self, copied: CopiedListing, now: UnixSeconds) -> WriteResult | None:
        enumeration, where = copied.enumeration, (copied.library_id, copied.listing.type)
        can_be_trusted = enumeration.is_at_end and not copied.known.has_repeats()
        total = (enumeration.total or 0) if can_be_trusted else -1
        if enumeration.is_complete:
            return self._store.finish_listing(*where, total=total, now=now)
        self._store.expect_rows(*where, total)
        return None

    def _now(self) -> UnixSeconds:
        return UnixSeconds(int(self._clock()))
