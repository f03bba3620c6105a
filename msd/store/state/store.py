"""state.db: accounts, sources and settings; what can't be fetched again from anywhere."""

import json
import sqlite3
import threading
import time
import uuid
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any, Self

from msgspec.structs import astuple

from msd.errors import SourceExistsError, StorageError
from msd.models import (
    Account,
    AccountId,
    BackendKind,
    ItemId,
    LibraryId,
    LibrarySettings,
    LibraryType,
    RemoteId,
    Source,
    SourceId,
    SyncPolicy,
    UnixSeconds,
)
from msd.redaction import Outlet, Redactor
from msd.store.backup import Backups
from msd.store.database import (
    connect_writer,
    create_private,
    storage_errors,
    transaction,
)
from msd.store.migrations import ForeignSchemaError, Schema, bring_up_to_date
from msd.store.state import statements as sql

_SOURCE_COLUMNS = (
    "id, kind, name, account_id, server_id, server_version, address, config, owned, enabled,"
    " position, added_at, last_sync, last_sync_error, skipped_items, held_deletes"
)

_LIBRARY_IDS = "library_ids/"  # of keys of `meta`; a source's id follows
_HIDDEN = "hidden_servers/"  # of keys of `meta`; an account's id follows


def _create(connection: sqlite3.Connection) -> None:
    for statement in sql.CREATE:
        connection.execute(statement)
    connection.execute(sql.SET_META, ("installation_id", uuid.uuid4().hex))


STATE_SCHEMA = Schema(
    create=_create,
    probe="SELECT (SELECT 1 FROM meta), (SELECT 1 FROM account), (SELECT 1 FROM source),"
    " (SELECT 1 FROM library_settings), (SELECT 1 FROM item_alias)",
)


