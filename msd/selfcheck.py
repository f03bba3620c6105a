"""`python -m msd.selfcheck`: what msd finds out about its settings and files without running.

Writes one JSON document for `msdctl doctor` and `msdctl config`:

    {"config": {"path": "...", "exists": true, "values": {"sync": {...}},
                "problems": [{"line": 3, "message": "unknown key sync.intervall"}]},
     "folders": {"data": "...", "cache": "..."},
     "databases": [{"path": "...", "bytes": 4096, "version": 3, "known_version": 3,
                    "problem": ""}]}

`problem` of a database is "" (fine or absent), "damaged", "newer", "unreadable" or "foreign".
"""

import json
import re
import sqlite3
import sys
import time
from contextlib import closing, suppress
from pathlib import Path

import msgspec

from msd.errors import InvalidArgumentError
from msd.settings import Settings, load
from msd.store.cache.file import cache_schema
from msd.store.migrations import Schema, stored_version
from msd.store.state.store import STATE_SCHEMA

CHECK_SECONDS = 5.0
_PROGRESS_STEPS = 20_000
_SECTIONS = ("sync", "log", "secrets", "notifications")
_TOML_LINE = re.compile(r"at line (\d+)")
_TABLE = re.compile(r"^\s*\[([\w-]+)\]")


def main() -> int:
    """Write the document to standard output."""
    sys.stdout.write(json.dumps(findings()) + "\n")
    return 0


def findings() -> dict[str, object]:
    """Return what is known of settings, folders and databases, as the module describes."""
    problems: list[dict[str, object]] = []
    try:
        settings = load()
    except InvalidArgumentError as error:
        settings = load(Path("/dev/null"))
        problems.append(_problem(_config_file(), str(error)))
    return {
        "config": {
            "path": str(_config_file()),
            "exists": _config_file().exists(),
            "values": {name: _plain(getattr(settings, name)) for name in _SECTIONS},
            "problems": problems,
        },
        "folders": {"data": str(settings.data_dir), "cache": str(settings.cache_dir)},
        "databases": _databases(settings),
    }


def _config_file() -> Path:
    import platformdirs  # noqa: PLC0415 - as msd.settings does

    return Path(platformdirs.user_config_dir("msd")) / "msd.toml"


def _plain(section: object) -> object:
    return msgspec.to_builtins(section)


def _problem(path: Path, message: str) -> dict[str, object]:
    text = ""
    with suppress(OSError, UnicodeDecodeError):
        text = path.read_text()
    return {"line": line_of(text, message), "message": message}


def line_of(text: str, message: str) -> int:
    """Return the line of the settings that a message is about, 0 when it can't be found.

    Args:
        text: the settings file.
        message: such as "unknown key sync.intervall; known: ..." or a TOML error.
    """
    told = _TOML_LINE.search(message)
    if told:
        return int(told[1])
    table = ""
    for number, line in enumerate(text.splitlines(), start=1):
        header = _TABLE.match(line)
        if header:
            table = header[1]
            if f"[{table}]" in message:
                return number
        key = line.partition("=")[0].strip()
        if key and re.search(rf"\b{re.escape(table)}\.{re.escape(key)}\b", message):
            return number
    return 0


def _databases(settings: Settings) -> list[dict[str, object]]:
    pairs = ((settings.state_db, STATE_SCHEMA), (settings.cache_db, cache_schema(0)))
    return [database_finding(path, schema) for path, schema in pairs]


def database_finding(path: Path, schema: Schema) -> dict[str, object]:
    """Return path, size, versions and problem of one database; it is opened for reading only."""
    finding: dict[str, object] = {
        "path": str(path),
        "bytes": 0,
        "version": 0,
        "known_version": schema.version,
        "problem": "",
    }
    if not path.exists():
        return finding
    finding["bytes"] = path.stat().st_size
    try:
        with closing(
            sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
        ) as connection:
            finding["problem"], finding["version"] = _look(connection, schema)
    except sqlite3.DatabaseError as error:
        is_damage = error.sqlite_errorcode in (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT)
        finding["problem"] = "damaged" if is_damage else "unreadable"
    return finding


def _look(connection: sqlite3.Connection, schema: Schema) -> tuple[str, int]:
    try:
        version = stored_version(connection)
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode != sqlite3.SQLITE_ERROR:
            raise
        return "foreign", 0
    if version > schema.version:
        return "newer", version
    return ("" if _is_sound(connection) else "damaged"), version


def _is_sound(connection: sqlite3.Connection) -> bool:
    """Check the pages for a few seconds; what is not read by then counts as sound."""
    deadline = time.monotonic() + CHECK_SECONDS
    connection.set_progress_handler(lambda: time.monotonic() > deadline, _PROGRESS_STEPS)
    try:
        (answer,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode == sqlite3.SQLITE_INTERRUPT:
            return True
        raise
    return bool(answer == "ok")


if __name__ == "__main__":
    sys.exit(main())
