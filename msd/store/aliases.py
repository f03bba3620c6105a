"""Item ids that do not derive from the item's remote id (I2); kept in state.db."""

import sqlite3
from collections.abc import Mapping

from msd.models import ItemId, RemoteId, SourceId
from msd.store import state_text as sql
from msd.store.database import transaction


def read_aliases(connection: sqlite3.Connection, source_id: SourceId) -> dict[RemoteId, ItemId]:
    """Return the ids of a source that were given by hand, so to speak."""
    rows = connection.execute(
        "SELECT remote_id, item_id FROM item_alias WHERE source_id = ?", (source_id,)
    )
    return {RemoteId(remote_id): ItemId(item_id) for remote_id, item_id in rows}


def write_aliases(
    connection: sqlite3.Connection, source_id: SourceId, aliases: Mapping[RemoteId, ItemId]
) -> None:
    """Record ids in one durable transaction; an older alias of the same item goes."""
    with transaction(connection):
        connection.executemany(
            sql.PUT_ALIAS,
            [(source_id, item_id, remote_id) for remote_id, item_id in aliases.items()],
        )
