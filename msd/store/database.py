"""Connections to msd's SQLite files: private files, one kind of error, explicit transactions."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from msd.errors import StorageError

BUSY_TIMEOUT_S = 30.0  # writers of several processes take turns; each holds the file briefly
_DAMAGE_CODES = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_PRIMARY_CODE = 0xFF  # SQLite's extended codes carry the primary one in the low byte


def create_private(path: Path) -> None:
    """Make sure that a database file exists, for this user only (K5).

    SQLite gives its companion files (-wal, -shm) the mode of the database.
    """
    with storage_errors(path):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.parent.chmod(0o700)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        path.chmod(0o600)


def connect_writer(path: Path, *, synchronous: str, page_size: int = 4096) -> sqlite3.Connection:
    """Open an existing database for reading and writing, in WAL mode.

    Args:
        path: the file.
        synchronous: FULL where a commit must survive a power cut, NORMAL where not.
        page_size: takes effect in an empty file only.
    """
    return _connect(
        path,
        "rw",
        f"page_size={page_size}",
        "journal_mode=WAL",
        f"synchronous={synchronous}",
        "foreign_keys=OFF",
    )


def connect_reader(path: Path) -> sqlite3.Connection:
    """Open an existing database for reading only."""
    return _connect(path, "ro", "query_only=ON")


def _connect(path: Path, mode: str, *pragmas: str) -> sqlite3.Connection:
    with storage_errors(path):
        connection = sqlite3.connect(
            f"file:{quote(str(path))}?mode={mode}",
            uri=True,
            timeout=BUSY_TIMEOUT_S,
            isolation_level=None,  # transactions are ours: see `transaction`
            check_same_thread=False,  # every user of a connection holds it alone
        )
        try:
            for pragma in ("trusted_schema=OFF", "cell_size_check=ON", *pragmas):
                connection.execute(f"PRAGMA {pragma}").fetchall()
        except BaseException:
            connection.close()
            raise
    return connection


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """Run the block as one write transaction: all of it happens, or nothing."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


@contextmanager
def storage_errors(path: Path) -> Iterator[None]:
    """Raise what SQLite and the disk raise as `StorageError`s that say what is wrong.

    Raises:
        StorageError: with `damaged` set when the file's content is at fault.
    """
    try:
        yield
    except UnicodeDecodeError as error:
        # Python can't even word SQLite's error: a name in the file's schema is no UTF-8.
        raise StorageError(f"{path.name} is damaged: {error.reason}", damaged=True) from error
    except sqlite3.Error as error:
        damaged = is_damage(error)
        what = "is damaged" if damaged else "can't be used"
        raise StorageError(f"{path.name} {what}: {error}", damaged=damaged) from error
    except OSError as error:
        raise StorageError(f"{path.name} can't be used: {error.strerror}") from error


def is_damage(error: sqlite3.Error) -> bool:
    """Tell whether an error means that the file's content is broken."""
    return getattr(error, "sqlite_errorcode", 0) & _PRIMARY_CODE in _DAMAGE_CODES
