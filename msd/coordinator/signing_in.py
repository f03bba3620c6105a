"""What a sign-in that asks leads to: a new account with its sources, or an old one renewed (A3)."""

from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from types import MappingProxyType
from typing import Protocol

import anyio

from msd.backend_api import Credentials, LoginDialogue, NewAccount, NewSources
from msd.backend_api.accounts import OptionValue
from msd.coordinator.accounts import Accounts
from msd.coordinator.adding import ADD_S, Adding, undo
from msd.coordinator.services import Services
from msd.errors import (
    AuthRefusedError,
    AuthRequiredError,
    IdentityMismatchError,
    NotSupportedError,
    UnreachableError,
)
from msd.models import Account, AccountId, BackendKind, Source, SourceId


class Work(Protocol):
    """One sign-in from its first request to what is stored."""

    async def run(self, dialogue: LoginDialogue) -> tuple[SourceId, ...]:
        """Sign in, store what it brought, and return the sources that it is about."""

    async def keep(self, account: NewAccount) -> None:
        """Store credentials before the rest is verified, since older ones have ended (A1)."""


class SigningIn:
    """Makes the work of a login; nothing happens before it is run."""

    def __init__(
        self,
        services: Services,
        adding: Adding,
        accounts: Accounts,
        *,
        renewed: Callable[[AccountId], Awaitable[None]],
    ) -> None:
        self._services = services
        self._adding = adding
        self._accounts = accounts
        self._renewed = renewed

    def new_account(self, kind: BackendKind, options: Mapping[str, OptionValue]) -> Work:
        """Sign in to something that is not there yet.

        Raises:
            InvalidArgumentError, NotSupportedError, LimitExceededError: it can't be begun.
        """
        self._adding.check_room(1)
        self._services.backends.check_login(kind, options)
        return _NewAccount(self._services, self._adding, kind, options)

    def same_account(
        self, source_id: SourceId, options: Mapping[str, OptionValue]
    ) -> tuple[BackendKind, Work]:
        """Sign in to the account of a source anew.

        Raises:
            UnknownSourceError, InvalidArgumentError, NotSupportedError: it can't be begun.
        """
        source = self._services.registry.source(source_id)
        renewal = _Renewal(
            self._services,
            self._adding,
            self._accounts,
            source,
            options,
            renewed=self._renewed,
        )
        self._services.backends.check_login(source.kind, options, is_anew=True)
        return source.kind, renewal


class _NewAccount:
    """The sign-in that ends with an account and sources that were not there."""

    def __init__(
        self,
        services: Services,
        adding: Adding,
        kind: BackendKind,
        options: Mapping[str, OptionValue],
    ) -> None:
        self._backends = services.backends
        self._adding = adding
        self._kind = kind
        self._options = options
        self._device_id = services.auth.new_device_id()
        self._kept: Account | None = None

    async def run(self, dialogue: LoginDialogue) -> tuple[SourceId, ...]:
        """See `Work`."""
        try:
            found = await self._backends.login(
                self._kind, self._options, dialogue, device_id=self._device_id
            )
        except BaseException:
            if self._kept is not None:
                await self._adding.drop(self._kept)
            raise
        with _in_time():
            return await self._adding.take(
                self._kind, found, device_id=self._device_id, kept=self._kept
            )

    async def keep(self, account: NewAccount) -> None:
        """See `Work`."""
        self._kept = await self._adding.keep(
            self._kind, account, device_id=self._device_id, kept=self._kept
        )


class _Renewal:
    """The sign-in that gives an account of old new credentials; everything else of it stays."""

    def __init__(
        self,
        services: Services,
        adding: Adding,
        accounts: Accounts,
        source: Source,
        options: Mapping[str, OptionValue],
        *,
        renewed: Callable[[AccountId], Awaitable[None]],
    ) -> None:
        self._registry = services.registry
        self._auth = services.auth
        self._backends = services.backends
        self._adding = adding
        self._accounts = accounts
        self._source = source
        self._options = options
        self._renewed = renewed
        self._account = _account_of(services, source)
        self._strange: Account | None = None  # somebody else, whose credentials were kept

    async def run(self, dialogue: LoginDialogue) -> tuple[SourceId, ...]:
        """See `Work`."""
        try:
            found = await self._backends.login(
                self._source.kind,
                self._options,
                dialogue,
                device_id=self._account.device_id,
                renewed=(self._source, self._account),
            )
            await self._take(found)
        except BaseException:
            if self._strange is not None:
                await self._adding.drop(self._strange)
            raise
        if self._strange is not None:
            await self._adding.forget(self._strange)
        await self._renewed(self._account.id)
        return self._registry.sources_of(self._account.id)

    async def keep(self, account: NewAccount) -> None:
        """See `Work`. The secret of old has ended by the new one; somebody else's is no such."""
        if account.remote_user_id == self._account.remote_user_id:
            await self._store(account.credentials)
        else:
            self._strange = await self._adding.keep(
                self._account.kind,
                account,
                device_id=self._account.device_id,
                kept=self._strange,
            )

    async def _take(self, found: NewSources) -> None:
        try:
            with _in_time():
                new = self._checked(found)
                await self._store(new.credentials)
        except BaseException:
            await undo(found)
            raise
        with _in_time():
            await self._accounts.renewed(self._account, found)

    def _checked(self, found: NewSources) -> NewAccount:
        self._registry.source(self._source.id)  # it may have been removed meanwhile
        if found.account is None or (found.account.remote_user_id != self._account.remote_user_id):
            raise AuthRefusedError(
                f"somebody else signed in than {self._account.display_name}; add that user as a"
                " source of his own"
            )
        servers = {new.server_id for new in found.sources}
        has_one = not self._backends.has_servers(self._source.kind)
        if has_one and self._source.server_id not in servers:
            raise IdentityMismatchError("another server was signed in to than this source's")
        return found.account

    async def _store(self, credentials: Credentials) -> None:
        """Replace what is stored; tokens of servers that were not named stay."""
        tokens = dict(credentials.server_tokens)
        if self._backends.has_servers(self._account.kind):
            try:
                known = await self._auth.credentials(self._account)
            except AuthRequiredError:  # the keyring lost them
                pass
            else:
                tokens = {**known.server_tokens, **tokens}
        await self._auth.store(
            self._account, replace(credentials, server_tokens=MappingProxyType(tokens))
        )


def _account_of(services: Services, source: Source) -> Account:
    account = services.registry.account_of(source)
    if account is None:
        raise NotSupportedError("nobody signs in to this source")
    return account


@contextmanager
def _in_time() -> Iterator[None]:
    try:
        with anyio.fail_after(ADD_S):
            yield
    except TimeoutError as exc:
        raise UnreachableError(f"it was not done within {ADD_S:.0f} s") from exc
