"""The smallest thing that keeps in step with a backend by the rules of `msd.backend_api.changes`.

What the sync engine does with a database, on dictionaries: a test compares it with the source.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import aclosing
from typing import Protocol

from msd.backend_api import Listing, MediaBackend, RawItem
from msd.backend_api.changes import Aspect, ChangeCursor, HasChanges, LocatedRow
from msd.errors import BadResponseError
from msd.models import ItemType, MediaItem, RemoteId, RemoteLibrary, WatchState

Place = tuple[RemoteId, ItemType]
Rows = dict[RemoteId, RawItem]


class ChangingBackend(MediaBackend, HasChanges, Protocol):
    """A backend that tells of changes."""


def place(listing: Listing) -> Place:
    return (listing.library.remote_id, listing.type)


class Mirror:
    """The rows of a source, and what had to be read to keep them right."""

    def __init__(self, backend: ChangingBackend) -> None:
        self.backend = backend
        self.libraries: tuple[RemoteLibrary, ...] = ()
        self.rows: dict[Place, Rows] = {}
        self.totals: dict[Place, int] = {}
        self.cursors: dict[tuple[RemoteId, Aspect], ChangeCursor] = {}
        self.enumerated: list[Place] = []
        self.told: set[RemoteId] = set()

    async def read_all(self, *names: str) -> None:
        """Begin: every cursor, then every listing, of all libraries or of those named."""
        found = await self.backend.libraries()
        self.libraries = tuple(each for each in found if not names or each.name in names)
        for library in self.libraries:
            await self.read_library(library)

    async def read_library(self, library: RemoteLibrary) -> None:
        for aspect in Aspect:
            if self.backend.listings(library):
                cursor = await self.backend.cursor(library, aspect)
                self.cursors[library.remote_id, aspect] = cursor
        for listing in self.backend.listings(library):
            await self.read_listing(listing)

    async def read_listing(self, listing: Listing) -> None:
        self.enumerated.append(place(listing))
        found: Rows = {}
        async with aclosing(self.backend.pages(listing)) as pages:
            async for page in pages:
                found |= {row.remote_id: row for row in page.items}
                if page.total is not None:
                    self.totals[place(listing)] = page.total
        self.rows[place(listing)] = found

    async def catch_up(self, aspects: Iterable[Aspect] = tuple(Aspect)) -> None:
        """Do what an engine does between two enumerations."""
        self.enumerated, self.told = [], set()
        for aspect in aspects:
            for library in self.libraries:
                if self.backend.listings(library):
                    await self._look(library, aspect)

    async def _look(self, library: RemoteLibrary, aspect: Aspect) -> None:
        since = self.cursors[library.remote_id, aspect]
        doubtful: dict[Place, Listing] = {}
        cursor = None
        try:
            async with aclosing(self.backend.changes(library, aspect, since, self)) as changes:
                async for change in changes:
                    assert cursor is None, "the cursor comes last"
                    cursor = change.cursor
                    self._put(change.listing, change.items)
                    is_short = change.count not in {None, self.totals[place(change.listing)]}
                    if change.is_unsure or is_short:
                        doubtful[place(change.listing)] = change.listing
        except BadResponseError:
            await self.read_library(library)
            return
        for listing in doubtful.values():
            await self.read_listing(listing)
        if cursor is not None:
            self.cursors[library.remote_id, aspect] = cursor

    def _put(self, listing: Listing, items: Sequence[RawItem]) -> None:
        rows = self.rows[place(listing)]
        self.totals[place(listing)] += sum(item.remote_id not in rows for item in items)
        self.told |= {item.remote_id for item in items}
        rows |= {item.remote_id: item for item in items}

    def apply(self, found: Sequence[LocatedRow], asked: Sequence[RemoteId]) -> None:
        """Take rows that were fetched by their ids; what was asked for and is absent is gone."""
        for where, rows in self.rows.items():
            for remote_id in asked:
                self.totals[where] -= rows.pop(remote_id, None) is not None
        for each in found:
            if each.listing is not None:
                self._put(each.listing, [each.item])

    # --- what a backend asks of the cache (`CachedRows`) ---------------------------------------

    async def watch_states(self, library: RemoteId) -> dict[RemoteId, WatchState]:
        """Return every watch state that is not a row's first one."""
        return {
            item.remote_id: item.watch
            for (owner, _), rows in self.rows.items()
            if owner == library and rows
            for item in await self.backend.parse(list(rows.values()))
            if isinstance(item, MediaItem) and item.watch not in {None, WatchState()}
        }

    async def places(self, remote_ids: Sequence[RemoteId]) -> dict[RemoteId, Place]:
        """Return where rows are."""
        return {
            remote_id: where
            for where, rows in self.rows.items()
            for remote_id in remote_ids
            if remote_id in rows
        }

    async def expected_rows(self, library: RemoteId) -> dict[ItemType, int]:
        """Return how many rows each listing should have."""
        return {kind: total for (owner, kind), total in self.totals.items() if owner == library}

    async def fingerprints(self, library: RemoteId, item_type: ItemType) -> dict[RemoteId, int]:
        """Return the fingerprints of a listing."""
        rows = self.rows.get((library, item_type), {})
        return {remote_id: row.fingerprint for remote_id, row in rows.items()}

    async def members(self, remote_id: RemoteId) -> tuple[RemoteId, ...]:
        """Return what a collection holds."""
        return await self.backend.members(remote_id)

    def all_fingerprints(self) -> dict[tuple[Place, RemoteId], int]:
        """Return every row by what it looks like."""
        return {
            (where, remote_id): row.fingerprint
            for where, rows in self.rows.items()
            for remote_id, row in rows.items()
        }

    async def items(self) -> dict[Place, dict[RemoteId, MediaItem]]:
        """Return everything as it is understood."""
        return {
            where: {
                item.remote_id: item
                for item in await self.backend.parse(list(rows.values()))
                if isinstance(item, MediaItem)
            }
            for where, rows in self.rows.items()
            if rows
        }


async def truth(mirror: Mirror) -> dict[Place, dict[RemoteId, MediaItem]]:
    """Return everything that the mirrored libraries hold now."""
    fresh = Mirror(mirror.backend)
    await fresh.read_all(*(library.name for library in mirror.libraries))
    return await fresh.items()
