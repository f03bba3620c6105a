"""A fake backend that tells what changed, also live, and goes on in the middle of a listing."""

from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import anyio
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream
from msgspec.structs import replace

from msd.backend_api import BackendContext, Listing, Page, RawItem
from msd.backend_api.changes import (
    Aspect,
    CachedRows,
    ChangeCursor,
    Changes,
    LocatedRow,
    PushedChange,
)
from msd.errors import BadResponseError, MsdError, UnreachableError
from msd.models import ItemType, MediaItem, RemoteId, RemoteLibrary, Rights, WatchState
from tests.support.fakes.fake_backend import TYPES, FakeBackend, FakeServer, fingerprint

OVERLAP = 5


@dataclass
class ChangingServer(FakeServer):
    """A server with a clock of its own, and a stamp on every row."""

    now: int = 1_000_000
    stamps: dict[tuple[RemoteId, Aspect], int] = field(default_factory=dict)
    counts: bool = True
    unsure: set[ItemType] = field(default_factory=set)
    oldest_cursor: int = 0  # older ones mean nothing any more
    changes_error: dict[Aspect, MsdError] = field(default_factory=dict)
    changes_cut_after: int | None = None  # pages of changes until the connection breaks
    listeners: list[MemoryObjectSendStream[PushedChange]] = field(default_factory=list)
    live_error: MsdError | None = None
    rights: Rights | None = None
    forbidden: set[str] = field(default_factory=set)  # rows and libraries that he may not see
    failing: set[str] = field(default_factory=set)  # ids on which asking for a row by it fails
    tells_forbidden_ids: bool = False  # when asked for by their ids, as Jellyfin 10.11 does

    def forbid(self, *names: str) -> None:
        """Take the right to see rows or libraries from the user; no event tells of it."""
        self.forbidden |= set(names)
        self.rights = Rights(digest=repr(sorted(self.forbidden)))

    def allow(self) -> None:
        """Give every right back."""
        self.forbidden.clear()
        self.rights = Rights(digest="everything")

    push_error: MsdError | None = None  # what an open connection ends with

    def open(self, context: BackendContext | None = None) -> "ChangingBackend":
        return ChangingBackend(self, context)

    def put(self, library: RemoteId, *items: MediaItem) -> None:
        super().put(library, *items)
        for item in items:
            self._stamp(item.remote_id, Aspect.METADATA)
            self._stamp(item.remote_id, Aspect.WATCH)

    def edit(self, library: RemoteId, remote_id: str, **changes: object) -> None:
        super().edit(library, remote_id, **changes)
        self._stamp(RemoteId(remote_id), Aspect.METADATA)

    def watch(self, library: RemoteId, remote_id: str, watch: WatchState) -> None:
        """Change the watch state of an item."""
        super().edit(library, remote_id, watch=watch)
        self._stamp(RemoteId(remote_id), Aspect.WATCH)

    def move(self, source: RemoteId, target: RemoteId, remote_id: str) -> None:
        """Move an item to another library; its stamps stay, as the file is the same."""
        self.items[target][RemoteId(remote_id)] = self.items[source].pop(RemoteId(remote_id))
        self.now += 1

    def rekey(self, library: RemoteId, remote_id: str, becomes: str) -> None:
        """Give an item another id; it is the same by its identity."""
        item = self.items[library].pop(RemoteId(remote_id))
        self.put(library, replace(item, remote_id=RemoteId(becomes)))

    def tell(self, change: PushedChange) -> None:
        """Tell every listener of a change."""
        for listener in self.listeners:
            listener.send_nowait(change)

    def cut(self) -> None:
        """Break every live connection."""
        for listener in self.listeners:
            listener.close()
        self.listeners.clear()

    def _stamp(self, remote_id: RemoteId, aspect: Aspect) -> None:
        self.now += 1
        self.stamps[remote_id, aspect] = self.now


