"""Copy one listing: fetch ahead, parse what is new or changed, write in whole transactions."""

import time
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager

import anyio
from anyio.streams.memory import MemoryObjectReceiveStream
from msgspec import Struct, field

from msd.backend_api import Listing, Page, RawItem, SkippedItem
from msd.backend_api.changes import CanResume, HasOmissions
from msd.backend_api.faults import Request
from msd.backend_api.narrowing import SLOW_ANSWER_S
from msd.errors import BackendError, MsdError
from msd.models import (
    ItemType,
    LibraryId,
    MediaItem,
    Omission,
    RemoteId,
    SyncProgress,
    SyncProgressMark,
)
from msd.store.cache.writes.known_items import KnownItems
from msd.sync.context import SyncContext
from msd.sync.enumeration import Enumeration

PAGES_AHEAD = 1  # fetched while the last one is parsed and written
BATCH_ROWS = 3000  # committed at once: few rows cost three times as much, many cost memory …
BATCH_S = 1.0  # … but what was fetched is shown and kept after this long (Y4)
WITH_MEMBERS = frozenset({ItemType.COLLECTION, ItemType.PLAYLIST})
_NO_MARK = SyncProgressMark()
LONGEST_REST_S = 20.0  # after a slow page
NEWEST_ROWS = 50  # of each listing, before a first sync goes through the whole
MOST_WITH_MEMBERS = 20_000  # collections or playlists whose members are followed


class CopiedListing(Struct, kw_only=True, eq=False):
    """What became of one listing."""

    listing: Listing
    library_id: LibraryId
    known: KnownItems
    enumeration: Enumeration
    is_first: bool = False  # nothing of it was ever enumerated to its end
    is_listed: bool = True  # False: a type that the library does not have any more
    start: int = 0  # where an interrupted first sync goes on
    taken_to: int | None = None  # rows before it are in the cache or in the batch
    resume_at: int | None = None  # as it is recorded
    remote_ids: list[RemoteId] = field(default_factory=list)  # of collections and playlists
    omissions: list[Omission] = field(default_factory=list)  # rows that were left out
    gone: list[int] = field(default_factory=list)  # keys of rows that the source has no more
    is_judged: bool = True  # False: what is missing could not be asked for, this time


