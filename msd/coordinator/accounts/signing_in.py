"""Interactive sign-ins: they add a new account with its sources, or renew one (A3)."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType
from typing import Protocol

import anyio
from msgspec.structs import replace

from msd.backend_api import Credentials, LoginDialogue, NewAccount, NewSources
from msd.backend_api.accounts import OptionValue
from msd.coordinator.accounts.adding import ADD_S, Adding, undo
from msd.coordinator.accounts.server_lists import ServerLists
from msd.coordinator.services import Services
from msd.errors import (
    AuthRefusedError,
    AuthRequiredError,
    IdentityMismatchError,
    NotSupportedError,
    UnreachableError,
)
from msd.events import AccountSignedIn, EventStream
from msd.models import Account, BackendKind, Source, SourceId


class Work(Protocol):
    """One sign-in from its first request to what is stored."""

    async def run(self, dialogue: LoginDialogue) -> tuple[SourceId, ...]:
        """Sign in, store the result, and return the sources that it concerns."""

    async def keep(self, account: NewAccount) -> None:
        """Store credentials before the rest is verified, since they replaced the old ones (A1)."""


class SigningIn:
    """Prepares the work of a login; nothing happens before it is run."""

    def __init__(
        self,
        services: Services,
        adding: Adding,
        server_lists: ServerLists,
        events: EventStream,
    ) -> None:
        self._services = services
        self._adding = adding
        self._server_lists = server_lists
        self._events = events

    def new_account(self, kind: BackendKind, options: Mapping[str, OptionValue]) -> Work:
        """Sign in to a server or account that is not configured yet.

        Raises:
            InvalidArgumentError, NotSupportedError, LimitExceededError: the login can't begin.
        """
        self._adding.check_room(1)
        self._services.backends.check_login(kind, options)
        return _NewAccount(self._services, self._adding, kind, options)

    def same_account(
        self, source_id: SourceId, options: Mapping[str, OptionValue]
    ) -> tuple[BackendKind, Work]:
        """Sign in to the account of a source again.

        Raises:
            UnknownSourceError, InvalidArgumentError, NotSupportedError: the login can't begin.
        """
        source = self._services.registry.source(source_id)
        renewal = _Renewal(
            self._services, self._adding, self._server_lists, source, options, self._events
        )
        self._services.backends.check_login(source.kind, options, is_renewal=True)
        return source.kind, renewal


class _NewAccount:
    """A sign-in that adds an account and its sources."""

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
            verified = await self._backends.login(
                self._kind, self._options, dialogue, device_id=self._device_id
            )
        except BaseException:
            if self._kept is not None:
                await self._adding.drop(self._kept)
            raise
        with _in_time():
            return await self._adding.store(
                self._kind, verified, device_id=self._device_id, kept=self._kept
            )

    async def keep(self, account: NewAccount) -> None:
        """See `Work`."""
        self._kept = await self._adding.keep(
            self._kind, account, device_id=self._device_id, kept=self._kept
        )


class _Renewal:
    """A sign-in that replaces the credentials of an account; everything else stays."""

    def __init__(
        self,
        services: Services,
        adding: Adding,
        server_lists: ServerLists,
        source: Source,
        options: Mapping[str, OptionValue],
        events: EventStream,
    ) -> None:
        self._registry = services.registry
        self._auth = services.auth
        self._backends = services.backends
        self._adding = adding
        self._server_lists = server_lists
        self._source = source
        self._options = options
        self._events = events
        self._account = _account_of(services, source)
        self._stranger: Account | None = None  # another user, whose credentials were kept

    async def run(self, dialogue: LoginDialogue) -> tuple[SourceId, ...]:
        """See `Work`."""
        try:
            verified = await self._backends.login(
                self._source.kind,
                self._options,
                dialogue,
                device_id=self._account.device_id,
                renewed=(self._source, self._account),
            )
            await self._store(verified)
        except BaseException:
            if self._stranger is not None:
                await self._adding.drop(self._stranger)
            raise
        if self._stranger is not None:
            await self._adding.forget(self._stranger)
        self._events.publish(AccountSignedIn(self._account.id))
        return self._registry.sources_of(self._account.id)

    async def keep(self, account: NewAccount) -> None:
        """See `Work`. The same user's new credentials replace the old ones, which have ended."""
        if account.remote_user_id == self._account.remote_user_id:
            await self._store_credentials(account.credentials)
        else:
            self._stranger = await self._adding.keep(
                self._account.kind,
                account,
                device_id=self._account.device_id,
                kept=self._stranger,
            )

    async def _store(self, verified: NewSources) -> None:
        try:
            with _in_time():
                new = self._checked(verified)
                await self._store_credentials(new.credentials)
        except BaseException:
            await undo(verified)
            raise
        with _in_time():
            await self._server_lists.renew(self._account, verified)

    def _checked(self, verified: NewSources) -> NewAccount:
        self._registry.source(self._source.id)  # it may have been removed meanwhile
        account = verified.account
        if account is None or account.remote_user_id != self._account.remote_user_id:
            raise AuthRefusedError(
                f"this is not {self._account.display_name}; add the other user as a new source"
            )
        servers = {new.server_id for new in verified.sources}
        has_one = not self._backends.has_servers(self._source.kind)
        if has_one and self._source.server_id not in servers:
            raise IdentityMismatchError("this is another server than the one of this source")
        return account

    async def _store_credentials(self, credentials: Credentials) -> None:
        """Replace the stored credentials; tokens of servers that are not named stay."""
        tokens = dict(credentials.server_tokens)
        if self._backends.has_servers(self._account.kind):
            try:
                known = await self._auth.credentials(self._account)
            except AuthRequiredError:  # the keyring has none any more
                pass
            else:
                tokens = {**known.server_tokens, **tokens}
        await self._auth.store(
            self._account, replace(credentials, server_tokens=MappingProxyType(tokens))
        )


def _account_of(services: Services, source: Source) -> Account:
    account = services.registry.account_of(source)
    if account is None:
        raise NotSupportedError("this source needs no sign-in")
    return account


@contextmanager
def _in_time() -> Iterator[None]:
    try:
        with anyio.fail_after(ADD_S):
            yield
    except TimeoutError as exc:
        raise UnreachableError(f"the sign-in was not stored within {ADD_S:.0f} s") from exc
