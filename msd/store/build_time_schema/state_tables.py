"""The tables of state.db: what can't be fetched again from anywhere."""

from sqlalchemy import (
    Boolean,
    Column,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    bindparam,
    delete,
    insert,
    update,
)
from sqlalchemy.dialects import sqlite

from msd.store.build_time_schema.compiler import sql_text

metadata = MetaData()

meta = Table(
    "meta",
    metadata,
    Column("key", Text, primary_key=True),
    Column("value", Text, nullable=False),
    sqlite_with_rowid=False,
)
account = Table(
    "account",
    metadata,
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("display_name", Text, nullable=False),
    Column("remote_user_id", Text, nullable=False),
    Column("device_id", Text, nullable=False),
    sqlite_with_rowid=False,
)
source = Table(
    "source",
    metadata,
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("account_id", Text),
    Column("server_id", Text, nullable=False),
    Column("server_version", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("config", Text, nullable=False),  # JSON object of strings
    Column("owned", Boolean, nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("position", Integer, nullable=False),
    Column("added_at", Integer, nullable=False),
    Column("last_sync", Integer, nullable=False),
    Column("last_sync_error", Text, nullable=False),
    Column("skipped_items", Integer, nullable=False),
    Column("held_deletes", Integer, nullable=False),
    Column("removed", Boolean, nullable=False),  # served nowhere; its purge is not finished (A4)
    sqlite_with_rowid=False,
)
library_settings = Table(
    "library_settings",
    metadata,
    Column("library_id", Text, primary_key=True),
    Column("source_id", Text, nullable=False),
    Column("sync", Text, nullable=False),
    Column("interval_s", Integer, nullable=False),
    Column("show_in_home", Boolean, nullable=False),
    Column("content", Text),  # None: what the backend found
    sqlite_with_rowid=False,
)
# Items whose id does not derive from their remote id: the server re-keyed them (I2), or their
# own id had been taken by one that was.
item_alias = Table(
    "item_alias",
    metadata,
    Column("source_id", Text, primary_key=True),
    Column("item_id", Text, primary_key=True),
    Column("remote_id", Text, nullable=False),
    Index("item_alias_remote", "source_id", "remote_id", unique=True),
    sqlite_with_rowid=False,
)

SET_META = sql_text(sqlite.insert(meta).prefix_with("OR REPLACE"), "key", "value")
DELETE_META = sql_text(delete(meta).where(meta.c.key == bindparam("of")), "of")
PUT_ACCOUNT = sql_text(sqlite.insert(account).prefix_with("OR REPLACE"), *account.c.keys())
PUT_SOURCE = sql_text(sqlite.insert(source).prefix_with("OR REPLACE"), *source.c.keys())
MOVE_SOURCE = sql_text(
    update(source).where(source.c.id == bindparam("of")).values(position=bindparam("position")),
    "position",
    "of",
)
MARK_REMOVED = sql_text(
    update(source).where(source.c.id == bindparam("of")).values(removed=bindparam("removed")),
    "removed",
    "of",
)
DELETE_SOURCE = sql_text(delete(source).where(source.c.id == bindparam("of")), "of")
DELETE_ACCOUNT = sql_text(delete(account).where(account.c.id == bindparam("of")), "of")
DELETE_SETTINGS = sql_text(
    delete(library_settings).where(library_settings.c.source_id == bindparam("of")), "of"
)
DELETE_ALIASES = sql_text(delete(item_alias).where(item_alias.c.source_id == bindparam("of")), "of")
PUT_SETTINGS = sql_text(
    sqlite.insert(library_settings).prefix_with("OR REPLACE"), *library_settings.c.keys()
)
# OR REPLACE also drops an alias that another item had for the same remote id.
PUT_ALIAS = sql_text(insert(item_alias).prefix_with("OR REPLACE"), *item_alias.c.keys())
