"""The keys of one page, as SQL: pk, z (the zone), and k0, k1, … of its order.

    one listing ──┐  each: rows after the cursor, in index order, as many as are taken
    one listing ──┼─► merged: those that have the value ──► at most one page
    …           ──┘   then the same of those that have none

So a page costs the same at any depth and in a library of any size, as long as its conditions
are not too rare; of a rare one, all rows are read and sorted.
"""

from collections.abc import Iterator, Mapping, Sequence

from msd.models import ItemQuery
from msd.store.cache.reads.listings import Listing
from msd.store.cache.reads.page_cursor import PageCursor
from msd.store.cache.reads.query.conditions import Conditions
from msd.store.cache.reads.query.order import Order, Scan, Zone
from msd.store.cache.reads.query.rarest import Candidate, Sql, own_index, own_range, rows_of

MAX_BRANCHES = 400  # SQLite joins at most 500


def page_in_order(
    query: ItemQuery,
    order: Order,
    conditions: Conditions,
    listings: Mapping[Listing, Candidate | None],
    cursor: PageCursor | None,
) -> Sql | None:
    """Return what reads listings in order until the page is full.

    Args:
        query: its form.
        order: of the page.
        conditions: hold for every row.
        listings: with the condition whose rows are read and sorted; None: read in order.
        cursor: the rows come after it.

    Returns:
        None when no index has the order, or there are too many listings.
    """
    zones: list[str] = []
    parameters: list[object] = []
    count = 0
    for zone in order.zones:
        branches = list(_branches_in_zone(query, order, conditions, listings, zone, cursor))
        if branches:
            zones.append(_merged(query, order, zone, [text for text, _ in branches]))
            for _, values in branches:
                parameters += values
            parameters.append(query.offset + query.limit + 1)
            count += len(branches)
    if not zones or count > MAX_BRANCHES:
        return None
    text = f"{' UNION ALL '.join(zones)} LIMIT ? OFFSET ?"
    return text, [*parameters, query.limit + 1, query.offset]


def page_of_rows(
    query: ItemQuery, order: Order, rows: Sql, conditions: Conditions, cursor: PageCursor | None
) -> Sql:
    """Return what reads all of some rows, which are `item`, and sorts those that match."""
    seek = Conditions() if cursor is None else _after(cursor, order, query)
    where = f"item.deleted_at IS NULL{conditions.and_text()}{seek.and_text()}"
    text = (
        f"SELECT item.pk AS pk, {order.zone} AS z, {_named(order.keys)} FROM {rows[0]}"
        f" WHERE {where} ORDER BY {page_order(order, query)} LIMIT ? OFFSET ?"
    )
    values = [*rows[1], *conditions.parameters, *seek.parameters]
    return text, [*values, query.limit + 1, query.offset]


def _merged(query: ItemQuery, order: Order, zone: int, branches: Sequence[str]) -> str:
    names = [f"k{at}" for at in range(len(order.keys))]
    return (
        f"SELECT pk, {zone} AS z, {', '.join(names)} FROM ({' UNION ALL '.join(branches)}"
        f" ORDER BY {_directed((*names, 'pk'), query)} LIMIT ?)"
    )


def _branches_in_zone(
    query: ItemQuery,
    order: Order,
    conditions: Conditions,
    listings: Mapping[Listing, Candidate | None],
    number: int,
    cursor: PageCursor | None,
) -> Iterator[Sql]:
    if order.scan is None or (cursor is not None and number < cursor.zone):
        return
    behind = cursor if cursor is not None and number == cursor.zone else None
    for listing, few in listings.items():
        scan = order.scan(listing.type)
        for zone in scan.zones:
            if zone.number != number:
                continue
            if few is None:
                yield from _in_index(query, scan, zone, listing, conditions, behind)
            else:
                yield _sorted_rows(query, scan, zone, few, conditions, behind)


