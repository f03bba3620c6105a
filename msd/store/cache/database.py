"""cache.db as the front opens it: reads at any time from any thread, one write at a time."""

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Concatenate, ParamSpec, Self, TypeVar

from msd.errors import StorageError, SupersededError
from msd.store.cache.file import noting_damage, open_cache
from msd.store.database import connect_reader, transaction

_IDLE_READERS = 4  # connections that are kept open
_STEPS = 10_000  # of SQLite's machine between two looks: less than a millisecond
_SUPERSEDED = "the caller asked for something newer, or left"
Args = ParamSpec("Args")
Result = TypeVar("Result")


class ReadHandle:
    """Interrupts one read from another thread, also one that has not begun."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._is_interrupted = False

    def interrupt(self) -> None:
        """End the read as soon as SQLite looks; a read that is over is left alone."""
        with self._lock:
            self._is_interrupted = True
            if self._connection is not None:
                self._connection.interrupt()

    @contextmanager
    def over(self, connection: sqlite3.Connection) -> Iterator[None]:
        """Run the block as the read on a connection.

        Raises:
            SupersededError: it was interrupted.
        """
        with self._lock:
            if self._is_interrupted:
                raise SupersededError(_SUPERSEDED)
            self._connection = connection
        # For the statements that follow: `interrupt` ends only the one that runs then.
        connection.set_progress_handler(lambda: self._is_interrupted, _STEPS)
        try:
            yield
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_INTERRUPT:
                raise
            raise SupersededError(_SUPERSEDED) from error
        finally:
            with self._lock:
                self._connection = None
            connection.set_progress_handler(None, 0)


class CacheDatabase:
    """The open cache. Every method blocks; any thread may call any of them at any time.

    A call that meets damage raises `StorageError` with `damaged` set and notes it: the next
    `open` makes the cache again.
    """

    def __init__(self, path: Path, writer: sqlite3.Connection, rebuilt_because: str) -> None:
        """Use `open` instead."""
        self.rebuilt_because = rebuilt_because  # one sentence; "" = the cache is the old one
        self._path = path
        self._writer = writer
        self._write_lock = threading.Lock()
        self._readers = ReaderPool(path)

    @classmethod
    def open(cls, path: Path, *, revision_floor: int) -> Self:
        """Open the cache; make it, migrate it, or make it again when it is damaged or too new.

        Args:
            path: the file.
            revision_floor: revisions of a cache that is made now start above it.

        Raises:
            StorageError: the disk fails or refuses.
        """
        writer, because = open_cache(path, revision_floor=revision_floor)
        return cls(path, writer, because)

    def close(self) -> None:
        """Close the file; reads that are under way end first or fail."""
        self._readers.close()
        with self._write_lock:
            self._writer.close()

    def read(
        self,
        query: Callable[Concatenate[sqlite3.Connection, Args], Result],
        *args: Args.args,
        **options: Args.kwargs,
    ) -> Result:
        """Return the answer of a function of `msd.store.cache.reads`; it sees one moment."""
        with self._readers.reading() as connection:
            return query(connection, *args, **options)

    def read_for(
        self,
        handle: ReadHandle,
        query: Callable[Concatenate[sqlite3.Connection, Args], Result],
        *args: Args.args,
        **options: Args.kwargs,
    ) -> Result:
        """Return the answer like `read`, unless the handle is interrupted before it is ready.

        Raises:
            SupersededError: the read was interrupted.
        """
        with self._readers.reading() as connection, handle.over(connection):
            return query(connection, *args, **options)

    def write(
        self,
        change: Callable[Concatenate[sqlite3.Connection, Args], Result],
        *args: Args.args,
        **options: Args.kwargs,
    ) -> Result:
        """Run a function of `msd.store.cache.writes` as one transaction; return its result."""
        with self._write_lock, noting_damage(self._path), transaction(self._writer):
            return change(self._writer, *args, **options)


class ReaderPool:
    """Lends read-only connections to the cache."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._idle: list[sqlite3.Connection] = []
        self._is_closed = False

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Lend a connection whose reads all see the same moment.

        Raises:
            StorageError: the cache can't be read; damage is noted for the next open.
        """
        with noting_damage(self._path):
            connection = self._take()
            try:
                connection.execute("BEGIN")
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                connection.close()  # what failed is not lent again
                raise
            self._give_back(connection)

    def close(self) -> None:
        """Close what is idle now and what is lent when it comes back."""
        with self._lock:
            self._is_closed = True
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    def _take(self) -> sqlite3.Connection:
        with self._lock:
            if self._is_closed:
                raise StorageError(f"{self._path.name} is closed")
            if self._idle:
                return self._idle.pop()
        return connect_reader(self._path)

    def _give_back(self, connection: sqlite3.Connection) -> None:
        with self._lock:
            if not self._is_closed and len(self._idle) < _IDLE_READERS:
                self._idle.append(connection)
                return
        connection.close()
