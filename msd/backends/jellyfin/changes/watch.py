"""Whose watch state changed: found out by looking, since the server keeps no date of it (Y6).

What the user has played, begun or marked is listed in full and compared with what it was: also
what is on no list any more has changed. What was played last comes in addition, since an item that
was only looked into is on none of the lists.
"""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass

import msgspec
from anyio import to_thread

from msd.backend_api.changes import ChangeCursor, Changes
from msd.backend_api.protocol import Listing
from msd.backend_api.snapshots import Snapshots
from msd.backends.jellyfin.changes.locate import rows_by_id
from msd.backends.jellyfin.changes.metadata import (
    MOST_BY_ID,
    by_id,
    decoded,
    encoded,
    hinted,
    holders,
    sorted_out,
)
from msd.backends.jellyfin.client.pages import pages
from msd.backends.jellyfin.client.query import LIGHT, Query, played_last_queries, touched_queries
from msd.backends.jellyfin.client.server_poll import ServerLook
from msd.backends.jellyfin.client.server_time import Moment, looked_back
from msd.backends.jellyfin.client.session import Session
from msd.backends.jellyfin.parse.place import played_at
from msd.errors import BadResponseError, UnreachableError
from msd.models import RemoteId, StatusReason

_MOST_PASSES = 3
_PLAYED_PAGE = 50
_MOST_PLAYED_PAGES = 20  # more are on the list of what is played


class _Cursor(msgspec.Struct, frozen=True):
    at: Moment
    snapshot: str


@dataclass(frozen=True, slots=True)
class WatchChanges:
    """The user's watch state of one library."""

    session: Session
    look: ServerLook
    listings: Sequence[Listing]
    page_size: int
    snapshots: Snapshots

    async def cursor(self) -> ChangeCursor:
        """Return where the watch state stands now.

        Raises:
            As `pages` does.
        """
        seen = await self._touched()
        return encoded(_Cursor(self.look.at, await to_thread.run_sync(self.snapshots.save, seen)))

    async def changes(self, since: ChangeCursor) -> AsyncGenerator[Changes, None]:
        """Yield the rows whose watch state changed, and what they lie in.

        Raises:
            BadResponseError: the cursor can't be read, or what it stands for is not kept any more.
            As `pages` does.
        """
        before = decoded(since, _Cursor)
        known = await to_thread.run_sync(self.snapshots.load, before.snapshot)
        if known is None:
            raise BadResponseError("what was seen of the watch state is not known any more")
        now = self.look.at
        start = looked_back(before.at, now)
        seen = await self._touched() | await self._played_since(start)
        changed = {RemoteId(each) for each, _ in known.items() ^ seen.items()}
        async for changes in self._rows(changed):
            yield changes
        queued = await self.session.queue.watched(start) - changed
        async for changes in hinted(self.session, self.listings, queued):
            yield changes
        name = before.snapshot
        if changed:
            name = await to_thread.run_sync(self.snapshots.save, seen)
        yield Changes(listing=self.listings[-1], cursor=encoded(_Cursor(now, name)))

    async def _rows(self, changed: set[RemoteId]) -> AsyncGenerator[Changes, None]:
        if len(changed) > MOST_BY_ID:
            for listing in self.listings:
                yield Changes(listing=listing, is_unsure=True)
            return
        rows = await rows_by_id(self.session, sorted(changed))
        for changes in sorted_out(rows, self.listings):
            yield changes
        async for changes in by_id(self.session, self.listings, holders(rows) - changed):
            yield changes

    async def _touched(self) -> dict[str, int]:
        """Return what the user has played, begun or marked, with a digest of each."""
        seen: dict[str, int] = {}
        for query in touched_queries(self.listings, self.session.routes.user_id):
            seen |= await self._complete(query)
        return seen

    async def _complete(self, query: Query) -> dict[str, int]:
        """Return a list that kept its length while it was read, so that nothing slipped."""
        for _ in range(_MOST_PASSES):
            found: dict[str, int] = {}
            totals: set[int] = set()
            async for page in pages(self.session.client, query, self.page_size * LIGHT):
                totals |= set() if page.total is None else {page.total}
                found |= {row.remote_id: row.fingerprint for row in page.items}
            if len(totals) == 1:
                return found
        raise UnreachableError(
            "the watch state kept changing while it was read", reason=StatusReason.SERVER_ERROR
        )

    async def _played_since(self, start: int) -> dict[str, int]:
        """Return what was played since a moment of the server's time, as far back as is cheap."""
        seen: dict[str, int] = {}
        if not await self.look.has_played_since(start):
            return seen
        for query in played_last_queries(self.listings, self.session.routes.user_id):
            windows = pages(self.session.client, query, _PLAYED_PAGE)
            async with aclosing(windows):
                async for page in windows:
                    recent = [row for row in page.items if played_at(row) >= start]
                    seen |= {row.remote_id: row.fingerprint for row in recent}
                    is_older = len(recent) < len(page.items)
                    if is_older or page.start >= _PLAYED_PAGE * _MOST_PLAYED_PAGES:
                        break
        return seen
