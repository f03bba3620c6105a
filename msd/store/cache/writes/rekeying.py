"""Newcomers that are old acquaintances: a server re-keyed them, or a file was moved (I2)."""

import json
import sqlite3
from collections.abc import Iterator, Sequence

from msgspec import Struct

from msd.models import ItemId, RemoteId, SourceId
from msd.store.cache import statements as sql
from msd.store.cache.rows.columns import NEVER_WATCHED, WATCH_COLUMNS
from msd.store.cache.writes import places, search_index

_ROWS = f"""
SELECT item.pk, item.id, item.remote_id, item.identity, item.full_content,
       {", ".join(WATCH_COLUMNS)}
FROM item JOIN listing ON listing.pk = item.listing JOIN library ON library.pk = listing.library
"""
_GONE = f"""
{_ROWS} WHERE item.pk IN (SELECT value FROM json_each(?)) AND item.listing = ?
AND item.deleted_at IS NULL AND item.identity IS NOT NULL ORDER BY item.pk
"""
# A new item is known by its key: keys only grow, and the listing remembers the highest one of
# its last complete pass. So this reads the end of the table and needs no index.
_NEW = f"""
{_ROWS} WHERE item.pk > (SELECT complete_pk FROM listing WHERE pk = ?)
AND item.deleted_at IS NULL AND item.identity IS NOT NULL
AND listing.type = (SELECT type FROM listing WHERE pk = ?) AND library.source_id = ?
ORDER BY item.pk
"""
_DETAILS = """
SELECT item, fetched, body, beyond_list, is_whole FROM item_full
WHERE item IN (SELECT value FROM json_each(?))
"""


class Row(Struct, frozen=True):
    """One side of a re-keying."""

    pk: int
    id: ItemId
    remote_id: RemoteId
    identity: int
    full_content: int | None
    watch: tuple[object, ...]


class Rekeying(Struct, frozen=True):
    """A missing row and the new item that goes on under its id."""

    gone: Row
    new_item: Row


def find(
    connection: sqlite3.Connection, source_id: SourceId, listing: int, pks: Sequence[int]
) -> list[Rekeying]:
    """Pair missing rows of a listing with new items of the same identity, each at most once."""
    gone = list(_rows(connection, _GONE, (json.dumps(pks), listing)))
    if not gone:
        return []
    missing = {row.pk for row in gone}
    wanted = {row.identity for row in gone}
    new_items: dict[int, list[Row]] = {}
    for row in _rows(connection, _NEW, (listing, listing, source_id)):
        if row.identity in wanted and row.pk not in missing:
            new_items.setdefault(row.identity, []).append(row)
    return [Rekeying(row, found.pop(0)) for row in gone if (found := new_items.get(row.identity))]


def keep_details(
    connection: sqlite3.Connection, rekeyed: Sequence[Rekeying], revision: int
) -> None:
    """Let new items have the details of the missing rows until their own are fetched."""
    lacking = [pair for pair in rekeyed if pair.new_item.full_content is None]
    becomes = {pair.gone.pk: pair.new_item.pk for pair in lacking}
    contents = [(pair.gone.full_content, revision, pair.new_item.pk) for pair in lacking]
    details = connection.execute(_DETAILS, (json.dumps(list(becomes)),)).fetchall()
    with search_index.in_step(connection, becomes.values()):
        connection.executemany(sql.PUT_FULL, [(becomes[pk], *rest) for pk, *rest in details])
        connection.executemany(sql.SET_FULL_CONTENT, contents)


def rekey(connection: sqlite3.Connection, rekeyed: Sequence[Rekeying], revision: int) -> None:
    """Let new items go on under the ids of the missing rows, which must be deleted already."""
    for pair in rekeyed:
        was, becomes = pair.new_item.id, pair.gone.id
        watch = pair.gone.watch if pair.new_item.watch == NEVER_WATCHED else pair.new_item.watch
        connection.execute(sql.REKEY_ITEM, (becomes, revision, *watch, watch[0], pair.new_item.pk))
        connection.execute(sql.MOVE_SHOW, (revision, becomes, was, was, was))
        connection.execute(sql.MOVE_ALBUM, (revision, becomes, was, was))
        connection.execute(sql.MOVE_CHILDREN, (revision, becomes, was))
        connection.execute(sql.MOVE_MEMBERS, (becomes, was))
    places.move_what_is_below(connection, [pair.gone.id for pair in rekeyed])


def _rows(
    connection: sqlite3.Connection, query: str, parameters: Sequence[object]
) -> Iterator[Row]:
    for pk, item_id, remote_id, identity, full_content, *watch in connection.execute(
        query, parameters
    ):
        yield Row(pk, ItemId(item_id), RemoteId(remote_id), identity, full_content, tuple(watch))
