"""What was saved on a server since a moment of its own time, and what has no such date.

Rows have a date at which their metadata was saved, and a list can be asked for the newer ones. Not
so artists, whose Etags are compared as a whole, and collections and playlists, which are few and
listed. No list names deletions: they show in the number of rows, which is compared with the
number that the cache expects.
"""

from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet

import msgspec
import xxhash

from msd.backend_api.changes import CachedRows, ChangeCursor, Changes, LocatedRow
from msd.backend_api.protocol import Listing, RawItem
from msd.backend_api.rows import changes_by_listing
from msd.backends.jellyfin.changes.cursor import MetadataCursor, decoded, encoded
from msd.backends.jellyfin.changes.library import FollowedLibrary, parents
from msd.backends.jellyfin.changes.poll import queries_of
from msd.backends.jellyfin.client.pages import pages, total
from msd.backends.jellyfin.client.query import (
    LIGHT,
    SERVER_WIDE,
    below_queries,
    count_queries,
    etag_query,
    listing_query,
)
from msd.backends.jellyfin.client.server_time import looked_back
from msd.backends.jellyfin.parse.place import place_of
from msd.backends.jellyfin.parse.values import guid
from msd.errors import ForbiddenError
from msd.models import ItemType, RemoteId

_MOST_PARENTS = 50  # whose members are listed one by one; beyond that a listing is cheaper
_PARENTS = frozenset({ItemType.SHOW, ItemType.SEASON, ItemType.ALBUM})
_MEMBERS = frozenset({ItemType.SEASON, ItemType.EPISODE, ItemType.TRACK})
_PARENTS_OF = {
    ItemType.EPISODE: frozenset({ItemType.SHOW, ItemType.SEASON}),
    ItemType.TRACK: frozenset({ItemType.ALBUM}),
}
_NOT_COUNTED = SERVER_WIDE | {ItemType.ARTIST}  # together with the others


class _Artists(msgspec.Struct, frozen=True):
    """The artists of a library: a digest of their ids and Etags, "" of none, and their number."""

    digest: str = ""
    count: int | None = 0


class _Pass(msgspec.Struct, kw_only=True):
    """What one reading of the changes has found so far."""

    since: int
    expected: Mapping[ItemType, int]  # rows that the cache expected when it began
    seen: set[RemoteId] = msgspec.field(default_factory=set)
    new: dict[ItemType, set[RemoteId]] = msgspec.field(default_factory=dict)
    parents: set[RemoteId] = msgspec.field(default_factory=set)
    changed_parents: dict[RemoteId, str | None] = msgspec.field(default_factory=dict)
    new_parents: dict[RemoteId, str | None] = msgspec.field(default_factory=dict)
    named: set[RemoteId] = msgspec.field(default_factory=set)  # parents that new rows name
    unsure: set[ItemType] = msgspec.field(default_factory=set)

    @property
    def outermost(self) -> set[RemoteId]:
        """Shows, albums, and seasons of shows that did not change themselves.

        The members of a new one are new as well and came by themselves, unless the server gave
        an old one a new id.
        """
        rekeyed = {
            remote_id: show
            for remote_id, show in self.new_parents.items()
            if remote_id not in self.named
        }
        changed = self.changed_parents | rekeyed
        return {remote_id for remote_id, show in changed.items() if show not in changed}

    def counted(self, types: Iterable[ItemType]) -> int:
        """Return how many rows of these types there should be now; negative: unknown."""
        counts = [self.expected.get(item_type, -1) for item_type in types]
        if any(count < 0 for count in counts):
            return -1
        return sum(counts) + sum(len(self.new.get(item_type, ())) for item_type in types)


async def metadata_cursor(library: FollowedLibrary) -> ChangeCursor:
    """Return where the rows of a library stand now.

    Raises:
        As `pages.pages` does.
    """
    artists = await _artists(library)
    return encoded(MetadataCursor(library.poll.at, artists.digest))


async def metadata_changes(
    library: FollowedLibrary, since: ChangeCursor, cached: CachedRows
) -> AsyncGenerator[Changes, None]:
    """Yield the rows saved since, then what is counted; see `HasChanges.changes`.

    Raises:
        BadResponseError: the cursor is invalid.
        As `pages.pages` does.
    """
    reader = _Reader(library, decoded(since, MetadataCursor), cached)
    async for changes in reader.changes():
        yield changes


