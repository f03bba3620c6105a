"""What was saved on a server since a moment of its own time, and what it can't say so of (Y6).

Rows have a date at which their metadata was saved, and a list can be asked for the newer ones. Not
so artists, whose Etags are compared as a whole. Nothing tells of deletions, which show in the
counts, nor of rights that changed.
"""

from collections import Counter
from collections.abc import AsyncGenerator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import TypeVar

import msgspec
import xxhash

from msd.backend_api.changes import Changes, Cursor
from msd.backend_api.protocol import Listing, RawItem
from msd.backends.jellyfin.located import located, place_of, rows_by_id
from msd.backends.jellyfin.pages import pages, total
from msd.backends.jellyfin.query import (
    ITEM_TYPES,
    below_queries,
    changed_query,
    etag_query,
    listing_query,
)
from msd.backends.jellyfin.servertime import Moment, looked_back, server_moment, written
from msd.backends.jellyfin.session import Session
from msd.backends.jellyfin.values import moment
from msd.backends.jellyfin.wire import guid
from msd.errors import BadResponseError, ForbiddenError
from msd.models import ItemType, RemoteId

MOST_BY_ID = 1_000  # rows that are fetched by their ids; beyond that a listing is cheaper
_MOST_HOLDERS = 50  # whose content is listed one by one; beyond that a listing is cheaper
_HOLDERS = frozenset({ItemType.SHOW, ItemType.SEASON, ItemType.ALBUM})
_HELD = frozenset({ItemType.SEASON, ItemType.EPISODE, ItemType.TRACK})
_HELD_BY = {
    ItemType.EPISODE: frozenset({ItemType.SHOW, ItemType.SEASON}),
    ItemType.TRACK: frozenset({ItemType.ALBUM}),
}

T = TypeVar("T")


class _Cursor(msgspec.Struct, frozen=True):
    at: Moment
    artists: str = ""  # a digest of their ids and Etags
    counts: dict[ItemType, int] = {}  # of what is held by others


@dataclass(slots=True)
class _Pass:
    """What one look has found so far."""

    cursor: Moment
    since: str
    came: Counter[ItemType] = field(default_factory=Counter)  # by the date of their creation
    seen: set[RemoteId] = field(default_factory=set)
    holders: set[RemoteId] = field(default_factory=set)
    saved_holders: set[RemoteId] = field(default_factory=set)
    unsure: set[ItemType] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class MetadataLane:
    """The rows of one library, as its listings show them."""

    session: Session
    listings: Sequence[Listing]
    page_size: int

    async def cursor(self) -> Cursor:
        """Return where the rows stand now.

        Raises:
            As `pages` does.
        """
        at = await server_moment(self.session.client)
        held = [each for each in self.listings if each.type in _HELD_BY]
        return encoded(_Cursor(at, await self._artists(), await self._counts(held)))

    async def changes(self, since: Cursor) -> AsyncGenerator[Changes, None]:
        """Yield the rows saved since, then the counts; see `HasChanges.changes`.

        Raises:
            BadResponseError: the cursor can't be read.
            As `pages` does.
        """
        before = decoded(since, _Cursor)
        now = await server_moment(self.session.client)
        artists = await self._artists()
        start = looked_back(before.at, now)
        look = _Pass(before.at, written(start))
        if artists != before.artists:
            look.unsure.add(ItemType.ARTIST)
        for listing in self.listings:
            if listing.type is not ItemType.ARTIST:
                async for changes in self._saved(listing, look):
                    yield changes
        async for changes in by_id(self.session, self.listings, look.holders - look.seen):
            yield changes
        async for changes in self._below(look):
            yield changes
        queued = await self.session.queue.saved(start) - look.seen
        async for changes in hinted(self.session, self.listings, queued):
            yield changes
        counts = await self._counts(self.listings)
        look.unsure |= _doubtful_holders(before.counts, counts, look)
        held = {kind: count for kind, count in counts.items() if kind in _HELD_BY}
        for listing in self.listings:
            is_last = listing is self.listings[-1]
            yield Changes(
                listing=listing,
                count=counts[listing.type],
                is_unsure=listing.type in look.unsure,
                cursor=encoded(_Cursor(now, artists, held)) if is_last else None,
            )

    async def _saved(self, listing: Listing, look: _Pass) -> AsyncGenerator[Changes, None]:
        """Yield what was saved of one listing; rows that the server fails on make it unsure."""
        query = changed_query(listing, self._user_id, look.since)
        async for page in pages(self.session.client, query, self.page_size):
            if page.gaps or page.skipped:
                look.unsure.add(listing.type)
            look.seen.update(row.remote_id for row in page.items)
            look.came[listing.type] += _created_since(page.items, look.cursor)
            look.holders.update(holders(page.items))
            if listing.type in _HOLDERS:
                look.saved_holders.update(_outermost(page.items, look.saved_holders))
            if page.items:
                yield Changes(listing=listing, items=page.items)

    async def _below(self, look: _Pass) -> AsyncGenerator[Changes, None]:
        """Yield what lies in the shows and the like that were saved: it bears names of theirs."""
        if len(look.saved_holders) > _MOST_HOLDERS:
            look.unsure |= _HELD
            return
        for holder in sorted(look.saved_holders):
            for query in below_queries(self.listings, holder, self._user_id):
                try:
                    async for page in pages(self.session.client, query, self.page_size):
                        for changes in sorted_out(page.items, self.listings):
                            yield changes
                except ForbiddenError:
                    continue  # it went meanwhile, which the counts will show

    async def _counts(self, listings: Sequence[Listing]) -> dict[ItemType, int]:
        queries = {each.type: listing_query(each, self._user_id) for each in listings}
        return {kind: await total(self.session.client, query) for kind, query in queries.items()}

    @property
    def _user_id(self) -> str:
        return self.session.routes.user_id

    async def _artists(self) -> str:
        """Return a digest of the library's artists, "" when it lists none."""
        found: list[str] = []
        for listing in self.listings:
            if listing.type is ItemType.ARTIST:
                query = etag_query(listing, self._user_id)
                async for page in pages(self.session.client, query, self.page_size):
                    found.extend(f"{row.remote_id}{row.fingerprint}" for row in page.items)
        return xxhash.xxh3_64_hexdigest("".join(sorted(found))) if found else ""


