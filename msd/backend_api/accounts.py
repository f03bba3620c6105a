"""What adding an account or a folder takes and gives; no I/O."""

from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType

from msgspec import Struct

from msd.models import CA_CERTIFICATE, FINGERPRINT, Account, OptionSpec, Source

__all__ = [
    "TRUST_OPTIONS",
    "AddContext",
    "Credentials",
    "NewAccount",
    "NewSource",
    "NewSources",
    "OptionSpec",
    "OptionValue",
]

OptionValue = str | int | bool


class Credentials(Struct, frozen=True, kw_only=True):
    """What the keyring holds for one account; its repr shows nothing.

    An account that brings several servers has a token of its own for each; `for_server` leaves
    just that one, which is all that a live backend ever sees.
    """

    user_id: str
    token: str
    server_tokens: Mapping[str, str] = MappingProxyType({})  # by server id

    def __repr__(self) -> str:
        """Show no token."""
        return f"Credentials(user_id={self.user_id!r})"

    def for_server(self, server_id: str) -> "Credentials":
        """Return what one server may see: its own token, or the account's where there are none.

        A server without a token of its own, among others that have one, gets none: the account's
        would open all the others.
        """
        token = self.server_tokens.get(server_id, "") if self.server_tokens else self.token
        return Credentials(user_id=self.user_id, token=token)


TRUST_OPTIONS = (
    OptionSpec(
        name=CA_CERTIFICATE,
        signature="s",
        description="the certificate of a private authority that signed the server's (PEM)",
    ),
    OptionSpec(
        name=FINGERPRINT,
        signature="s",
        description="the SHA-256 fingerprint of the server's own certificate",
    ),
)
"""The options of `AddSource` and `BeginLogin` for a server with a certificate of its own (K3)."""


class AddContext(Struct, frozen=True, kw_only=True):
    """What a backend is given to add an account or folder."""

    installation_id: str
    device_id: str  # for the new account; stable from now on (I3)
    client_name: str
    client_version: str
    device_name: str
    source: Source | None = None  # signed in to again (A3): its server stands for the options
    account: Account | None = None  # who signs in again; anybody else is refused afterwards
    trust: Mapping[str, str] = MappingProxyType({})  # as in `Source.config`


class NewAccount(Struct, frozen=True, kw_only=True):
    """The account that `add` signed in to."""

    remote_user_id: str
    display_name: str
    credentials: Credentials


class NewSource(Struct, frozen=True, kw_only=True):
    """One source that `add` found. msd makes its id from kind, server_id and user (I1)."""

    server_id: str
    name: str
    server_version: str = ""
    address: str = ""
    owned: bool = True
    config: Mapping[str, str] = MappingProxyType({})


class NewSources(Struct, frozen=True, kw_only=True):
    """What `add` verified with the server; nothing of it is stored yet."""

    account: NewAccount | None
    sources: tuple[NewSource, ...]
    undo: Callable[[], Awaitable[None]] | None = None  # best effort, e.g. sign out again
