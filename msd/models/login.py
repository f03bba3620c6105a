"""A sign-in in progress, and who may touch it (K6)."""

from dataclasses import dataclass, field, replace
from typing import Self

from msd.models.ids import NEVER, BackendKind, LoginId, SourceId, UnixSeconds
from msd.models.words import LoginState, LoginStep


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who asks: a connection to the bus, and the token that it shows, if any."""

    name: str
    owner_token: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginUser:
    """Somebody that the account can be used as, such as a member of a Plex Home."""

    id: str
    name: str
    needs_pin: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """One sign-in, as the `Login` object shows it to its owner."""

    id: LoginId
    kind: BackendKind
    source_id: SourceId  # signed in to anew; "" when something is added
    state: LoginState = LoginState.WAITING
    step: LoginStep = LoginStep.NONE
    code: str = field(default="", repr=False)
    url: str = field(default="", repr=False)
    expires_at: UnixSeconds = NEVER
    users: tuple[LoginUser, ...] = field(default=(), repr=False)
    message: str = field(
        default="", repr=False
    )  # one sentence for a person; at the end: why it failed
    error: str = ""  # the wire code of what it failed with
    source_ids: tuple[SourceId, ...] = ()

    def seen_by_others(self) -> Self:
        """Return what anybody may see: neither code, link and users nor what says them."""
        return replace(self, code="", url="", users=(), message="")
