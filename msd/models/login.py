"""A sign-in in progress, and who may touch it (K6)."""

from typing import Self

from msgspec import Struct
from msgspec.structs import replace

from msd.models.ids import NEVER, BackendKind, LoginId, SourceId, UnixSeconds
from msd.models.words import LoginState, LoginStep


class Caller(Struct, frozen=True, kw_only=True):
    """Who asks: a connection to the bus, and the token that it shows, if any."""

    name: str
    owner_token: str = ""

    def __repr__(self) -> str:
        return f"Caller(name={self.name!r})"


class LoginUser(Struct, frozen=True, kw_only=True):
    """Somebody that the account can be used as, such as a member of a Plex Home."""

    id: str
    name: str
    needs_pin: bool = False


class Login(Struct, frozen=True, kw_only=True):
    """One sign-in, as the `Login` object shows it to its owner."""

    id: LoginId
    kind: BackendKind
    source_id: SourceId  # signed in to again; "" when something is added
    state: LoginState = LoginState.WAITING
    step: LoginStep = LoginStep.NONE
    code: str = ""
    url: str = ""
    expires_at: UnixSeconds = NEVER
    users: tuple[LoginUser, ...] = ()
    message: str = ""  # one sentence for a person; at the end: why it failed
    error: str = ""  # the wire code of what it failed with
    source_ids: tuple[SourceId, ...] = ()

    def __repr__(self) -> str:
        return f"Login(id={self.id}, kind={self.kind!r}, state={self.state!r}, step={self.step!r})"

    def seen_by_others(self) -> Self:
        """Return what anybody may see: neither code, link and users nor what says them."""
        return replace(self, code="", url="", users=(), message="")
