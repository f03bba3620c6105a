"""A cache of an earlier schema is brought to the present one and keeps its rows."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from msd.models import ItemQuery, WatchState
from msd.store import CacheDatabase
from msd.store.cache.file import cache_schema
from msd.store.cache.reads.facets import facets
from msd.store.cache.reads.libraries import counts
from msd.store.cache.reads.pages import query_items
from msd.store.cache.writes.sync_writer import SyncWriter
from tests.store.made import SOURCE, Paths, Stores, movie

NINTH = """
DROP TABLE item_facet; DROP TABLE facet_value;
CREATE TABLE genre (pk INTEGER NOT NULL, name TEXT NOT NULL, PRIMARY KEY (pk), UNIQUE (name));
CREATE TABLE item_genre (genre INTEGER NOT NULL, item INTEGER NOT NULL,
    PRIMARY KEY (genre, item)) WITHOUT ROWID;
DROP INDEX item_place; DROP INDEX item_year; DROP INDEX item_watched;
ALTER TABLE item DROP COLUMN place;
DELETE FROM schema_ledger WHERE version > 9;
"""
EIGHTH = """
DROP TABLE search_word; DROP TABLE search; DROP TABLE search_title;
CREATE TABLE search_text (item INTEGER NOT NULL, title TEXT NOT NULL, original TEXT NOT NULL,
    place TEXT NOT NULL, people TEXT NOT NULL, PRIMARY KEY (item));
CREATE VIRTUAL TABLE search USING fts5(title, original, place, people,
    content='search_text', content_rowid='item', prefix='1 2 3', detail=column, columnsize=0);
CREATE VIRTUAL TABLE search_word USING fts5vocab(search, row);
DELETE FROM schema_ledger WHERE version > 8;
"""
THIRD = """
DROP INDEX item_details_due; ALTER TABLE item DROP COLUMN details_of;
ALTER TABLE item_full DROP COLUMN is_whole;
DROP INDEX item_unwatched_title; DROP INDEX item_unwatched_added;
ALTER TABLE item_full DROP COLUMN beyond_list;
DROP TABLE search_word; DROP TABLE search; DROP TABLE search_text;
ALTER TABLE omission DROP COLUMN thing; ALTER TABLE omission DROP COLUMN number;
DELETE FROM schema_ledger WHERE version > 3;
"""
SECOND = """
DROP TABLE source_fact;
DROP TABLE withheld; DROP TABLE omission;
DROP INDEX item_show; DROP INDEX item_withdrawn;
ALTER TABLE library DROP COLUMN withdrawn_at;
ALTER TABLE library RENAME COLUMN fully_enumerated_at TO swept_at;
ALTER TABLE cursor RENAME COLUMN aspect TO lane;
ALTER TABLE item DROP COLUMN watched;
ALTER TABLE item DROP COLUMN child_count;
ALTER TABLE item DROP COLUMN unwatched_count;
ALTER TABLE item DROP COLUMN said_unwatched;
ALTER TABLE item DROP COLUMN withdrawn_at;
ALTER TABLE item RENAME COLUMN said_watched TO watched;
ALTER TABLE item RENAME COLUMN said_children TO child_count;
CREATE TABLE hold (library INTEGER NOT NULL, type TEXT NOT NULL, count INTEGER NOT NULL,
    digest INTEGER NOT NULL, since INTEGER NOT NULL, PRIMARY KEY (library, type)) WITHOUT ROWID;
DELETE FROM schema_ledger WHERE version > 2;
"""
FIRST = """
DROP INDEX item_revision;
DROP TABLE cursor;
ALTER TABLE library DROP COLUMN swept_at;
ALTER TABLE listing DROP COLUMN resume_at;
ALTER TABLE listing DROP COLUMN lost;
ALTER TABLE listing DROP COLUMN lost_since;
DELETE FROM meta WHERE key = 'feed_floor';
DELETE FROM schema_ledger WHERE version > 1;
"""


def shape(path: Path) -> dict[str, set[object]]:
    """Return the columns and indexes of every table, in no order."""
    with closing(sqlite3.connect(path)) as cache:
        tables = [
            row[0] for row in cache.execute("SELECT name FROM sqlite_master WHERE type='table'")
        ]
        return {
            table: {row[1:4] for row in cache.execute(f"PRAGMA table_info({table})")}
            | {row[1] for row in cache.execute(f"PRAGMA index_list({table})")}
            for table in tables
        }


@pytest.fixture(
    params=[
        NINTH,
        NINTH + EIGHTH,
        NINTH + EIGHTH + THIRD,
        NINTH + EIGHTH + THIRD + SECOND,
        NINTH + EIGHTH + THIRD + SECOND + FIRST,
    ],
    ids=["ninth", "eighth", "third", "second", "first"],
)
def old(paths: Paths, request: pytest.FixtureRequest) -> Path:
    stores = Stores(paths)
    rated = {"genres": ("War",), "studios": ("Fox",), "content_rating": "PG"}
    stores.write(stores.library("one"), movie("a", watch=WatchState(watched=True), **rated))
    stores.close()
    with closing(sqlite3.connect(paths.cache)) as cache:
        cache.executescript(request.param)
    return paths.cache


def test_a_migrated_cache_is_like_a_new_one(old: Path, tmp_path: Path) -> None:
    """The steps and `cache_tables` say the same; the rows stay."""
    CacheDatabase.open(tmp_path / "new.db", revision_floor=0).close()

    cache = CacheDatabase.open(old, revision_floor=0)

    assert cache.rebuilt_because == ""
    assert cache.read(counts, SOURCE) == (1, 1)
    assert cache.read(query_items, ItemQuery()).items[0]["watched"] is True
    cache.close()
    assert shape(old) == shape(tmp_path / "new.db")
    assert cache_schema(0).version == 10


def test_what_was_stored_is_found_by_what_is_linked_now(old: Path) -> None:
    """Genres, studios and content ratings stand in the details of each row."""
    cache = CacheDatabase.open(old, revision_floor=0)

    for wanted in ({"genres": ("war",)}, {"studios": ("Fox",)}, {"content_ratings": ("PG",)}):
        assert cache.read(query_items, ItemQuery(**wanted)).total == 1
    counted = cache.read(facets, ItemQuery(), ["genres", "studios", "content_ratings"])
    cache.close()

    assert [[facet.value for facet in values] for values in counted.values()] == [
        ["War"],
        ["Fox"],
        ["PG"],
    ]


def test_a_migrated_cache_is_enumerated_before_it_is_followed(old: Path, paths: Paths) -> None:
    """A migrated cache is enumerated before it is followed (Y6).

    Nothing says where its libraries stood.
    """
    CacheDatabase.open(old, revision_floor=0).close()
    writer = SyncWriter(old, paths.state, SOURCE)

    saved = writer.save_libraries([])

    assert saved.cursors == {}
    assert set(saved.fully_enumerated_at.values()) == {0}
    writer.close()
