"""Writes item rows: only those that differ, with counters and revision in the same transaction."""

import json
import sqlite3
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct, field

from msd.models import ItemId, LibraryId, UnixSeconds
from msd.store.cache import statements as sql
from msd.store.cache.file import next_revision
from msd.store.cache.rows.columns import NEVER_WATCHED, WATCH_COLUMNS
from msd.store.cache.rows.item_row import ItemRow
from msd.store.cache.rows.links import link, unlink
from msd.store.cache.writes import places, search_index
from msd.store.cache.writes.containers import settle

_STORED = f"""
SELECT id, pk, listing, fingerprint, content, full_content, details_of, identity,
       deleted_at, parent_id, show_id, {", ".join(WATCH_COLUMNS)}
FROM item WHERE id IN (SELECT value FROM json_each(?))
"""


class Stored(Struct):
    """What decides whether a row must be rewritten."""

    pk: int
    listing: int
    fingerprint: int
    content: int
    full_content: int | None
    details_of: int | None
    identity: int | None
    deleted_at: int | None
    relations: tuple[str | None, ...]  # parent and show
    watch: tuple[object, ...]

    def differs(self, row: ItemRow, listing: int) -> bool:
        """Tell whether the row shows anything else than what is stored."""
        return (
            self.content != row.content
            or self.listing != listing
            or self.deleted_at is not None
            or (row.watch is not None and self.watch != row.watch)
            or (row.full_content is not None and self.full_content != row.full_content)
        )


class Plan(Struct):
    """What a batch of rows comes to."""

    new: list[ItemRow] = field(default_factory=list)
    changed: list[tuple[Stored, ItemRow]] = field(default_factory=list)
    touched: list[tuple[int, int | None, int]] = field(
        default_factory=list
    )  # fingerprint, details_of, pk
    unchanged: int = 0

    @property
    def touching(self) -> set[str]:
        """The changed items and whatever they belonged to before."""
        ids: set[str] = {*self.changed_ids}
        for old, _ in self.changed:
            ids.update(item for item in old.relations if item is not None)
        return ids

    def with_other_words(self, listing: int) -> list[int]:
        """Return the changed rows that may be found by other words in the listing afterwards."""
        return [
            old.pk
            for old, row in self.changed
            if old.content != row.content or row.full is not None or old.listing != listing
        ]

    @property
    def changed_ids(self) -> tuple[ItemId, ...]:
        """Every item that is shown differently afterwards."""
        return tuple([row.id for row in self.rows])

    @property
    def rows(self) -> Sequence[ItemRow]:
        """The rows that are written."""
        return (*self.new, *(row for _, row in self.changed))


class Executed(Struct, frozen=True, kw_only=True):
    """What became of a plan."""

    revision: int | None = None  # None: nothing changed
    containers: Mapping[LibraryId, Sequence[ItemId]] = field(default_factory=dict)


def plan(connection: sqlite3.Connection, rows: Sequence[ItemRow], listing: int) -> Plan:
    """Compare rows with what is stored; of rows with one id the last counts."""
    latest = {row.id: row for row in rows}
    stored = _stored(connection, list(latest))
    result = Plan()
    for row in latest.values():
        old = stored.get(row.id)
        if old is None:
            result.new.append(row)
        elif old.differs(row, listing):
            result.changed.append((old, row))
        else:
            result.unchanged += 1
            if old.fingerprint != row.fingerprint:
                # What changed is not listed, or the parser did: its details are asked for again.
                result.touched.append((row.fingerprint, _details_of(row, None), old.pk))
    return result


