"""One library as its changes are read: what to ask, by which poll, against which cached rows."""

from collections.abc import AsyncGenerator, Sequence
from collections.abc import Set as AbstractSet

import msgspec

from msd.backend_api.changes import CachedRows, Changes
from msd.backend_api.protocol import Listing, RawItem
from msd.backend_api.rows import changes_by_listing
from msd.backends.jellyfin.changes.locate import Locator
from msd.backends.jellyfin.changes.poll import ServerPoll
from msd.backends.jellyfin.client.session import Session
from msd.backends.jellyfin.listing.rows import rows_by_id
from msd.backends.jellyfin.parse.place import place_of
from msd.backends.jellyfin.parse.values import guid
from msd.models import ItemType, RemoteId

_INSIDE = frozenset({ItemType.SEASON, ItemType.EPISODE, ItemType.TRACK})
MOST_BY_ID = 1_000  # rows that are fetched by their ids; beyond that a listing is cheaper


class FollowedLibrary(msgspec.Struct, frozen=True, kw_only=True):
    """What reading the changes of one library takes."""

    session: Session
    poll: ServerPoll
    locator: Locator
    listings: Sequence[Listing]  # of this library; not empty
    page_size: int

    @property
    def remote_id(self) -> RemoteId:
        """The id of the library on its server."""
        return self.listings[0].library.remote_id

    @property
    def types(self) -> frozenset[ItemType]:
        """What the library holds."""
        return frozenset(listing.type for listing in self.listings)

    async def by_id(
        self, remote_ids: AbstractSet[RemoteId], cached: CachedRows
    ) -> AsyncGenerator[Changes, None]:
        """Yield the rows with these ids that are in this library; all unsure when they are many.

        Raises:
            As `pages.rows` does.
        """
        if len(remote_ids) > MOST_BY_ID:
            for listing in self.listings:
                yield Changes(listing=listing, is_unsure=True)
            return
        rows = await rows_by_id(self.session, sorted(remote_ids))
        located = await self.locator.locate(rows, self.listings, cached)
        for changes in changes_by_listing(located, self.listings):
            yield changes


def parents(items: Sequence[RawItem]) -> set[RemoteId]:
    """Return the shows, seasons and albums that rows lie in."""
    places = [place for place in map(place_of, items) if place is not None]
    return {
        parent for place in places for parent in place.parents if parent != guid(place.parent_id)
    } | {
        RemoteId(parent)
        for place in places
        if place.item_type in _INSIDE and (parent := guid(place.parent_id))
    }
