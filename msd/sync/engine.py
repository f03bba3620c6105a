"""Copy one source into the cache, page by page; delete only what a whole enumeration lacks.

libraries ─► for each listing: pages ─► parse what is new ─► write     (listing.py)
          ─► members of collections and playlists
          ─► deletions, once everything was seen, so that a moved item is never lost (Y7)
"""

import logging
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from msd.backend_api import Listing, MediaBackend, Page
from msd.errors import AuthRequiredError, BackendError, UnreachableError
from msd.models import (
    ItemType,
    LibraryId,
    RemoteId,
    RemoteLibrary,
    SyncMode,
    SyncProgress,
    SyncReport,
    UnixSeconds,
)
from msd.sync.deletions import Deletions
from msd.sync.enumeration import Trust
from msd.sync.listing import WITH_MEMBERS, CopiedListing, ListingCopier
from msd.sync.ports import Known, SyncStore
from msd.sync.report import Report
from msd.sync.store_thread import StoreThread
from msd.sync.tally import Tally

log = logging.getLogger(__name__)

FATAL = (AuthRequiredError, UnreachableError)  # nothing else on this source will work now


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncPlan:
    """What the user wants of one sync."""

    mode: SyncMode = SyncMode.AUTO
    only: frozenset[LibraryId] = frozenset()  # empty: every library but those in `off`
    off: frozenset[LibraryId] = frozenset()
    confirm_deletes: bool = False
    anew: frozenset[LibraryId] = frozenset()  # just said to hold something else

    def includes(self, library_id: LibraryId) -> bool:
        """Return whether a library is to be synced."""
        if library_id in self.off:
            return False
        return not self.only or library_id in self.only

    def trust(self, library_id: LibraryId) -> Trust:
        """Return what the user said about losses of a library."""
        if library_id in self.anew:
            return Trust.ALL
        return Trust.HELD if self.confirm_deletes else Trust.NONE


