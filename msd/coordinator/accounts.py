"""Accounts that bring several servers: who may sign in to which of them, and with what (A2).

    follow ──► ask the sign-in service: at start, hourly, after a change of the network
    answer ──► new servers are added · tokens and addresses kept · missing ones are "account-gone"
    a server refuses its token ──► ask once ─┬─ another token       → it is tried at once
                                             ├─ the same one        → the share was withdrawn
                                             ├─ the account refused → its sources need a sign-in
                                             └─ no answer           → what is known stays

An answer that is partial or empty takes nothing away.
"""

import logging
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from types import MappingProxyType

import anyio

from msd.backend_api import PINNED_ADDRESS, AccountServers, Credentials, NewSource, NewSources
from msd.coordinator.adding import Adding
from msd.coordinator.containment import contained
from msd.coordinator.services import Services
from msd.errors import (
    AuthRequiredError,
    BackendError,
    MsdError,
    NotSupportedError,
    UnreachableError,
)
from msd.events import AccountChanged, Event, SourceChanged
from msd.managers.auth import is_keyring_trouble
from msd.managers.registry import SourceColumns
from msd.models import Account, AccountId, Source, SourceId, StatusReason

ANSWER_S = 18.0  # bus clients give up after 25 s
EVERY_S = 3600.0
AGAIN_S = 300.0  # after a failure, and the least between two questions that nobody asked for
JUST_NOW_S = 15.0  # an answer of this age is the one that is asked for

log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Standing:
    """What is known of one account since this start."""

    turn: anyio.Lock = field(default_factory=anyio.Lock)
    answered_at: float = -EVERY_S
    due_at: float = 0.0
    refused: AuthRequiredError | None = None
    gone: set[SourceId] = field(default_factory=set)
    is_down: bool = False


