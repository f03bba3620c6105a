"""Rows that a whole enumeration lacks: are they gone, or did they move, or slip through? (Y7)."""

import logging
from collections.abc import Sequence

from msd.backend_api import MediaBackend
from msd.backend_api.changes import HasPush
from msd.errors import BackendError
from msd.models import ItemType, LibraryId, RemoteId
from msd.sync.listing import FATAL, CopiedListing
from msd.sync.passes import LibraryPass
from msd.sync.store_thread import StoreThread

MOST_FETCHED = 200  # in one request
MOST_ASKED = 20  # one by one

log = logging.getLogger(__name__)


class MissingRows:
    """Finds out about missing rows before anything is deleted.

    A row may be in another listing, which is looked through. Rows may also change places while
    a listing is enumerated, so that one of them comes up twice and another one never: what is
    missing is asked for by its id.
    """

    def __init__(
        self, backend: MediaBackend, thread: StoreThread, passes: Sequence[LibraryPass]
    ) -> None:
        self._backend = backend
        self._thread = thread
        self._passes = passes
        self._listed = [
            (one, {listing.type for listing in backend.listings(one.library)}) for one in passes
        ]

    async def to_look_through(self) -> list[LibraryPass]:
        """Return libraries, with dirty_listings, in which rows may be that a listing lacks.

        They were followed, or are not part of this sync at all.
        """
        lacking = {
            copied.listing.type
            for one in self._passes
            for copied in one.copied
            if await self._missing(copied)
        }
        found = []
        for one, listed in self._listed:
            unseen = {kind for kind in lacking & listed if one.lacks(kind)}
            if unseen:
                one.dirty_listings |= unseen
                found.append(one)
        return found

    async def confirm(self) -> list[CopiedListing]:
        """Return the listings of which it is known what they lack, and note that in each."""
        confirmed = []
        for one in self._passes:
            for copied in one.copied:
                gone = await self._gone(copied)
                if gone is not None:
                    copied.gone = gone
                    confirmed.append(copied)
        return confirmed

    async def _gone(self, copied: CopiedListing) -> list[int] | None:
        """Return the keys of the rows that are gone, None when that can't be told."""
        if not copied.enumeration.is_complete:
            return None
        missing = await self._missing(copied)
        if not copied.is_listed:
            return [pk for pk, _ in missing]
        most = MOST_FETCHED if isinstance(self._backend, HasPush) else MOST_ASKED
        try:
            present = await self._present([remote_id for _, remote_id in missing[:most]])
        except FATAL:
            raise
        except BackendError as error:
            log.info("what %s lacks can't be asked for: %s", copied.listing.library.name, error)
            return None
        if len(missing) > most and (present or not self._has_seen_all(copied.listing.type)):
            return None
        return [pk for pk, remote_id in missing if remote_id not in present]

    async def _present(self, remote_ids: Sequence[RemoteId]) -> set[RemoteId]:
        if not remote_ids:
            return set()
        if not isinstance(self._backend, HasPush):
            return {one for one in remote_ids if await self._backend.item(one) is not None}
        own = {one.library.remote_id for one in self._passes}
        found = await self._backend.fetch(remote_ids)
        return {
            one.item.remote_id
            for one in found
            if one.listing is None or one.listing.library.remote_id in own
        }

    def _has_seen_all(self, item_type: ItemType) -> bool:
        return all(one.has_seen(item_type) for one, listed in self._listed if item_type in listed)

    async def _missing(self, copied: CopiedListing) -> list[tuple[int, RemoteId]]:
        missing = copied.known.missing() if copied.enumeration.is_complete else []
        if not missing:
            return []
        where: tuple[LibraryId, ItemType] = (copied.library_id, copied.listing.type)
        return await self._thread.run(self._thread.store.remaining_rows, *where, missing)
