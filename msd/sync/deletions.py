"""What a complete enumeration did not show: renamed, deleted, or withheld back (Y7, I2)."""

from collections.abc import Callable, Iterable, Mapping

from msgspec import Struct

from msd.models import ItemType, LibraryId, SyncOptions, UnixSeconds
from msd.store.cache.writes.results import WriteResult
from msd.sync.enumeration import AGREEMENT_S, Loss, Trust, Verdict, verdict
from msd.sync.listing import CopiedListing
from msd.sync.statistics import SyncStatistics
from msd.sync.store_thread import StoreThread


class _Done(Struct, frozen=True):
    """One transaction. Adopting an id also "removes" the newcomer's own: that is no deletion."""

    written: WriteResult
    deleted: bool = True


class Deletions:
    """Runs once at the end of a sync, when every listing has been seen."""

    def __init__(
        self,
        thread: StoreThread,
        changed: Callable[[LibraryId, WriteResult], None],
        statistics: SyncStatistics,
        *,
        now: UnixSeconds,
        options: SyncOptions,
    ) -> None:
        self._store = thread.store
        self._thread = thread
        self._changed = changed
        self._statistics = statistics
        self._now = now
        self._options = options

    async def apply(self, copied: list[CopiedListing]) -> None:
        """Rename, hide or hold what is gone from listings that were enumerated completely."""
        for one in copied:
            self._tell(one.library_id, await self._thread.run(self._apply_to_listing, one))

    async def confirm(self) -> None:
        """Hide exactly the rows that the user was shown as withheld, and consented to (Y7)."""
        written = await self._thread.run(self._store.confirm_withheld)
        for library_id, result in written.items():
            self._tell(library_id, [_Done(result)])

    async def welcome_back(self, listed: Iterable[LibraryId]) -> None:
        """Forget that libraries were missing which the source lists again."""

        def clear() -> None:
            for library_id in listed:
                self._store.clear_withheld(library_id, None)

        await self._thread.run(clear)

    async def apply_to_libraries(self, vanished: Mapping[LibraryId, int]) -> None:
        """Treat libraries that the source lists no more like listings that came out empty."""
        for library_id, count in vanished.items():
            done = await self._thread.run(self._apply_to_library, library_id, count)
            self._tell(library_id, done)

    def _apply_to_listing(self, one: CopiedListing) -> list[_Done]:
        library_id, item_type = one.library_id, one.listing.type
        state = self._store.listing_state(library_id, item_type)
        lost = state.lost if 0 <= self._now - state.lost_since < AGREEMENT_S else 0
        live = self._live(one)  # before ids are adopted: those rows are still here
        done: list[_Done] = []
        missing = self._store.remaining(library_id, item_type, one.gone)
        if missing:
            done.append(_Done(self._store.rekey(library_id, item_type, missing), deleted=False))
            missing = self._store.remaining(library_id, item_type, missing)
        found = Loss(count=len(missing), digest=_digest(missing), since=self._now)
        trust = trust_in(self._options, library_id)
        if trust is Trust.NONE and one.is_listed:
            trust = Trust.DENIED  # `MissingRows` has asked for them, see there
        match self._verdict(found, library_id, item_type, live=live, lost=lost, trust=trust):
            case Verdict.WITHHOLD:
                self._store.withhold(library_id, item_type, missing, now=self._now)
            case Verdict.DELETE:
                done.append(_Done(self._store.soft_delete(library_id, item_type, missing)))
                self._store.clear_withheld(library_id, item_type)
            case Verdict.KEEP:
                self._store.clear_withheld(library_id, item_type)
        return done

    def _live(self, one: CopiedListing) -> int:
        """Return how many rows the listing had, without those that moved: they are no loss.

        Nor may they hide one: what is left of a listing when all others moved away is all of it.
        """
        unseen = one.known.missing()
        still_here = self._store.remaining(one.library_id, one.listing.type, unseen)
        return len(one.known) - len(unseen) + len(still_here)

    def _apply_to_library(self, library_id: LibraryId, count: int) -> list[_Done]:
        keys = self._store.keys_of_library(library_id)
        found = Loss(count=count, digest=_digest(keys), since=self._now)
        trust = trust_in(self._options, library_id)
        decision = self._verdict(found, library_id, None, live=count, trust=trust)
        if decision is Verdict.WITHHOLD:
            self._store.withhold(library_id, None, keys, now=self._now)
            return []
        return [_Done(self._store.remove_library(library_id))]

    def _verdict(
        self,
        found: Loss,
        library_id: LibraryId,
        item_type: ItemType | None,
        *,
        live: int,
        trust: Trust,
        lost: int = 0,
    ) -> Verdict:
        withheld = self._store.withheld(library_id, item_type)
        before = None
        if withheld is not None:
            before = Loss(
                count=len(withheld.keys), digest=_digest(withheld.keys), since=withheld.since
            )
        return verdict(found, live=live, withheld=before, trust=trust, lost=lost)

    def _tell(self, library_id: LibraryId, done: list[_Done]) -> None:
        for one in done:
            if one.deleted:
                self._statistics.removed += len(one.written.removed)
            else:
                self._statistics.rekey(len(one.written.removed))
            self._changed(library_id, one.written)


def trust_in(options: SyncOptions, library_id: LibraryId) -> Trust:
    """Return what the user said about losses of a library."""
    return Trust.ALL if library_id in options.type_changed else Trust.NONE


def _digest(keys: Iterable[int]) -> int:
    """Return the same 63-bit number for the same rows in any order."""
    return hash(frozenset(keys)) & 0x7FFF_FFFF_FFFF_FFFF
