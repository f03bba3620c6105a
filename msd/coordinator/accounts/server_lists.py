"""Keeps the servers of each account up to date, by asking its sign-in service (A2).

    follow ──► ask the service: at start, hourly, after a network change
    answer ──► new servers are added · tokens and addresses stored · missing ones "account-gone"
    refusal ─► every source of the account needs a sign-in; asked again after 30 min, up to 6 h

An answer that is partial or empty removes nothing.
"""

import logging
import time
from collections.abc import Iterable
from types import MappingProxyType

import anyio
from msgspec import Struct, field
from msgspec.structs import replace

from msd.backend_api import PINNED_ADDRESS, AccountServers, NewSource, NewSources
from msd.coordinator.accounts.adding import Adding
from msd.coordinator.error_boundary import guarded
from msd.coordinator.services import Services
from msd.coordinator.sources.retries import REFUSED_FIRST_S, REFUSED_LONGEST_S
from msd.errors import AuthRequiredError, MsdError, UnreachableError
from msd.events import (
    AccountChanged,
    AccountServersChanged,
    AccountSignedIn,
    EventStream,
    NetworkChanged,
    SourceAccessChanged,
    SourceChanged,
    SourceRemoved,
)
from msd.managers.auth import is_keyring_trouble
from msd.managers.registry import SourceColumns
from msd.models import CA_CERTIFICATE, FINGERPRINT, Account, AccountId, Source, SourceId

ANSWER_S = 18.0  # bus clients give up after 25 s
EVERY_S = 3600.0
RETRY_S = 300.0  # after a failure, and the least between two requests that nobody asked for
JUST_NOW_S = 15.0  # an answer of this age is not asked for again

_OF_THE_USER = {PINNED_ADDRESS, CA_CERTIFICATE, FINGERPRINT}  # keys of `Source.config`

log = logging.getLogger(__name__)


class _AccountState(Struct):
    """What is known of one account since this start."""

    lock: anyio.Lock = field(default_factory=anyio.Lock)
    answered_at: float = -EVERY_S
    asked_at: float = -EVERY_S
    refusals: int = 0
    due_at: float = 0.0
    refused: AuthRequiredError | None = None
    gone: set[SourceId] = field(default_factory=set)
    is_down: bool = False


