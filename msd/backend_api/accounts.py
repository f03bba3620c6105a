"""What adding an account or a folder takes and gives; no I/O."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from msd.models import Account, OptionSpec, Source

__all__ = [
    "AddContext",
    "Credentials",
    "NewAccount",
    "NewSource",
    "NewSources",
    "OptionSpec",
    "OptionValue",
]

OptionValue = str | int | bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """What the keyring holds for one account; its repr shows nothing.

    An account that brings several servers has a token of its own for each; `for_server` leaves
    just that one, which is all that a live backend ever sees.
    """

    user_id: str
    token: str = field(repr=False)
    server_tokens: Mapping[str, str] = field(
        default_factory=lambda: MappingProxyType({}), repr=False
    )  # by server id

    def for_server(self, server_id: str) -> "Credentials":
        """Return what one server may see: its own token, or the account's where there are none.

        A server without a token of its own, among others that have one, gets none: the account's
        would open all the others.
        """
        token = self.server_tokens.get(server_id, "") if self.server_tokens else self.token
        return Credentials(user_id=self.user_id, token=token)


@dataclass(frozen=True, slots=True, kw_only=True)
class AddContext:
    """What a backend is given to add an account or folder."""

    installation_id: str
    device_id: str  # for the new account; stable from now on (I3)
    client_name: str
    client_version: str
    device_name: str
    source: Source | None = None  # signed in to anew (A3): its server stands for the options
    account: Account | None = None  # who signs in anew; anybody else is refused afterwards


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAccount:
    """The account that `add` signed in to."""

    remote_user_id: str
    display_name: str
    credentials: Credentials


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSource:
    """One source that `add` found. msd makes its id from kind, server_id and user (I1)."""

    server_id: str
    name: str
    server_version: str = ""
    address: str = ""
    owned: bool = True
    config: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSources:
    """What `add` verified with the server; nothing of it is stored yet."""

    account: NewAccount | None
    sources: tuple[NewSource, ...]
    undo: Callable[[], Awaitable[None]] | None = None  # best effort, e.g. sign out again
