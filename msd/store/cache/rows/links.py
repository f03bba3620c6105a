"""Facets and external ids of items as link rows, found again from an item's detail."""

import json
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from msd.store.cache import statements as sql
from msd.store.cache.rows.facets import facet_key, linked_values
from msd.store.cache.rows.item_row import ItemRow


def link(connection: sqlite3.Connection, listing: int, rows: Iterable[tuple[int, ItemRow]]) -> None:
    """Add the links of rows of a listing, given with their primary keys."""
    names: dict[int, str] = {}
    facets: list[tuple[int, int, int]] = []
    external_ids: list[tuple[str, int]] = []
    for pk, row in rows:
        for facet, name in row.facets:
            key = facet_key(facet, name)
            names.setdefault(key, name)
            facets.append((key, listing, pk))
        external_ids += [(external_id, pk) for external_id in row.external_ids]
    connection.executemany(sql.PUT_FACET_VALUE, names.items())
    # Sorted, since rows next to each other in the file cost less.
    connection.executemany(sql.PUT_ITEM_FACET, sorted(facets))
    connection.executemany(sql.PUT_ITEM_EXTERNAL, sorted(external_ids))


def unlink(connection: sqlite3.Connection, pks: Collection[int]) -> None:
    """Remove every link of items; their rows and details are still what was linked."""
    for pk, listing, detail in _details(connection, pks):
        keys = {facet_key(facet, name) for facet, name in linked_values(detail)}
        connection.executemany(sql.DELETE_ITEM_FACET, [(key, listing, pk) for key in keys])
        external_ids = detail.get("external_ids", ())
        connection.executemany(
            sql.DELETE_ITEM_EXTERNAL, [(external_id, pk) for external_id in external_ids]
        )


def _details(
    connection: sqlite3.Connection, pks: Collection[int]
) -> Iterator[tuple[int, int, Mapping[str, Any]]]:
    rows = connection.execute(
        "SELECT item.pk, item.listing, item_detail.body FROM item"
        " JOIN item_detail ON item_detail.item = item.pk"
        " WHERE item.pk IN (SELECT value FROM json_each(?))",
        (json.dumps(list(pks)),),
    ).fetchall()
    return ((pk, listing, json.loads(body)) for pk, listing, body in rows)
