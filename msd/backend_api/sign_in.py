"""Signing in with a person on the other side, and accounts that bring several servers.

    SPEC.login(options, context, dialogue)  → NewSources      asks through the dialogue, and waits
    SPEC.servers(account)                   → AccountServers  what the account reaches now (A2)
    SPEC.sign_out(account)                                    give the credentials back, best effort
    SPEC.discover(context)                  → FoundServer…    what answers on the local network

A login is one coroutine from the first request to the verified result; cancelling it ends the
sign-in. It knows nothing of D-Bus: who shows the code and who answers is the dialogue's business.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, repeat
from types import MappingProxyType
from typing import Protocol

from msgspec import Struct

from msd.backend_api.accounts import Credentials, NewAccount, NewSource
from msd.models import Account, LoginUser, UnixSeconds

__all__ = [
    "AccountContext",
    "AccountServers",
    "DiscoverContext",
    "FoundServer",
    "LoginDialogue",
    "LoginUser",
    "UserChoice",
    "lasting",
]


class UserChoice(Struct, frozen=True, kw_only=True):
    """The user who was chosen; the PIN is used once and shows in no repr."""

    user_id: str
    pin: str = ""

    def __repr__(self) -> str:
        """Show no PIN."""
        return f"UserChoice(user_id={self.user_id!r})"


class LoginDialogue(Protocol):
    """The person who signs in, as a backend sees him. Waiting calls end when he cancels."""

    def show_code(self, *, code: str, url: str, expires_at: UnixSeconds, message: str) -> None:
        """Show what to do elsewhere: a code, a link, until when. May be called again.

        A code that nobody used in time ends the login by a `LoginExpiredError`.
        """

    async def ask_password(self, message: str) -> str:
        """Wait for a password. Called again after a wrong one, with a message that says so."""

    async def choose_user(self, users: Sequence[LoginUser], message: str) -> UserChoice:
        """Wait for one of the users to be chosen. Called again after a wrong PIN."""

    async def keep(self, account: NewAccount) -> None:
        """Store the account's credentials now, since older ones have just ended by it (A1).

        Raises:
            KeyringLockedError, KeyringUnavailableError: they can't be stored.
        """


class AccountContext(Struct, frozen=True, kw_only=True):
    """What a backend is given to act for an account rather than for one source."""

    account: Account
    credentials: Credentials
    client_name: str
    client_version: str
    device_name: str


class AccountServers(Struct, frozen=True, kw_only=True):
    """The servers that an account reaches now.

    `complete` is False when the answer may lack some; then nothing counts as vanished (A2).
    """

    sources: tuple[NewSource, ...]
    server_tokens: Mapping[str, str] = MappingProxyType({})  # by server id
    complete: bool = True

    def __repr__(self) -> str:
        """Show no token."""
        return f"AccountServers(sources={self.sources!r}, complete={self.complete})"


class DiscoverContext(Struct, frozen=True, kw_only=True):
    """What a backend is given to look around on the local network."""

    client_name: str
    client_version: str
    device_name: str


class FoundServer(Struct, frozen=True, kw_only=True):
    """A server that answered on the local network; nothing of it is verified."""

    server_id: str
    name: str
    address: str  # base URL, as the option of AddSource or BeginLogin takes it
    version: str = ""


def lasting(pauses_s: Iterable[float]) -> Iterator[float]:
    """Return the pauses between two questions; the last one is repeated for ever."""
    *first, last = pauses_s
    return chain(first, repeat(last))
