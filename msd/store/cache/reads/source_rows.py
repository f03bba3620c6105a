"""The current rows of one source, by the ids that its server knows them by (Y20)."""

import json
import sqlite3
from collections.abc import Sequence

import msgspec

from msd.models import (
    ItemType,
    RemoteId,
    SourceId,
    WatchState,
)
from msd.store.cache.rows import normalise
from msd.store.cache.rows.columns import WATCH_COLUMNS
from msd.store.ids import IdBook

_FROM = """
FROM item JOIN listing ON listing.pk = item.listing JOIN library ON library.pk = listing.library
WHERE item.deleted_at IS NULL AND library.deleted_at IS NULL AND library.source_id = ?
"""
_TOUCHED = f"""
SELECT item.remote_id, {", ".join(WATCH_COLUMNS)} {_FROM} AND library.remote_id = ?
AND NOT (said_watched = 0 AND play_count = 0 AND position_ms = 0 AND last_played = 0
         AND favourite = 0 AND user_rating IS NULL)
"""
_PLACES = f"""
SELECT item.id, library.remote_id, listing.type {_FROM}
AND item.id IN (SELECT value FROM json_each(?))
"""
_EXPECTED = """
SELECT listing.type, listing.complete_total FROM listing
JOIN library ON library.pk = listing.library
WHERE library.source_id = ? AND library.remote_id = ? AND library.deleted_at IS NULL
"""
_FINGERPRINTS = f"""
SELECT item.remote_id, item.fingerprint {_FROM} AND library.remote_id = ? AND listing.type = ?
"""
_MEMBERS = """
SELECT item.remote_id FROM item AS container
JOIN member ON member.parent = container.pk JOIN item ON item.id = member.item_id
WHERE container.id = ? AND container.deleted_at IS NULL ORDER BY member.position
"""


class SourceRows:
    """Reads the current rows of one source, by the ids that its server knows them by."""

    def __init__(self, connection: sqlite3.Connection, source_id: SourceId, ids: IdBook) -> None:
        self._connection = connection
        self._source_id = source_id
        self._ids = ids

    def watch_states(self, library: RemoteId) -> dict[RemoteId, WatchState]:
        """Return the watch states of a library that are not the one of a row never touched."""
        rows = self._connection.execute(_TOUCHED, (self._source_id, library))
        return {RemoteId(remote_id): _watch_state(values) for remote_id, *values in rows}

    def places(self, remote_ids: Sequence[RemoteId]) -> dict[RemoteId, tuple[RemoteId, ItemType]]:
        """Return library and type of those ids that are current rows."""
        ids = {
            self._ids.id_of(remote_id): remote_id
            for remote_id in remote_ids
            if normalise.is_usable_id(remote_id)
        }
        rows = self._connection.execute(_PLACES, (self._source_id, json.dumps(list(ids))))
        return {
            ids[item_id]: (RemoteId(library), ItemType(item_type))
            for item_id, library, item_type in rows
        }

    def expected_rows(self, library: RemoteId) -> dict[ItemType, int]:
        """Return how many rows each listing of a library should have; -1: unknown."""
        rows = self._connection.execute(_EXPECTED, (self._source_id, library))
        return {ItemType(item_type): expected for item_type, expected in rows}

    def fingerprints(self, library: RemoteId, item_type: ItemType) -> dict[RemoteId, int]:
        """Return the fingerprint of each current row of a listing."""
        where = (self._source_id, library, item_type.value)
        return {
            RemoteId(row): value for row, value in self._connection.execute(_FINGERPRINTS, where)
        }

    def members(self, remote_id: RemoteId) -> tuple[RemoteId, ...]:
        """Return those members of a collection or playlist that are cached, in order."""
        rows = self._connection.execute(_MEMBERS, (self._ids.id_of(remote_id),))
        return tuple(RemoteId(member) for (member,) in rows)


def _watch_state(values: Sequence[object]) -> WatchState:
    """Return the watch state that a row's `WATCH_COLUMNS` stand for."""
    names = [name.removeprefix("said_") for name in WATCH_COLUMNS]
    return msgspec.convert(dict(zip(names, values, strict=True)), WatchState, strict=False)
