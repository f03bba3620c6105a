"""Gives what is in a show or an album its place there, and moves it when the place changes."""

import json
import sqlite3
from collections.abc import Collection, Sequence

from msd.store.cache.rows.item_row import ItemRow
from msd.store.cache.rows.place import END

# Shows stand at their sort titles; what is below them adds their ids, see rows/place.
_TOPS = """
SELECT id, CASE place WHEN '' THEN sort_title || char(31) || id ELSE place END FROM item
WHERE id IN (SELECT value FROM json_each(?)) AND deleted_at IS NULL
"""
_MOVED = f"""
UPDATE item SET place = ?1 || substr(place, -{END})
WHERE pk IN (
    SELECT pk FROM item INDEXED BY item_show WHERE show_id = ?2
    UNION SELECT pk FROM item INDEXED BY item_parent WHERE parent_id = ?2
) AND place <> '' AND place <> ?1 || substr(place, -{END})
"""


def place_rows(connection: sqlite3.Connection, rows: Sequence[ItemRow]) -> None:
    """Give rows that are about to be written their places in the shows and albums there are."""
    tops = _tops(connection, {row.top for row in rows if row.top})
    for row in rows:
        if (top := tops.get(row.top)) is not None:
            row.place = top + row.place[-END:]


def move_what_is_below(connection: sqlite3.Connection, ids: Collection[str]) -> None:
    """Move what is stored of shows and albums, after these were written."""
    tops = _tops(connection, ids)
    connection.executemany(_MOVED, [(top, item_id) for item_id, top in tops.items()])


def _tops(connection: sqlite3.Connection, ids: Collection[str]) -> dict[str, str]:
    if not ids:
        return {}
    return dict(connection.execute(_TOPS, (json.dumps(list(ids)),)))
