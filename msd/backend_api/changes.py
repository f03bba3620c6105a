"""What changed since a cursor, and what changes right now (Y6, Y9): optional backend protocols.

    cursor(library, aspect)         → ChangeCursor   where the library stands, in the server's time
    changes(library, aspect, since) → Changes…       what may differ since then; the last one has
                                                     the next cursor
    subscribe()                     → PushedChange…  subscribed once entered, until the connection
                                                     is lost
    fetch(remote_ids)               → LocatedRow…    rows by id; an id that is absent is gone
    pages_from(listing, start)      → Page…          the rest of an interrupted enumeration

A backend implements any of `HasChanges`, `HasPush` and `CanResume` beside `MediaBackend`.
Without them a source is enumerated at intervals, each time from the start.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from enum import StrEnum
from typing import NewType, Protocol, runtime_checkable

from msgspec import Struct

from msd.backend_api.protocol import Listing, Page, RawItem
from msd.models import ItemType, Omission, RemoteId, RemoteLibrary, Rights, WatchState

ChangeCursor = NewType("ChangeCursor", str)
"""A backend's own words for a moment in the server's time; msd only stores and returns it."""


class Aspect(StrEnum):
    """What a cursor is about. The two move at different speeds and by different means."""

    METADATA = "metadata"
    WATCH = "watch"  # one user's watch state


class Changes(Struct, frozen=True, kw_only=True):
    """Rows of one listing that may differ from what is cached, whole as in `pages`.

    `count` is how many rows the listing has now, counted as `Page.total` is, where the server
    says so: when it is not the last total and the new rows, something vanished or came unseen,
    and the listing is enumerated. `is_unsure` asks for that outright: something changed that
    can't be told row by row. `cursor` comes with the last page alone and covers every page
    before it.
    """

    listing: Listing
    items: tuple[RawItem, ...] = ()
    count: int | None = None
    is_unsure: bool = False
    cursor: ChangeCursor | None = None


class CachedRows(Protocol):
    """What the cache holds of a source at this moment, written rows of this pass included (Y20).

    A backend takes differences against this and not against what it remembers of an earlier
    pass: pushed rows, refreshed items and the user's own changes are all in it.
    """

    async def watch_states(self, library: RemoteId) -> Mapping[RemoteId, WatchState]:
        """Return the watch states of current rows that differ from a row never touched."""

    async def places(
        self, remote_ids: Sequence[RemoteId]
    ) -> Mapping[RemoteId, tuple[RemoteId, ItemType]]:
        """Return library and type of those ids that are current rows."""

    async def expected_rows(self, library: RemoteId) -> Mapping[ItemType, int]:
        """Return how many rows each listing should have.

        That is the total last announced, and what came or went since, by push as well; -1: unknown.
        """

    async def fingerprints(self, library: RemoteId, item_type: ItemType) -> Mapping[RemoteId, int]:
        """Return the fingerprint of each current row of a listing."""

    async def members(self, remote_id: RemoteId) -> tuple[RemoteId, ...]:
        """Return the cached members of a collection or playlist in order."""


@runtime_checkable
class HasChanges(Protocol):
    """A backend that can tell what changed, at a cost that follows the changes."""

    async def cursor(self, library: RemoteLibrary, aspect: Aspect) -> ChangeCursor:
        """Return where the library stands now.

        Taken before an enumeration it covers what changes while that runs.
        """

    def changes(
        self, library: RemoteLibrary, aspect: Aspect, since: ChangeCursor, cached: CachedRows, /
    ) -> AsyncGenerator[Changes, None]:
        """Yield what may have changed since the cursor, with an overlap.

        A server that can count is asked for every listing in the metadata aspect, also when none
        of its rows changed. Without a single page the cursor stays as it is.

        Raises:
            BadResponseError: the cursor means nothing any more; enumerate instead.
            BackendError: as everywhere; no cursor moves.
        """


class PushedChange(Struct, frozen=True, kw_only=True):
    """Something happened on the server.

    Without ids the library is to be looked at; without a library, every library.
    """

    library: RemoteId | None = None
    aspect: Aspect = Aspect.METADATA
    changed: tuple[RemoteId, ...] = ()
    removed: tuple[RemoteId, ...] = ()  # a claim: `fetch` confirms it (Y7)


class LocatedRow(Struct, frozen=True, kw_only=True):
    """A row and where it belongs; `listing` is None when the server does not say."""

    item: RawItem
    listing: Listing | None = None
    is_readable: bool = True  # False: the source failed on this id; it may be there, or gone


@runtime_checkable
class HasPush(Protocol):
    """A backend whose server pushes changes as they happen."""

    def subscribe(self) -> AbstractAsyncContextManager[AsyncIterator[PushedChange]]:
        """Subscribe. Entered means subscribed: nothing that happens from then on is missed.

        Iterating raises an `UnreachableError` when the connection is dead, within 60 s of its
        death, also when it died silently; it never just ends.
        """

    async def fetch(self, remote_ids: Sequence[RemoteId]) -> tuple[LocatedRow, ...]:
        """Return the rows with these ids as they are listed; absent ones are gone.

        A row has the same fingerprint as in `pages`. At most 200 ids are asked for at once.
        """


@runtime_checkable
class CanResume(Protocol):
    """A backend that can begin a listing in its middle: an interrupted first sync goes on (Y8)."""

    def pages_from(self, listing: Listing, start: int) -> AsyncGenerator[Page, None]:
        """Enumerate a listing from a row on, as `pages` does; the first page has that `start`."""


@runtime_checkable
class HasRights(Protocol):
    """A backend whose server lets different users see different things (Y19)."""

    async def rights(self) -> Rights | None:
        """Return what the user may see now, by a request or two; None when that can't be told.

        On doubt (an absent or odd policy) the answer is None: nothing is hidden then.
        """


@runtime_checkable
class HasOmissions(Protocol):
    """A backend that knows what it leaves out beyond single rows (Y16)."""

    @property
    def names_rows(self) -> bool:
        """Whether `omissions` also names what `parse` and `Page.skipped` leave out.

        If not, the sync adds those rows by itself, and asks for the rest only after it has
        enumerated every library.
        """

    async def omissions(self) -> tuple[Omission, ...]:
        """Return everything of the source that is left out; asked once, after a pass."""
