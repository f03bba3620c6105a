"""Stores the full answers for items: they add details and overwrite nothing (Y22).

Lists are the authority for what lists carry: a single answer may be older than the list that was
read before it, and what it changed the next full sync would change back.

An answer that came in a page of many may lack what takes a request of its own for each item. What
is stored of that stays.
"""

import json
import sqlite3
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from msgspec import json as msgspec_json
from xxhash import xxh3_64_digest

from msd.models import (
    DetailPage,
    DueItem,
    ItemId,
    LibraryId,
    MediaItem,
    RemoteId,
    SourceId,
    UnixSeconds,
)
from msd.store.cache import statements as sql
from msd.store.cache.file import next_revision
from msd.store.cache.rows.item_row import ItemRow, item_row
from msd.store.cache.writes import search_index
from msd.store.ids import IdBook

NOTHING = b"{}"
_SELECT = """
SELECT item.pk, item.id, item.content, item.full_content, item_detail.body, item_full.body,
       library.id
FROM item JOIN listing ON listing.pk = item.listing JOIN library ON library.pk = listing.library
LEFT JOIN item_detail ON item_detail.item = item.pk
LEFT JOIN item_full ON item_full.item = item.pk
"""
_BY_PK = f"""{_SELECT}
WHERE item.pk IN (SELECT value FROM json_each(?)) AND library.source_id = ?
AND item.deleted_at IS NULL
"""


class _Place(NamedTuple):
    """A cached item that a full answer is about."""

    pk: int
    item_id: ItemId
    content: int
    full_content: int | None
    listed: str | None  # JSON, what its listing said
    full: bytes | None  # JSON, its details so far
    library: LibraryId


def store_details(
    connection: sqlite3.Connection,
    source_id: SourceId,
    asked: Sequence[DueItem],
    page: DetailPage,
    aliases: Mapping[RemoteId, ItemId],
    now: UnixSeconds,
) -> tuple[int | None, Mapping[LibraryId, list[ItemId]]]:
    """Store the details of many items inside the open transaction.

    Args:
        connection: of the cache.
        source_id: the items' source.
        asked: what was asked for. All of it counts as asked from now on, also what did not come.
        page: what came.
        aliases: ids of the source's items that were re-keyed.
        now: the time.

    Returns:
        The new revision and the items by library whose details differ from those before; None
        when there are none.
    """
    due = {item.pk: item for item in asked}
    rows = {row.remote_id: row for each in page.items if (row := _row(each, source_id, aliases))}
    writer = _Writer(connection, now, is_whole=page.is_whole)
    found = connection.execute(_BY_PK, (json.dumps(list(due)), source_id)).fetchall()
    with search_index.in_step(connection, due):
        for place in map(_Place._make, found):
            row = rows.get(due[place.pk].remote_id)
            if row is not None and row.id == place.item_id:
                full = row.full or NOTHING
                writer.write(place, row, full if page.is_whole else _with_stored(full, place.full))
    marks = [(item.content, item.pk, item.remote_id) for item in asked]
    connection.executemany(sql.ASKED_FOR_DETAILS, marks)
    return writer.finish(), writer.changed


class _Writer:
    """Writes details; all that differ get one revision."""

    def __init__(self, connection: sqlite3.Connection, now: UnixSeconds, *, is_whole: bool) -> None:
        self._connection = connection
        self._now = now
        self._is_whole = is_whole
        self._contents: list[tuple[int, int]] = []  # of what differs, with its key
        self.changed: dict[LibraryId, list[ItemId]] = {}

    def write(self, place: _Place, row: ItemRow, full: bytes) -> None:
        beyond_list = _beyond_list(row, place.listed)
        values = (place.pk, self._now, full, beyond_list, self._is_whole)
        self._connection.execute(sql.PUT_FULL, values)
        content = int.from_bytes(xxh3_64_digest(full + beyond_list), signed=True)
        says_nothing = full == NOTHING and not beyond_list
        if content == place.full_content or (says_nothing and place.full_content is None):
            return
        self._contents.append((content, place.pk))
        self.changed.setdefault(place.library, []).append(place.item_id)

    def finish(self) -> int | None:
        """Give what differs a revision; return it, None when nothing does."""
        if not self._contents:
            return None
        revision = next_revision(self._connection)
        changed = [(content, revision, pk) for content, pk in self._contents]
        self._connection.executemany(sql.SET_FULL_CONTENT, changed)
        return revision


def _row(
    item: MediaItem, source_id: SourceId, aliases: Mapping[RemoteId, ItemId]
) -> ItemRow | None:
    # The ids of relations that nobody has seen yet need no record: the sync makes the same.
    return item_row(item, 0, IdBook(source_id, aliases, record=lambda _: None))


def _beyond_list(row: ItemRow, listed: str | None) -> bytes:
    """Return what the full answer says and the listing left out, as JSON; b"" = nothing."""
    carried = json.loads(listed) if listed else {}
    full = json.loads(row.detail) if row.detail else {}
    added = {key: value for key, value in full.items() if key not in carried and key != "images"}
    return msgspec_json.encode(added) if added else b""


def _with_stored(full: bytes, stored: bytes | None) -> bytes:
    """Return details with what is stored of an item and a page of many may leave out."""
    if not stored:
        return full
    details, before = json.loads(full), json.loads(stored)
    kept = {
        "markers": [each for each in before.get("markers", ()) if each.get("kind") != "chapter"],
        "parts": before.get("parts", []) if not details.get("parts") else [],
        "extras": before.get("extras", []),
        "lyrics": before.get("lyrics", []) if not details.get("lyrics") else [],
        "trailers": [each for each in before.get("trailers", ()) if each.get("remote_id")],
    }
    for key, entries in kept.items():
        came = details.get(key, [])
        if both := came + [each for each in entries if each not in came]:
            details[key] = both
    return msgspec_json.encode(details)
