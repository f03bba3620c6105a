"""Rows that a complete enumeration lacks: did they go, move, or slip through? (Y7)."""

from collections.abc import Sequence

from msd.backend_api.changes import HasPush
from msd.backend_api.faults import Request
from msd.errors import BackendError, BadResponseError
from msd.models import ItemType, LibraryId, RemoteId
from msd.sync.context import SyncContext
from msd.sync.listing import CopiedListing
from msd.sync.passes import LibraryPass

MOST_FETCHED = 200  # in one request
MOST_ASKED = 20  # one by one


class MissingRows:
    """Finds out about missing rows before anything is deleted.

    A row may be in another listing, which is enumerated then. Rows may also change places while
    a listing is enumerated, so that one of them comes up twice and another one never: the source
    is asked for what is missing by its id.
    """

    def __init__(self, context: SyncContext, passes: Sequence[LibraryPass]) -> None:
        self._backend = context.backend
        self._thread = context.thread
        self._faults = context.faults
        self._passes = passes
        self._listed = [
            (library, {listing.type for listing in self._backend.listings(library.library)})
            for library in passes
        ]

    async def libraries_to_search(self) -> list[LibraryPass]:
        """Return libraries that may hold rows which another listing lacks; mark those listings.

        They were followed, or are not part of this sync at all.
        """
        lacking = {
            copied.listing.type
            for library in self._passes
            for copied in library.copied
            if await self._missing(copied)
        }
        found = []
        for library, listed in self._listed:
            unseen = {item_type for item_type in lacking & listed if library.lacks(item_type)}
            if unseen:
                library.dirty_listings |= unseen
                found.append(library)
        return found

    async def are_any(self) -> bool:
        """Return whether a complete listing lacks rows that the cache has."""
        for library in self._passes:
            for copied in library.copied:
                if await self._missing(copied):
                    return True
        return False

    async def confirm(self, *, asks: bool) -> list[CopiedListing]:
        """Return the listings of which it is known what they lack, and note that in each.

        Args:
            asks: ask the source for missing rows by their ids; or let the lists alone decide.
        """
        confirmed = []
        for library in self._passes:
            for copied in library.copied:
                gone = await self._gone(copied, asks=asks)
                copied.is_judged = gone is not None or not copied.enumeration.is_complete
                if gone is not None:
                    copied.gone = gone
                    confirmed.append(copied)
        return confirmed

    async def _gone(self, copied: CopiedListing, *, asks: bool) -> list[int] | None:
        """Return the keys of the rows that are gone, None when that can't be told."""
        if not copied.enumeration.is_complete:
            return None
        missing = await self._missing(copied)
        if not copied.is_listed or not asks:
            return [pk for pk, _ in missing]
        most = MOST_FETCHED if isinstance(self._backend, HasPush) else MOST_ASKED
        try:
            present = await self._present([remote_id for _, remote_id in missing[:most]])
        except BackendError as error:
            await self._faults.contain(
                error, Request.FETCH, copied.listing, what="missing rows can't be asked for"
            )
            return None
        if len(missing) > most and (present or not self._has_seen_all(copied.listing.type)):
            return None
        return [pk for pk, remote_id in missing if remote_id not in present]

    async def _present(self, remote_ids: Sequence[RemoteId]) -> set[RemoteId]:
        """Return those of the ids that the source still has.

        Raises:
            BackendError: the source can't be asked, or failed on one of the ids.
        """
        if not remote_ids:
            return set()
        if not isinstance(self._backend, HasPush):
            return {
                remote_id
                for remote_id in remote_ids
                if await self._backend.item(remote_id) is not None
            }
        own = {library.library.remote_id for library in self._passes}
        found = await self._backend.fetch(remote_ids)
        if failed := [row.item.remote_id for row in found if not row.is_readable]:
            raise BadResponseError(f"the server fails on {len(failed)} of them, e.g. {failed[0]}")
        return {
            row.item.remote_id
            for row in found
            if row.listing is None or row.listing.library.remote_id in own
        }

    def _has_seen_all(self, item_type: ItemType) -> bool:
        return all(
            library.has_seen(item_type) for library, listed in self._listed if item_type in listed
        )

    async def _missing(self, copied: CopiedListing) -> list[tuple[int, RemoteId]]:
        missing = copied.known.missing() if copied.enumeration.is_complete else []
        if not missing:
            return []
        where: tuple[LibraryId, ItemType] = (copied.library_id, copied.listing.type)
        return await self._thread.run(self._thread.store.remaining_rows, *where, missing)
