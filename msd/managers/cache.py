"""CacheManager: answers from the cache and small writes to it, off the event loop."""

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from sqlite3 import Connection
from typing import Concatenate, ParamSpec, Self, TypeVar

import anyio
from anyio import to_thread

from msd.models import (
    ChangeSet,
    DetailPage,
    DueItem,
    Facet,
    ItemFields,
    ItemId,
    ItemPage,
    ItemQuery,
    Library,
    LibraryId,
    LibrarySettings,
    PushedRow,
    PushedWrite,
    RemoteId,
    SearchPage,
    SearchQuery,
    SkippedPage,
    SourceId,
    StaleItem,
    UnixSeconds,
)
from msd.models.artwork import ArtworkKind, PictureRef
from msd.store.cache.database import CacheDatabase, ReadHandle
from msd.store.cache.file import current_revision
from msd.store.cache.reads.artwork import picture_refs
from msd.store.cache.reads.changes import changes
from msd.store.cache.reads.due_details import count_due_details
from msd.store.cache.reads.items import items, remote_ids
from msd.store.cache.reads.libraries import counts, libraries
from msd.store.cache.reads.omissions import skipped
from msd.store.cache.reads.pages import query_items
from msd.store.cache.reads.source_facts import rights_digest, total_withdrawn, total_withheld
from msd.store.cache.reads.stale_details import stale_details
from msd.sync.enumeration import needs_consent

READERS = 4
SEARCHERS = 2
FILTERS = 2  # pages that may read far
COUNTERS = 2  # facets, totals, and other reads of every row that matches
Args = ParamSpec("Args")
Result = TypeVar("Result")


