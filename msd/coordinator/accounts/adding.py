"""Adding accounts and sources: all or nothing (A1).

verify with the server → store the account → store its credentials → store the sources

A step that fails undoes the earlier ones. An account without a source was left by an add that
was interrupted; the next start drops it.
"""

import logging
import time
import uuid
from collections.abc import Mapping, Sequence
from functools import partial
from types import MappingProxyType

import anyio
from msgspec.structs import replace

from msd.backend_api import Credentials, NewAccount, NewSource, NewSources
from msd.backend_api.accounts import OptionValue
from msd.coordinator.accounts.removal import Removal
from msd.coordinator.error_boundary import guarded
from msd.coordinator.services import Services
from msd.coordinator.sources.status import added as added_axes
from msd.coordinator.sources.status_registry import StatusRegistry
from msd.errors import LimitExceededError, MsdError, SourceExistsError, UnreachableError
from msd.events import (
    AccountAdded,
    AccountServersChanged,
    AccountSignedIn,
    EventStream,
    SourceAdded,
)
from msd.models import Account, AccountId, BackendKind, Source, SourceId, UnixSeconds

ADD_S = 19.0  # in all: bus clients give up after 25 s, and the contract says 20
UNDO_S = 3.0
MAX_SOURCES = 200

log = logging.getLogger(__name__)


