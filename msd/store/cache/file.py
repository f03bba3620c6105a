"""The life of cache.db: made, opened, and made again when it is damaged or not for this msd.

cache.db                       the cache, with its -wal and -shm
cache.db.is-damaged            a read or write met damage; the next open makes the cache again
cache.db.damaged-<UTC time>    what was moved aside; two are kept
"""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

from msd.errors import StorageError
from msd.store.cache import statements as sql
from msd.store.database import (
    connect_writer,
    create_private,
    storage_errors,
)
from msd.store.migrations import ForeignSchemaError, Schema, bring_up_to_date

KEEP_DAMAGED = 2
_SCHEMA = 12  # nothing older was ever released
_PAGE_SIZE = 16_384  # fewer levels for a million rows, a fifth less time per sync
_TABLES = (
    "meta",
    "library",
    "listing",
    "cursor",
    "withheld",
    "omission",
    "source_fact",
    "search_data",
    "search_title_data",
    "search_word",
    "item",
    "item_detail",
    "item_full",
    "facet_value",
    "item_facet",
    "item_external",
    "member",
)
_COMPANIONS = ("", "-wal", "-shm")


def cache_schema(revision_floor: int) -> Schema:
    """Return the cache's schema; a cache made from it begins above a revision."""
    return Schema(
        create=partial(_create, revision_floor),
        oldest=_SCHEMA,
        probe="SELECT " + ", ".join(f"(SELECT 1 FROM {table} LIMIT 1)" for table in _TABLES),
    )


def _create(revision_floor: int, connection: sqlite3.Connection) -> None:
    for statement in sql.CREATE:
        connection.execute(statement)
    # The clock in microseconds outruns any sequence of transactions, should the floor be lost.
    start = max(revision_floor, int(time.time() * 1_000_000)) + 1
    connection.execute(sql.SET_META, ("revision", start))
    connection.execute(sql.SET_META, ("feed_floor", start))


def open_cache(path: Path, *, revision_floor: int) -> tuple[sqlite3.Connection, str]:
    """Open or make the cache; return its writer and why it was made again ("" when it was not).

    A cache can always be fetched again, so damage and another msd's schema lead to a new one. Its
    revisions start above `revision_floor` and above those of any cache made earlier (Y10).

    Raises:
        StorageError: the disk fails or refuses.
    """
    schema = cache_schema(revision_floor)
    because = f"{path.name} is a directory" if path.is_dir() else _noted_damage(path)
    if not because:
        try:
            return _open(path, schema), ""
        except ForeignSchemaError as error:
            because = str(error)
        except StorageError as error:
            if not error.damaged:
                raise
            because = str(error)
    _move_aside(path)
    return _open(path, schema), because


def connect_cache_writer(path: Path) -> sqlite3.Connection:
    """Open the existing cache for writing; losing the last moments in a power cut is fine."""
    with noting_damage(path):
        connection = connect_writer(path, synchronous="NORMAL", page_size=_PAGE_SIZE)
        connection.execute("PRAGMA cache_size=-16384")
        connection.execute("PRAGMA temp_store=MEMORY")
    return connection


def current_revision(connection: sqlite3.Connection) -> int:
    """Return the number of the newest change."""
    found = connection.execute("SELECT value FROM meta WHERE key = 'revision'").fetchone()
    if found is None:
        raise StorageError("the cache is damaged: it has lost its revision", damaged=True)
    return int(found[0])


def next_revision(connection: sqlite3.Connection) -> int:
    """Return the number of this transaction's changes, higher than any before (Y10)."""
    return int(connection.execute(sql.NEXT_REVISION, (1, "revision")).fetchall()[0][0])


@contextmanager
def noting_damage(path: Path) -> Iterator[None]:
    """Raise SQLite's errors as `StorageError`; damage is noted, so that the next open heals it."""
    try:
        with storage_errors(path):
            yield
    except StorageError as error:
        if error.damaged:
            _note_damage(path, str(error))
        raise


def _open(path: Path, schema: Schema) -> sqlite3.Connection:
    create_private(path)
    connection = connect_cache_writer(path)
    try:
        # No backup before a migration: whatever goes wrong, the cache can be fetched again.
        bring_up_to_date(path, connection, schema, before_steps=lambda _: None)
        with storage_errors(path):
            current_revision(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _note_damage(path: Path, why: str) -> None:
    with suppress(OSError):  # what the caller gets is the damage, not that it can't be noted
        flag = _flag(path)
        flag.touch(mode=0o600)
        flag.write_text(why)


def _noted_damage(path: Path) -> str:
    flag = _flag(path)
    with storage_errors(path):
        return flag.read_text() if flag.exists() else ""


def _flag(path: Path) -> Path:
    return path.with_name(f"{path.name}.is-damaged")


def _move_aside(path: Path) -> None:
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    with storage_errors(path):
        for companion in _COMPANIONS:
            moved = path.with_name(f"{path.name}.damaged-{stamp}{companion}")
            current = path.with_name(path.name + companion)
            if current.exists():
                current.replace(moved)
        _flag(path).unlink(missing_ok=True)
        kept = sorted(path.parent.glob(f"{path.name}.damaged-*Z"))
        for old in kept[:-KEEP_DAMAGED]:
            for companion in _COMPANIONS:
                old.with_name(old.name + companion).unlink(missing_ok=True)
