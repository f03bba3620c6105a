"""Genres and external ids of items as link rows, found again from an item's detail."""

import json
import sqlite3
from collections.abc import Collection, Iterable, Mapping

from msd.store.cache import statements as sql
from msd.store.cache.rows.columns import genre_key
from msd.store.cache.rows.item_row import ItemRow


def link(connection: sqlite3.Connection, rows: Iterable[tuple[int, ItemRow]]) -> None:
    """Add the links of rows, given with their primary keys."""
    names: dict[int, str] = {}
    genres: list[tuple[int, int]] = []
    external_ids: list[tuple[str, int]] = []
    for pk, row in rows:
        for name in row.genres:
            key = genre_key(name)
            names.setdefault(key, name)
            genres.append((key, pk))
        external_ids += [(external_id, pk) for external_id in row.external_ids]
    connection.executemany(sql.PUT_GENRE, names.items())
    # Sorted, since rows next to each other in the file cost less.
    connection.executemany(sql.PUT_ITEM_GENRE, sorted(genres))
    connection.executemany(sql.PUT_ITEM_EXTERNAL, sorted(external_ids))


def unlink(connection: sqlite3.Connection, pks: Collection[int]) -> None:
    """Remove every link of items."""
    for pk, detail in _details(connection, pks).items():
        genres = {genre_key(name) for name in detail.get("genres", ())}
        connection.executemany(sql.DELETE_ITEM_GENRE, [(genre, pk) for genre in genres])
        external_ids = detail.get("external_ids", ())
        connection.executemany(
            sql.DELETE_ITEM_EXTERNAL, [(external_id, pk) for external_id in external_ids]
        )


def _details(
    connection: sqlite3.Connection, pks: Collection[int]
) -> Mapping[int, Mapping[str, list[str]]]:
    rows = connection.execute(
        "SELECT item, body FROM item_detail WHERE item IN (SELECT value FROM json_each(?))",
        (json.dumps(list(pks)),),
    )
    return {pk: json.loads(body) for pk, body in rows}