class Adding:
    """Stores what a server has verified, and publishes it."""

    def __init__(
        self,
        services: Services,
        removal: Removal,
        statuses: StatusRegistry,
        events: EventStream,
    ) -> None:
        self._registry = services.registry
        self._auth = services.auth
        self._backends = services.backends
        self._removal = removal
        self._statuses = statuses
        self._events = events

    async def add(
        self, kind: BackendKind, options: Mapping[str, OptionValue]
    ) -> tuple[SourceId, ...]:
        """Verify and add new sources.

        Raises:
            SourceExistsError: all that was found is configured already.
            KeyringLockedError, KeyringUnavailableError: credentials can't be stored now.
            LimitExceededError: there are too many sources.
            InvalidArgumentError, BackendError: see `BackendManager.add`.
        """
        self.check_room(1)
        device_id = self._auth.new_device_id()
        try:
            with anyio.fail_after(ADD_S):
                verified = await guarded(
                    lambda: self._backends.add(kind, options, device_id=device_id),
                    f"adding a {kind} source",
                )
                return await self.store(kind, verified, device_id=device_id)
        except TimeoutError as exc:
            raise UnreachableError(f"no answer within {ADD_S:.0f} s") from exc

    async def store(
        self,
        kind: BackendKind,
        verified: NewSources,
        *,
        device_id: str,
        kept: Account | None = None,
    ) -> tuple[SourceId, ...]:
        """Store new sources and their account, or sign out again when that fails.

        Args:
            kind: the backend.
            verified: what the server confirmed.
            device_id: the device id of the sign-in.
            kept: the account, when its credentials were stored before (see `keep`).

        Raises:
            As `add`.
        """
        try:
            return await self._store(kind, verified, device_id, kept)
        except BaseException:
            await self._sign_out_again(verified, kept)
            raise

    async def keep(
        self, kind: BackendKind, new: NewAccount, *, device_id: str, kept: Account | None = None
    ) -> Account:
        """Store the credentials of an account that has no source yet; `store` or `drop` follows.

        Args:
            kind: the backend.
            new: the account.
            device_id: the device id of the sign-in.
            kept: what an earlier call for the same sign-in returned.
        """
        account = _account(kind, new, device_id)
        account = replace(account, id=kept.id) if kept else account
        await self._keep(account, new)
        return account

    async def drop(self, account: Account) -> None:
        """Sign a kept account out, best effort, and forget it; the next start tries again."""
        with anyio.move_on_after(UNDO_S, shield=True):
            try:
                await guarded(lambda: self._sign_out(account), f"signing {account.id} out")
            except MsdError as error:
                log.info("an account that was not added was not signed out: %s", error)
        await self.forget(account)

    async def forget(self, account: Account) -> None:
        """Delete the account and its credentials, also those of a keyring call that timed out."""
        with anyio.move_on_after(UNDO_S, shield=True):
            try:
                await self._auth.forget(account)
                await self._registry.drop_account(account.id)
            except MsdError as error:
                log.info("the keyring may keep an entry of a failed add: %s", error)

    async def drop_leftovers(self) -> None:
        """Drop the accounts that an interrupted add left behind."""
        for account in self._registry.unused_accounts():
            try:
                await guarded(partial(self.drop, account), f"dropping {account.id}")
            except MsdError as error:
                log.info("%s is dropped at the next start: %s", account.id, error)

    async def add_servers(self, account: Account, servers: Sequence[NewSource]) -> list[Source]:
        """Add servers to an existing account, as many as there is room for; return the new ones."""
        fresh = self._fresh(self._sources(account.kind, servers, account))
        room = MAX_SOURCES - len(self._registry.sources())
        if len(fresh) > room:
            log.warning("%d servers are not added: there are too many sources", len(fresh) - room)
        return await self._put(account, fresh[:room])

    def check_room(self, count: int) -> None:
        """Check that there is room for more sources.

        Raises:
            LimitExceededError: there is not.
        """
        if len(self._registry.sources()) + count > MAX_SOURCES:
            raise LimitExceededError(f"there can't be more than {MAX_SOURCES} sources")

    # --- inside ----------------------------------------------------------------------------

    async def _store(
        self, kind: BackendKind, verified: NewSources, device_id: str, kept: Account | None
    ) -> tuple[SourceId, ...]:
        account = None
        if verified.account is not None:
            account = _account(kind, verified.account, device_id)
            account = replace(account, id=kept.id) if kept else account
        sources = self._sources(kind, verified.sources, account)
        fresh = self._fresh(sources)
        known = self._known_account(account, sources)
        if known is not None and account is not None and self._waits_for_sign_in(known):
            await self._renew(replace(account, id=known.id), fresh, verified, kept)
            return _ids(sources)
        if not fresh:
            names = ", ".join(f'"{self._registry.source(source.id).name}"' for source in sources)
            raise SourceExistsError(f"this source has already been added as {names}")
        self.check_room(len(fresh))
        for source in fresh:
            await self._removal.finished(source.id)
        if known is not None:
            return await self._store_into(known, fresh, verified, kept)
        if account is None or verified.account is None:
            return _ids(await self._put(None, fresh))
        try:
            await self._keep(account, verified.account)
            return _ids(await self._put(account, fresh))
        except BaseException:
            await self.forget(account)
            raise

    async def _store_into(
        self, known: Account, fresh: Sequence[Source], verified: NewSources, kept: Account | None
    ) -> tuple[SourceId, ...]:
        """Add servers to the account that the user has already; drop the second sign-in."""
        if verified.account is not None:
            await self._add_tokens(known, verified.account.credentials)
        added = await self._put(known, [replace(source, account_id=known.id) for source in fresh])
        await self._sign_out_again(verified, kept)
        # The tokens may have ended with the second sign-in: the account has its own ones.
        self._events.publish(AccountServersChanged(known.id))
        return _ids(added)

    async def _add_tokens(self, known: Account, credentials: Credentials) -> None:
        """Store the tokens of servers that the account has none for yet."""
        stored = await self._auth.credentials(known)
        tokens = {**credentials.server_tokens, **stored.server_tokens}
        if tokens != dict(stored.server_tokens):
            renewed = replace(stored, server_tokens=MappingProxyType(tokens))
            await self._auth.store(known, renewed)

    async def _renew(
        self,
        account: Account,
        fresh: Sequence[Source],
        verified: NewSources,
        kept: Account | None,
    ) -> None:
        """Give an account that waits for a sign-in the credentials of this one (A3)."""
        if verified.account is not None:
            await self._auth.check_keyring()
            await self._registry.add(account, ())
            await self._auth.store(account, verified.account.credentials)
        if kept is not None:
            await self.forget(kept)
        if fresh:
            await self._put(account, [replace(source, account_id=account.id) for source in fresh])
        self._events.publish(AccountSignedIn(account.id))

    def _waits_for_sign_in(self, account: Account) -> bool:
        source_ids = self._registry.sources_of(account.id)
        return any(self._statuses.waits_for_sign_in(source_id) for source_id in source_ids)

    async def _sign_out_again(self, verified: NewSources, kept: Account | None) -> None:
        await undo(verified)
        if kept is not None:
            await self.drop(kept)

    def _known_account(self, account: Account | None, sources: Sequence[Source]) -> Account | None:
        """Return the account that the same user has already."""
        if account is None:
            return None
        if not self._backends.has_servers(account.kind):
            known = [self._registry.source(s.id) for s in sources if s not in self._fresh(sources)]
            return self._registry.account_of(known[0]) if known else None
        wanted = (account.kind, account.remote_user_id)
        same = [a for a in self._registry.accounts() if (a.kind, a.remote_user_id) == wanted]
        return next(iter(same), None)

    def _fresh(self, sources: Sequence[Source]) -> list[Source]:
        return [source for source in sources if not self._registry.has_source(source.id)]

    def _sources(
        self, kind: BackendKind, servers: Sequence[NewSource], account: Account | None
    ) -> list[Source]:
        user = "" if account is None else account.remote_user_id
        sources = {
            source_id: _source(source_id, kind, new, account)
            for new in servers
            for source_id in [self._registry.source_id(kind, new.server_id, user)]
        }
        return list(sources.values())

    async def _put(self, account: Account | None, fresh: Sequence[Source]) -> list[Source]:
        await self._registry.add(account, fresh)
        if account is not None:
            await self._registry.show_servers(account.id, {source.server_id for source in fresh})
        added = [self._registry.source(source.id) for source in fresh]
        if account is not None and added:
            self._events.publish(AccountAdded(account.id))
        for source in added:
            self._statuses.add(source, added_axes())
            self._events.publish(SourceAdded(source.id))
        return added

    async def _keep(self, account: Account, new: NewAccount) -> None:
        await self._auth.check_keyring()
        await self._registry.add(account, ())
        try:
            await self._auth.store(account, new.credentials)
        except BaseException:
            await self.forget(account)
            raise

    async def _sign_out(self, account: Account) -> None:
        credentials = await self._auth.credentials(account)
        await self._backends.sign_out_account(account, credentials)


async def undo(verified: NewSources) -> None:
    """Sign out again after a failed add, best effort."""
    if verified.undo is None:
        return
    sign_out = verified.undo
    with anyio.move_on_after(UNDO_S, shield=True):
        try:
            await guarded(sign_out, "signing out again")
        except MsdError as error:
            log.info("signing out after a failed add did not work: %s", error)


def _ids(sources: Sequence[Source]) -> tuple[SourceId, ...]:
    return tuple(source.id for source in sources)


def _account(kind: BackendKind, new: NewAccount, device_id: str) -> Account:
    return Account(
        id=AccountId(f"{kind}_{uuid.uuid4().hex[:12]}"),
        kind=kind,
        display_name=new.display_name,
        remote_user_id=new.remote_user_id,
        device_id=device_id,
    )


def _source(
    source_id: SourceId, kind: BackendKind, new: NewSource, account: Account | None
) -> Source:
    return Source(
        id=source_id,
        kind=kind,
        name=new.name,
        account_id=None if account is None else account.id,
        server_id=new.server_id,
        server_version=new.server_version,
        address=new.address,
        config=new.config,
        owned=new.owned,
        added_at=UnixSeconds(int(time.time())),
    )
