"""Rows by their ids, and the listings that they belong to."""

from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import NamedTuple

from msd.backend_api.changes import Changes, LocatedRow
from msd.backend_api.protocol import Listing, RawItem
from msd.backends.plex.connect.link import ServerLink
from msd.backends.plex.listing.library import item_type_of
from msd.backends.plex.listing.pages import ListReader
from msd.backends.plex.listing.query import BELOW, items_query, listing_query
from msd.backends.plex.parse.rows import raw_item, read_rows, row_of
from msd.backends.plex.parse.wire import Row, key
from msd.errors import BadResponseError
from msd.models import ItemType, LibraryType, RemoteId, RemoteLibrary

MOST_BY_ID = 1_000  # beyond that a listing is cheaper
_MOST_HOLDERS = 50  # whose content is listed one by one; beyond that a listing is cheaper
_SEASONS = frozenset({ItemType.SEASON})
BATCH = 100  # longer addresses are refused by some proxies


class Shelf(NamedTuple):
    """A library, and what the user or the server says it holds."""

    library: RemoteLibrary
    type: LibraryType


async def rows_by_id(link: ServerLink, remote_ids: Iterable[RemoteId]) -> list[Row]:
    """Return the rows with these ids that there are.

    Raises:
        BadResponseError: a row can't be read, so that it can't be told which are gone.
        BackendError: as `PlexClient.get`.
    """
    found: list[Row] = []
    wanted = list(dict.fromkeys(remote_ids))
    waiting = [wanted[start : start + BATCH] for start in range(0, len(wanted), BATCH)]
    is_proved = False
    while waiting:
        batch = waiting.pop()
        query = items_query(batch)
        answer = await (await link.client()).get_or_none(query.path, query.parameters)
        if answer is not None:
            rows = read_rows(answer).rows
            if any(isinstance(row, str) for row in rows):
                raise BadResponseError("the server's answer about single items can't be read")
            found.extend(row for row in rows if isinstance(row, Row))
            continue
        if not is_proved:
            await link.connect()  # a proxy that leads astray answers 404 for everything
            is_proved = True
        # Nobody promises that one unknown id among known ones is left out silently.
        middle = len(batch) // 2
        waiting += [half for half in (batch[:middle], batch[middle:]) if middle and half]
    return found


def located(rows: Sequence[Row], shelves: Mapping[RemoteId, Shelf]) -> tuple[LocatedRow, ...]:
    """Return rows with the listings that they belong to, without those that msd never lists."""
    found = []
    for row in rows:
        shelf = shelves.get(RemoteId(key(row.section) or ""))
        item_type = item_type_of(row, LibraryType.MIXED if shelf is None else shelf.type)
        item = None if item_type is None else raw_item(row, item_type)
        if item is not None and item_type is not None:
            listing = None if shelf is None else Listing(library=shelf.library, type=item_type)
            found.append(LocatedRow(item=item, listing=listing))
    return tuple(found)


class Library:
    """One library as it is looked at: its listings, and what of it is asked for row by row."""

    def __init__(
        self,
        link: ServerLink,
        listings: Sequence[Listing],
        shelves: Mapping[RemoteId, Shelf],
        page_size: int,
    ) -> None:
        self.link = link
        self.listings = listings
        self.page_size = page_size
        self._shelves = shelves

    async def by_id(self, remote_ids: AbstractSet[RemoteId]) -> list[Changes]:
        """Return the rows of the library with these ids; shows and the like unsure when many.

        Raises:
            As `rows_by_id` does.
        """
        if len(remote_ids) > MOST_BY_ID:
            return [self._unsure(one) for one in self.listings if one.type in BELOW]
        found = located(await rows_by_id(self.link, sorted(remote_ids)), self._shelves)
        return _sorted_out(found, self.listings)

    async def holding(self, items: Iterable[RawItem]) -> AsyncGenerator[Changes, None]:
        """Yield the shows and the like that rows lie in: what they count changes with the rows.

        Raises:
            As `rows_by_id` and `ListReader.pages` do.
        """
        rows = {item.remote_id: row_of(item) for item in items}
        for changes in await self.by_id(holders(rows.values()) - rows.keys()):
            yield changes
        # Where seasons are hidden an episode does not name its own.
        hidden = {
            show
            for row in rows.values()
            if row.parent_rating_key is None and (show := key(row.grandparent_rating_key))
        }
        async for changes in self.below(ItemType.SHOW, set(map(RemoteId, hidden)), _SEASONS):
            yield changes

    async def below(
        self,
        above: ItemType,
        remote_ids: AbstractSet[RemoteId],
        types: AbstractSet[ItemType] = frozenset(ItemType),
    ) -> AsyncGenerator[Changes, None]:
        """Yield what lies in some shows and the like, unsure when they are many.

        Raises:
            As `ListReader.pages` does.
        """
        listings = [one for one in self.listings if one.type in BELOW[above] and one.type in types]
        for listing in listings:
            if len(remote_ids) > _MOST_HOLDERS:
                yield self._unsure(listing)
                continue
            for remote_id in sorted(remote_ids):
                query = listing_query(listing).narrowed(**{f"{above}.id": remote_id})
                async for page in ListReader(self.link, query, listing.type).pages(self.page_size):
                    yield Changes(listing=listing, items=page.items)

    def _unsure(self, listing: Listing) -> Changes:
        return Changes(listing=listing, is_unsure=True)


def _sorted_out(found: Iterable[LocatedRow], listings: Sequence[Listing]) -> list[Changes]:
    """Return rows of one library by its listings; those of other libraries are left out."""
    by_listing: dict[Listing, list[RawItem]] = {}
    for one in found:
        if one.listing is not None and one.listing in listings:
            by_listing.setdefault(one.listing, []).append(one.item)
    return [Changes(listing=listing, items=tuple(rows)) for listing, rows in by_listing.items()]


def holders(rows: Iterable[Row]) -> set[RemoteId]:
    """Return what rows lie in, as far as they name it."""
    ids = (key(one) for row in rows for one in (row.parent_rating_key, row.grandparent_rating_key))
    return {RemoteId(one) for one in ids if one is not None}