class StateStore:
    """The durable database. Every method blocks; any thread may call."""

    def __init__(self, path: Path, connection: sqlite3.Connection, redactor: Redactor) -> None:
        """Use `open` instead."""
        self._redactor = redactor
        self._path = path
        self._connection = connection
        self._lock = threading.RLock()

    @classmethod
    def open(
        cls,
        path: Path,
        *,
        schema: Schema = STATE_SCHEMA,
        redactor: Redactor | None = None,
        clock: Callable[[], float] = time.time,
    ) -> Self:
        """Open the database; create, migrate (after a backup) or back it up when it is time.

        Raises:
            StorageError: it is damaged, newer than this msd, or the disk fails. It is as it was:
                what it holds can't be fetched again, so it is never made again by itself.
        """
        create_private(path)
        backups = Backups(path, clock=clock)
        connection = connect_writer(path, synchronous="FULL")
        try:
            created = bring_up_to_date(
                path,
                connection,
                schema,
                before_steps=lambda version: backups.make(connection, f"schema-{version}"),
            )
            if not created:
                backups.make_if_due(connection)
        except ForeignSchemaError as error:
            connection.close()
            raise StorageError(f"{error}; it is left untouched") from error
        except BaseException:
            connection.close()
            raise
        return cls(path, connection, redactor or Redactor())

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()

    # --- reading ----------------------------------------------------------------------------

    def installation_id(self) -> str:
        """Return this installation's id, made once (I3)."""
        return self._meta("installation_id")

    def accounts(self) -> tuple[Account, ...]:
        """Return every account."""
        rows = self._rows(
            "SELECT id, kind, display_name, remote_user_id, device_id FROM account ORDER BY id"
        )
        return tuple(
            Account(
                id=AccountId(row[0]),
                kind=BackendKind(row[1]),
                display_name=row[2],
                remote_user_id=row[3],
                device_id=row[4],
            )
            for row in rows
        )

    def sources(self) -> tuple[Source, ...]:
        """Return the sources in the user's order, without removed ones."""
        return self._sources(removed=False)

    def removed_sources(self) -> tuple[Source, ...]:
        """Return sources whose removal is not finished (A4)."""
        return self._sources(removed=True)

    def library_settings(self) -> Mapping[LibraryId, LibrarySettings]:
        """Return what the user set, for libraries where he did."""
        rows = self._rows(
            "SELECT library_id, sync, interval_s, show_in_home, content FROM library_settings"
        )
        return {
            LibraryId(row[0]): LibrarySettings(
                sync=SyncPolicy(row[1]),
                interval_s=row[2],
                show_in_home=bool(row[3]),
                content=None if row[4] is None else LibraryType(row[4]),
            )
            for row in rows
        }

    def hidden_servers(self) -> Mapping[AccountId, frozenset[str]]:
        """Return the servers that a user removed although his account still brings them."""
        rows = self._rows("SELECT key, value FROM meta WHERE key LIKE ?", (f"{_HIDDEN}%",))
        return {
            AccountId(key.removeprefix(_HIDDEN)): frozenset(json.loads(value))
            for key, value in rows
        }

    def revision_floor(self) -> int:
        """Return the number below which no cache may start its revisions (Y10)."""
        return int(self._meta("revision_floor") or 0)

    def aliases(self, source_id: SourceId) -> Mapping[RemoteId, ItemId]:
        """Return the items whose id does not derive from their remote id (I2)."""
        with self._lock, storage_errors(self._path):
            return read_aliases(self._connection, source_id)

    # --- writing ----------------------------------------------------------------------------

    def add(self, account: Account | None, sources: Sequence[Source]) -> None:
        """Add sources and their account, all or nothing (A1).

        An account that is there already is updated; a source whose removal is not finished
        comes back.

        Raises:
            SourceExistsError: one of the sources is there already.
        """
        with self._writing():
            present = {source.id for source in self.sources()}
            for source in sources:
                if source.id in present:
                    raise SourceExistsError(f"{source.name} is a source already: {source.id}")
            if account is not None:
                self._connection.execute(sql.PUT_ACCOUNT, self._clean(astuple(account)))
            rows = [self._clean(_source_row(source)) for source in sources]
            self._connection.executemany(sql.PUT_SOURCE, rows)

    def update_source(self, source: Source) -> None:
        """Store every changeable property of a source; nothing happens when it is gone."""
        with self._writing():
            if any(source.id == stored.id for stored in self.sources()):
                self._connection.execute(sql.PUT_SOURCE, self._clean(_source_row(source)))

    def reorder(self, ids: Sequence[SourceId]) -> None:
        """Put the named sources first; the rest follow in the order that they had."""
        with self._writing():
            rest = [source.id for source in self.sources() if source.id not in ids]
            order = (*dict.fromkeys(ids), *rest)
            self._connection.executemany(sql.MOVE_SOURCE, enumerate(order))

    def mark_removed(self, source_id: SourceId) -> None:
        """Take a source out of service for good; its rows are purged later (A4)."""
        with self._writing():
            self._connection.execute(sql.MARK_REMOVED, (True, source_id))

    def finish_removal(self, source_id: SourceId) -> None:
        """Forget a removed source, and its account when that has no other; else do nothing."""
        with self._writing():
            gone = [source for source in self.removed_sources() if source.id == source_id]
            if not gone:
                return
            for statement in (sql.DELETE_SETTINGS, sql.DELETE_ALIASES, sql.DELETE_SOURCE):
                self._connection.execute(statement, (source_id,))
            self._connection.execute(sql.DELETE_META, (f"{_LIBRARY_IDS}{source_id}",))
            used = {source.account_id for source in (*self.sources(), *self.removed_sources())}
            if gone[0].account_id not in used:
                self._connection.execute(sql.DELETE_ACCOUNT, (gone[0].account_id,))
                self._connection.execute(sql.DELETE_META, (f"{_HIDDEN}{gone[0].account_id}",))

    def drop_account(self, account_id: AccountId) -> None:
        """Forget an account unless a source uses it, a removed one included."""
        with self._writing():
            used = {source.account_id for source in (*self.sources(), *self.removed_sources())}
            if account_id not in used:
                self._connection.execute(sql.DELETE_ACCOUNT, (account_id,))
                self._connection.execute(sql.DELETE_META, (f"{_HIDDEN}{account_id}",))

    def set_hidden_servers(self, account_id: AccountId, server_ids: Collection[str]) -> None:
        """Remember which servers of an account the user removed."""
        with self._writing():
            value = json.dumps(sorted(server_ids))
            self._connection.execute(sql.SET_META, (f"{_HIDDEN}{account_id}", value))

    def set_library_settings(
        self, source_id: SourceId, library_id: LibraryId, settings: LibrarySettings
    ) -> None:
        """Store what the user set for a library (A5)."""
        with self._writing():
            self._connection.execute(
                sql.PUT_SETTINGS,
                (
                    library_id,
                    source_id,
                    settings.sync.value,
                    settings.interval_s,
                    settings.show_in_home,
                    settings.content and settings.content.value,
                ),
            )

    def raise_revision_floor(self, revision: int) -> None:
        """Remember that a revision was given out; a lower number changes nothing."""
        if revision <= self.revision_floor():
            return
        with self._writing():
            highest = max(revision, self.revision_floor())
            self._connection.execute(sql.SET_META, ("revision_floor", str(highest)))

    def add_aliases(self, source_id: SourceId, aliases: Mapping[RemoteId, ItemId]) -> None:
        """Record ids that do not derive from the remote id; older ones of the items go."""
        with self._lock, storage_errors(self._path):
            write_aliases(self._connection, source_id, aliases)

    # --- inside -----------------------------------------------------------------------------

    @contextmanager
    def _writing(self) -> Iterator[None]:
        with self._lock, storage_errors(self._path), transaction(self._connection):
            yield

    def _clean(self, row: tuple[object, ...]) -> tuple[object, ...]:
        return self._redactor.value(row, Outlet.DATABASE)

    def _rows(self, query: str, parameters: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        with self._lock, storage_errors(self._path):
            return self._connection.execute(query, parameters).fetchall()

    def _meta(self, key: str) -> str:
        rows = self._rows("SELECT value FROM meta WHERE key = ?", (key,))
        return str(rows[0][0]) if rows else ""

    def _sources(self, *, removed: bool) -> tuple[Source, ...]:
        rows = self._rows(
            f"SELECT {_SOURCE_COLUMNS} FROM source WHERE removed = ?"
            " ORDER BY position, added_at, id",
            (removed,),
        )
        try:
            return tuple(map(_source, rows))
        except ValueError as error:
            raise StorageError(f"{self._path.name} is damaged: {error}", damaged=True) from error


def _source_row(source: Source) -> tuple[object, ...]:
    return (
        source.id,
        source.kind,
        source.name,
        source.account_id,
        source.server_id,
        source.server_version,
        source.address,
        json.dumps(dict(source.config)),
        source.owned,
        source.enabled,
        source.position,
        source.added_at,
        source.last_sync,
        source.last_sync_error,
        source.skipped_items,
        source.held_deletes,
        False,
    )


def _source(row: Sequence[Any]) -> Source:
    return Source(
        id=SourceId(row[0]),
        kind=BackendKind(row[1]),
        name=row[2],
        account_id=None if row[3] is None else AccountId(row[3]),
        server_id=row[4],
        server_version=row[5],
        address=row[6],
        config=MappingProxyType(json.loads(row[7])),
        owned=bool(row[8]),
        enabled=bool(row[9]),
        position=row[10],
        added_at=UnixSeconds(row[11]),
        last_sync=UnixSeconds(row[12]),
        last_sync_error=row[13],
        skipped_items=row[14],
        held_deletes=row[15],
    )


def read_library_ids(
    connection: sqlite3.Connection, source_id: SourceId
) -> dict[RemoteId, LibraryId]:
    """Return the ids of a source's libraries that do not derive from their remote ids (Y17)."""
    row = connection.execute(
        "SELECT value FROM meta WHERE key = ?", (f"{_LIBRARY_IDS}{source_id}",)
    ).fetchone()
    stored = json.loads(row[0]) if row else {}
    return {RemoteId(remote_id): LibraryId(library) for remote_id, library in stored.items()}


def write_library_ids(
    connection: sqlite3.Connection, source_id: SourceId, ids: Mapping[RemoteId, LibraryId]
) -> None:
    """Record the ids of libraries that were created again on their server, in one transaction."""
    with transaction(connection):
        connection.execute(sql.SET_META, (f"{_LIBRARY_IDS}{source_id}", json.dumps(dict(ids))))


def read_aliases(connection: sqlite3.Connection, source_id: SourceId) -> dict[RemoteId, ItemId]:
    """Return the ids of a source that were given by hand, so to speak."""
    rows = connection.execute(
        "SELECT remote_id, item_id FROM item_alias WHERE source_id = ?", (source_id,)
    )
    return {RemoteId(remote_id): ItemId(item_id) for remote_id, item_id in rows}


def write_aliases(
    connection: sqlite3.Connection, source_id: SourceId, aliases: Mapping[RemoteId, ItemId]
) -> None:
    """Record ids in one durable transaction; an older alias of the same item goes."""
    with transaction(connection):
        connection.executemany(
            sql.PUT_ALIAS,
            [(source_id, item_id, remote_id) for remote_id, item_id in aliases.items()],
        )
