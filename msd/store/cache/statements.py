"""The statements of cache.db as text: what creates its tables, and what writes.

Made by scripts/compile_sql.py; change this instead: msd.store.build_time_schema.cache_statements.py
"""

CREATE = (
    (
        "CREATE TABLE cursor ( library INTEGER NOT NULL, aspect TEXT NOT NULL, value TEXT NOT "
        "NULL, PRIMARY KEY (library, aspect) ) WITHOUT ROWID"
    ),
    (
        'CREATE TABLE facet_value ( "key" INTEGER NOT NULL, name TEXT NOT NULL, PRIMARY KEY '
        '("key") )'
    ),
    (
        "CREATE TABLE item ( pk INTEGER NOT NULL, id TEXT NOT NULL, listing INTEGER NOT NULL, "
        "remote_id TEXT NOT NULL, fingerprint INTEGER NOT NULL, content INTEGER NOT NULL, "
        "full_content INTEGER, details_of INTEGER, identity INTEGER, revision INTEGER NOT NULL, "
        "deleted_at INTEGER, withdrawn_at INTEGER, title TEXT NOT NULL, sort_title TEXT NOT NULL, "
        "year INTEGER, released TEXT NOT NULL, added INTEGER NOT NULL, duration_ms INTEGER, "
        "rating FLOAT NOT NULL, show_title TEXT, season_number INTEGER, episode_number INTEGER, "
        "artist TEXT, album TEXT, disc_number INTEGER, track_number INTEGER, said_children "
        "INTEGER, said_unwatched INTEGER, artwork INTEGER NOT NULL, parent_id TEXT, show_id TEXT, "
        "album_id TEXT, place TEXT DEFAULT '' NOT NULL, said_watched BOOLEAN NOT NULL, play_count "
        "INTEGER NOT NULL, position_ms INTEGER NOT NULL, last_played INTEGER NOT NULL, favourite "
        "BOOLEAN NOT NULL, user_rating FLOAT, watched BOOLEAN NOT NULL, unwatched_count INTEGER, "
        "child_count INTEGER, PRIMARY KEY (pk), UNIQUE (id) )"
    ),
    ("CREATE INDEX item_added ON item (listing, added) WHERE deleted_at IS NULL"),
    ("CREATE INDEX item_deleted ON item (listing) WHERE deleted_at IS NOT NULL"),
    (
        "CREATE INDEX item_details_due ON item (listing) WHERE deleted_at IS NULL AND details_of "
        "IS NOT content"
    ),
    (
        "CREATE INDEX item_favourite ON item (listing, sort_title) WHERE deleted_at IS NULL AND "
        "favourite = 1"
    ),
    (
        "CREATE INDEX item_in_progress ON item (listing, last_played) WHERE deleted_at IS NULL "
        "AND position_ms > 0"
    ),
    ("CREATE INDEX item_last_played ON item (listing, last_played) WHERE deleted_at IS NULL"),
    ("CREATE INDEX item_parent ON item (parent_id) WHERE parent_id IS NOT NULL"),
    ("CREATE INDEX item_place ON item (listing, place) WHERE deleted_at IS NULL"),
    ("CREATE INDEX item_rating ON item (listing, rating) WHERE deleted_at IS NULL"),
    ("CREATE INDEX item_released ON item (listing, released) WHERE deleted_at IS NULL"),
    ("CREATE INDEX item_revision ON item (revision)"),
    ("CREATE INDEX item_show ON item (show_id) WHERE show_id IS NOT NULL"),
    ("CREATE INDEX item_title ON item (listing, sort_title) WHERE deleted_at IS NULL"),
    (
        "CREATE INDEX item_unwatched_added ON item (listing, added) WHERE deleted_at IS NULL AND "
        "watched = 0"
    ),
    (
        "CREATE INDEX item_unwatched_title ON item (listing, sort_title) WHERE deleted_at IS NULL "
        "AND watched = 0"
    ),
    ("CREATE INDEX item_watched ON item (listing) WHERE deleted_at IS NULL AND watched = 1"),
    ("CREATE INDEX item_withdrawn ON item (listing) WHERE withdrawn_at IS NOT NULL"),
    ("CREATE INDEX item_year ON item (listing, year, sort_title) WHERE deleted_at IS NULL"),
    ("CREATE TABLE item_detail ( item INTEGER NOT NULL, body TEXT NOT NULL, PRIMARY KEY (item) )"),
    (
        "CREATE TABLE item_external ( external_id TEXT NOT NULL, item INTEGER NOT NULL, PRIMARY "
        "KEY (external_id, item) ) WITHOUT ROWID"
    ),
    (
        "CREATE TABLE item_facet ( value INTEGER NOT NULL, listing INTEGER NOT NULL, item INTEGER "
        "NOT NULL, PRIMARY KEY (value, listing, item) ) WITHOUT ROWID"
    ),
    (
        "CREATE TABLE item_full ( item INTEGER NOT NULL, fetched INTEGER NOT NULL, body BLOB NOT "
        "NULL, beyond_list TEXT DEFAULT '' NOT NULL, is_whole BOOLEAN DEFAULT 1 NOT NULL, PRIMARY "
        "KEY (item) )"
    ),
    (
        "CREATE TABLE library ( pk INTEGER NOT NULL, id TEXT NOT NULL, source_id TEXT NOT NULL, "
        "remote_id TEXT NOT NULL, name TEXT NOT NULL, type TEXT NOT NULL, hidden BOOLEAN NOT "
        "NULL, position INTEGER NOT NULL, synced_at INTEGER DEFAULT 0 NOT NULL, deleted_at "
        "INTEGER, fully_enumerated_at INTEGER DEFAULT 0 NOT NULL, withdrawn_at INTEGER, PRIMARY "
        "KEY (pk), UNIQUE (id) )"
    ),
    (
        "CREATE TABLE listing ( pk INTEGER NOT NULL, library INTEGER NOT NULL, type TEXT NOT "
        "NULL, item_count INTEGER DEFAULT 0 NOT NULL, complete_total INTEGER DEFAULT 0 NOT NULL, "
        "complete_at INTEGER DEFAULT 0 NOT NULL, complete_pk INTEGER DEFAULT 0 NOT NULL, "
        "resume_at INTEGER DEFAULT 0 NOT NULL, lost INTEGER DEFAULT 0 NOT NULL, lost_since "
        "INTEGER DEFAULT 0 NOT NULL, PRIMARY KEY (pk) )"
    ),
    ("CREATE UNIQUE INDEX listing_key ON listing (library, type)"),
    (
        "CREATE TABLE member ( parent INTEGER NOT NULL, position INTEGER NOT NULL, item_id TEXT "
        "NOT NULL, PRIMARY KEY (parent, position) ) WITHOUT ROWID"
    ),
    ("CREATE INDEX member_item ON member (item_id)"),
    (
        'CREATE TABLE meta ( "key" TEXT NOT NULL, value INTEGER NOT NULL, PRIMARY KEY ("key") ) '
        "WITHOUT ROWID"
    ),
    (
        "CREATE TABLE omission ( source_id TEXT NOT NULL, place TEXT NOT NULL, library TEXT, type "
        "TEXT NOT NULL, severity INTEGER NOT NULL, kind TEXT NOT NULL, reason TEXT NOT NULL, "
        "title TEXT NOT NULL, since INTEGER NOT NULL, thing TEXT DEFAULT '' NOT NULL, number "
        "INTEGER DEFAULT '1' NOT NULL, PRIMARY KEY (source_id, place) ) WITHOUT ROWID"
    ),
    ("CREATE INDEX omission_order ON omission (source_id, severity, place)"),
    ("CREATE TABLE search_word ( word TEXT NOT NULL, PRIMARY KEY (word) ) WITHOUT ROWID"),
    (
        'CREATE TABLE source_fact ( source_id TEXT NOT NULL, "key" TEXT NOT NULL, value TEXT NOT '
        'NULL, PRIMARY KEY (source_id, "key") ) WITHOUT ROWID'
    ),
    (
        "CREATE TABLE withheld ( item INTEGER NOT NULL, library INTEGER NOT NULL, type TEXT NOT "
        "NULL, since INTEGER NOT NULL, PRIMARY KEY (item) )"
    ),
    ("CREATE INDEX withheld_scope ON withheld (library, type)"),
    (
        "CREATE VIRTUAL TABLE search_title USING fts5(words, content='', columnsize=0, "
        "detail=none, prefix='1 2 3 4', tokenize='ascii')"
    ),
    (
        "CREATE VIRTUAL TABLE search USING fts5(words, content='', columnsize=0, detail=none, "
        "prefix='1 2 3 4', tokenize='ascii')"
    ),
)

