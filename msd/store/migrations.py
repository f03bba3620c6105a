"""Schema versions: numbered straight-line steps, with a ledger in the database itself.

empty file        → create()                        ledger: every version up to the newest
older schema      → backup, steps after its version ledger: one more row per step
too old a schema  → refused, untouched
current schema    → nothing, and nothing heavy is imported
newer schema      → refused, untouched
"""

import sqlite3
import time
from collections.abc import Callable
from pathlib import Path

from msgspec import Struct

from msd.errors import StorageError
from msd.store.database import storage_errors, transaction

_LEDGER = """
CREATE TABLE IF NOT EXISTS schema_ledger (
    version INTEGER PRIMARY KEY, name TEXT NOT NULL, applied_at INTEGER NOT NULL
)"""


class ForeignSchemaError(Exception):
    """An msd that is newer, or too old, wrote the database; it was not touched."""


class Step(Struct, frozen=True):
    """One change of a schema; `apply` runs inside the migration's transaction."""

    version: int
    name: str
    apply: Callable[[sqlite3.Connection], None]


class Schema(Struct, frozen=True):
    """How a schema is made from nothing, and the steps from its oldest version to the newest."""

    create: Callable[[sqlite3.Connection], None]
    steps: tuple[Step, ...] = ()
    oldest: int = 1  # what is older has no steps
    probe: str = "SELECT 1"  # fails when a table is missing

    @property
    def version(self) -> int:
        """The newest version."""
        return self.steps[-1].version if self.steps else self.oldest


def bring_up_to_date(
    path: Path,
    connection: sqlite3.Connection,
    schema: Schema,
    *,
    before_steps: Callable[[int], None],
) -> bool:
    """Create or migrate the schema; return True when it was created.

    Args:
        path: the database file, for messages.
        connection: open for writing.
        schema: what the database shall hold.
        before_steps: called with the old version before the first step of a migration.

    Raises:
        ForeignSchemaError: an msd that is newer, or too old, wrote it.
        StorageError: it is not msd's, or a step failed. The database is as it was.
    """
    with storage_errors(path):
        version = _checked_version(path, connection, schema)
        if version == schema.version:
            return False
        if version:
            before_steps(version)
        with transaction(connection):
            return _write_schema(connection, schema)


def _checked_version(path: Path, connection: sqlite3.Connection, schema: Schema) -> int:
    try:
        version = stored_version(connection)
        if version == schema.version:
            connection.execute(schema.probe).fetchone()
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode != sqlite3.SQLITE_ERROR:
            raise
        raise StorageError(
            f"{path.name} is not a database of msd: {error}", damaged=True
        ) from error
    if version > schema.version:
        raise ForeignSchemaError(
            f"{path.name} was written by a newer msd (schema {version}, known is {schema.version})"
        )
    if 0 < version < schema.oldest:
        raise ForeignSchemaError(
            f"{path.name} was written by an msd of before the first release (schema {version})"
        )
    return version


def stored_version(connection: sqlite3.Connection) -> int:
    """Return the version that a database has, 0 for an empty one.

    Raises:
        sqlite3.OperationalError: there are tables but no ledger: not a database of msd.
    """
    tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master")}
    if not tables:
        return 0
    version = connection.execute("SELECT max(version) FROM schema_ledger").fetchone()[0]
    return int(version or 0)


def _write_schema(connection: sqlite3.Connection, schema: Schema) -> bool:
    version = stored_version(connection)  # again: another process may have been faster
    now = int(time.time())
    connection.execute(_LEDGER)
    if version == 0:
        schema.create(connection)
        _record(connection, schema.oldest, "create", now)
    for step in schema.steps:
        if version < step.version:
            if version:
                step.apply(connection)
            _record(connection, step.version, step.name, now)
    return version == 0


def _record(connection: sqlite3.Connection, version: int, name: str, now: int) -> None:
    connection.execute("INSERT INTO schema_ledger VALUES (?, ?, ?)", (version, name, now))