class CacheManager:
    """Reads run beside one another, writes one at a time; neither waits for a network."""

    def __init__(
        self, database: CacheDatabase, revision: int, clock: Callable[[], float] = time.time
    ) -> None:
        """Use `open` instead."""
        self._database = database
        self._clock = clock
        self._readers = anyio.CapacityLimiter(READERS)
        self._searchers = anyio.CapacityLimiter(SEARCHERS)
        self._filters = anyio.CapacityLimiter(FILTERS)
        self._counters = anyio.CapacityLimiter(COUNTERS)
        self._writer = anyio.CapacityLimiter(1)
        self._counts: dict[SourceId, tuple[int, int]] = {}
        self._withdrawn: dict[SourceId, int] = {}
        self.revision = revision

    @classmethod
    async def open(cls, database: CacheDatabase) -> Self:
        """Read which revision the cache is at."""
        return cls(database, await to_thread.run_sync(database.read, current_revision))

    @property
    def rebuilt_because(self) -> str:
        """Why the cache had to be made again at this start; "" when it had not."""
        return self._database.rebuilt_because

    async def newest_revision(self) -> int:
        """Return the revision that the cache is at, even when nothing was published about it."""
        return await self._read(current_revision)

    def saw_revision(self, revision: int) -> None:
        """Take note of a revision that a sync worker committed."""
        self.revision = max(self.revision, revision)

    # --- reading ---------------------------------------------------------------------------

    async def libraries(
        self,
        source_id: SourceId | None,
        *,
        settings: Mapping[LibraryId, LibrarySettings],
        hidden: Collection[SourceId],
    ) -> tuple[Library, ...]:
        """Return the cached libraries of one source, or of all (None), by source and position."""
        return await self._read(libraries, source_id, hidden, settings)

    async def query(self, query: ItemQuery, *, hidden: Collection[SourceId]) -> ItemPage:
        """Return one page of the items that match; no page waits for what costs more.

        Raises:
            InvalidArgumentError: a field is unknown, or the cursor is not from this query.
        """
        limiter = self._filters if query.may_read_far else self._readers
        if query.is_dear:
            limiter = self._counters
        return await self._read_among(limiter, query_items, query, hidden)

    async def facets(
        self, query: ItemQuery, names: Collection[str], *, hidden: Collection[SourceId]
    ) -> Mapping[str, tuple[Facet, ...]]:
        """Return how many matching items have each value; pages and searches never wait for it."""
        from msd.store.cache.reads.facets import facets  # noqa: PLC0415 - not needed at start

        return await self._read_among(self._counters, facets, query, names, hidden)

    async def search(self, query: SearchQuery, *, hidden: Collection[SourceId]) -> SearchPage:
        """Return the items that fit a text best; pages never wait for a search.

        Raises:
            InvalidArgumentError: a field is unknown, or the text is too long.
        """
        from msd.store.cache.reads.search.search import search  # noqa: PLC0415 - not needed at start

        return await self._read_among(self._searchers, search, query, hidden)

    async def items(
        self, ids: Sequence[ItemId], fields: tuple[str, ...], *, hidden: Collection[SourceId]
    ) -> tuple[ItemFields, ...]:
        """Return the named items in the order of their ids; unknown ones are absent.

        Raises:
            InvalidArgumentError: a field is unknown.
        """
        return await self._read(items, ids, fields, hidden)

    async def changes(self, since: int, limit: int, *, hidden: Collection[SourceId]) -> ChangeSet:
        """Return what changed after a revision, at most `limit` items (Y10)."""
        return await self._read(changes, since, limit, hidden)

    async def picture_refs(
        self, ids: Sequence[ItemId], kind: ArtworkKind, *, hidden: Collection[SourceId]
    ) -> Mapping[str, PictureRef]:
        """Return where the picture of each item or library is; those without one are absent."""
        return await self._read(picture_refs, ids, kind, hidden)

    async def remote_ids(self, ids: Sequence[ItemId]) -> Mapping[ItemId, tuple[SourceId, RemoteId]]:
        """Return the source and remote id of items; unknown ones are absent."""
        return await self._read(remote_ids, ids)

    async def skipped(self, source_id: SourceId, *, limit: int, cursor: str) -> SkippedPage:
        """Return one page of what a source has and msd leaves out, worst first (Y16).

        Raises:
            InvalidArgumentError: the cursor is none of these pages.
        """
        return await self._read(skipped, source_id, limit, cursor)

    async def withdrawn(self, source_id: SourceId) -> int:
        """Return how many rows are kept although the user may not see them now (Y19)."""
        return await self._read(total_withdrawn, source_id)

    async def withheld(self, source_id: SourceId) -> int:
        """Return how many rows wait for the user's consent, each counted once (Y7)."""
        return await self._read(total_withheld, source_id)

    async def rights_digest(self, source_id: SourceId) -> str:
        """Return the digest of the user's rights as they were last applied; "" = never (Y19)."""
        return await self._read(rights_digest, source_id)

    def counts(self, source_id: SourceId) -> tuple[int, int]:
        """Return how many libraries and items a source had at the last `count`."""
        return self._counts.get(source_id, (0, 0))

    async def count(self, source_id: SourceId) -> bool:
        """Count a source's libraries and items again; return whether the numbers changed."""
        before = self._counts.get(source_id), self._withdrawn.get(source_id)
        self._counts[source_id] = await self._read(counts, source_id)
        self._withdrawn[source_id] = await self._read(total_withdrawn, source_id)
        return (self._counts[source_id], self._withdrawn[source_id]) != before

    def withdrawn_items(self, source_id: SourceId) -> int:
        """Return how many rows of a source were withdrawn at the last `count`."""
        return self._withdrawn.get(source_id, 0)

    async def stale_details(self, ids: Sequence[ItemId]) -> tuple[StaleItem, ...]:
        """Return those of some items whose details are stale or missing."""
        return await self._read(stale_details, ids, self._now())

    async def count_due_details(self, source_id: SourceId, off: Collection[LibraryId]) -> int:
        """Return of how many items the details are due, but in the libraries that are off (Y24)."""
        return await self._read(count_due_details, source_id, off)

    # --- writing: what it needs is heavy to import, so it is imported at the first write ----

    async def store_details(
        self,
        source_id: SourceId,
        asked: Sequence[DueItem],
        page: DetailPage,
        *,
        aliases: Mapping[RemoteId, ItemId],
    ) -> tuple[int, Mapping[LibraryId, Sequence[ItemId]]]:
        """Store the details of cached items.

        Args:
            source_id: the items' source.
            asked: which items were asked for.
            page: what came.
            aliases: ids of the source's items that were re-keyed.

        Returns:
            The revision, and the items by library whose details differ from those before.
        """
        from msd.store.cache.writes.refreshed_item import store_details  # noqa: PLC0415

        revision, changed = await self._write(
            store_details, source_id, asked, page, aliases, self._now()
        )
        if revision is not None:
            self.saw_revision(revision)
        return self.revision if revision is None else revision, changed

    async def warm_up(self) -> None:
        """Import what writing needs, so that the first pushed row is as quick as the next."""
        await to_thread.run_sync(_import_writes, limiter=self._writer)

    async def write_pushed_rows(
        self, source_id: SourceId, rows: Sequence[PushedRow], *, aliases: Mapping[RemoteId, ItemId]
    ) -> tuple[list[PushedWrite], list[PushedRow]]:
        """Store pushed rows; return what changed by library, and the rows without a place."""
        from msd.store.cache.writes.pushed_rows import write_pushed_rows  # noqa: PLC0415

        return await self._write(write_pushed_rows, source_id, rows, aliases, self._now())

    async def soft_delete_rows(
        self,
        source_id: SourceId,
        remote_ids: Sequence[RemoteId],
        *,
        aliases: Mapping[RemoteId, ItemId],
    ) -> tuple[list[PushedWrite], set[LibraryId]]:
        """Hide rows that are gone; return that, and the libraries that a sync must judge (Y7)."""
        from msd.store.cache.writes.pushed_rows import soft_delete_rows  # noqa: PLC0415

        return await self._write(
            soft_delete_rows, source_id, remote_ids, aliases, self._now(), needs_consent
        )

    async def purge_source(self, source_id: SourceId) -> None:
        """Delete everything of a source, a batch at a time."""
        from msd.store.cache.writes.losses.purge import purge_source  # noqa: PLC0415

        while await self._write(purge_source, source_id):
            await anyio.lowlevel.checkpoint()
        self._counts.pop(source_id, None)
        self._withdrawn.pop(source_id, None)

    async def purge_soft_deleted(self, older_than: UnixSeconds) -> None:
        """Delete what was hidden before a time, a batch at a time."""
        from msd.store.cache.writes.losses.purge import purge_soft_deleted  # noqa: PLC0415

        while await self._write(purge_soft_deleted, older_than):
            await anyio.lowlevel.checkpoint()

    async def _read(
        self,
        query: Callable[Concatenate[Connection, Args], Result],
        *args: Args.args,
        **options: Args.kwargs,
    ) -> Result:
        return await self._read_among(self._readers, query, *args, **options)

    async def _read_among(
        self,
        limiter: anyio.CapacityLimiter,
        query: Callable[Concatenate[Connection, Args], Result],
        *args: Args.args,
        **options: Args.kwargs,
    ) -> Result:
        """Return the answer of a read that waits only for others of its limiter.

        A read that is cancelled is interrupted: its thread ends now, not with its answer.
        """
        handle = ReadHandle()
        call = partial(self._database.read_for, handle, query, *args, **options)
        try:
            return await to_thread.run_sync(call, limiter=limiter, abandon_on_cancel=True)
        finally:
            handle.interrupt()

    async def _write(
        self,
        change: Callable[Concatenate[Connection, Args], Result],
        *args: Args.args,
        **options: Args.kwargs,
    ) -> Result:
        call = partial(self._database.write, change, *args, **options)
        return await to_thread.run_sync(call, limiter=self._writer)

    def _now(self) -> UnixSeconds:
        return UnixSeconds(int(self._clock()))


def _import_writes() -> None:
    from msd.store.cache.writes import pushed_rows, refreshed_item  # noqa: F401, PLC0415
