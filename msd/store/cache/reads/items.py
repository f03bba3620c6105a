"""Named items of the cache, and where they come from."""

import json
import sqlite3
from collections.abc import Collection, Sequence

from msd.models import ItemFields, ItemId, RemoteId, SourceId
from msd.store.cache.reads.fields import projection
from msd.store.cache.reads.listings import visible_listings


def items(
    connection: sqlite3.Connection,
    ids: Sequence[ItemId],
    fields: Sequence[str] = (),
    hidden_sources: Collection[SourceId] = (),
) -> tuple[ItemFields, ...]:
    """Return items in the order of their ids; unknown ones are left out.

    Raises:
        InvalidArgumentError: a field is unknown.
    """
    shown = projection(tuple(fields))
    listings = visible_listings(connection, hidden_sources)
    rows = connection.execute(
        f"SELECT {shown.columns} FROM item{shown.joins}"
        " WHERE item.id IN (SELECT value FROM json_each(?)) AND item.deleted_at IS NULL"
        " AND item.listing IN (SELECT value FROM json_each(?))",
        (json.dumps(ids), json.dumps(list(listings))),
    ).fetchall()
    by_id = {item["id"]: item for item in shown.items(listings, rows)}
    return tuple(by_id[item_id] for item_id in ids if item_id in by_id)


def remote_ids(
    connection: sqlite3.Connection, ids: Sequence[ItemId]
) -> dict[ItemId, tuple[SourceId, RemoteId]]:
    """Return the source and remote id of those items that are there."""
    rows = connection.execute(
        "SELECT item.id, library.source_id, item.remote_id FROM item"
        " JOIN listing ON listing.pk = item.listing JOIN library ON library.pk = listing.library"
        " WHERE item.id IN (SELECT value FROM json_each(?)) AND item.deleted_at IS NULL",
        (json.dumps(ids),),
    )
    return {ItemId(item): (SourceId(source), RemoteId(remote)) for item, source, remote in rows}
