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

from msd.backend_api.changes import ChangeCursor, Changes
from msd.backend_api.protocol import Listing, RawItem
from msd.backends.jellyfin.changes.locate import located, rows_by_id
from msd.backends.jellyfin.client.pages import pages, total
from msd.backends.jellyfin.client.query import (
    LIGHT,
    below_queries,
    changed_queries,
    count_queries,
    etag_query,
    listing_query,
)
from msd.backends.jellyfin.client.server_poll import ServerLook
from msd.backends.jellyfin.client.server_time import Moment, looked_back, written
from msd.backends.jellyfin.client.session import Session
from msd.backends.jellyfin.parse.place import place_of
from msd.backends.jellyfin.parse.values import guid, moment
from msd.backends.jellyfin.parse.wire import ITEM_TYPES
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
    counts: dict[ItemType, int] = {}
    total: int = -1  # of everything but artists, counted in one; -1: unknown


@dataclass(frozen=True, slots=True)
class _Artists:
    """The artists of a library: a digest of their ids and Etags, "" of none, and their number."""

    digest: str = ""
    count: int = 0


@dataclass(slots=True)
class _Pass:
    """What one look has found so far."""

    cursor: Moment
    since: str
    came: Counter[ItemType] = field(default_factory=Counter)  # by the date of their creation
    seen: set[RemoteId] = field(default_factory=set)
    holders: set[RemoteId] = field(default_factory=set)
    saved_holders: dict[RemoteId, str | None] = field(default_factory=dict)  # with their show
    unsure: set[ItemType] = field(default_factory=set)

    def take(self, changes: Changes) -> None:
        """Note rows that were saved."""
        self.seen.update(row.remote_id for row in changes.items)
        self.came[changes.listing.type] += _created_since(changes.items, self.cursor)
        self.holders.update(holders(changes.items))
        if changes.listing.type in _HOLDERS:
            self.saved_holders |= {row.remote_id: _show_of(row) for row in changes.items}

    @property
    def outermost(self) -> set[RemoteId]:
        """Shows, albums, and seasons of shows that were not saved themselves."""
        saved = self.saved_holders
        return {remote_id for remote_id, show in saved.items() if show not in saved}


@dataclass(frozen=True, slots=True)
class MetadataChanges:
    """The rows of one library, as its listings show them."""

    session: Session
    look: ServerLook
    listings: Sequence[Listing]
    page_size: int

    async def cursor(self) -> ChangeCursor:
        """Return where the rows stand now.

        Raises:
            As `pages` does.
        """
        artists = await self._artists()
        counts = await self._counts(artists)
        return self._cursor(artists, counts, await self._total())

    async def changes(self, since: ChangeCursor) -> AsyncGenerator[Changes, None]:
        """Yield the rows saved since, then the counts; see `HasChanges.changes`.

        Raises:
            BadResponseError: the cursor can't be read.
            As `pages` does.
        """
        before = decoded(since, _Cursor)
        start = looked_back(before.at, self.look.at)
        found = _Pass(before.at, written(start))
        async for changes in self._saved(found):
            yield changes
        async for changes in by_id(self.session, self.listings, found.holders - found.seen):
            yield changes
        async for changes in self._below(found):
            yield changes
        queued = await self.session.queue.saved(start) - found.seen
        async for changes in hinted(self.session, self.listings, queued):
            yield changes
        artists, total_now = await self._artists(), await self._total()
        if artists.digest != before.artists:
            found.unsure.add(ItemType.ARTIST)
        counts = dict(before.counts)
        if found.seen or not self._still_counts(before, artists, total_now):
            counts = await self._counts(artists)
        found.unsure |= _doubtful_holders(before.counts, counts, found)
        for listing in self.listings:
            is_last = listing is self.listings[-1]
            yield Changes(
                listing=listing,
                count=counts[listing.type],
                is_unsure=listing.type in found.unsure,
                cursor=self._cursor(artists, counts, total_now) if is_last else None,
            )

    async def _saved(self, found: _Pass) -> AsyncGenerator[Changes, None]:
        """Yield what was saved; rows that the server fails on make every listing unsure."""
        for query in changed_queries(self.listings, self._user_id, found.since):
            async for page in pages(self.session.client, query, self.page_size):
                if page.gaps or page.skipped:
                    found.unsure |= {listing.type for listing in self.listings}
                for changes in sorted_out(page.items, self.listings):
                    found.take(changes)
                    yield changes

    async def _below(self, found: _Pass) -> AsyncGenerator[Changes, None]:
        """Yield what lies in the shows and the like that were saved: it bears names of theirs."""
        saved = found.outermost
        if len(saved) > _MOST_HOLDERS:
            found.unsure |= _HELD
            return
        for holder in sorted(saved):
            for query in below_queries(self.listings, holder, self._user_id):
                try:
                    async for page in pages(self.session.client, query, self.page_size):
                        for changes in sorted_out(page.items, self.listings):
                            yield changes
                except ForbiddenError:
                    continue  # it went meanwhile, which the counts will show

    def _still_counts(self, before: _Cursor, artists: _Artists, total_now: int) -> bool:
        """Return whether each listing has as many rows as before, when none of them was saved."""
        are_known = before.counts.keys() >= {listing.type for listing in self.listings}
        same_artists = before.counts.get(ItemType.ARTIST, artists.count) == artists.count
        return are_known and same_artists and total_now == before.total

    async def _counts(self, artists: _Artists) -> dict[ItemType, int]:
        return {
            listing.type: artists.count
            if listing.type is ItemType.ARTIST
            else await total(self.session.client, listing_query(listing, self._user_id))
            for listing in self.listings
        }

    async def _total(self) -> int:
        queries = count_queries(self.listings, self._user_id)
        return sum([await total(self.session.client, query) for query in queries])

    async def _artists(self) -> _Artists:
        listing = next((each for each in self.listings if each.type is ItemType.ARTIST), None)
        if listing is None:
            return _Artists()
        query, rows, count = etag_query(listing, self._user_id), list[str](), 0
        async for page in pages(self.session.client, query, self.page_size * LIGHT):
            rows.extend(f"{row.remote_id}{row.fingerprint}" for row in page.items)
            count = count if page.total is None else page.total
        return _Artists(xxhash.xxh3_64_hexdigest("".join(sorted(rows))) if rows else "", count)

    def _cursor(
        self, artists: _Artists, counts: dict[ItemType, int], total_now: int
    ) -> ChangeCursor:
        return encoded(_Cursor(self.look.at, artists.digest, counts, total_now))

    @property
    def _user_id(self) -> str:
        return self.session.routes.user_id


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


def _show_of(item: RawItem) -> str | None:
    return None if (place := place_of(item)) is None else guid(place.series_id)


def encoded(cursor: msgspec.Struct) -> ChangeCursor:
    """Return a cursor as the text that msd keeps."""
    return ChangeCursor(msgspec.json.encode(cursor).decode())


def decoded(text: ChangeCursor, shape: type[T]) -> T:
    """Return the cursor that a text holds.

    Raises:
        BadResponseError: it holds none; enumerate instead.
    """
    try:
        return msgspec.json.decode(text, type=shape)
    except (msgspec.DecodeError, RecursionError) as error:
        raise BadResponseError("the place where the last look ended can't be read") from error