def _in_index(
    query: ItemQuery,
    scan: Scan,
    zone: Zone,
    listing: Listing,
    conditions: Conditions,
    cursor: PageCursor | None,
) -> Iterator[Sql]:
    """Yield the parts of an index that have the rows of a listing in order."""
    index = own_index(query, scan) or scan.index
    for seek in _seeks(query, scan, zone, cursor):
        text = (
            f"SELECT item.pk AS pk, {_named(scan.keys)} FROM item INDEXED BY {index}"
            f" WHERE item.deleted_at IS NULL AND item.listing = ?"
            f"{seek.and_text()}{conditions.and_text()}"
        )
        yield text, [listing.pk, *seek.parameters, *conditions.parameters]


def _sorted_rows(
    query: ItemQuery,
    scan: Scan,
    zone: Zone,
    few: Candidate,
    conditions: Conditions,
    cursor: PageCursor | None,
) -> Sql:
    """Return what reads the rows of a condition in a listing; they are sorted for the merge."""
    rows, parameters = rows_of(few)
    seek = Conditions() if cursor is None else _after_keys(cursor, scan.keys, query)
    if zone.condition:
        seek.add(zone.condition)
    text = (
        f"SELECT item.pk AS pk, {_named(scan.keys)} FROM {rows}"
        f" WHERE item.deleted_at IS NULL{seek.and_text()}{conditions.and_text()}"
    )
    return text, [*parameters, *seek.parameters, *conditions.parameters]


def _seeks(
    query: ItemQuery, scan: Scan, zone: Zone, cursor: PageCursor | None
) -> Iterator[Conditions]:
    """Yield the ranges of an index that lie in a zone and behind a cursor.

    A comparison of all keys at once would read every row with the cursor's first key, of which
    there may be very many (all that were never played).
    """
    in_zone = own_range(query, scan)
    if zone.condition:
        if in_zone.texts and zone.number:
            return  # a range is one of values: what has none is not in it
        in_zone.add(zone.condition)
    if cursor is None:
        yield in_zone
        return
    after = "<" if query.descending else ">"
    columns, values = (*scan.keys, "item.pk"), cursor.keys
    for at in range(len(columns), 0, -1):
        seek = Conditions()
        for column, value in zip(columns[: at - 1], values, strict=False):
            if value is None:
                seek.add(f"{column} IS NULL")
            else:
                seek.add(f"{column} = ?", value)
        seek.add(f"{columns[at - 1]} {after} ?", values[at - 1])
        if at == 1:
            # Behind: of several bounds SQLite searches by the first. Not beside an equal first
            # key: it would search by the bound.
            seek.texts += in_zone.texts
            seek.parameters += in_zone.parameters
        yield seek


def _after(cursor: PageCursor, order: Order, query: ItemQuery) -> Conditions:
    """Return the condition that a row comes after a cursor."""
    keys = _after_keys(cursor, order.keys, query)
    text = f"({order.zone} > ? OR ({order.zone} = ? AND {keys.texts[0]}))"
    return Conditions([text], [cursor.zone, cursor.zone, *keys.parameters])


def _after_keys(cursor: PageCursor, keys: Sequence[str], query: ItemQuery) -> Conditions:
    """Return the condition that a row of the cursor's zone comes after it."""
    sign = "<" if query.descending else ">"
    text = "0"
    parameters: list[object] = []
    for column, value in zip((*keys, "item.pk")[::-1], cursor.keys[::-1], strict=True):
        text = f"({column} {sign} ? OR ({column} IS ? AND {text}))"
        parameters = [value, value, *parameters]
    return Conditions([text], parameters)


def page_order(order: Order, query: ItemQuery, page: str = "") -> str:
    """Return how the rows of a page are sorted; `page` is the name of its table with a dot."""
    keys = [f"{page}k{at}" for at in range(len(order.keys))]
    return f"{page}z, {_directed((*keys, f'{page}pk'), query)}"


def _named(keys: Sequence[str]) -> str:
    return ", ".join(f"{key} AS k{at}" for at, key in enumerate(keys))


def _directed(keys: Sequence[str], query: ItemQuery) -> str:
    direction = " DESC" if query.descending else ""
    return ", ".join(f"{key}{direction}" for key in keys)