def execute(
    connection: sqlite3.Connection, planned: Plan, listing: int, now: UnixSeconds
) -> Executed:
    """Write what was planned, and settle the containers, inside the open transaction."""
    connection.executemany(sql.TOUCH_ITEM, planned.touched)
    if not planned.new and not planned.changed:
        return Executed()
    revision = next_revision(connection)
    places.place_rows(connection, planned.rows)
    _insert(connection, planned.new, listing, revision, now)
    with search_index.in_step(connection, planned.with_other_words(listing)):
        _update(connection, planned.changed, listing, revision, now)
    places.move_what_is_below(connection, [row.id for row in planned.rows if row.is_top])
    counts = Counter({listing: len(planned.new) + len(planned.changed)})
    counts.subtract(old.listing for old, _ in planned.changed if old.deleted_at is None)
    count_items(connection, counts)
    settled = settle(connection, planned.touching, lambda: revision)
    return Executed(revision=revision, containers=settled)


def count_items(connection: sqlite3.Connection, by_listing: Counter[int]) -> None:
    """Add to the live counts of listings."""
    changes = [(by, listing) for listing, by in by_listing.items() if by]
    connection.executemany(sql.COUNT_ITEMS, changes)


def _stored(connection: sqlite3.Connection, ids: list[ItemId]) -> dict[ItemId, Stored]:
    rows = connection.execute(_STORED, (json.dumps(ids),))
    return {row[0]: _stored_row(row) for row in rows}


def _stored_row(row: Sequence[Any]) -> Stored:
    watched, *counts, favourite, rating = row[11:]
    return Stored(
        pk=row[1],
        listing=row[2],
        fingerprint=row[3],
        content=row[4],
        full_content=row[5],
        details_of=row[6],
        identity=row[7],
        deleted_at=row[8],
        relations=(row[9], row[10]),
        watch=(bool(watched), *counts, bool(favourite), rating),
    )


def _insert(
    connection: sqlite3.Connection,
    rows: Sequence[ItemRow],
    listing: int,
    revision: int,
    now: UnixSeconds,
) -> None:
    highest = connection.execute("SELECT max(pk) FROM item").fetchone()[0] or 0
    numbered = list(enumerate(rows, start=highest + 1))
    connection.executemany(
        sql.INSERT_ITEM,
        [
            (
                pk,
                row.id,
                listing,
                row.remote_id,
                row.fingerprint,
                row.content,
                row.full_content,
                _details_of(row, None),
                row.identity,
                revision,
                None,
                None,
                *row.values,
                row.place,
                *(row.watch or NEVER_WATCHED),
                *row.shown(row.watch or NEVER_WATCHED),
            )
            for pk, row in numbered
        ],
    )
    _put_bodies(connection, numbered, now)
    link(connection, listing, numbered)
    search_index.add(connection, listing, numbered)


def _update(
    connection: sqlite3.Connection,
    pairs: Sequence[tuple[Stored, ItemRow]],
    listing: int,
    revision: int,
    now: UnixSeconds,
) -> None:
    rewritten = [
        (old.pk, row) for old, row in pairs if old.content != row.content or old.listing != listing
    ]
    unlink(connection, [pk for pk, _ in rewritten])
    connection.executemany(
        sql.UPDATE_ITEM,
        [
            (
                listing,
                row.remote_id,
                row.fingerprint,
                row.content,
                old.full_content if row.full_content is None else row.full_content,
                _details_of(row, old.details_of),
                row.identity,
                revision,
                None,
                None,
                *row.values,
                row.place,
                *(row.watch or old.watch),
                *row.shown(row.watch or old.watch),
                old.pk,
            )
            for old, row in pairs
        ],
    )
    connection.executemany(sql.DELETE_DETAIL, [(pk,) for pk, row in rewritten if not row.detail])
    _put_bodies(connection, [(old.pk, row) for old, row in pairs], now)
    link(connection, listing, rewritten)


def _details_of(row: ItemRow, before: int | None) -> int | None:
    return before if row.full is None else row.content


def _put_bodies(
    connection: sqlite3.Connection, rows: Sequence[tuple[int, ItemRow]], now: UnixSeconds
) -> None:
    connection.executemany(sql.PUT_DETAIL, [(pk, row.detail) for pk, row in rows if row.detail])
    connection.executemany(
        sql.PUT_FULL, [(pk, now, row.full, b"", True) for pk, row in rows if row.full is not None]
    )
