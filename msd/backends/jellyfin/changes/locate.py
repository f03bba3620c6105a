"""The libraries that rows lie in.

A row names the folder on disk that holds it, whose own parents never lead to a library. The
library is found, in this order, by

    what the cache holds of the row itself, or of its show, season or album
    what was found of its folder before
    `/Items/{id}/Ancestors` of the row, once for each folder that is not known yet
"""

from collections.abc import Mapping, Sequence

import anyio
import httpx

from msd.backend_api.changes import CachedRows, LocatedRow
from msd.backend_api.http.json import decode
from msd.backend_api.protocol import Listing, RawItem
from msd.backends.jellyfin.client.query import SERVER_WIDE
from msd.backends.jellyfin.client.session import Session
from msd.backends.jellyfin.parse.place import RowPlace, place_of
from msd.backends.jellyfin.parse.values import guid
from msd.backends.jellyfin.parse.wire import Ancestor
from msd.errors import BadResponseError, ForbiddenError
from msd.models import ItemType, RemoteId

_VIEWS = frozenset({"CollectionFolder", "UserView"})
_MOST_HOMES = 100_000  # folders and the like that are remembered

Homes = frozenset[RemoteId]  # the libraries that something lies in


class Locator:
    """Finds the listing of a row; remembers where folders, shows and albums are."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._homes: dict[RemoteId, Homes] = {}
        self._lock = anyio.Lock()

    async def locate(
        self,
        items: Sequence[RawItem],
        listings: Sequence[Listing],
        cached: CachedRows | None = None,
    ) -> tuple[LocatedRow, ...]:
        """Return rows with the one of all listings that each belongs to.

        Rows of what msd does not show are left out: extras, versions and parts of films, folders
        on disk, views. `listing` is None where the server does not say: an artist that exists by
        name only lies in no folder.

        Raises:
            AuthRequiredError, UnreachableError: the server does not answer.
        """
        places = [(item, place) for item in items if (place := place_of(item)) is not None]
        shown = [(item, place) for item, place in places if place.item_type is not None]
        known = await self._known(shown, listings, cached)
        located = []
        for item, place in shown:
            homes = await self._homes_of(place, known)
            listing = _listing(place, listings, homes)
            if listing is not None or not homes:  # else it lies in a library that is not listed
                located.append(LocatedRow(item=item, listing=listing))
        return tuple(located)

    async def _known(
        self,
        places: Sequence[tuple[RawItem, RowPlace]],
        listings: Sequence[Listing],
        cached: CachedRows | None,
    ) -> Mapping[RemoteId, Homes]:
        """Return the libraries of what the cache holds of the rows and their parents."""
        if cached is None:
            return {}
        wanted = dict.fromkeys(item.remote_id for item, _ in places)
        wanted |= dict.fromkeys(parent for _, place in places for parent in place.parents)
        libraries = {listing.library.remote_id for listing in listings}
        return {
            remote_id: frozenset({library})
            for remote_id, (library, _) in (await cached.places(list(wanted))).items()
            if library in libraries
        }

    async def _homes_of(self, place: RowPlace, known: Mapping[RemoteId, Homes]) -> Homes:
        """Return the libraries that a row lies in; none when the server does not tell."""
        if place.item_type in SERVER_WIDE:
            return frozenset()
        own = guid(place.id)
        relatives = (RemoteId(own or ""), *place.parents)
        for remote_id in relatives:
            if homes := known.get(remote_id) or self._homes.get(remote_id):
                return homes
        async with self._lock:
            return await self._ancestry(RemoteId(own or ""), place)

    async def _ancestry(self, remote_id: RemoteId, place: RowPlace) -> Homes:
        """Ask what an item lies in, and remember it for all that it lies in."""
        client, routes = self._session.client, self._session.routes
        path = routes.ancestors(remote_id)
        answer = await client.answer(path, {"userId": routes.user_id}, is_page=True)
        if answer.status == httpx.codes.NOT_FOUND:
            return frozenset()  # gone meanwhile, or an artist by name
        try:
            await client.raise_for_status(answer, path)
            above = decode(answer, list[Ancestor])
        except (BadResponseError, ForbiddenError):
            return frozenset()
        inner: list[RemoteId] = []
        homes: set[RemoteId] = set()
        for ancestor in above:
            if (found := guid(ancestor.id)) is None:
                continue
            if ancestor.type in _VIEWS:
                homes.add(RemoteId(found))
            elif not homes:
                inner.append(RemoteId(found))
        if homes:
            if len(self._homes) > _MOST_HOMES:
                self._homes.clear()
            self._homes |= dict.fromkeys((*inner, *place.parents), frozenset(homes))
        return frozenset(homes)


def _listing(place: RowPlace, listings: Sequence[Listing], homes: Homes) -> Listing | None:
    candidates = [listing for listing in listings if listing.type is place.item_type]
    if place.item_type in SERVER_WIDE:
        return next(iter(candidates), None)
    for listing in candidates:
        if listing.library.remote_id in homes:
            return listing
    # An artist by name has no ancestors: with one music library it can only be there.
    is_sure = place.item_type is ItemType.ARTIST and not homes and len(candidates) == 1
    return candidates[0] if is_sure else None