async def by_id(
    session: Session, listings: Sequence[Listing], remote_ids: AbstractSet[RemoteId]
) -> AsyncGenerator[Changes, None]:
    """Yield the rows of a library with these ids; shows and the like unsure when they are many.

    Raises:
        As `pages.rows` does.
    """
    if len(remote_ids) > MOST_BY_ID:
        for listing in listings:
            if listing.type in _HOLDERS:
                yield Changes(listing=listing, is_unsure=True)
        return
    rows = await rows_by_id(session, sorted(remote_ids))
    for changes in sorted_out(rows, listings):
        yield changes


async def hinted(
    session: Session, listings: Sequence[Listing], remote_ids: AbstractSet[RemoteId]
) -> AsyncGenerator[Changes, None]:
    """Yield the rows with these ids that are in the library, leaving others of the server out.

    Raises:
        As `pages.rows` does.
    """
    rows = await rows_by_id(session, sorted(remote_ids)[:MOST_BY_ID])
    found = await located(session, rows, listings)
    for changes in sorted_out([each.item for each in found if each.listing], listings):
        yield changes


def sorted_out(rows: Sequence[RawItem], listings: Sequence[Listing]) -> list[Changes]:
    """Return rows of one library by the listings that they belong to."""
    by_type: dict[ItemType | None, list[RawItem]] = {}
    for row in rows:
        place = place_of(row)
        item_type = None if place is None else ITEM_TYPES.get(place.type)
        by_type.setdefault(item_type, []).append(row)
    return [
        Changes(listing=listing, items=tuple(by_type[listing.type]))
        for listing in listings
        if listing.type in by_type
    ]


def holders(items: Sequence[RawItem]) -> set[RemoteId]:
    """Return what the rows lie in: how much of that is watched may have changed with them."""
    places = [place for place in map(place_of, items) if place is not None]
    ids = {
        guid(value)
        for place in places
        for value in (place.series_id, place.season_id, place.album_id)
    }
    return {RemoteId(each) for each in ids if each}


def _doubtful_holders(
    before: Mapping[ItemType, int], now: Mapping[ItemType, int], look: _Pass
) -> set[ItemType]:
    """Return the types of holders of which something may have gone: all that is left is watched.

    The dates of creation may be those of the files, so this can be in doubt without a reason.
    """
    return {
        holder
        for kind, holding in _HELD_BY.items()
        if kind in now and now[kind] != before.get(kind, now[kind]) + look.came[kind]
        for holder in holding
    }


def _created_since(items: Sequence[RawItem], cursor: Moment) -> int:
    places = [place for place in map(place_of, items) if place is not None]
    return sum(moment(place.date_created) >= cursor.server for place in places)


def _outermost(items: Sequence[RawItem], known: AbstractSet[RemoteId]) -> set[RemoteId]:
    """Return shows, albums, and the seasons of shows that are not known already."""
    return {
        item.remote_id
        for item in items
        if (place := place_of(item)) is None or guid(place.series_id) not in known
    }


def encoded(cursor: msgspec.Struct) -> Cursor:
    """Return a cursor as the text that msd keeps."""
    return Cursor(msgspec.json.encode(cursor).decode())


def decoded(text: Cursor, shape: type[T]) -> T:
    """Return the cursor that a text holds.

    Raises:
        BadResponseError: it holds none; enumerate instead.
    """
    try:
        return msgspec.json.decode(text, type=shape)
    except (msgspec.DecodeError, RecursionError) as error:
        raise BadResponseError("the place where the last look ended can't be read") from error