class Accounts:
    """Hands each source what it may sign in with, and keeps an account's servers up to date."""

    def __init__(
        self,
        services: Services,
        adding: Adding,
        *,
        publish: Callable[[Event], None],
        reconnect: Callable[[SourceId], None],
    ) -> None:
        self._registry = services.registry
        self._auth = services.auth
        self._backends = services.backends
        self._adding = adding
        self._publish = publish
        self._reconnect = reconnect
        self._standings: dict[AccountId, _Standing] = {}
        self._woken = anyio.Event()

    # --- what a source may sign in with ----------------------------------------------------

    async def credentials(self, source: Source) -> Credentials | None:
        """Return what the source's server may see; None when nobody signs in.

        Raises:
            AuthRequiredError: the sign-in service refused the account, or nothing is stored.
            UnreachableError: the account no longer brings this server (`account-gone`).
            KeyringLockedError, KeyringUnavailableError: they can't be read now.
        """
        account = self._registry.account_of(source)
        if account is None:
            return None
        standing = self._standing(account.id)
        if standing.refused is not None:
            raise _again(standing.refused)
        if source.id in standing.gone:
            raise _gone()
        credentials = await self._auth.credentials(account)
        return credentials.for_server(source.server_id)

    async def after_refusal(self, source: Source, used: str, error: AuthRequiredError) -> None:
        """Return when there is another token than the one that a server refused.

        Raises:
            AuthRequiredError: there is none; the reason says whose refusal it is.
            UnreachableError: the sign-in service can't be asked, or the server is gone from it.
        """
        account = self._registry.account_of(source)
        if account is None or not self._backends.has_servers(account.kind):
            raise error
        if is_keyring_trouble(error):
            raise error
        try:
            await self._ask(account)
        except AuthRequiredError:
            raise
        except BackendError as down:
            raise UnreachableError(
                "the server does not accept its token, and the sign-in service can't be asked for"
                " another",
                reason=down.reason,
                retry_after_s=down.retry_after_s,
            ) from error
        credentials = await self._auth.credentials(account)
        if credentials.for_server(source.server_id).token != used:
            return
        if source.id in self._standing(account.id).gone:
            raise _gone() from error
        if source.owned:
            raise error
        raise AuthRequiredError(
            "the server no longer lets this account in; ask its owner to share it again",
            reason=StatusReason.SHARE_WITHDRAWN,
        ) from error

    # --- what an account brings ------------------------------------------------------------

    async def refresh(self, account_id: AccountId) -> tuple[SourceId, ...]:
        """Ask which servers an account reaches now; return the sources that this added.

        Raises:
            UnknownAccountError: there is no such account.
            NotSupportedError: accounts of this kind are accounts of one server.
            AuthRequiredError, UnreachableError, BadResponseError: what the service answered.
        """
        account = self._registry.account(account_id)
        if not self._backends.has_servers(account.kind):
            raise NotSupportedError("an account of this kind has one server and brings no others")
        return tuple(source.id for source in await self._ask(account))

    async def renewed(self, account: Account, found: NewSources) -> None:
        """Take in what a new sign-in brought; its credentials are stored already (A3)."""
        standing = self._standing(account.id)
        standing.refused = None
        self.forget_answer(account.id)  # that was somebody else's, as far as the service knows
        if found.account is None:
            return
        if self._backends.has_servers(account.kind):
            tokens = found.account.credentials.server_tokens
            answer = AccountServers(sources=found.sources, server_tokens=tokens, complete=False)
            async with standing.turn:
                await self._take(account, standing, answer)
            return
        for source_id in self._registry.sources_of(account.id):
            source = self._registry.source(source_id)
            for new in found.sources:
                if new.server_id == source.server_id:
                    await self._update(source, new)

    async def left(self, source: Source) -> None:
        """Take note that a source was removed: its account shall not bring it back."""
        if source.account_id is None:
            return
        self._standing(source.account_id).gone.discard(source.id)
        if not self._registry.sources_of(source.account_id):
            self._standings.pop(source.account_id)
        elif self._backends.has_servers(source.kind):
            await self._registry.hide_server(source.account_id, source.server_id)

    def forget_answer(self, account_id: AccountId) -> None:
        """Ask the service again at the next occasion, however young its last answer is."""
        standing = self._standing(account_id)
        standing.answered_at = time.monotonic() - EVERY_S

    def wake(self) -> None:
        """Ask again soon, since the network changed."""
        for standing in self._standings.values():
            standing.due_at = min(standing.due_at, standing.answered_at + AGAIN_S)
        self._woken.set()

    async def follow(self) -> None:
        """Ask for the servers of every account now and again, for ever."""
        while True:
            self._woken = anyio.Event()
            for account in self._registry.accounts():
                if self._backends.has_servers(account.kind):
                    await self._ask_if_due(account)
            with anyio.move_on_after(self._pause_s()):
                await self._woken.wait()

    # --- inside ----------------------------------------------------------------------------

    def _standing(self, account_id: AccountId) -> _Standing:
        return self._standings.setdefault(account_id, _Standing())

    def _pause_s(self) -> float:
        now = time.monotonic()
        due = [standing.due_at for standing in self._standings.values()]
        return max(min(due, default=now + EVERY_S) - now, 1.0)

    async def _ask_if_due(self, account: Account) -> None:
        standing = self._standing(account.id)
        if time.monotonic() < standing.due_at:
            return
        try:
            await self._ask(account)
        except MsdError as error:
            standing.due_at = time.monotonic() + AGAIN_S
            if not standing.is_down:
                log.info("the servers of %s can't be asked for: %s", account.display_name, error)
            standing.is_down = True
        else:
            standing.is_down = False

    async def _ask(self, account: Account) -> list[Source]:
        """Ask once, however many wait for the answer; return the sources that it added."""
        standing = self._standing(account.id)
        async with standing.turn:
            if time.monotonic() - standing.answered_at < JUST_NOW_S:
                return []
            credentials = await self._auth.credentials(account)
            try:
                with anyio.fail_after(ANSWER_S):
                    answer = await contained(
                        lambda: self._backends.servers(account, credentials),
                        f"asking for the servers of {account.id}",
                    )
            except TimeoutError as exc:
                raise UnreachableError(f"no answer within {ANSWER_S:.0f} s") from exc
            except AuthRequiredError as error:
                self._refuse(account, standing, error)
                raise
            standing.refused = None
            added = await self._take(account, standing, answer)
            standing.answered_at = time.monotonic()
            standing.due_at = standing.answered_at + EVERY_S
            return added

    def _refuse(self, account: Account, standing: _Standing, error: AuthRequiredError) -> None:
        """Hold every source of the account back until somebody signs in (S4)."""
        if standing.refused is None:
            standing.refused = error
            for source_id in self._registry.sources_of(account.id):
                self._reconnect(source_id)

    async def _take(
        self, account: Account, standing: _Standing, answer: AccountServers
    ) -> list[Source]:
        is_complete = answer.complete and bool(answer.sources)
        await self._keep_tokens(account, answer, is_complete=is_complete)
        known = {
            self._registry.source(source_id).server_id: self._registry.source(source_id)
            for source_id in self._registry.sources_of(account.id)
        }
        listed = {new.server_id: new for new in answer.sources}
        for server_id, source in known.items():
            if server_id in listed:
                await self._update(source, listed[server_id])
                self._is_gone(standing, source, gone=False)
            elif is_complete:
                self._is_gone(standing, source, gone=True)
        added = await self._adding.add_servers(account, self._unknown(account, listed.values()))
        if added:
            self._publish(AccountChanged(account.id))
        return added

    def _unknown(self, account: Account, listed: Iterable[NewSource]) -> list[NewSource]:
        """Leave out what the user removed, or is removing."""
        hidden = self._registry.hidden_servers(account.id)
        return [new for new in listed if new.server_id not in hidden]

    async def _keep_tokens(
        self, account: Account, answer: AccountServers, *, is_complete: bool
    ) -> None:
        """Store the servers' tokens with the account's own; wake the sources with another one."""
        credentials = await self._auth.credentials(account)
        before = credentials.server_tokens
        after = dict(answer.server_tokens) if is_complete else {**before, **answer.server_tokens}
        if after == dict(before):
            return
        renewed = replace(credentials, server_tokens=MappingProxyType(after))
        await self._auth.store(account, renewed)
        for source_id in self._registry.sources_of(account.id):
            server_id = self._registry.source(source_id).server_id
            if before.get(server_id) != after.get(server_id):
                self._reconnect(source_id)

    async def _update(self, source: Source, new: NewSource) -> None:
        """Keep where a server is found now; its name and its pinned address are the user's."""
        config = dict(new.config)
        if PINNED_ADDRESS in source.config:
            config[PINNED_ADDRESS] = source.config[PINNED_ADDRESS]
        columns: SourceColumns = {"config": MappingProxyType(config), "owned": new.owned}
        columns["address"] = source.address or new.address
        if any(getattr(source, name) != value for name, value in columns.items()):
            await self._registry.change(source.id, **columns)
            self._publish(SourceChanged(source.id))
            self._reconnect(source.id)

    def _is_gone(self, standing: _Standing, source: Source, *, gone: bool) -> None:
        if gone is (source.id in standing.gone):
            return
        if gone:
            standing.gone.add(source.id)
        else:
            standing.gone.discard(source.id)
        self._reconnect(source.id)


def _again(error: AuthRequiredError) -> AuthRequiredError:
    # A new one each time: an exception raised twice collects the tracebacks of both callers.
    return AuthRequiredError(str(error), reason=error.reason)


def _gone() -> UnreachableError:
    return UnreachableError(
        "the account no longer has this server", reason=StatusReason.ACCOUNT_GONE
    )
