"""The keys of one page, as SQL: pk, z (the zone), and k0, k1, … of its order.

    one listing ──┐  each: rows after the cursor, in index order, at most one page
    one listing ──┼─► merged, at most one page
    …           ──┘

So a page costs the same at any depth and in a library of any size, as long as its conditions
are not too rare.
"""

from collections.abc import Iterator, Sequence

from msd.models import ItemQuery
from msd.store.cache.reads.listings import Listing
from msd.store.cache.reads.page_cursor import PageCursor
from msd.store.cache.reads.query.conditions import Conditions
from msd.store.cache.reads.query.order import Order, Scan, Zone
from msd.store.cache.reads.query.rarest import Sql, own_index, own_range

MAX_BRANCHES = 400  # SQLite joins at most 500


def page_in_order(
    query: ItemQuery,
    order: Order,
    conditions: Conditions,
    listings: Sequence[Listing],
    cursor: PageCursor | None,
) -> Sql | None:
    """Return what reads listings in the order of an index until the page is full.

    None: no index has the order, or there are too many listings.
    """
    if order.scan is None:
        return None
    branches = []
    parameters: list[object] = []
    for listing in listings:
        for text, values in _branches(query, order.scan(listing.type), conditions, cursor):
            branches.append(text)
            parameters += [listing.pk, *values, query.offset + query.limit + 1]
    if not branches or len(branches) > MAX_BRANCHES:
        return None
    text = f"{' UNION ALL '.join(branches)} ORDER BY {page_order(order, query)} LIMIT ? OFFSET ?"
    return text, [*parameters, query.limit + 1, query.offset]


def page_of_rows(
    query: ItemQuery, order: Order, rows: Sql, conditions: Conditions, cursor: PageCursor | None
) -> Sql:
    """Return what reads all of some rows, which are `item`, and sorts those that match."""
    seek = Conditions() if cursor is None else _after(cursor, order, query)
    where = f"item.deleted_at IS NULL{conditions.and_text()}{seek.and_text()}"
    text = (
        f"SELECT item.pk AS pk, {_named(order.zone, order.keys)} FROM {rows[0]} WHERE {where}"
        f" ORDER BY {page_order(order, query)} LIMIT ? OFFSET ?"
    )
    values = [*rows[1], *conditions.parameters, *seek.parameters]
    return text, [*values, query.limit + 1, query.offset]


def _branches(
    query: ItemQuery, scan: Scan, conditions: Conditions, cursor: PageCursor | None
) -> Iterator[Sql]:
    index = own_index(query, scan) or scan.index
    # A range is one of values: what has none is not in it.
    zones = scan.zones[:1] if own_range(query, scan).texts else scan.zones
    for zone in zones:
        for seek in _seeks(query, scan, zone, cursor):
            text = (
                f"SELECT * FROM (SELECT item.pk AS pk, {_named(str(zone.number), scan.keys)}"
                f" FROM item INDEXED BY {index} WHERE item.deleted_at IS NULL"
                f" AND item.listing = ?{seek.and_text()}{conditions.and_text()}"
                f" ORDER BY {_directed((*scan.keys, 'item.pk'), query)} LIMIT ?)"
            )
            yield text, [*seek.parameters, *conditions.parameters]


def _seeks(
    query: ItemQuery, scan: Scan, zone: Zone, cursor: PageCursor | None
) -> Iterator[Conditions]:
    """Yield the ranges of an index that lie in a zone and behind a cursor.

    A comparison of all keys at once would read every row with the cursor's first key, of which
    there may be very many (all that were never played).
    """
    in_zone = own_range(query, scan)
    if zone.condition:
        in_zone.add(zone.condition)
    if cursor is None or zone.number > cursor.zone:
        yield in_zone
    if cursor is None or zone.number != cursor.zone:
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
    columns = (*order.keys, "item.pk")
    sign = "<" if query.descending else ">"
    text = "0"
    parameters: list[object] = []
    for column, value in zip(reversed(columns), reversed(cursor.keys), strict=True):
        text = f"({column} {sign} ? OR ({column} IS ? AND {text}))"
        parameters = [value, value, *parameters]
    text = f"({order.zone} > ? OR ({order.zone} = ? AND {text}))"
    return Conditions([text], [cursor.zone, cursor.zone, *parameters])


def _named(zone: str, keys: Sequence[str]) -> str:
    return ", ".join([f"{zone} AS z", *(f"{key} AS k{at}" for at, key in enumerate(keys))])


def page_order(order: Order, query: ItemQuery, page: str = "") -> str:
    """Return how the rows of a page are sorted; `page` is the name of its table with a dot."""
    keys = [f"{page}k{at}" for at in range(len(order.keys))]
    return f"{page}z, {_directed((*keys, f'{page}pk'), query)}"


def _directed(keys: Sequence[str], query: ItemQuery) -> str:
    direction = " DESC" if query.descending else ""
    return ", ".join(f"{key}{direction}" for key in keys)
