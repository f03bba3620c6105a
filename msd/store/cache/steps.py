"""What was added to cache.db since its first schema; `cache_tables` is where the steps lead."""

import re
import sqlite3

from msd.models import ItemType
from msd.store.cache import statements as sql
from msd.store.cache.rows.columns import CONTENT_COLUMNS
from msd.store.cache.rows.facets import LinkedFacet, facet_key
from msd.store.cache.rows.place import place
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


_DETAILS_DUE = "item_details_due"
_PLACE = "item_place"
_INDEXES_OF_LATER_STEPS = {_DETAILS_DUE, _PLACE}
_CREATED = re.compile(r"CREATE (?:UNIQUE |VIRTUAL )?(?:TABLE|INDEX) (\w+)")
_CONTAINERS_AND_LOSSES = (
    "ALTER TABLE library RENAME COLUMN swept_at TO fully_enumerated_at",
    "ALTER TABLE library ADD COLUMN withdrawn_at INTEGER",
    "ALTER TABLE cursor RENAME COLUMN lane TO aspect",
    "ALTER TABLE item RENAME COLUMN child_count TO said_children",
    "ALTER TABLE item RENAME COLUMN watched TO said_watched",
    "ALTER TABLE item ADD COLUMN said_unwatched INTEGER",
    "ALTER TABLE item ADD COLUMN watched BOOLEAN NOT NULL DEFAULT 0",
    "ALTER TABLE item ADD COLUMN unwatched_count INTEGER",
    "ALTER TABLE item ADD COLUMN child_count INTEGER",
    "ALTER TABLE item ADD COLUMN withdrawn_at INTEGER",
    "UPDATE item SET watched = said_watched, child_count = said_children",
    # What is withheld is found again by the next complete pass.
    "DROP TABLE hold",
)


def _containers_and_losses(connection: sqlite3.Connection) -> None:
    for statement in _CONTAINERS_AND_LOSSES:
        connection.execute(statement)
    create_missing(connection)
    # Containers are worked out when their listings are next enumerated completely.
    connection.execute("UPDATE listing SET complete_at = 0")
    connection.execute("UPDATE library SET fully_enumerated_at = 0")


def create_missing(connection: sqlite3.Connection) -> None:
    """Create the tables and indexes of the present schema that are not there yet.

    An index over a column that a later step adds is left to that step.
    """
    there = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
    for statement in sql.CREATE:
        found = _CREATED.match(statement)
        if found is None or found[1] in there | _INDEXES_OF_LATER_STEPS:
            continue
        connection.execute(statement)


# Rows up to this key are put into the index by the next syncs, a batch at a time.
_BACKLOG = "INSERT OR REPLACE INTO meta SELECT 'search_backlog', coalesce(max(pk), 0) FROM item"


def _search(connection: sqlite3.Connection) -> None:
    create_missing(connection)
    connection.execute(_BACKLOG)


def _search_without_texts(connection: sqlite3.Connection) -> None:
    for table in ("search_word", "search", "search_text"):
        connection.execute(f"DROP TABLE IF EXISTS {table}")
    create_missing(connection)
    connection.execute(_BACKLOG)


def _beyond_list(connection: sqlite3.Connection) -> None:
    connection.execute("ALTER TABLE item_full ADD COLUMN beyond_list TEXT DEFAULT '' NOT NULL")


def _left_out_things(connection: sqlite3.Connection) -> None:
    connection.execute("DROP TABLE IF EXISTS left_out")
    connection.execute("DROP TABLE omission")  # the next full enumeration lists them again
    create_missing(connection)


def _details_of_rows(connection: sqlite3.Connection) -> None:
    connection.execute("ALTER TABLE item ADD COLUMN details_of INTEGER")
    connection.execute("ALTER TABLE item_full ADD COLUMN is_whole BOOLEAN DEFAULT 1 NOT NULL")
    connection.execute(next(each for each in sql.CREATE if _DETAILS_DUE in each))


_FACETS = """
INSERT OR IGNORE INTO {table} SELECT {columns} FROM item
JOIN item_detail ON item_detail.item = item.pk JOIN json_each(item_detail.body, '$.{path}')
"""
_PLACED = f"""
SELECT item.pk, listing.type, item.id, coalesce(show_id, album_id, parent_id, ''),
{", ".join(CONTENT_COLUMNS[:-1])} FROM item JOIN listing ON listing.pk = item.listing
"""


def _facets_and_places(connection: sqlite3.Connection) -> None:
    for index in ("item_in_progress", "item_favourite"):  # made again with another column
        connection.execute(f"DROP INDEX {index}")
    for table in ("item_genre", "genre"):
        connection.execute(f"DROP TABLE {table}")
    connection.execute("ALTER TABLE item ADD COLUMN place TEXT DEFAULT '' NOT NULL")
    create_missing(connection)
    connection.execute(next(each for each in sql.CREATE if _PLACE in each))
    connection.create_function("facet_key", 2, facet_key)
    for facet, path in zip(LinkedFacet, ("genres", "studios", "content_rating"), strict=True):
        key = f"facet_key({facet:d}, json_each.value)"
        for table, columns in (
            ("facet_value", f"{key}, json_each.value"),
            ("item_facet", f"{key}, item.listing, item.pk"),
        ):
            connection.execute(_FACETS.format(table=table, columns=columns, path=path))
    places = [
        (place(ItemType(item_type), values, item_id, above), pk)
        for pk, item_type, item_id, above, *values in connection.execute(_PLACED)
    ]
    connection.executemany("UPDATE item SET place = ? WHERE pk = ?", places)


STEPS = (
    Step(2, "follow changes", _follow_changes),
    Step(3, "containers, withheld and withdrawn rows, omissions", _containers_and_losses),
    Step(4, "search", _search),
    Step(5, "what a full answer adds", _beyond_list),
    Step(6, "unwatched items in order", create_missing),
    Step(7, "how many things an omission stands for", _left_out_things),
    Step(8, "which details are due", _details_of_rows),
    Step(9, "search without a copy of its texts", _search_without_texts),
    Step(10, "facets, places, years", _facets_and_places),
)
