"""Backups of a database beside it: weekly, and before each migration; two of a kind are kept."""

import os
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path

from msd.store.database import storage_errors

KEEP = 2
WEEK_S = 7 * 24 * 3600


class Backups:
    """The backups of one database: `<name>.backup-<occasion>-<UTC time>`."""

    def __init__(self, path: Path, *, clock: Callable[[], float]) -> None:
        self._path = path
        self._clock = clock

    def make_if_due(self, connection: sqlite3.Connection) -> None:
        """Make the weekly backup unless there is a younger one."""
        newest = self._made("weekly")[-1:]
        now = self._clock()
        if newest and newest[0].name >= self._name("weekly", now - WEEK_S):
            return
        self.make(connection, "weekly")

    def make(self, connection: sqlite3.Connection, occasion: str) -> None:
        """Copy the database as it is now, and drop the oldest copies of this occasion."""
        target = self._path.with_name(self._name(occasion, self._clock()))
        unfinished = target.with_name(target.name + ".part")
        with storage_errors(self._path):
            unfinished.unlink(missing_ok=True)
            os.close(os.open(unfinished, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
            copy = sqlite3.connect(unfinished)
            try:
                connection.backup(copy)
                # A backup is one file: it must not need a -wal of its own to be read.
                copy.execute("PRAGMA journal_mode=DELETE").fetchone()
            finally:
                copy.close()
            unfinished.replace(target)
            for old in self._made(occasion)[:-KEEP]:
                old.unlink(missing_ok=True)

    def _name(self, occasion: str, at: float) -> str:
        stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(at))
        return f"{self._path.name}.backup-{occasion}-{stamp}"

    def _made(self, occasion: str) -> list[Path]:
        found = self._path.parent.glob(f"{self._path.name}.backup-{occasion}-*Z")
        return sorted(found)
