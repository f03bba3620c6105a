"""The statements of state.db as text: what creates its tables, and what writes.

Made by scripts/compile_sql.py; change this instead: msd.store.build_time_schema.state_tables.py
"""

CREATE = (
    (
        "CREATE TABLE account ( id TEXT NOT NULL, kind TEXT NOT NULL, display_name TEXT NOT NULL, "
        "remote_user_id TEXT NOT NULL, device_id TEXT NOT NULL, PRIMARY KEY (id) ) WITHOUT ROWID"
    ),
    (
        "CREATE TABLE item_alias ( source_id TEXT NOT NULL, item_id TEXT NOT NULL, remote_id TEXT "
        "NOT NULL, PRIMARY KEY (source_id, item_id) ) WITHOUT ROWID"
    ),
    ("CREATE UNIQUE INDEX item_alias_remote ON item_alias (source_id, remote_id)"),
    (
        "CREATE TABLE library_settings ( library_id TEXT NOT NULL, source_id TEXT NOT NULL, sync "
        "TEXT NOT NULL, interval_s INTEGER NOT NULL, show_in_home BOOLEAN NOT NULL, content TEXT, "
        "PRIMARY KEY (library_id) ) WITHOUT ROWID"
    ),
    (
        'CREATE TABLE meta ( "key" TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY ("key") ) '
        "WITHOUT ROWID"
    ),
    (
        "CREATE TABLE source ( id TEXT NOT NULL, kind TEXT NOT NULL, name TEXT NOT NULL, "
        "account_id TEXT, server_id TEXT NOT NULL, server_version TEXT NOT NULL, address TEXT NOT "
        "NULL, config TEXT NOT NULL, owned BOOLEAN NOT NULL, enabled BOOLEAN NOT NULL, position "
        "INTEGER NOT NULL, added_at INTEGER NOT NULL, last_sync INTEGER NOT NULL, last_sync_error "
        "TEXT NOT NULL, skipped_items INTEGER NOT NULL, held_deletes INTEGER NOT NULL, removed "
        "BOOLEAN NOT NULL, PRIMARY KEY (id) ) WITHOUT ROWID"
    ),
)

SET_META = 'INSERT OR REPLACE INTO meta ("key", value) VALUES (?, ?)'
DELETE_META = 'DELETE FROM meta WHERE meta."key" = ?'
PUT_ACCOUNT = (
    "INSERT OR REPLACE INTO account (id, kind, display_name, remote_user_id, device_id) "
    "VALUES (?, ?, ?, ?, ?)"
)
PUT_SOURCE = (
    "INSERT OR REPLACE INTO source (id, kind, name, account_id, server_id, server_version, "
    "address, config, owned, enabled, position, added_at, last_sync, last_sync_error, "
    "skipped_items, held_deletes, removed) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, "
    "?, ?, ?)"
)
MOVE_SOURCE = "UPDATE source SET position=? WHERE source.id = ?"
MARK_REMOVED = "UPDATE source SET removed=? WHERE source.id = ?"
DELETE_SOURCE = "DELETE FROM source WHERE source.id = ?"
DELETE_ACCOUNT = "DELETE FROM account WHERE account.id = ?"
DELETE_SETTINGS = "DELETE FROM library_settings WHERE library_settings.source_id = ?"
DELETE_ALIASES = "DELETE FROM item_alias WHERE item_alias.source_id = ?"
PUT_SETTINGS = (
    "INSERT OR REPLACE INTO library_settings (library_id, source_id, sync, interval_s, "
    "show_in_home, content) VALUES (?, ?, ?, ?, ?, ?)"
)
PUT_ALIAS = "INSERT OR REPLACE INTO item_alias (source_id, item_id, remote_id) VALUES (?, ?, ?)"