class _Reader:
    """Reads what changed in one library."""

    def __init__(
        self, library: FollowedLibrary, before: MetadataCursor, cached: CachedRows
    ) -> None:
        self._library = library
        self._before = before
        self._cached = cached
        self._poll = library.poll
        self._user_id = library.session.routes.user_id

    async def changes(self) -> AsyncGenerator[Changes, None]:
        """Yield the rows of each listing, at the end one `Changes` of each with its count."""
        library = self._library
        found = _Pass(
            since=looked_back(self._before.at, self._poll.at),
            expected=await self._cached.expected_rows(library.remote_id),
        )
        is_as_expected = await self._poll.has_expected_total(found.since, self._cached)
        for source in (self._saved, self._parents_of_new, self._below, self._queued, self._lists):
            async for changes in source(found):
                await self._note(changes, found)
                yield changes
        artists = await _artists(library)
        if artists.digest != self._before.artists:
            found.unsure.add(ItemType.ARTIST)
        counts = await self._counts(found, artists, is_as_expected=is_as_expected)
        found.unsure |= self._doubtful_parents(counts, found)
        for listing in library.listings:
            is_last = listing is library.listings[-1]
            yield Changes(
                listing=listing,
                count=counts.get(listing.type),
                is_unsure=listing.type in found.unsure,
                cursor=encoded(MetadataCursor(self._poll.at, artists.digest)) if is_last else None,
            )

    async def _note(self, changes: Changes, found: _Pass) -> None:
        """Note rows before they are written: which of them are new, and which have changed."""
        item_type = changes.listing.type
        remote_ids = [row.remote_id for row in changes.items]
        known = await self._cached.places(remote_ids)
        found.seen.update(remote_ids)
        found.new.setdefault(item_type, set()).update(set(remote_ids) - known.keys())
        unknown = [row for row in changes.items if row.remote_id not in known]
        found.parents |= parents(unknown)
        if item_type is not ItemType.EPISODE:  # of a new show the seasons are new
            found.named |= parents(unknown)
        if item_type in _PARENTS:
            found.new_parents |= {row.remote_id: _show_of(row) for row in unknown}
            found.changed_parents |= await self._changed_parents(changes, known.keys())

    async def _changed_parents(
        self, changes: Changes, known: AbstractSet[RemoteId]
    ) -> dict[RemoteId, str | None]:
        """Return those parents, with their show, whose rows differ from the cached ones.

        A scan may save every row without a change; what the members bear of it is the same then.
        """
        cached = await self._cached.fingerprints(self._library.remote_id, changes.listing.type)
        return {
            row.remote_id: _show_of(row)
            for row in changes.items
            if row.remote_id in known and cached.get(row.remote_id) != row.fingerprint
        }

    async def _saved(self, found: _Pass) -> AsyncGenerator[Changes, None]:
        """Yield what was saved; rows that the server fails on make every listing unsure."""
        changed = await self._poll.changed(found.since, self._cached)
        library = self._library
        if changed is None:
            async for changes in self._saved_here(found):
                yield changes
            return
        found.unsure |= changed.unplaced & library.types
        if changed.has_gaps:
            found.unsure |= library.types
        rows = changed.by_library.get(library.remote_id, [])
        for changes in changes_by_listing(rows, library.listings):
            yield changes

    async def _saved_here(self, found: _Pass) -> AsyncGenerator[Changes, None]:
        """Yield what was saved in this library alone, where all of it is too much to hold."""
        library = self._library
        for query in queries_of(library.listings, self._user_id, found.since):
            async for page in pages(library.session.client, query, library.page_size):
                if page.gaps or page.skipped:
                    found.unsure |= library.types
                for changes in _by_type(page.items, library.listings):
                    yield changes

    async def _parents_of_new(self, found: _Pass) -> AsyncGenerator[Changes, None]:
        """Yield the shows, seasons and albums of new rows: their counts have changed, too."""
        async for changes in self._library.by_id(found.parents - found.seen, self._cached):
            yield changes

    async def _below(self, found: _Pass) -> AsyncGenerator[Changes, None]:
        """Yield the members of shows and the like that changed: they bear its name and pictures."""
        outermost = found.outermost
        if len(outermost) > _MOST_PARENTS:
            found.unsure |= _MEMBERS & self._library.types
            return
        for parent in sorted(outermost):
            for query in below_queries(self._library.listings, parent, self._user_id):
                try:
                    async for page in pages(
                        self._library.session.client, query, self._library.page_size
                    ):
                        for changes in _by_type(page.items, self._library.listings):
                            yield changes
                except ForbiddenError:
                    continue  # it is gone meanwhile, which the counts will show

    async def _queued(self, found: _Pass) -> AsyncGenerator[Changes, None]:
        """Yield what the Kodi Sync Queue plugin names in addition."""
        queued = await self._library.session.queue.saved(found.since) - found.seen
        async for changes in self._library.by_id(queued, self._cached):
            yield changes

    async def _lists(self, found: _Pass) -> AsyncGenerator[Changes, None]:
        """Yield collections and playlists that differ from the cached ones."""
        for listing in self._library.listings:
            if listing.type not in SERVER_WIDE:
                continue
            cached = await self._cached.fingerprints(self._library.remote_id, listing.type)
            rows = await self._rows_of(listing)
            differing = [
                row
                for row in rows
                if cached.get(row.remote_id) != row.fingerprint and row.remote_id not in found.seen
            ]
            if differing:
                yield Changes(listing=listing, items=tuple(differing))

    async def _rows_of(self, listing: Listing) -> list[RawItem]:
        lists = await self._poll.lists()
        return [
            row
            for row in lists.rows
            if (place := place_of(row)) is not None and place.item_type is listing.type
        ]

    async def _counts(
        self, found: _Pass, artists: _Artists, *, is_as_expected: bool
    ) -> dict[ItemType, int | None]:
        """Return how many rows the listings have; None: as many as the cache expects.

        The whole server is counted in one request, then this library, and its listings one by
        one only where those numbers differ from what the cache expects.
        """
        library = self._library
        counts: dict[ItemType, int | None] = {}
        for listing in library.listings:
            if listing.type is ItemType.ARTIST:
                counts[listing.type] = artists.count
            elif listing.type in SERVER_WIDE:
                lists = await self._poll.lists()
                rows = await self._rows_of(listing)
                counts[listing.type] = len(rows) if lists.is_complete else None
        types = library.types - _NOT_COUNTED
        if not types:
            return counts
        if found.unsure.isdisjoint(types) and (
            is_as_expected or await self._has_expected_total(found, types)
        ):
            return counts
        client = library.session.client
        for listing in library.listings:
            if listing.type in types:
                counts[listing.type] = await total(client, listing_query(listing, self._user_id))
        return counts

    async def _has_expected_total(self, found: _Pass, types: AbstractSet[ItemType]) -> bool:
        expected = found.counted(types)
        if expected < 0:
            return False
        client = self._library.session.client
        queries = count_queries(self._library.listings, self._user_id, everywhere=False)
        return expected == sum([await total(client, query) for query in queries])

    def _doubtful_parents(
        self, counts: Mapping[ItemType, int | None], found: _Pass
    ) -> set[ItemType]:
        """Return the types of parents whose members are not as many as expected."""
        return {
            parent
            for member, holding in _PARENTS_OF.items()
            if counts.get(member) is not None and counts[member] != found.counted([member])
            for parent in holding
        }


