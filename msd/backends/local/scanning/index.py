"""What msd remembers of a folder between two walks: tags, NFO numbers, mounts, libraries, titles.

A small SQLite file in the source's private cache folder; it may vanish at any time, then the
files are read again, and a database error is as good as an empty index. Used by one thread at
a time.
"""

import os
import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path

import msgspec

from msd.backends.local.catalogue.catalogue import NamedByNfo
from msd.backends.local.files.left_out import LeftOut
from msd.backends.local.files.walk import FileEntry
from msd.backends.local.music.tags import TrackTags
from msd.models import LibraryType, RemoteId

_VERSION = 3
_FILE = "local-index.db"
_COMMIT_EVERY = 500  # files; a first sync that is killed goes on from there
_FIELDS = TrackTags.__struct_fields__
_COLUMNS = ", ".join(_FIELDS)
_MARKS = ", ".join("?" for _ in _FIELDS)
_TABLES = ("tags", "nfos", "mounts", "libraries", "groups", "titles", "problems", "left_out")


class TagIndex:
    """Tags by path, valid while size and time of the file stay the same."""

    def __init__(self, cache_dir: Path) -> None:
        self._db = _open(cache_dir / _FILE)
        self._pending = 0

    def close(self) -> None:
        """Write what is pending and close the file."""
        self.commit()
        self._db.close()

    def tags(self, path: bytes, entry: FileEntry) -> TrackTags | None:
        """Return the tags of an unchanged file."""
        with suppress(sqlite3.Error):
            row = self._db.execute(
                f"SELECT {_COLUMNS} FROM tags WHERE path = ? AND size = ? AND mtime_ns = ?",
                (path, entry.size, entry.mtime_ns),
            ).fetchone()
            return TrackTags(**dict(zip(_FIELDS, row, strict=True))) if row else None
        return None

    def remember(self, path: bytes, entry: FileEntry, tags: TrackTags) -> None:
        """Keep the tags of a file; committed now and then, with `commit`, with `close`."""
        with suppress(sqlite3.Error):
            self._db.execute(
                f"INSERT OR REPLACE INTO tags (path, size, mtime_ns, {_COLUMNS})"
                f" VALUES (?, ?, ?, {_MARKS})",
                (path, entry.size, entry.mtime_ns, *msgspec.structs.astuple(tags)),
            )
        self._note_pending()

    def _note_pending(self) -> None:
        self._pending += 1
        if self._pending >= _COMMIT_EVERY:
            self.commit()

    def commit(self) -> None:
        """Make what was remembered so far last."""
        self._pending = 0
        with suppress(sqlite3.Error):
            self._db.commit()

    def mount_points(self) -> frozenset[bytes]:
        """Return the folders that were mount points at the last complete walk."""
        with suppress(sqlite3.Error):
            return frozenset(path for (path,) in self._db.execute("SELECT path FROM mounts"))
        return frozenset()

    def libraries(self) -> dict[bytes, LibraryType]:
        """Return the libraries of the last walk by their paths."""
        with suppress(sqlite3.Error, ValueError):
            rows = self._db.execute("SELECT path, type FROM libraries").fetchall()
            return {path: LibraryType(kind) for path, kind in rows}
        return {}

    def remember_libraries(self, found: Mapping[bytes, LibraryType]) -> None:
        """Replace the known libraries; another process may be writing, so only when they differ."""
        if found == self.libraries():
            return
        rows = [(path, kind.value) for path, kind in found.items()]
        with suppress(sqlite3.Error), self._db:
            self._db.execute("DELETE FROM libraries")
            self._db.executemany("INSERT INTO libraries VALUES (?, ?)", rows)

    def nfo(self, path: bytes, entry: FileEntry) -> NamedByNfo | None:
        """Return what an unchanged NFO file says of a video's place."""
        with suppress(sqlite3.Error):
            row = self._db.execute(
                "SELECT root, season, episode, show FROM nfos"
                " WHERE path = ? AND size = ? AND mtime_ns = ?",
                (path, entry.size, entry.mtime_ns),
            ).fetchone()
            if row:
                return NamedByNfo(root=row[0], season=row[1], episode=row[2], show=row[3])
        return None

    def remember_nfo(self, path: bytes, entry: FileEntry, said: NamedByNfo) -> None:
        """Keep what an NFO file says; committed like tags."""
        with suppress(sqlite3.Error):
            self._db.execute(
                "INSERT OR REPLACE INTO nfos VALUES (?, ?, ?, ?, ?, ?, ?)",
                (path, *entry[1:3], said.root, said.season, said.episode, said.show),
            )
        self._note_pending()

    def problem(self, path: bytes, entry: FileEntry) -> str:
        """Return why an unchanged file is no item, "" when nothing is known against it."""
        with suppress(sqlite3.Error):
            row = self._db.execute(
                "SELECT reason FROM problems WHERE path = ? AND size = ? AND mtime_ns = ?",
                (path, entry.size, entry.mtime_ns),
            ).fetchone()
            return row[0] if row else ""
        return ""

    def problems(self) -> dict[bytes, tuple[int, int, str]]:
        """Return size, time and reason of every file that was found to be no item, by path."""
        with suppress(sqlite3.Error):
            rows = self._db.execute("SELECT path, size, mtime_ns, reason FROM problems")
            return {path: tuple(facts) for path, *facts in rows}
        return {}

    def remember_problem(self, path: bytes, entry: FileEntry, reason: str) -> None:
        """Keep why a file is no item, until it changes; committed at once."""
        with suppress(sqlite3.Error), self._db:
            self._db.execute(
                "INSERT OR REPLACE INTO problems VALUES (?, ?, ?, ?)",
                (path, entry.size, entry.mtime_ns, reason),
            )

    def left_out(self, library: bytes, digest: str) -> list[LeftOut] | None:
        """Return what an unchanged library left out, None when that is not known."""
        with suppress(sqlite3.Error):
            row = self._db.execute(
                "SELECT rows FROM left_out WHERE library = ? AND digest = ?", (library, digest)
            ).fetchone()
            if row:
                return msgspec.msgpack.decode(row[0], type=list[LeftOut])
        return None

    def remember_left_out(self, library: bytes, digest: str, rows: list[LeftOut]) -> None:
        """Keep what a library left out, for as long as its names stay as they are."""
        with suppress(sqlite3.Error), self._db:
            self._db.execute(
                "INSERT OR REPLACE INTO left_out VALUES (?, ?, ?)",
                (library, digest, msgspec.msgpack.encode(rows)),
            )

    def directories(self, titles: Iterable[RemoteId]) -> set[bytes]:
        """Return where the files of some titles are, or were not long ago."""
        found: set[bytes] = set()
        with suppress(sqlite3.Error):
            for title in titles:
                rows = self._db.execute("SELECT path FROM titles WHERE id = ?", (title,))
                found.update(path for (path,) in rows)
        return found

    def learn_titles(self, library: bytes, found: Mapping[RemoteId, set[bytes]]) -> bool:
        """Add what a part of a library showed; False when no full scan has shown the rest."""
        rows = _title_rows(library, found)
        with suppress(sqlite3.Error), self._db:
            new = [row for row in rows if not self._has_title(row)]
            if (library, "", b"") in new:
                return False
            self._db.executemany("INSERT OR IGNORE INTO titles VALUES (?, ?, ?)", new)
            return True
        return False

    def remember_titles(self, library: bytes, found: Mapping[RemoteId, set[bytes]]) -> None:
        """Replace what is known of a library's titles; only what differs is written."""
        rows = _title_rows(library, found)
        with suppress(sqlite3.Error), self._db:
            known = self._titles(library)
            query = "DELETE FROM titles WHERE library = ? AND id = ? AND path = ?"
            self._db.executemany(query, known - rows)
            self._db.executemany("INSERT OR IGNORE INTO titles VALUES (?, ?, ?)", rows - known)

    def _has_title(self, row: tuple[bytes, str, bytes]) -> bool:
        query = "SELECT 1 FROM titles WHERE library = ? AND id = ? AND path = ?"
        return self._db.execute(query, row).fetchone() is not None

    def _titles(self, library: bytes) -> set[tuple[bytes, str, bytes]]:
        return {*self._db.execute("SELECT * FROM titles WHERE library = ?", (library,))}

    def remember_mounts(self, paths: Iterable[bytes]) -> None:
        """Replace the known mount points, when they differ."""
        paths = frozenset(paths)
        if paths == self.mount_points():
            return
        with suppress(sqlite3.Error), self._db:
            self._db.execute("DELETE FROM mounts")
            self._db.executemany("INSERT INTO mounts VALUES (?)", [(path,) for path in paths])


