"""Schema versions: a ledger, steps in order, a backup before them."""

import sqlite3
from pathlib import Path

import pytest
from msgspec.structs import replace

from msd.errors import StorageError
from msd.store import StateStore
from msd.store.migrations import Schema, Step
from msd.store.state.store import STATE_SCHEMA
from tests.store.made import Paths, account, source

DAY = 24 * 3600.0


def adds(column: str):
    return lambda connection: connection.execute(f"ALTER TABLE source ADD COLUMN {column}")


def later(*steps: Step) -> Schema:
    """Return the schema of some later msd."""

    def create(connection: sqlite3.Connection) -> None:
        STATE_SCHEMA.create(connection)
        for step in steps:
            step.apply(connection)

    return replace(STATE_SCHEMA, steps=steps, create=create)


TWO = Step(2, "add colour", adds("colour"))
THREE = Step(3, "add shape", adds("shape"))


def filled(paths: Paths) -> None:
    store = StateStore.open(paths.state)
    store.add(account(), [source()])
    store.close()


def columns(path: Path) -> set[str]:
    connection = sqlite3.connect(path)
    found = {row[1] for row in connection.execute("PRAGMA table_info(source)")}
    connection.close()
    return found


def ledger(path: Path) -> list[tuple[int, str]]:
    connection = sqlite3.connect(path)
    found = connection.execute("SELECT version, name FROM schema_ledger ORDER BY version")
    rows = found.fetchall()
    connection.close()
    return rows


def backups(paths: Paths, occasion: str) -> list[Path]:
    return sorted(paths.folder.glob(f"state.db.backup-{occasion}-*"))


def test_steps_run_in_order_and_are_recorded(paths: Paths) -> None:
    """Each step once, content kept."""
    filled(paths)

    StateStore.open(paths.state, schema=later(TWO, THREE)).close()
    store = StateStore.open(paths.state, schema=later(TWO, THREE))

    assert store.sources() == (source(),)
    store.close()
    assert ledger(paths.state) == [(1, "create"), (2, "add colour"), (3, "add shape")]
    assert {"colour", "shape"} <= columns(paths.state)


def test_a_new_database_has_the_newest_schema_at_once(paths: Paths) -> None:
    """Its ledger says the same as that of a migrated one."""
    StateStore.open(paths.state, schema=later(TWO)).close()

    assert ledger(paths.state) == [(1, "create"), (2, "add colour")]
    assert backups(paths, "schema-1") == []


def test_a_backup_is_made_before_the_first_step(paths: Paths) -> None:
    """The backup is a whole database of the old version, for this user only."""
    filled(paths)

    StateStore.open(paths.state, schema=later(TWO)).close()

    (backup,) = backups(paths, "schema-1")
    assert backup.stat().st_mode & 0o777 == 0o600
    assert ledger(backup) == [(1, "create")]
    assert "colour" not in columns(backup)


def test_a_step_that_fails_leaves_the_database_as_it_was(paths: Paths) -> None:
    """All steps are one transaction."""
    filled(paths)
    broken = Step(3, "broken", adds("colour"))  # the column is there already

    with pytest.raises(StorageError):
        StateStore.open(paths.state, schema=later(TWO, broken))

    assert ledger(paths.state) == [(1, "create")]
    assert "colour" not in columns(paths.state)
    store = StateStore.open(paths.state)
    assert store.sources() == (source(),)
    store.close()


def test_a_newer_schema_is_refused_untouched(paths: Paths) -> None:
    """A newer schema is refused untouched.

    Nothing is written, and the message says why.
    """
    StateStore.open(paths.state, schema=later(TWO)).close()
    before = paths.state.read_bytes()

    with pytest.raises(StorageError, match="newer msd") as caught:
        StateStore.open(paths.state)

    assert not caught.value.damaged
    assert paths.state.read_bytes() == before
    assert backups(paths, "*") == []


def test_backups_are_made_weekly_and_two_are_kept(paths: Paths) -> None:
    """Backups are made weekly and two are kept.

    Each is readable by itself.
    """
    filled(paths)
    for day in (0, 1, 6.9, 7.1, 8, 15, 30, 31):
        StateStore.open(paths.state, clock=lambda day=day: 1e9 + day * DAY).close()

    made = backups(paths, "weekly")

    assert len(made) == 2
    assert [one.name[-16:] for one in made] == ["20010924T014640Z", "20011009T014640Z"]
    for one in made:
        store = StateStore.open(one)
        assert store.sources() == (source(),)
        store.close()