async def _artists(library: FollowedLibrary) -> _Artists:
    listing = next((each for each in library.listings if each.type is ItemType.ARTIST), None)
    if listing is None:
        return _Artists()
    query = etag_query(listing, library.session.routes.user_id)
    rows: set[str] = set()
    is_complete = True
    async for page in pages(library.session.client, query, library.page_size * LIGHT):
        rows.update(f"{row.remote_id}{_digest(row)}" for row in page.items)
        is_complete = is_complete and not page.gaps and not page.skipped
    digest = xxhash.xxh3_64_hexdigest("".join(sorted(rows))) if rows else ""
    return _Artists(digest, len(rows) if is_complete else None)


def _digest(row: RawItem) -> str:
    """Return a digest of a row with its Etag, which a fingerprint leaves out."""
    raw = row.payload
    return xxhash.xxh3_64_hexdigest(bytes(raw)) if isinstance(raw, msgspec.Raw) else ""


def _by_type(rows: Sequence[RawItem], listings: Sequence[Listing]) -> tuple[Changes, ...]:
    """Return rows of one library by the listings that they belong to."""
    by_type = {listing.type: listing for listing in listings}
    located = [
        LocatedRow(item=row, listing=by_type.get(place.item_type))
        for row in rows
        if (place := place_of(row)) is not None and place.item_type is not None
    ]
    return changes_by_listing(located, listings)


def _show_of(item: RawItem) -> str | None:
    return None if (place := place_of(item)) is None else guid(place.series_id)
