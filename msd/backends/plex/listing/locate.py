"""Rows by their ids, and the listings that they belong to."""

from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import NamedTuple

from msd.backend_api.changes import Changes, LocatedRow
from msd.backend_api.narrowing import MOST_BAD_ROWS, concerns_request
from msd.backend_api.protocol import Listing, RawItem
from msd.backend_api.rows import batches, changes_by_listing
from msd.backends.plex.connect.link import ServerLink
from msd.backends.plex.listing.library import item_type_of
from msd.backends.plex.listing.pages import ListReader
from msd.backends.plex.listing.query import BELOW, items_query, listing_query
from msd.backends.plex.listing.recent import RecentLists
from msd.backends.plex.parse.rows import RowPage, UnreadableRow, raw_item, read_rows, row_of
from msd.backends.plex.parse.wire import Row, key
from msd.errors import BackendError, BadResponseError, UnreachableError
from msd.models import ItemType, LibraryType, RemoteId, RemoteLibrary

MOST_BY_ID = 1_000  # beyond that a listing is cheaper
_MOST_PARENTS = 50  # whose content is listed one by one; beyond that a listing is cheaper
_SEASONS = frozenset({ItemType.SEASON})
BATCH = 100  # longer addresses are refused by some proxies


class TypedLibrary(NamedTuple):
    """A library, and what the user or the server says it holds."""

    library: RemoteLibrary
    type: LibraryType


class RowsById(NamedTuple):
    """What the server answered about some ids; an id that is in neither part is gone."""

    rows: list[Row]
    unreadable: list[RemoteId]  # the server failed on these, or their rows can't be read


async def rows_by_id(link: ServerLink, remote_ids: Iterable[RemoteId]) -> RowsById:
    """Return the rows with these ids. A fault is narrowed to the ids on which it happens.

    Raises:
        UnreachableError: the server can't be asked, or fails on more than 20 of the ids.
        BackendError: as `PlexClient.get`.
    """
    answer = RowsById([], [])
    waiting = list(batches(list(dict.fromkeys(remote_ids)), BATCH))
    is_proved = False
    while waiting:
        batch = waiting.pop()
        try:
            page = await _full_rows(link, batch)
        except (BadResponseError, UnreachableError) as error:
            if not concerns_request(error):
                raise
            _narrow(batch, waiting, answer.unreadable, error)
            continue
        if page is not None:
            rows = [row for row in page.rows if isinstance(row, Row)]
            answer.rows.extend(rows)
            if len(rows) < len(page.rows):
                answer.unreadable.extend(set(batch) - {key(row.rating_key) for row in rows})
            continue
        if not is_proved:
            await link.connect()  # a misconfigured proxy answers 404 to everything
            is_proved = True
        # Whether a server leaves unknown ids out of such an answer is not documented.
        waiting += _halves(batch) if len(batch) > 1 else []
    return answer


async def _full_rows(link: ServerLink, batch: Sequence[RemoteId]) -> RowPage | None:
    """Return the rows with these ids, None when the server knows none of them."""
    query = items_query(batch)
    answer = await (await link.client()).get_or_none(query.path, query.parameters)
    return None if answer is None else read_rows(answer)


def _narrow(
    batch: Sequence[RemoteId],
    waiting: list[Sequence[RemoteId]],
    unreadable: list[RemoteId],
    error: BackendError,
) -> None:
    """Ask for the halves of a batch on which the server failed; note a single id."""
    if len(batch) > 1:
        waiting += _halves(batch)
        return
    unreadable += batch
    if len(unreadable) > MOST_BAD_ROWS:
        raise error


def _halves(batch: Sequence[RemoteId]) -> list[Sequence[RemoteId]]:
    middle = len(batch) // 2
    return [batch[:middle], batch[middle:]]


def locate_rows(
    rows: Sequence[Row], sections: Mapping[RemoteId, TypedLibrary]
) -> tuple[LocatedRow, ...]:
    """Return rows with the listings that they belong to, without those that msd never lists."""
    rows_found = []
    for row in rows:
        section = sections.get(RemoteId(key(row.section) or ""))
        item_type = item_type_of(row, LibraryType.MIXED if section is None else section.type)
        item = None if item_type is None else raw_item(row, item_type)
        if item is not None and item_type is not None:
            listing = None if section is None else Listing(library=section.library, type=item_type)
            rows_found.append(LocatedRow(item=item, listing=listing))
    return tuple(rows_found)


def unreadable_rows(remote_ids: Iterable[RemoteId]) -> tuple[LocatedRow, ...]:
    """Return a row for each id on which the server failed; parsing it says so."""
    return tuple(
        LocatedRow(
            item=RawItem(remote_id, 0, UnreadableRow("the server failed to answer for it")),
            is_readable=False,
        )
        for remote_id in remote_ids
    )


class LibraryReader:
    """Reads single rows of one library, and the rows below a show or an artist."""

    def __init__(
        self,
        link: ServerLink,
        listings: Sequence[Listing],
        sections: Mapping[RemoteId, TypedLibrary],
        page_size: int,
        recent: RecentLists,
    ) -> None:
        self.link = link
        self.recent = recent
        self.listings = listings
        self.page_size = page_size
        self._sections = sections

    async def by_id(self, remote_ids: AbstractSet[RemoteId]) -> Sequence[Changes]:
        """Return the rows of the library with these ids.

        Of more than 1,000 ids the listings of shows, seasons, artists and albums come back as
        unsure instead.

        Raises:
            As `rows_by_id` does.
        """
        if len(remote_ids) > MOST_BY_ID:
            return [self._unsure(listing) for listing in self.listings if listing.type in BELOW]
        answer = await rows_by_id(self.link, sorted(remote_ids))
        return changes_by_listing(locate_rows(answer.rows, self._sections), self.listings)

    async def parents(self, items: Iterable[RawItem]) -> AsyncGenerator[Changes, None]:
        """Yield the shows, seasons, artists and albums of rows, whose counts change with the rows.

        Raises:
            As `rows_by_id` and `ListReader.pages` do.
        """
        rows = {item.remote_id: row_of(item) for item in items}
        for changes in await self.by_id(parents_of(rows.values()) - rows.keys()):
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
        """Yield the rows below some shows or artists.

        Of more than 50 parents the listings come back as unsure instead.


        Raises:
            As `ListReader.pages` does.
        """
        wanted = types & set(BELOW[above])
        for listing in (listing for listing in self.listings if listing.type in wanted):
            if len(remote_ids) > _MOST_PARENTS:
                yield self._unsure(listing)
                continue
            for remote_id in sorted(remote_ids):
                query = listing_query(listing).narrowed(**{f"{above}.id": remote_id})
                async for page in ListReader(self.link, query, listing.type).pages(self.page_size):
                    yield Changes(listing=listing, items=page.items)

    def _unsure(self, listing: Listing) -> Changes:
        return Changes(listing=listing, is_unsure=True)


def parents_of(rows: Iterable[Row]) -> set[RemoteId]:
    """Return the ids of the parents and grandparents that rows name."""
    ids = {
        key(value) for row in rows for value in (row.parent_rating_key, row.grandparent_rating_key)
    }
    return {RemoteId(parent_id) for parent_id in ids if parent_id is not None}