class ServerLists:
    """The servers of every account, as its sign-in service answered last."""

    def __init__(self, services: Services, adding: Adding, events: EventStream) -> None:
        self._registry = services.registry
        self._auth = services.auth
        self._backends = services.backends
        self._adding = adding
        self._events = events
        self._states: dict[AccountId, _AccountState] = {}
        self._woken = anyio.Event()
        events.listen(SourceRemoved, lambda event: self._forget(event.source_id))
        events.listen(AccountServersChanged, lambda event: self._ask_now(event.account_id))
        events.listen(AccountSignedIn, lambda event: self._forgive(event.account_id))
        events.listen(NetworkChanged, lambda _: self._ask_again_soon())

    # --- what the others ask ---------------------------------------------------------------

    async def raise_if_refused(self, account: Account) -> None:
        """Ask again whether a refused account is accepted now (S4).

        Raises:
            AuthRequiredError: it is not.
            UnreachableError: the service can't be asked.
        """
        state = self._state(account.id)
        if state.refused is None:
            return
        if time.monotonic() - state.asked_at < JUST_NOW_S:
            raise _again(state.refused)
        await self.ask(account)

    def is_gone(self, account_id: AccountId, source_id: SourceId) -> bool:
        """Return whether the last complete answer had no such server."""
        return source_id in self._state(account_id).gone

    async def renew(self, account: Account, verified: NewSources) -> None:
        """Store the servers of a new sign-in; its credentials are stored already (A3)."""
        state = self._state(account.id)
        state.refused = None
        self.forget_answer(account.id)  # it belongs to the old sign-in
        if verified.account is None:
            return
        if self._backends.has_servers(account.kind):
            tokens = verified.account.credentials.server_tokens
            answer = AccountServers(sources=verified.sources, server_tokens=tokens, complete=False)
            async with state.lock:
                await self._store(account, state, answer)
            return
        for source_id in self._registry.sources_of(account.id):
            source = self._registry.source(source_id)
            for new in verified.sources:
                if new.server_id == source.server_id:
                    await self._update(source, new)

    def forget_answer(self, account_id: AccountId) -> None:
        """Ask the service again next time, however young its last answer is."""
        state = self._state(account_id)
        state.answered_at = state.asked_at = time.monotonic() - EVERY_S

    async def follow(self) -> None:
        """Ask for the servers of every account when they are due, for ever."""
        while True:
            self._woken = anyio.Event()
            for account in self._registry.accounts():
                if self._backends.has_servers(account.kind):
                    await self._ask_if_due(account)
            with anyio.move_on_after(self._pause_s()):
                await self._woken.wait()

    # --- inside ----------------------------------------------------------------------------

    def _forget(self, source_id: SourceId) -> None:
        """Forget what is known of a removed source, and of an account without sources."""
        in_use = {account.id for account in self._registry.accounts()}
        for account_id in tuple(self._states):
            self._states[account_id].gone.discard(source_id)
            if account_id not in in_use:
                del self._states[account_id]

    def _ask_now(self, account_id: AccountId) -> None:
        self.forget_answer(account_id)
        self._state(account_id).due_at = 0.0
        self._woken.set()

    def _forgive(self, account_id: AccountId) -> None:
        """Forget refusals of the old credentials, and the answer that they got."""
        state = self._state(account_id)
        state.refused, state.refusals = None, 0
        self.forget_answer(account_id)

    def _ask_again_soon(self) -> None:
        """Ask again as soon as the last answer is five minutes old, since the network changed."""
        for state in self._states.values():
            state.due_at = min(state.due_at, state.answered_at + RETRY_S)
        self._woken.set()

    def _state(self, account_id: AccountId) -> _AccountState:
        return self._states.setdefault(account_id, _AccountState())

    def _pause_s(self) -> float:
        now = time.monotonic()
        due = [state.due_at for state in self._states.values()]
        return max(min(due, default=now + EVERY_S) - now, 1.0)

    async def _ask_if_due(self, account: Account) -> None:
        state = self._state(account.id)
        if time.monotonic() < state.due_at:
            return
        try:
            await self.ask(account)
        except MsdError as error:
            state.due_at = time.monotonic() + self._retry_s(state, error)
            if not state.is_down:
                log.info("the servers of %s can't be asked for: %s", account.display_name, error)
            state.is_down = True
        else:
            state.is_down = False

    def _retry_s(self, state: _AccountState, error: MsdError) -> float:
        """Return how long to wait after a failure: longer and longer after refusals (S4)."""
        if not isinstance(error, AuthRequiredError) or is_keyring_trouble(error):
            return RETRY_S
        state.refusals += 1
        return min(REFUSED_LONGEST_S, REFUSED_FIRST_S * 2.0 ** min(state.refusals - 1, 10))

    async def ask(self, account: Account) -> list[Source]:
        """Ask once, however many wait for the answer; return the sources that it added."""
        state = self._state(account.id)
        async with state.lock:
            if time.monotonic() - state.answered_at < JUST_NOW_S:
                return []
            state.asked_at = time.monotonic()
            credentials = await self._auth.credentials(account)
            try:
                with anyio.fail_after(ANSWER_S):
                    answer = await guarded(
                        lambda: self._backends.servers(account, credentials),
                        f"asking for the servers of {account.id}",
                    )
            except TimeoutError as exc:
                raise UnreachableError(f"no answer within {ANSWER_S:.0f} s") from exc
            except AuthRequiredError as error:
                self._refuse(account, state, error)
                raise
            state.refusals = 0
            self._accept(account, state)
            added = await self._store(account, state, answer)
            state.answered_at = time.monotonic()
            state.due_at = state.answered_at + EVERY_S
            return added

    def _accept(self, account: Account, state: _AccountState) -> None:
        if state.refused is not None:
            state.refused = None
            for source_id in self._registry.sources_of(account.id):
                self._events.publish(SourceAccessChanged(source_id))

    def _refuse(self, account: Account, state: _AccountState, error: AuthRequiredError) -> None:
        """Hold every source of the account back until somebody signs in (S4)."""
        if state.refused is None:
            state.refused = error
            for source_id in self._registry.sources_of(account.id):
                self._events.publish(SourceAccessChanged(source_id))

    async def _store(
        self, account: Account, state: _AccountState, answer: AccountServers
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
                self._set_gone(state, source, gone=False)
            elif is_complete:
                self._set_gone(state, source, gone=True)
        added = await self._adding.add_servers(account, self._unknown(account, listed.values()))
        if added:
            self._events.publish(AccountChanged(account.id))
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
                self._events.publish(SourceAccessChanged(source_id))

    async def _update(self, source: Source, new: NewSource) -> None:
        """Keep where a server is found now; its name and its pinned address are the user's."""
        config = dict(new.config)
        config |= {key: source.config[key] for key in _OF_THE_USER & source.config.keys()}
        columns: SourceColumns = {"config": MappingProxyType(config), "owned": new.owned}
        columns["address"] = source.address or new.address
        if any(getattr(source, name) != value for name, value in columns.items()):
            await self._registry.change(source.id, **columns)
            self._events.publish(SourceChanged(source.id))
            self._events.publish(SourceAccessChanged(source.id))

    def _set_gone(self, state: _AccountState, source: Source, *, gone: bool) -> None:
        if gone is (source.id in state.gone):
            return
        if gone:
            state.gone.add(source.id)
        else:
            state.gone.discard(source.id)
        self._events.publish(SourceAccessChanged(source.id))


def _again(error: AuthRequiredError) -> AuthRequiredError:
    # A new one each time: an exception raised twice collects the tracebacks of both callers.
    return AuthRequiredError(str(error), reason=error.reason)
