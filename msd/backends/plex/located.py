"""Rows by their ids, and the listings that they belong to."""

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import NamedTuple

from msd.backend_api.changes import Changes, Located
from msd.backend_api.protocol import Listing, RawItem
from msd.backends.plex.library import item_type_of
from msd.backends.plex.link import ServerLink
from msd.backends.plex.query import BELOW, items_query
from msd.backends.plex.rows import raw_item, read_rows, row_of
from msd.backends.plex.wire import Row, key
from msd.errors import BadResponseError
from msd.models import LibraryType, RemoteId, RemoteLibrary

MOST_BY_ID = 1_000  # beyond that a listing is cheaper
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


def located(rows: Sequence[Row], shelves: Mapping[RemoteId, Shelf]) -> tuple[Located, ...]:
    """Return rows with the listings that they belong to, without those that msd never lists."""
    found = []
    for row in rows:
        shelf = shelves.get(RemoteId(key(row.section) or ""))
        item_type = item_type_of(row, LibraryType.MIXED if shelf is None else shelf.type)
        item = None if item_type is None else raw_item(row, item_type)
        if item is not None and item_type is not None:
            listing = None if shelf is None else Listing(library=shelf.library, type=item_type)
            found.append(Located(item=item, listing=listing))
    return tuple(found)


async def changes_by_id(
    link: ServerLink,
    remote_ids: AbstractSet[RemoteId],
    shelves: Mapping[RemoteId, Shelf],
    listings: Sequence[Listing],
) -> list[Changes]:
    """Return the rows of a library with these ids; shows and the like unsure when they are many.

    Raises:
        As `rows_by_id` does.
    """
    if len(remote_ids) > MOST_BY_ID:
        return [Changes(listing=one, is_unsure=True) for one in listings if one.type in BELOW]
    found = located(await rows_by_id(link, sorted(remote_ids)), shelves)
    return _sorted_out(found, listings)


def _sorted_out(found: Iterable[Located], listings: Sequence[Listing]) -> list[Changes]:
    """Return rows of one library by its listings; those of other libraries are left out."""
    by_listing: dict[Listing, list[RawItem]] = {}
    for one in found:
        if one.listing is not None and one.listing in listings:
            by_listing.setdefault(one.listing, []).append(one.item)
    return [Changes(listing=listing, items=tuple(rows)) for listing, rows in by_listing.items()]


def holders(items: Iterable[RawItem]) -> set[RemoteId]:
    """Return what rows lie in: their counts of what is there and what was seen change with them."""
    rows = (row_of(item) for item in items)
    ids = (key(one) for row in rows for one in (row.parent_rating_key, row.grandparent_rating_key))
    return {RemoteId(one) for one in ids if one is not None}