class ListingCopier:
    """Copies listings of one sync, one after the other."""

    def __init__(
        self, context: SyncContext, earlier: Mapping[ItemType, Sequence[KnownItems]]
    ) -> None:
        """Begin.

        Args:
            context: the running sync.
            earlier: what listings of the same types showed in libraries that came before.
        """
        self._backend = context.backend
        self._store = context.store
        self._thread = context.thread
        self._report = context.report
        self._statistics = context.statistics
        self._faults = context.faults
        self._read_all = context.reads_all
        self._earlier = earlier
        self._names_rows = isinstance(self._backend, HasOmissions) and self._backend.names_rows
        self._batch: list[tuple[MediaItem, int]] = []
        self._written_at = 0.0  # so that the first page is committed at once

    async def begin(
        self, listing: Listing, library_id: LibraryId, *, is_first: bool = False, start: int = 0
    ) -> CopiedListing:
        """Return the listing with what is cached of it, nothing copied yet."""
        known = await self._thread.run(self._store.known_items, library_id, listing.type)
        return CopiedListing(
            listing=listing,
            library_id=library_id,
            known=known,
            enumeration=Enumeration(start),
            is_first=is_first,
            start=start,
        )

    async def preview(self, listing: Listing, library_id: LibraryId) -> None:
        """Copy the newest rows of a listing of which nothing is cached yet (Y4)."""
        copied = await self.begin(listing, library_id)
        if len(copied.known):
            return
        raws = await self._backend.newest(listing, NEWEST_ROWS)
        parsed = await self._backend.parse(raws)
        # Rows that are left out here are left out, and counted, by `copy`.
        rows = {
            raw.remote_id: (item, raw.fingerprint)
            for raw, item in zip(raws, parsed, strict=True)
            if isinstance(item, MediaItem) and item.parent_remote_id != item.remote_id
        }
        if not rows:
            return
        written = await self._thread.run(
            self._store.write, library_id, listing.type, list(rows.values())
        )
        if written.added == len(rows):  # each is new, and is counted when `copy` meets it again
            self._statistics.previewed |= rows.keys()
        self._report.changed(library_id, written)

    async def copy(self, copied: CopiedListing) -> None:
        """Copy the listing to its end; what was parsed is written also when it fails midway."""
        try:
            async with _ahead(self._pages(copied)) as pages:
                async for page in pages:
                    await self._take(page, copied)
                    if copied.enumeration.is_hopeless:
                        copied.enumeration.break_off()
                        break
        except BackendError:
            copied.enumeration.break_off()
            raise
        finally:
            with anyio.CancelScope(shield=True):
                await self._flush(copied)

    async def write(
        self,
        library_id: LibraryId,
        listing: Listing,
        raws: Sequence[RawItem],
        mark: SyncProgressMark,
    ) -> None:
        """Parse and write rows of a listing by themselves, and set a mark beside them."""
        if raws:
            omissions = self._keep(listing, raws, await self._backend.parse(raws))
            if omissions and not self._names_rows:
                await self._thread.run(self._store.add_omissions, omissions, listing.type)
        batch, self._batch = self._batch, []
        if batch or mark != _NO_MARK:
            await self._write(library_id, listing.type, batch, mark)

    async def copy_members(
        self, library_id: LibraryId, listing: Listing, remote_ids: Sequence[RemoteId]
    ) -> None:
        """Copy the members of collections or playlists; what can't be had of them stays."""
        for done, remote_id in enumerate(remote_ids):
            self._report.progress(SyncProgress(phase="members", done=done, total=len(remote_ids)))
            members = await self._members(listing, remote_id)
            if members is not None:
                written = await self._thread.run(self._store.set_members, remote_id, members)
                self._report.changed(library_id, written)

    async def _members(self, listing: Listing, remote_id: RemoteId) -> tuple[RemoteId, ...] | None:
        try:
            return await self._backend.members(remote_id)
        except BackendError as error:
            await self._faults.contain(
                error, Request.MEMBERS, listing, what=f"the members of {remote_id}"
            )
            return None

    def _pages(self, copied: CopiedListing) -> AsyncGenerator[Page, None]:
        if copied.start and isinstance(self._backend, CanResume):
            return self._backend.pages_from(copied.listing, copied.start)
        return self._backend.pages(copied.listing)

    async def _take(self, page: Page, copied: CopiedListing) -> None:
        copied.enumeration.add(page)
        self._statistics.seen += len(page.skipped)
        self._statistics.skip(len(page.skipped), page.skipped)
        remote_id = copied.listing.library.remote_id
        place = f"{remote_id}/{copied.listing.type}"
        copied.omissions += [
            Omission(place=f"{place}#{number}", kind="unreadable", reason=why, library=remote_id)
            for number, why in enumerate(page.skipped, page.start)
        ]
        fresh = []
        for raw in page.items:
            if self._is_fresh(raw, copied):
                fresh.append(raw)
                self._statistics.previewed.discard(raw.remote_id)
            else:
                self._statistics.seen += 1
                self._statistics.count_known(raw.remote_id)
        if fresh:
            copied.omissions += self._keep(copied.listing, fresh, await self._backend.parse(fresh))
        copied.taken_to = copied.enumeration.next
        if len(self._batch) >= BATCH_ROWS or time.monotonic() - self._written_at >= BATCH_S:
            await self._flush(copied)
        self._report.progress(_progress(copied))

    def _is_fresh(self, raw: RawItem, copied: CopiedListing) -> bool:
        if copied.listing.type in WITH_MEMBERS and len(copied.remote_ids) < MOST_WITH_MEMBERS:
            copied.remote_ids.append(raw.remote_id)
        if any(known.has_seen(raw.remote_id) for known in self._earlier[copied.listing.type]):
            return False  # an item in two libraries stays in the first, or it would move for ever
        return copied.known.is_fresh(raw.remote_id, raw.fingerprint) or self._read_all

    def _keep(
        self, listing: Listing, raws: Sequence[RawItem], parsed: list[MediaItem | SkippedItem]
    ) -> list[Omission]:
        """Put parsed rows into the batch; return those that are left out."""
        self._statistics.seen += len(raws)
        omissions = []
        for raw, item in zip(raws, parsed, strict=True):
            if isinstance(item, SkippedItem):
                why = item.why
            elif item.parent_remote_id == item.remote_id:
                why = "it is its own parent"
            else:
                self._batch.append((item, raw.fingerprint))
                continue
            self._statistics.skip(1, (f"{item.remote_id}: {why}",))
            omission = Omission(
                place=raw.remote_id,
                kind="unreadable",
                reason=why,
                library=listing.library.remote_id,
            )
            omissions.append(omission)
        return omissions

    async def _flush(self, copied: CopiedListing) -> None:
        self._written_at = time.monotonic()
        mark = _NO_MARK
        if copied.is_first and copied.taken_to != copied.resume_at:
            mark = SyncProgressMark(resume_at=copied.taken_to)
        if not self._batch and mark == _NO_MARK:
            return
        batch, self._batch = self._batch, []
        copied.resume_at = copied.taken_to
        await self._write(copied.library_id, copied.listing.type, batch, mark)

    async def _write(
        self,
        library_id: LibraryId,
        item_type: ItemType,
        batch: list[tuple[MediaItem, int]],
        mark: SyncProgressMark,
    ) -> None:
        written = await self._thread.run(self._store.write, library_id, item_type, batch, mark)
        self._statistics.count(written, len(batch))
        self._report.changed(library_id, written)


def rest_s(took_s: float) -> float:
    """Return how long to leave a server alone after an answer that took so long (Y1).

    One that is slow has something else to do: it gets as long again, up to a bound.
    """
    return min(took_s, LONGEST_REST_S) if took_s > SLOW_ANSWER_S else 0.0


def _progress(copied: CopiedListing) -> SyncProgress:
    total = copied.enumeration.total
    done = copied.enumeration.rows
    return SyncProgress(
        phase=copied.listing.type.value,
        done=done if total is None else min(done, total),
        total=total,
    )


@asynccontextmanager
async def _ahead(
    pages: AsyncGenerator[Page, None],
) -> AsyncIterator[MemoryObjectReceiveStream[Page]]:
    """Fetch pages in a task of their own, `PAGES_AHEAD` of the consumer.

    What the backend raises is raised where the consumer would have got the next page.
    """
    send, receive = anyio.create_memory_object_stream[Page](PAGES_AHEAD)
    failure: list[MsdError] = []

    async def fetch() -> None:
        async with send, aclosing(pages):
            try:
                begun = time.monotonic()
                async for page in pages:
                    await anyio.sleep(rest_s(time.monotonic() - begun))
                    await send.send(page)
                    begun = time.monotonic()
            except MsdError as error:
                failure.append(error)

    async with anyio.create_task_group() as tasks, receive:
        tasks.start_soon(fetch)
        try:
            yield receive
        except MsdError as error:  # leaving the group with it would wrap it in another error
            failure.append(error)
        tasks.cancel_scope.cancel()
    if failure:
        raise failure[0]
