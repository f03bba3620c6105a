"""How many children an item has, and how many episodes of a show or season are unwatched."""

import json
import sqlite3
from collections.abc import Collection, Mapping

from msd.models import ItemType
from msd.store.cache.reads.listings import Listing

_CHILDREN = """
SELECT parent_id, count(*) FROM item
WHERE parent_id IN (SELECT value FROM json_each(?)) AND deleted_at IS NULL
AND listing IN (SELECT value FROM json_each(?)) GROUP BY parent_id
"""
_MEMBERS = """
SELECT parent.id, count(*) FROM item AS parent
CROSS JOIN member ON member.parent = parent.pk CROSS JOIN item ON item.id = member.item_id
WHERE parent.id IN (SELECT value FROM json_each(?)) AND item.deleted_at IS NULL
AND item.listing IN (SELECT value FROM json_each(?)) GROUP BY parent.id
"""
# An episode stands below its season or, without one, below its show: two levels, never more.
_UNWATCHED = """
SELECT id, sum(unwatched) FROM (
    SELECT parent_id AS id, count(*) AS unwatched FROM item
    WHERE parent_id IN (SELECT value FROM json_each(:ids)) AND deleted_at IS NULL
    AND watched = 0 AND listing IN (SELECT value FROM json_each(:episodes)) GROUP BY parent_id
    UNION ALL
    SELECT season.parent_id, count(*) FROM item AS season
    CROSS JOIN item AS episode ON episode.parent_id = season.id
    WHERE season.parent_id IN (SELECT value FROM json_each(:ids))
    AND season.listing IN (SELECT value FROM json_each(:seasons))
    AND episode.deleted_at IS NULL AND episode.watched = 0
    AND episode.listing IN (SELECT value FROM json_each(:episodes)) GROUP BY season.parent_id
) GROUP BY id
"""


def child_counts(
    connection: sqlite3.Connection, ids: Collection[str], listings: Mapping[int, Listing]
) -> dict[str, int]:
    """Return the number of children, or of members, of those items that have any."""
    parameters = (json.dumps(list(ids)), json.dumps(list(listings)))
    children = dict(connection.execute(_CHILDREN, parameters).fetchall())
    return children | dict(connection.execute(_MEMBERS, parameters).fetchall())


def unwatched_counts(
    connection: sqlite3.Connection, ids: Collection[str], listings: Mapping[int, Listing]
) -> dict[str, int]:
    """Return the number of unwatched episodes of those items that are shows or seasons."""
    parents = (ItemType.SHOW, ItemType.SEASON)
    counted = {
        item_id: 0
        for item_id, listing in connection.execute(
            "SELECT id, listing FROM item WHERE id IN (SELECT value FROM json_each(?))",
            (json.dumps(list(ids)),),
        )
        if listing in listings and listings[listing].type in parents
    }
    parameters = {
        "ids": json.dumps(list(counted)),
        "seasons": _of_type(listings, ItemType.SEASON),
        "episodes": _of_type(listings, ItemType.EPISODE),
    }
    return counted | dict(connection.execute(_UNWATCHED, parameters).fetchall())


def _of_type(listings: Mapping[int, Listing], item_type: ItemType) -> str:
    return json.dumps([pk for pk, listing in listings.items() if listing.type is item_type])
