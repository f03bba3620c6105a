"""What a complete enumeration did not show: re-keyed, deleted, withheld or withdrawn (Y7, Y19)."""

from collections.abc import Iterable, Sequence

from msgspec import Struct

from msd.models import ItemType, LibraryId, SyncOptions, UnixSeconds
from msd.store.cache.writes.results import WriteResult
from msd.sync.context import SyncContext
from msd.sync.enumeration import AGREEMENT_S, Loss, Trust, Verdict, verdict
from msd.sync.listing import CopiedListing


class _Done(Struct, frozen=True):
    """One transaction. Re-keying also "removes" the new item's own id: that is no deletion."""

    written: WriteResult
    is_deletion: bool = True


class Deletions:
    """Runs once at the end of a sync, when every listing has been seen."""

    def __init__(self, context: SyncContext, options: SyncOptions, now: UnixSeconds) -> None:
        self._store = context.store
        self._thread = context.thread
        self._changed = context.report.changed
        self._statistics = context.statistics
        self._options = options
        self._now = now

    async def confirm(self) -> None:
        """Hide exactly the rows that the user was shown as withheld, and consented to (Y7)."""
        written = await self._thread.run(self._store.confirm_withheld)
        for library_id, result in written.items():
            self._report(library_id, [_Done(result)])

    async def clear_withheld_libraries(self, listed: Iterable[LibraryId]) -> None:
        """Forget that libraries were missing which the source lists again."""

        def clear() -> None:
            for library_id in listed:
                self._store.clear_withheld(library_id, None)

        await self._thread.run(clear)

    async def apply(self, copied: Sequence[CopiedListing], *, are_withdrawn: bool) -> None:
        """Re-key, hide or withhold what is gone from listings that were enumerated completely.

        Args:
            copied: the listings, with the keys of their missing rows.
            are_withdrawn: the user's rights have changed: what is missing is kept for him.
        """
        apply = self._withdraw_rows if are_withdrawn else self._apply_to_listing
        for listing in copied:
            self._report(listing.library_id, await self._thread.run(apply, listing))

    async def apply_to_libraries(
        self, vanished: Iterable[LibraryId], *, are_withdrawn: bool
    ) -> None:
        """Treat libraries that the source lists no more like listings that came out empty."""
        apply = self._withdraw_library if are_withdrawn else self._apply_to_library
        for library_id in vanished:
            self._report(library_id, await self._thread.run(apply, library_id))

    # --- one listing -------------------------------------------------------------------------

    def _withdraw_rows(self, listing: CopiedListing) -> list[_Done]:
        missing, done = self._rekey(listing)
        if missing:
            where = (listing.library_id, listing.listing.type)
            done.append(_Done(self._store.withdraw(*where, missing)))
        self._store.clear_withheld(listing.library_id, listing.listing.type)
        return done

    def _apply_to_listing(self, listing: CopiedListing) -> list[_Done]:
        library_id, item_type = listing.library_id, listing.listing.type
        state = self._store.listing_state(library_id, item_type)
        lost = state.lost if 0 <= self._now - state.lost_since < AGREEMENT_S else 0
        current = self._current(listing)  # before items are re-keyed: those rows are still here
        missing, done = self._rekey(listing)
        found = Loss(count=len(missing), digest=_digest(missing), since=self._now)
        trust = trust_in(self._options, library_id)
        if trust is Trust.NONE and listing.is_listed:
            trust = Trust.DENIED  # `MissingRows` has asked for them, see there
        match self._verdict(found, library_id, item_type, live=current, lost=lost, trust=trust):
            case Verdict.WITHHOLD:
                self._store.withhold(library_id, item_type, missing, now=self._now)
            case Verdict.DELETE:
                done.append(_Done(self._store.soft_delete(library_id, item_type, missing)))
                self._store.clear_withheld(library_id, item_type)
            case Verdict.KEEP:
                self._store.clear_withheld(library_id, item_type)
        return done

    def _rekey(self, listing: CopiedListing) -> tuple[list[int], list[_Done]]:
        """Let new items take over the ids of missing ones; return what is still missing."""
        where = (listing.library_id, listing.listing.type)
        missing = self._store.remaining(*where, listing.gone)
        if not missing:
            return [], []
        rekeyed = _Done(self._store.rekey(*where, missing), is_deletion=False)
        return self._store.remaining(*where, missing), [rekeyed]

    def _current(self, listing: CopiedListing) -> int:
        """Return how many rows the listing had, without those that moved: they are no loss.

        Nor may they hide one: what is left of a listing when all others moved away is all of it.
        """
        unseen = listing.known.missing()
        where = (listing.library_id, listing.listing.type)
        still_here = self._store.remaining(*where, unseen)
        return len(listing.known) - len(unseen) + len(still_here)

    # --- one library -------------------------------------------------------------------------

    def _withdraw_library(self, library_id: LibraryId) -> list[_Done]:
        return [_Done(self._store.withdraw_library(library_id))]

    def _apply_to_library(self, library_id: LibraryId) -> list[_Done]:
        keys = self._store.keys_of_library(library_id)  # without rows that moved in this pass
        found = Loss(count=len(keys), digest=_digest(keys), since=self._now)
        trust = trust_in(self._options, library_id)
        if self._verdict(found, library_id, None, live=len(keys), trust=trust) is Verdict.WITHHOLD:
            self._store.withhold(library_id, None, keys, now=self._now)
            return []
        return [_Done(self._store.remove_library(library_id))]

    # --- inside ------------------------------------------------------------------------------

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

    def _report(self, library_id: LibraryId, done: Sequence[_Done]) -> None:
        for transaction in done:
            if transaction.is_deletion:
                self._statistics.removed += len(transaction.written.removed)
            else:
                self._statistics.rekey(len(transaction.written.removed))
            self._changed(library_id, transaction.written)


def trust_in(options: SyncOptions, library_id: LibraryId) -> Trust:
    """Return what the user said about losses of a library."""
    return Trust.ALL if library_id in options.type_changed else Trust.NONE


def _digest(keys: Iterable[int]) -> int:
    """Return the same 63-bit number for the same rows in any order."""
    return hash(frozenset(keys)) & 0x7FFF_FFFF_FFFF_FFFF