def _title_rows(
    library: bytes, found: Mapping[RemoteId, set[bytes]]
) -> set[tuple[bytes, str, bytes]]:
    """Return a row for each directory of each title, and one that says that they are known."""
    rows = {(library, str(each), path) for each, paths in found.items() for path in paths}
    return rows | {(library, "", b"")}


def _open(path: Path) -> sqlite3.Connection:
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            return _create(path)
        except sqlite3.OperationalError:
            return _connect(":memory:")  # locked by another process, which is no damage
        except sqlite3.Error:
            pass
        for suffix in ("", "-wal", "-shm"):  # damaged: everything can be read again
            Path(f"{path}{suffix}").unlink(missing_ok=True)
        with suppress(sqlite3.Error):
            return _create(path)
    return _connect(":memory:")


def _create(path: Path) -> sqlite3.Connection:
    os.close(os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600))
    return _connect(str(path))


def _connect(path: str) -> sqlite3.Connection:
    # A call that was cancelled may still be running in the thread that it left behind.
    db = sqlite3.connect(path, check_same_thread=False, timeout=5)
    try:
        db.executescript("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;")
        (version,) = db.execute("PRAGMA user_version").fetchone()
        if version not in (0, _VERSION):
            for table in _TABLES:
                db.execute(f"DROP TABLE IF EXISTS {table}")
        db.executescript(
            f"""CREATE TABLE IF NOT EXISTS tags (
                path BLOB PRIMARY KEY, size INTEGER, mtime_ns INTEGER, {_COLUMNS}) WITHOUT ROWID;
            CREATE TABLE IF NOT EXISTS mounts (path BLOB PRIMARY KEY) WITHOUT ROWID;
            CREATE TABLE IF NOT EXISTS libraries (path BLOB PRIMARY KEY, type TEXT) WITHOUT ROWID;
            CREATE TABLE IF NOT EXISTS nfos (path BLOB PRIMARY KEY, size INTEGER, mtime_ns INTEGER,
                root TEXT, season INTEGER, episode INTEGER, show TEXT) WITHOUT ROWID;
            CREATE TABLE IF NOT EXISTS problems (
                path BLOB PRIMARY KEY, size INTEGER, mtime_ns INTEGER, reason TEXT) WITHOUT ROWID;
            CREATE TABLE IF NOT EXISTS left_out (
                library BLOB PRIMARY KEY, digest TEXT, rows BLOB) WITHOUT ROWID;
            CREATE TABLE IF NOT EXISTS titles (
                library BLOB, id TEXT, path BLOB, PRIMARY KEY (id, path, library)) WITHOUT ROWID;
            PRAGMA user_version = {_VERSION};"""
        )
    except BaseException:
        db.close()
        raise
    return db