class SyncEngine:
    """One sync of one source."""

    def __init__(
        self,
        backend: MediaBackend,
        store: SyncStore,
        report: Report,
        *,
        plan: SyncPlan,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._backend = backend
        self._thread = StoreThread(store)
        self._store = store
        self._report = report
        self._plan = plan
        self._clock = clock
        self._tally = Tally()
        self._earlier: defaultdict[ItemType, list[Known]] = defaultdict(list)

    async def run(self) -> SyncReport:
        """Copy the source; return what was done.

        Pages arrive in the source's order and are written in whole transactions, so a cancelled
        or failed run leaves whole pages.

        Raises:
            BackendError: the source failed as a whole; what was written so far stays.
            StorageError: the cache can't be written.
        """
        started = self._clock()
        self._report.progress(SyncProgress(phase="libraries", done=0, total=None))
        libraries = await self._backend.libraries()
        saved = await self._thread.run(self._store.save_libraries, libraries)
        wanted = [
            (library, saved.ids[library.remote_id])
            for library in sorted(libraries, key=lambda lib: lib.position)
            if library.remote_id in saved.ids  # not one whose id can't be stored
            and self._plan.includes(saved.ids[library.remote_id])
        ]
        for library, library_id in wanted:
            if library_id in saved.never_synced:
                await self._taste_library(library, library_id)
        copied: list[CopiedListing] = []
        for library, library_id in wanted:
            copied += await self._copy_library(library, library_id)
        deletions = Deletions(
            self._thread,
            self._report.changed,
            self._tally,
            now=self._now(),
            trust=self._plan.trust,
        )
        self._report.progress(SyncProgress(phase="deletions", done=0, total=None))
        await deletions.welcome_back(saved.ids.values())
        await deletions.apply(copied)
        await deletions.apply_to_libraries(self._in_plan(saved.vanished))
        await self._finish(copied)
        self._tally.held = await self._thread.run(self._store.total_held)
        return self._tally.report(duration_ms=int((self._clock() - started) * 1000))

    def _in_plan(self, vanished: Mapping[LibraryId, int]) -> dict[LibraryId, int]:
        return {
            library_id: count
            for library_id, count in vanished.items()
            if self._plan.includes(library_id)
        }

    async def _taste_library(self, library: RemoteLibrary, library_id: LibraryId) -> None:
        """Show something of a new library at once; what fails here will fail later, and count."""
        copier = self._copier()
        for listing in self._backend.listings(library):
            try:
                await copier.taste(listing, library_id)
            except FATAL:
                raise
            except BackendError as error:
                log.info("no taste of %s: %s", library.name, error)

    def _copier(self) -> ListingCopier:
        return ListingCopier(
            self._backend,
            self._thread,
            self._report,
            self._tally,
            earlier=self._earlier,
            read_all=self._plan.mode is SyncMode.FULL,
        )

    async def _copy_library(
        self, library: RemoteLibrary, library_id: LibraryId
    ) -> list[CopiedListing]:
        copier = self._copier()
        outcome = []
        for listing in self._backend.listings(library):
            copied = await copier.begin(listing, library_id)
            outcome.append(copied)
            await self._copy_contained(copier, copied)
            if listing.type in WITH_MEMBERS:
                await self._copy_members(copied)
        for copied in outcome:
            self._earlier[copied.listing.type].append(copied.known)
        if all(copied.enumeration.is_complete for copied in outcome):
            outcome += await self._no_longer_listed(copier, library, library_id, outcome)
        return outcome

    async def _no_longer_listed(
        self,
        copier: ListingCopier,
        library: RemoteLibrary,
        library_id: LibraryId,
        listed: list[CopiedListing],
    ) -> list[CopiedListing]:
        """Return, as empty listings, the types that a library of another kind has no more."""
        cached = await self._thread.run(self._store.types, library_id)
        found = []
        for item_type in sorted(cached - {copied.listing.type for copied in listed}):
            copied = await copier.begin(Listing(library=library, type=item_type), library_id)
            copied.enumeration.add(Page(start=0, limit=1, total=0, items=()))
            found.append(copied)
        return found

    async def _copy_contained(self, copier: ListingCopier, copied: CopiedListing) -> None:
        """Copy one listing; one that is refused or garbled does not stop the others (S3)."""
        try:
            await copier.copy(copied)
        except FATAL:
            raise
        except BackendError as error:
            what = f"{copied.listing.library.name} ({copied.listing.type})"
            log.warning("%s can't be listed: %s", what, error)
            self._tally.skip(1, (f"{what}: {error}",))

    async def _copy_members(self, copied: CopiedListing) -> None:
        for done, remote_id in enumerate(copied.remote_ids):
            self._report.progress(
                SyncProgress(phase="members", done=done, total=len(copied.remote_ids))
            )
            members = await self._members(remote_id)
            if members is not None:
                written = await self._thread.run(self._store.set_members, remote_id, members)
                self._report.changed(copied.library_id, written)

    async def _members(self, remote_id: RemoteId) -> tuple[RemoteId, ...] | None:
        try:
            return await self._backend.members(remote_id)
        except FATAL:
            raise
        except BackendError as error:
            self._tally.skip(1, (f"members of {remote_id}: {error}",))
            return None  # what is cached of it stays

    async def _finish(self, copied: list[CopiedListing]) -> None:
        now = self._now()
        incomplete = {one.library_id for one in copied if not one.enumeration.is_complete}
        complete = {one.library_id for one in copied} - incomplete

        def record() -> None:
            for one in copied:
                if one.enumeration.is_complete:
                    self._store.finish_listing(
                        one.library_id, one.listing.type, total=one.enumeration.rows, now=now
                    )
            for library_id in complete:
                self._store.finish_library(library_id, now=now)

        await self._thread.run(record)
        self._tally.complete = not incomplete

    def _now(self) -> UnixSeconds:
        return UnixSeconds(int(self._clock()))
