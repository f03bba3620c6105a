"""What was added to cache.db since its first schema; `schema_cache` is where the steps lead."""

import sqlite3

from msd.store.migrations import Step

_CURSOR = (
    "CREATE TABLE cursor (library INTEGER NOT NULL, lane TEXT NOT NULL, value TEXT NOT NULL,"
    " PRIMARY KEY (library, lane)) WITHOUT ROWID"
)
_FOLLOW_CHANGES = (
    "ALTER TABLE library ADD COLUMN swept_at INTEGER DEFAULT 0 NOT NULL",
    "ALTER TABLE listing ADD COLUMN resume_at INTEGER DEFAULT 0 NOT NULL",
    "ALTER TABLE listing ADD COLUMN lost INTEGER DEFAULT 0 NOT NULL",
    "ALTER TABLE listing ADD COLUMN lost_since INTEGER DEFAULT 0 NOT NULL",
    _CURSOR,
    "UPDATE listing SET complete_total = -1",  # it was a number of rows, not what was announced
    "CREATE INDEX item_revision ON item (revision)",
)


def _follow_changes(connection: sqlite3.Connection) -> None:
    for statement in _FOLLOW_CHANGES:
        connection.execute(statement)
    # What was purged so far left no trace: the feed of changes begins here.
    connection.execute(
        "INSERT INTO meta SELECT 'feed_floor', value FROM meta WHERE key = 'revision'"
    )


STEPS = (Step(2, "follow changes", _follow_changes),)