SET_META = 'INSERT OR REPLACE INTO meta ("key", value) VALUES (?, ?)'
NEXT_REVISION = 'UPDATE meta SET value=(meta.value + ?) WHERE meta."key" = ? RETURNING value'
RAISE_META = 'UPDATE meta SET value=? WHERE meta."key" = ? AND meta.value < ?'
INSERT_ITEM = (
    "INSERT INTO item (pk, id, listing, remote_id, fingerprint, content, full_content, "
    "details_of, identity, revision, deleted_at, withdrawn_at, title, sort_title, year, "
    "released, added, duration_ms, rating, show_title, season_number, episode_number, artist, "
    "album, disc_number, track_number, said_children, said_unwatched, artwork, parent_id, "
    "show_id, album_id, place, said_watched, play_count, position_ms, last_played, favourite, "
    "user_rating, watched, unwatched_count, child_count) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, "
    "?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, "
    "?, ?, ?, ?)"
)
UPDATE_ITEM = (
    "UPDATE item SET listing=?, remote_id=?, fingerprint=?, content=?, full_content=?, "
    "details_of=?, identity=?, revision=?, deleted_at=?, withdrawn_at=?, title=?, "
    "sort_title=?, year=?, released=?, added=?, duration_ms=?, rating=?, show_title=?, "
    "season_number=?, episode_number=?, artist=?, album=?, disc_number=?, track_number=?, "
    "said_children=?, said_unwatched=?, artwork=?, parent_id=?, show_id=?, album_id=?, "
    "place=?, said_watched=?, play_count=?, position_ms=?, last_played=?, favourite=?, "
    "user_rating=?, watched=?, unwatched_count=?, child_count=? WHERE item.pk = ?"
)
TOUCH_ITEM = "UPDATE item SET fingerprint=?, details_of=? WHERE item.pk = ?"
SOFT_DELETE_ITEM = "UPDATE item SET revision=?, deleted_at=? WHERE item.pk = ?"
WITHDRAW_ITEM = "UPDATE item SET revision=?, deleted_at=?, withdrawn_at=? WHERE item.pk = ?"
SETTLE_ITEM = (
    "UPDATE item SET revision=?, watched=?, unwatched_count=?, child_count=? WHERE item.pk = ?"
)
MARK_CHANGED = "UPDATE item SET revision=? WHERE item.pk = ?"
REKEY_ITEM = (
    "UPDATE item SET id=?, revision=?, said_watched=?, play_count=?, position_ms=?, "
    "last_played=?, favourite=?, user_rating=?, watched=? WHERE item.pk = ?"
)
MOVE_SHOW = (
    "UPDATE item SET revision=?, show_id=? WHERE item.show_id = ? AND (item.parent_id = ? OR "
    "item.parent_id IN (SELECT item.id FROM item WHERE item.parent_id = ?))"
)
MOVE_ALBUM = "UPDATE item SET revision=?, album_id=? WHERE item.album_id = ? AND item.parent_id = ?"
MOVE_CHILDREN = "UPDATE item SET revision=?, parent_id=? WHERE item.parent_id = ?"
MOVE_MEMBERS = "UPDATE member SET item_id=? WHERE member.item_id = ?"
PUT_DETAIL = "INSERT OR REPLACE INTO item_detail (item, body) VALUES (?, CAST(? AS TEXT))"
PUT_FULL = (
    "INSERT OR REPLACE INTO item_full (item, fetched, body, beyond_list, is_whole) VALUES (?, "
    "?, ?, CAST(? AS TEXT), ?)"
)
ASKED_FOR_DETAILS = "UPDATE item SET details_of=? WHERE item.pk = ? AND item.remote_id = ?"
SET_FULL_CONTENT = "UPDATE item SET full_content=?, revision=? WHERE item.pk = ?"
PUT_FACET_VALUE = 'INSERT OR IGNORE INTO facet_value ("key", name) VALUES (?, ?)'
PUT_ITEM_FACET = "INSERT OR IGNORE INTO item_facet (value, listing, item) VALUES (?, ?, ?)"
PUT_ITEM_EXTERNAL = "INSERT OR IGNORE INTO item_external (external_id, item) VALUES (?, ?)"
PUT_MEMBER = "INSERT INTO member (parent, position, item_id) VALUES (?, ?, ?)"
DELETE_ITEM = "DELETE FROM item WHERE item.pk = ?"
DELETE_DETAIL = "DELETE FROM item_detail WHERE item_detail.item = ?"
DELETE_FULL = "DELETE FROM item_full WHERE item_full.item = ?"
DELETE_MEMBER_ENTRIES = "DELETE FROM member WHERE member.item_id = ?"
DELETE_MEMBERS = "DELETE FROM member WHERE member.parent = ?"
DELETE_ITEM_FACET = (
    "DELETE FROM item_facet WHERE item_facet.value = ? AND item_facet.listing = ? AND "
    "item_facet.item = ?"
)
DELETE_ITEM_EXTERNAL = (
    "DELETE FROM item_external WHERE item_external.external_id = ? AND item_external.item = ?"
)
REKEY_LIBRARY = (
    "UPDATE library SET remote_id=?, name=?, deleted_at=NULL, withdrawn_at=NULL WHERE "
    "library.id = ?"
)
PUT_LIBRARY = (
    "INSERT INTO library (id, source_id, remote_id, name, type, hidden, position) VALUES (?, "
    "?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET name = excluded.name, type = "
    "excluded.type, hidden = excluded.hidden, position = excluded.position, deleted_at = "
    "NULL, withdrawn_at = NULL"
)
SOFT_DELETE_LIBRARY = "UPDATE library SET deleted_at=?, withdrawn_at=? WHERE library.pk = ?"
FINISH_LIBRARY = "UPDATE library SET synced_at=? WHERE library.pk = ?"
FINISH_FULL_ENUMERATION = "UPDATE library SET fully_enumerated_at=? WHERE library.pk = ?"
PUT_CURSOR = "INSERT OR REPLACE INTO cursor (library, aspect, value) VALUES (?, ?, ?)"
DELETE_CURSORS = "DELETE FROM cursor WHERE cursor.library = ?"
DELETE_LIBRARY = "DELETE FROM library WHERE library.pk = ?"
PUT_LISTING = "INSERT OR IGNORE INTO listing (library, type, complete_total) VALUES (?, ?, -1)"
COUNT_ITEMS = "UPDATE listing SET item_count=(listing.item_count + ?) WHERE listing.pk = ?"
FINISH_LISTING = (
    "UPDATE listing SET complete_total=?, complete_at=?, complete_pk=? WHERE listing.pk = ?"
)
EXPECT_ROWS = "UPDATE listing SET complete_total=? WHERE listing.pk = ?"
GROW_LISTING = (
    "UPDATE listing SET complete_total=(listing.complete_total + ?) WHERE listing.pk = ? AND "
    "listing.complete_total >= 0"
)
RESUME_AT = "UPDATE listing SET resume_at=? WHERE listing.pk = ?"
RESUMED = "UPDATE listing SET resume_at=0 WHERE listing.library = ?"
COUNT_LOST = "UPDATE listing SET lost=?, lost_since=? WHERE listing.pk = ?"
DELETE_LISTINGS = "DELETE FROM listing WHERE listing.library = ?"
PUT_WITHHELD = "INSERT OR REPLACE INTO withheld (item, library, type, since) VALUES (?, ?, ?, ?)"
DELETE_WITHHELD = "DELETE FROM withheld WHERE withheld.library = ? AND withheld.type = ?"
DELETE_WITHHELD_ITEM = "DELETE FROM withheld WHERE withheld.item = ?"
DELETE_WITHHELD_OF_LIBRARY = "DELETE FROM withheld WHERE withheld.library = ?"
PUT_OMISSION = (
    "INSERT INTO omission (source_id, place, library, type, severity, kind, reason, title, "
    "since, thing, number) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (source_id, "
    "place) DO UPDATE SET library = excluded.library, type = excluded.type, severity = "
    "excluded.severity, kind = excluded.kind, reason = excluded.reason, title = "
    "excluded.title, thing = excluded.thing, number = excluded.number"
)
DELETE_OMISSION = "DELETE FROM omission WHERE omission.source_id = ? AND omission.place = ?"
PUT_SOURCE_FACT = 'INSERT OR REPLACE INTO source_fact (source_id, "key", value) VALUES (?, ?, ?)'
DELETE_SOURCE_FACTS = "DELETE FROM source_fact WHERE source_fact.source_id = ?"
ADD_TITLE_WORDS = "INSERT INTO search_title (rowid, words) VALUES (?, ?)"
ADD_WORDS = "INSERT INTO search (rowid, words) VALUES (?, ?)"
REMOVE_TITLE_WORDS = "INSERT INTO search_title (search_title, rowid, words) VALUES ('delete', ?, ?)"
REMOVE_WORDS = "INSERT INTO search (search, rowid, words) VALUES ('delete', ?, ?)"
MERGE_TITLE_WORDS = "INSERT INTO search_title (search_title, rank) VALUES ('merge', ?)"
MERGE_WORDS = "INSERT INTO search (search, rank) VALUES ('merge', ?)"
ADD_SEARCH_WORD = "INSERT OR IGNORE INTO search_word (word) VALUES (?)"
