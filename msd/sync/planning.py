"""Which libraries a source has now, and how each of them is read in this sync."""

from collections.abc import Sequence

from msgspec.structs import replace

from msd.backend_api.changes import Aspect, HasChanges
from msd.backend_api.faults import Request
from msd.errors import BackendError
from msd.models import LibraryId, RemoteLibrary, SyncOptions, UnixSeconds
from msd.store.cache.writes.results import SavedLibraries
from msd.sync.context import SyncContext
from msd.sync.passes import LibraryPass
from msd.sync.recreated import recognise_libraries
from msd.sync.rights import RightsCheck

# A library is enumerated after this long, for what changes can't tell.
FULL_ENUMERATION_S = 24 * 3600


class Planner:
    """Reads the list of libraries and decides which of them are followed or enumerated."""

    def __init__(
        self, context: SyncContext, options: SyncOptions, rights: RightsCheck, now: UnixSeconds
    ) -> None:
        self._context = context
        self._backend = context.backend
        self._thread = context.thread
        self._store = context.store
        self._options = options
        self._rights = rights
        self._now = now
        self._recognised: frozenset[LibraryId] = frozenset()

    async def libraries(self) -> tuple[tuple[RemoteLibrary, ...], SavedLibraries]:
        """Return the libraries as the source lists them, and what became of the cached ones."""
        libraries = await self._listed()
        saved = await self._thread.run(self._store.save_libraries, libraries)
        self._recognised = await recognise_libraries(self._context, libraries, saved)
        if self._recognised:
            restored = dict(saved.restored)
            saved = await self._thread.run(self._store.save_libraries, libraries)
            saved = replace(saved, restored=restored | dict(saved.restored))
        for library_id, written in saved.restored.items():
            self._context.report.changed(library_id, written)
        return libraries, saved

    async def passes(
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
            planned = LibraryPass(
                library=library,
                library_id=library_id,
                is_wanted=self._options.includes(library_id),
                is_first=library_id in saved.never_synced,
                is_full=False,
                cursors=saved.cursors.get(library_id, {}),
            )
            planned.is_full = planned.is_wanted and (
                not cached <= listed or self._must_be_enumerated(planned, saved)
            )
            passes.append(planned)
        await self._search_for_rows_of_vanished_libraries(passes, saved)
        return passes

    def _must_be_enumerated(self, library: LibraryPass, saved: SavedLibraries) -> bool:
        """Return whether cursors are not enough for a library, or not any more."""
        enumerated_s = self._now - saved.fully_enumerated_at.get(library.library_id, 0)
        return (
            not isinstance(self._backend, HasChanges)
            or self._options.reads_all
            or self._rights.have_changed
            or library.is_first
            or library.library_id in self._options.type_changed
            or library.library_id in self._recognised
            or library.library_id in saved.restored
            or not library.cursors.keys() >= set(Aspect)
            # A time in the future means that the clock was wrong, then or now.
            or not 0 <= enumerated_s < FULL_ENUMERATION_S
        )

    async def _search_for_rows_of_vanished_libraries(
        self, passes: Sequence[LibraryPass], saved: SavedLibraries
    ) -> None:
        """Have libraries enumerated that rows of a vanished library may have moved to.

        Done once, when it is first found to be missing: from then on its rows are withheld.
        """
        if self._rights.have_changed:
            return
        for library_id, count in saved.vanished.items():
            withheld = await self._thread.run(self._store.withheld, library_id, None)
            if not count or withheld is not None:
                continue
            types = await self._thread.run(self._store.types, library_id)
            for library in passes:
                listed = {listing.type for listing in self._backend.listings(library.library)}
                library.dirty_listings |= listed & types

    async def _listed(self) -> tuple[RemoteLibrary, ...]:
        """Return the source's libraries; the cached ones when only their list can't be had."""
        try:
            return await self._backend.libraries()
        except BackendError as error:
            faults = self._context.faults
            await faults.contain(error, Request.LIBRARIES, what="the list of libraries")
            cached = await self._thread.run(self._store.cached_libraries)
            if not cached:
                raise
            return cached
