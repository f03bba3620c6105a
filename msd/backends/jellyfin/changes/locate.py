"""Rows by id, and the libraries that they lie in."""

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import TypeVar

from msd.backend_api.changes import LocatedRow
from msd.backend_api.protocol import Listing, RawItem
from msd.backends.jellyfin.client.pages import rows
from msd.backends.jellyfin.client.query import IDS_AT_ONCE, SERVER_WIDE, places_query, rows_query
from msd.backends.jellyfin.client.session import Session
from msd.backends.jellyfin.parse.place import RowPlace, place_of
from msd.backends.jellyfin.parse.values import guid
from msd.backends.jellyfin.parse.wire import ITEM_TYPES
from msd.models import RemoteId

_DEEPEST = 4  # from a track or an episode up to its library

T = TypeVar("T")


async def rows_by_id(session: Session, remote_ids: Sequence[RemoteId]) -> tuple[RawItem, ...]:
    """Return what the user may see of these items, as listings show it.

    Raises:
        As `pages.rows` does.
    """
    found: list[RawItem] = []
    for batch in _batches(list(dict.fromkeys(remote_ids))):
        query = rows_query(batch, session.routes.user_id)
        asked = frozenset(batch)
        answer = await rows(session.client, query, len(batch))
        found.extend(row for row in answer if row.remote_id in asked)
    return tuple(found)


async def located(
    session: Session, items: Sequence[RawItem], listings: Sequence[Listing]
) -> tuple[LocatedRow, ...]:
    """Return rows with the one of all listings that each belongs to, as far as the server tells."""
    places = [place_of(item) for item in items]
    above = await _ancestry(session, places, {each.library.remote_id for each in listings})
    return tuple(
        LocatedRow(item=item, listing=_home(place, above, listings))
        for item, place in zip(items, places, strict=True)
    )


async def _ancestry(
    session: Session, places: Sequence[RowPlace | None], libraries: AbstractSet[RemoteId]
) -> dict[RemoteId, RemoteId | None]:
    """Return what lies in what, from the parents of some rows up to the libraries."""
    above: dict[RemoteId, RemoteId | None] = {}
    for _ in range(_DEEPEST):
        tops = {_top(place, above) for place in places if place is not None}
        unknown = [each for each in tops if each is not None and each not in libraries]
        for batch in _batches(unknown):
            above |= dict.fromkeys(batch)
            query = places_query(batch, session.routes.user_id)
            for row in await rows(session.client, query, len(batch)):
                place = place_of(row)
                above[row.remote_id] = None if place is None else _parent(place)
    return above


def _home(
    place: RowPlace | None,
    above: Mapping[RemoteId, RemoteId | None],
    listings: Sequence[Listing],
) -> Listing | None:
    if place is None:
        return None
    item_type, top = ITEM_TYPES.get(place.type), _top(place, above)
    for listing in listings:
        is_there = item_type in SERVER_WIDE or listing.library.remote_id == top
        if listing.type is item_type and is_there:
            return listing
    return None


def _top(place: RowPlace, above: Mapping[RemoteId, RemoteId | None]) -> RemoteId | None:
    """Return the highest ancestor that is known so far; None where the trace is lost."""
    top = _parent(place)
    for _ in range(_DEEPEST):
        if top is None or top not in above:
            return top
        top = above[top]
    return None


def _parent(place: RowPlace) -> RemoteId | None:
    """Return what an item lies in, as high up as its row tells."""
    for value in (place.series_id, place.album_id, place.parent_id):
        parent = guid(value)
        if parent is not None and parent != guid(place.id):
            return RemoteId(parent)
    return None


def _batches(values: Sequence[T]) -> Iterator[Sequence[T]]:
    for start in range(0, len(values), IDS_AT_ONCE):
        yield values[start : start + IDS_AT_ONCE]
