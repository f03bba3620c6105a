"""SourceRegistry: the configured accounts, sources and library settings.

Answers come from memory; each change is on disk before the memory shows it.
"""

import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Self, TypedDict, TypeVar, TypeVarTuple, Unpack

import anyio
from anyio import to_thread
from msgspec import Struct
from msgspec.structs import replace

from msd.errors import StorageError, UnknownAccountError, UnknownSourceError
from msd.models import (
    NEVER,
    Account,
    AccountId,
    BackendKind,
    ItemId,
    LibraryId,
    LibrarySettings,
    RemoteId,
    Source,
    SourceId,
    UnixSeconds,
)
from msd.store.ids import source_id as derive_source_id
from msd.store.state.store import StateStore

log = logging.getLogger(__name__)
Args = TypeVarTuple("Args")
Result = TypeVar("Result")


class SourceColumns(TypedDict, total=False):
    """What may change of a configured source; see `Source` for the meaning."""

    name: str
    server_version: str
    address: str
    config: Mapping[str, str]
    owned: bool
    enabled: bool
    last_sync: UnixSeconds
    last_sync_error: str
    skipped_items: int
    held_deletes: int


class SourceRegistry:
    """What the user configured; the durable database behind it."""

    def __init__(self, store: StateStore, stored: "_Stored") -> None:
        """Use `open` instead."""
        self._store = store
        self._turn = anyio.Lock()
        self._writer = anyio.CapacityLimiter(1)
        self._accounts = {account.id: account for account in stored.accounts}
        self._sources = {source.id: source for source in stored.sources}
        self._removed = {source.id: source for source in stored.removed}
        self._settings = dict(stored.settings)
        self._hidden = dict(stored.hidden)
        self.installation_id = stored.installation_id

    @classmethod
    async def open(cls, store: StateStore) -> Self:
        """Read everything that is configured.

        Raises:
            StorageError: the database can't be read.
        """
        return cls(store, await to_thread.run_sync(_read, store))

    @staticmethod
    def source_id(kind: BackendKind, server_id: str, remote_user_id: str) -> SourceId:
        """Return the id of a server, or folder, seen by a user: always the same one (I1)."""
        return derive_source_id(kind, server_id, remote_user_id)

    # --- reading ---------------------------------------------------------------------------

    def sources(self) -> tuple[Source, ...]:
        """Return every source in the user's order."""
        return tuple(sorted(self._sources.values(), key=lambda s: (s.position, s.added_at)))

    def source(self, source_id: SourceId) -> Source:
        """Return one source.

        Raises:
            UnknownSourceError: there is none with this id.
        """
        try:
            return self._sources[source_id]
        except KeyError:
            raise UnknownSourceError(f"no source has the id {source_id!r}") from None

    def has_source(self, source_id: SourceId) -> bool:
        """Return whether a source is configured."""
        return source_id in self._sources

    def removed(self) -> Mapping[SourceId, Source]:
        """Return the sources that are removed but not purged yet; nothing of them is served."""
        return self._removed

    def accounts(self) -> tuple[Account, ...]:
        """Return the accounts of sources that are not removed."""
        in_use = {source.account_id for source in self._sources.values()}
        return tuple(account for account in self._accounts.values() if account.id in in_use)

    def account(self, account_id: AccountId) -> Account:
        """Return one account.

        Raises:
            UnknownAccountError: there is none with this id.
        """
        try:
            return self._accounts[account_id]
        except KeyError:
            raise UnknownAccountError(f"no account has the id {account_id!r}") from None

    def account_of(self, source: Source) -> Account | None:
        """Return the account that a source is seen through, None for a folder."""
        return None if source.account_id is None else self.account(source.account_id)

    def sources_of(self, account_id: AccountId) -> tuple[SourceId, ...]:
        """Return the sources of an account, in the user's order."""
        return tuple(source.id for source in self.sources() if source.account_id == account_id)

    def unused_accounts(self) -> tuple[Account, ...]:
        """Return the accounts without any source, which no adding came to the end of."""
        return tuple(
            account for account in self._accounts.values() if not self.uses_account(account.id)
        )

    def hidden_servers(self, account_id: AccountId) -> frozenset[str]:
        """Return the servers that the user removed although the account still brings them."""
        return self._hidden.get(account_id, frozenset())

    def library_settings(self) -> Mapping[LibraryId, LibrarySettings]:
        """Return what the user set for libraries; those not named have the defaults."""
        return self._settings

    async def aliases(self, source_id: SourceId) -> Mapping[RemoteId, ItemId]:
        """Return the ids of a source's items that were re-keyed, by their present remote id."""
        return await self._write(self._store.aliases, source_id)

    # --- changing --------------------------------------------------------------------------

    async def add(self, account: Account | None, sources: Sequence[Source]) -> None:
        """Store an account with its sources, all or nothing; they come last in the order.

        Raises:
            SourceExistsError: one of the sources is configured already.
        """
        async with self._turn:
            await self._add(account, sources)

    async def _add(self, account: Account | None, sources: Sequence[Source]) -> None:
        position = max((source.position for source in self._sources.values()), default=-1)
        placed = [
            replace(source, position=position + number)
            for number, source in enumerate(sources, start=1)
        ]
        await self._write(self._store.add, account, placed)
        if account is not None:
            self._accounts[account.id] = account
        self._sources |= {source.id: source for source in placed}

    async def change(self, source_id: SourceId, **columns: Unpack[SourceColumns]) -> Source:
        """Change columns of a source and return it; changes of the same source take turns.

        Raises:
            UnknownSourceError: it is not configured, or was removed meanwhile.
        """
        async with self._turn:
            changed = replace(self.source(source_id), **columns)
            await self._write(self._store.update_source, changed)
            if source_id in self._sources:
                self._sources[source_id] = changed
            return changed

    async def forget_syncs(self, why: str) -> None:
        """Have every source synced again, and say why until that is done."""
        for source_id in tuple(self._sources):
            await self.change(source_id, last_sync=NEVER, last_sync_error=why)

    async def reorder(self, source_ids: Sequence[SourceId]) -> None:
        """Put the named sources first; the rest keep their order."""
        async with self._turn:
            named = [self.source(source_id).id for source_id in dict.fromkeys(source_ids)]
            rest = [source.id for source in self.sources() if source.id not in named]
            await self._write(self._store.reorder, [*named, *rest])
            for position, source_id in enumerate([*named, *rest]):
                self._sources[source_id] = replace(self._sources[source_id], position=position)

    async def mark_removed(self, source_id: SourceId) -> Source:
        """Remove a source from everything that is served; its purge can follow (A4)."""
        async with self._turn:
            self.source(source_id)
            await self._write(self._store.mark_removed, source_id)
            self._removed[source_id] = self._sources.pop(source_id)
            return self._removed[source_id]

    async def finish_removal(self, source_id: SourceId) -> None:
        """Forget a purged source, and its account when it was the last one."""
        async with self._turn:
            await self._write(self._store.finish_removal, source_id)
            source = self._removed.pop(source_id)
            self._settings = dict(await self._write(self._store.library_settings))
        if source.account_id is not None and not self.uses_account(source.account_id):
            self._forget_account(source.account_id)

    async def drop_account(self, account_id: AccountId) -> None:
        """Forget an account that no source uses; nothing happens when one does."""
        async with self._turn:
            await self._write(self._store.drop_account, account_id)
            if not self.uses_account(account_id):
                self._forget_account(account_id)

    async def hide_server(self, account_id: AccountId, server_id: str) -> None:
        """Remember that the user removed a server, so that its account does not bring it back."""
        async with self._turn:
            await self._hide(account_id, self.hidden_servers(account_id) | {server_id})

    async def show_servers(self, account_id: AccountId, server_ids: Collection[str]) -> None:
        """Let an account bring servers again that the user removed once."""
        async with self._turn:
            hidden = self.hidden_servers(account_id)
            if hidden & set(server_ids):
                await self._hide(account_id, hidden - set(server_ids))

    async def _hide(self, account_id: AccountId, server_ids: frozenset[str]) -> None:
        await self._write(self._store.set_hidden_servers, account_id, server_ids)
        self._hidden[account_id] = server_ids

    def _forget_account(self, account_id: AccountId) -> None:
        self._accounts.pop(account_id, None)
        self._hidden.pop(account_id, None)

    def uses_account(self, account_id: AccountId) -> bool:
        """Return whether any source, removed ones that wait for their purge included, does."""
        everyone = [*self._sources.values(), *self._removed.values()]
        return any(source.account_id == account_id for source in everyone)

    async def change_library_settings(
        self,
        source_id: SourceId,
        library_id: LibraryId,
        change: Callable[[LibrarySettings], LibrarySettings],
    ) -> None:
        """Change what the user set for a library; changes take turns."""
        async with self._turn:
            settings = change(self._settings.get(library_id, LibrarySettings()))
            await self._write(self._store.set_library_settings, source_id, library_id, settings)
            self._settings[library_id] = settings

    async def keep_revision(self, revision: int) -> None:
        """Remember the newest revision, so that a rebuilt cache starts above it (Y10)."""
        try:
            await self._write(self._store.raise_revision_floor, revision)
        except StorageError as error:
            log.warning("the newest revision was not kept: %s", error)

    async def _write(self, call: Callable[[*Args], Result], *args: *Args) -> Result:
        return await to_thread.run_sync(call, *args, limiter=self._writer)


class _Stored(Struct, frozen=True, kw_only=True):
    accounts: tuple[Account, ...]
    sources: tuple[Source, ...]
    removed: tuple[Source, ...]
    settings: Mapping[LibraryId, LibrarySettings]
    hidden: Mapping[AccountId, frozenset[str]]
    installation_id: str


def _read(store: StateStore) -> _Stored:
    return _Stored(
        accounts=store.accounts(),
        sources=store.sources(),
        removed=store.removed_sources(),
        settings=store.library_settings(),
        hidden=store.hidden_servers(),
        installation_id=store.installation_id(),
    )
