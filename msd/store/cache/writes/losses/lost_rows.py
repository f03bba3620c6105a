"""Rows that are not shown any more: deleted, withheld until the user consents, or withdrawn.

    shown ──► withheld ──► soft-deleted ──► purged after 30 days
      ▲  └───────────────►      │                (see writes/purge)
      └── listed again ◄────────┘

A withheld row is still shown; `withheld` names it, so that consent is given to exactly that row
(Y7). A withdrawn row is soft-deleted because the user lost the right to see it (Y19): it is kept
with its watch state and comes back with the right.
"""

import sqlite3
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from msgspec import Struct, field

from msd.models import ItemId, LibraryId, SourceId, UnixSeconds
from msd.store.cache import statements as sql
from msd.store.cache.file import next_revision
from msd.store.cache.writes.containers import settle
from msd.store.cache.writes.item_writer import count_items
from msd.store.cache.writes.results import WithheldLoss

_OF_LIBRARY = """
SELECT item.pk, item.id, item.listing FROM listing JOIN item ON item.listing = listing.pk
WHERE listing.library = ? AND item.deleted_at IS NULL
"""
_WITHHELD = """
SELECT item.pk, item.id, item.listing, library.id FROM withheld
JOIN item ON item.pk = withheld.item
JOIN listing ON listing.pk = item.listing JOIN library ON library.pk = listing.library
WHERE library.source_id = ? AND item.deleted_at IS NULL
"""
_VANISHED = """
SELECT DISTINCT withheld.library FROM withheld JOIN library ON library.pk = withheld.library
WHERE library.source_id = ? AND withheld.type = ''
"""
_WITHDRAWN_ROWS = """
SELECT item.pk, item.id, item.listing FROM listing
JOIN item INDEXED BY item_withdrawn ON item.listing = listing.pk
WHERE listing.library = ? AND item.withdrawn_at IS NOT NULL
"""


class LostRow(NamedTuple):
    """A row that is to be hidden."""

    pk: int
    id: ItemId
    listing: int


class Deleted(Struct, frozen=True, kw_only=True):
    """What a soft delete, or its reverse, did."""

    revision: int | None = None  # None: nothing changed
    removed: tuple[ItemId, ...] = ()
    changed: tuple[ItemId, ...] = ()  # shown again
    containers: Mapping[LibraryId, Sequence[ItemId]] = field(default_factory=dict)


def soft_delete(
    connection: sqlite3.Connection,
    rows: Sequence[LostRow],
    now: UnixSeconds,
    *,
    are_withdrawn: bool = False,
) -> Deleted:
    """Hide rows inside the open transaction; they are kept for a time with their watch state.

    Args:
        connection: to the cache.
        rows: the rows; all of them are shown now.
        now: the time.
        are_withdrawn: the user lost the right to see them (Y19).
    """
    if not rows:
        return Deleted()
    revision = next_revision(connection)
    withdrawn_at = now if are_withdrawn else None
    connection.executemany(
        sql.WITHDRAW_ITEM, [(revision, now, withdrawn_at, row.pk) for row in rows]
    )
    connection.executemany(sql.DELETE_WITHHELD_ITEM, [(row.pk,) for row in rows])
    _count(connection, rows, -1)
    ids = tuple(row.id for row in rows)
    containers = settle(connection, ids, lambda: revision)
    return Deleted(revision=revision, removed=ids, containers=containers)


def rows_of_library(connection: sqlite3.Connection, library: int) -> list[LostRow]:
    """Return every row that a library shows, given by its key."""
    return [LostRow(*row) for row in connection.execute(_OF_LIBRARY, (library,))]


def remove_library(
    connection: sqlite3.Connection, library: int, now: UnixSeconds, *, is_withdrawn: bool = False
) -> Deleted:
    """Hide a library with all its rows inside the open transaction."""
    rows = rows_of_library(connection, library)
    withdrawn_at = now if is_withdrawn else None
    connection.execute(sql.SOFT_DELETE_LIBRARY, (now, withdrawn_at, library))
    connection.execute(sql.DELETE_WITHHELD_OF_LIBRARY, (library,))
    return soft_delete(connection, rows, now, are_withdrawn=is_withdrawn)


# --- withheld rows (Y7) -------------------------------------------------------------------------


def read_withheld(connection: sqlite3.Connection, library: int, scope: str) -> WithheldLoss | None:
    """Return what is withheld of a listing (its type) or of a whole library ("")."""
    rows = connection.execute(
        "SELECT item, since FROM withheld WHERE library = ? AND type = ?", (library, scope)
    ).fetchall()
    if not rows:
        return None
    return WithheldLoss(
        keys=frozenset(item for item, _ in rows),
        since=UnixSeconds(max(since for _, since in rows)),
    )


def withhold(
    connection: sqlite3.Connection,
    library: int,
    scope: str,
    keys: Sequence[int],
    now: UnixSeconds,
) -> None:
    """Withhold exactly these rows of a scope, inside the open transaction.

    The same rows again keep the time since when they are; other rows begin now.
    """
    before = read_withheld(connection, library, scope)
    since = before.since if before is not None and before.keys == frozenset(keys) else now
    connection.execute(sql.DELETE_WITHHELD, (library, scope))
    rows = [(item, library, scope, since) for item in keys]
    connection.executemany(sql.PUT_WITHHELD, rows)


def confirm_withheld(
    connection: sqlite3.Connection, source_id: SourceId, now: UnixSeconds
) -> dict[LibraryId, Deleted]:
    """Hide exactly the rows that are withheld, inside the open transaction; by library."""
    by_library: dict[LibraryId, list[LostRow]] = {}
    for *row, library_id in connection.execute(_WITHHELD, (source_id,)).fetchall():
        by_library.setdefault(LibraryId(library_id), []).append(LostRow(*row))
    vanished = connection.execute(_VANISHED, (source_id,)).fetchall()
    done = {
        library_id: soft_delete(connection, rows, now) for library_id, rows in by_library.items()
    }
    for (library,) in vanished:
        if not rows_of_library(connection, library):
            connection.execute(sql.SOFT_DELETE_LIBRARY, (now, None, library))
    return done


# --- withdrawn rows (Y19) -----------------------------------------------------------------------


def restore_library(connection: sqlite3.Connection, library: int) -> Deleted:
    """Show the withdrawn rows of a library again, inside the open transaction."""
    rows = [LostRow(*row) for row in connection.execute(_WITHDRAWN_ROWS, (library,)).fetchall()]
    if not rows:
        return Deleted()
    revision = next_revision(connection)
    connection.executemany(sql.WITHDRAW_ITEM, [(revision, None, None, row.pk) for row in rows])
    _count(connection, rows, 1)
    ids = tuple(row.id for row in rows)
    containers = settle(connection, ids, lambda: revision)
    return Deleted(revision=revision, changed=ids, containers=containers)


def _count(connection: sqlite3.Connection, rows: Iterable[LostRow], by: int) -> None:
    lost = Counter(row.listing for row in rows)
    count_items(connection, Counter({listing: by * number for listing, number in lost.items()}))