class ChangingBackend(FakeBackend):
    """Implements `HasChanges`, `HasPush` and `CanResume` over a `ChangingServer`."""

    def __init__(self, server: ChangingServer, context: BackendContext | None = None) -> None:
        super().__init__(server, context)
        self._changing = server

    async def rights(self) -> Rights | None:
        self._call("rights")
        return self._changing.rights

    async def libraries(self) -> tuple[RemoteLibrary, ...]:
        listed = await super().libraries()
        return tuple(one for one in listed if one.remote_id not in self._changing.forbidden)

    async def cursor(self, library: RemoteLibrary, aspect: Aspect) -> ChangeCursor:
        self._call(f"cursor {library.remote_id} {aspect}")
        return ChangeCursor(str(self._changing.now))

    async def changes(
        self, library: RemoteLibrary, aspect: Aspect, since: ChangeCursor, _cached: CachedRows, /
    ) -> AsyncGenerator[Changes, None]:
        server = self._changing
        begun = server.now
        self._call(f"changes {library.remote_id} {aspect}")
        if aspect in server.changes_error:
            raise server.changes_error[aspect]
        if int(since) < server.oldest_cursor:
            raise BadResponseError("the cursor is too old")
        found = [
            (listing, rows)
            for listing in self.listings(library)
            for rows in self._changed(listing, aspect, int(since) - OVERLAP)
        ]
        for number, (listing, rows) in enumerate(found, start=1):
            if server.changes_cut_after is not None and number > server.changes_cut_after:
                raise UnreachableError("the connection was cut")
            yield Changes(
                listing=listing,
                items=tuple(RawItem(row.remote_id, fingerprint(row), row) for row in rows),
                count=self._count(listing) if aspect is Aspect.METADATA and server.counts else None,
                is_unsure=aspect is Aspect.METADATA and listing.type in server.unsure,
                cursor=ChangeCursor(str(begun)) if number == len(found) else None,
            )

    def _changed(self, listing: Listing, aspect: Aspect, since: int) -> list[list[MediaItem]]:
        server = self._changing
        rows = [row for row in self._rows(listing) if server.stamps[row.remote_id, aspect] >= since]
        size = server.page_size
        return [rows[at : at + size] for at in range(0, len(rows), size)] or [[]]

    def _rows(self, listing: Listing) -> list[MediaItem]:
        forbidden = self._changing.forbidden
        rows = self._changing.items[listing.library.remote_id].values()
        return [row for row in rows if row.type is listing.type and row.remote_id not in forbidden]

    def _count(self, listing: Listing) -> int:
        rows = len(self._rows(listing))
        announce = self._changing.totals.get(listing.type)
        return rows if announce is None else announce(rows, 0) or 0

    async def pages_from(self, listing: Listing, start: int) -> AsyncGenerator[Page, None]:
        async for page in self._windows(listing, start):
            yield page

    @asynccontextmanager
    async def subscribe(self) -> AsyncIterator[AsyncIterator[PushedChange]]:
        self._call("live")
        if self._changing.live_error is not None:
            raise self._changing.live_error
        send, receive = anyio.create_memory_object_stream[PushedChange](10_000)
        self._changing.listeners.append(send)
        try:
            yield self._until_cut(receive)
        finally:
            if send in self._changing.listeners:
                self._changing.listeners.remove(send)
            send.close()
            receive.close()

    async def fetch(self, remote_ids: Sequence[RemoteId]) -> tuple[LocatedRow, ...]:
        self._call("fetch")
        found = []
        if not self._changing.tells_forbidden_ids:
            remote_ids = [one for one in remote_ids if one not in self._changing.forbidden]
        for library in self._changing.libraries:
            for remote_id in remote_ids:
                row = self._changing.items[library.remote_id].get(remote_id)
                if row is not None and row.type in TYPES.get(library.type, ()):
                    raw = RawItem(remote_id, fingerprint(row), row)
                    found.append(
                        LocatedRow(item=raw, listing=Listing(library=library, type=row.type))
                    )
        failed = [RawItem(one, 0, None) for one in remote_ids if one in self._changing.failing]
        return (*found, *(LocatedRow(item=raw, is_readable=False) for raw in failed))

    async def _until_cut(
        self, receive: MemoryObjectReceiveStream[PushedChange]
    ) -> AsyncIterator[PushedChange]:
        async for change in receive:
            yield change
        raise self._changing.push_error or UnreachableError("the live connection is dead")
