"""Read-only connections, each used by one thread at a time and kept warm for the next."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from msd.errors import StorageError
from msd.store.cache_file import noting_damage
from msd.store.database import connect_reader

KEEP_OPEN = 4


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
            if not self._is_closed and len(self._idle) < KEEP_OPEN:
                self._idle.append(connection)
                return
        connection.close()
