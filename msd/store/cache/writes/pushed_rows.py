"""Writes rows received by push, outside a sync (Y9)."""

import json
import sqlite3
from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from msd.models import ItemId, LibraryId, PushedRow, PushedWrite, RemoteId, SourceId, UnixSeconds
from msd.store.cache import statements as sql
from msd.store.cache.rows.item_row import ItemRow, item_row
from msd.store.cache.writes import item_writer, rekeying
from msd.store.cache.writes.losses.lost_rows import LostRow, soft_delete
from msd.store.cache.writes.results import WriteResult, by_library
from msd.store.ids import IdBook

LOSS_WINDOW_S = 24 * 3600  # losses within it count together

_LISTING = """
SELECT listing.pk FROM listing JOIN library ON library.pk = listing.library
WHERE library.source_id = ? AND library.remote_id = ? AND listing.type = ?
AND library.deleted_at IS NULL
"""
_PLACE = "SELECT listing FROM item WHERE id = ? AND deleted_at IS NULL"
_LIBRARY = """
SELECT library.id FROM listing JOIN library ON library.pk = listing.library WHERE listing.pk = ?
"""
_LIVE = """
SELECT item.pk, item.id, item.listing FROM item
JOIN listing ON listing.pk = item.listing JOIN library ON library.pk = listing.library
WHERE item.id IN (SELECT value FROM json_each(?)) AND library.source_id = ?
AND item.deleted_at IS NULL
"""
_LOSSES = "SELECT item_count, lost, lost_since FROM listing WHERE pk = ?"


def write_pushed_rows(
    connection: sqlite3.Connection,
    source_id: SourceId,
    rows: Sequence[PushedRow],
    aliases: Mapping[RemoteId, ItemId],
    now: UnixSeconds,
) -> tuple[list[PushedWrite], list[PushedRow]]:
    """Store rows received by push; return what changed by library, and the rows without a place.

    A row has no place yet when its library, its listing or its id is not known.
    """
    return _PushedRows(connection, source_id, aliases, now).write(rows)


def soft_delete_rows(
    connection: sqlite3.Connection,
    source_id: SourceId,
    remote_ids: Sequence[RemoteId],
    aliases: Mapping[RemoteId, ItemId],
    now: UnixSeconds,
    is_suspicious: Callable[[int, int], bool],
) -> tuple[list[PushedWrite], set[LibraryId]]:
    """Hide rows that are gone; return that, and the libraries that a sync must judge (Y7, I2).

    A sync judges losses that are too many: those of a day count together, and
    `is_suspicious(rows, lost)` says when they are. It also judges rows that seem to go on as
    new items: those keep their ids, which must be recorded durably first.
    """
    return _PushedRows(connection, source_id, aliases, now).soft_delete(remote_ids, is_suspicious)


class _PushedRows:
    """Writes inside the open transaction; what a sync must judge is returned, not written."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        source_id: SourceId,
        aliases: Mapping[RemoteId, ItemId],
        now: UnixSeconds,
    ) -> None:
        self._connection = connection
        self._source_id = source_id
        self._ids = IdBook(source_id, aliases, record=_refuse)
        self._now = now

    def write(self, rows: Sequence[PushedRow]) -> tuple[list[PushedWrite], list[PushedRow]]:
        placed: dict[int, list[ItemRow]] = {}
        unplaced = []
        for row in rows:
            found = self._placed(row)
            if found is None:
                unplaced.append(row)
            else:
                placed.setdefault(found[0], []).append(found[1])
        writes = [
            write
            for listing, placed_rows in placed.items()
            for write in self._write_listing(listing, placed_rows)
        ]
        return writes, unplaced

    def soft_delete(
        self, remote_ids: Sequence[RemoteId], is_suspicious: Callable[[int, int], bool]
    ) -> tuple[list[PushedWrite], set[LibraryId]]:
        ids = json.dumps([self._ids.known_id(remote_id) for remote_id in remote_ids])
        by_listing: dict[int, list[tuple[int, ItemId]]] = {}
        for pk, item, listing in self._connection.execute(_LIVE, (ids, self._source_id)).fetchall():
            by_listing.setdefault(listing, []).append((pk, item))
        writes: list[PushedWrite] = []
        held: set[LibraryId] = set()
        for listing, missing in by_listing.items():
            gone = self._without_adopted(listing, missing)
            if len(gone) < len(missing):
                held.add(self._library(listing))
            if not gone:
                continue
            if self._may_go(listing, len(gone), is_suspicious):
                writes += self._soft_delete_in(listing, gone)
            else:
                held.add(self._library(listing))
        return writes, held

    def _without_adopted(
        self, listing: int, missing: list[tuple[int, ItemId]]
    ) -> list[tuple[int, ItemId]]:
        found = rekeying.find(self._connection, self._source_id, listing, [pk for pk, _ in missing])
        going_on = {pair.gone.pk for pair in found}
        return [(pk, item) for pk, item in missing if pk not in going_on]

    def _placed(self, row: PushedRow) -> tuple[int, ItemRow] | None:
        try:
            found = item_row(row.item, row.fingerprint, self._ids)
        except _NeedsAliasError:
            return None  # its id must be recorded durably first, which a sync does
        if found is None:
            return None
        if row.library is None:
            place = self._connection.execute(_PLACE, (found.id,)).fetchone()
        else:
            where = (self._source_id, row.library, row.item.type)
            place = self._connection.execute(_LISTING, where).fetchone()
        return None if place is None else (place[0], found)

    def _write_listing(self, listing: int, rows: Sequence[ItemRow]) -> list[PushedWrite]:
        planned = item_writer.plan(self._connection, rows, listing)
        moved = Counter(
            old.listing
            for old, _ in planned.changed
            if old.listing != listing and old.deleted_at is None
        )
        back = sum(old.deleted_at is not None for old, _ in planned.changed)
        came = len(planned.new) + back + moved.total()
        done = item_writer.execute(self._connection, planned, listing, self._now)
        self._expect(Counter({listing: came}) - Counter())
        self._expect(Counter({left: -count for left, count in moved.items()}))
        if done.revision is None:
            return []
        result = WriteResult(
            revision=done.revision, changed=planned.changed_ids, containers=done.containers
        )
        return result.by_library(self._library(listing))

    def _expect(self, by_listing: Mapping[int, int]) -> None:
        rows = [(by, listing) for listing, by in by_listing.items() if by]
        self._connection.executemany(sql.GROW_LISTING, rows)

    def _may_go(self, listing: int, count: int, is_suspicious: Callable[[int, int], bool]) -> bool:
        live, lost, since = self._connection.execute(_LOSSES, (listing,)).fetchone()
        if not 0 <= self._now - since < LOSS_WINDOW_S:
            lost, since = 0, self._now
        if is_suspicious(live + lost, lost + count):
            return False
        self._connection.execute(sql.COUNT_LOST, (lost + count, since, listing))
        return True

    def _soft_delete_in(
        self, listing: int, gone: Sequence[tuple[int, ItemId]]
    ) -> list[PushedWrite]:
        rows = [LostRow(pk, item, listing) for pk, item in gone]
        deleted = soft_delete(self._connection, rows, self._now)
        self._expect({listing: -len(gone)})
        return by_library(self._library(listing), deleted.revision or 0, deleted)

    def _library(self, listing: int) -> LibraryId:
        return LibraryId(self._connection.execute(_LIBRARY, (listing,)).fetchone()[0])


class _NeedsAliasError(Exception):
    """An id is taken and another must be recorded."""


def _refuse(_: Mapping[RemoteId, ItemId]) -> None:
    raise _NeedsAliasError
