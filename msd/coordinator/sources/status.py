"""The three axes of a source's status, and the public status derived from them. No I/O.

See docs/behaviour.md, Status.

auth   unknown · ok · needs-auth(reason)
link   unknown · connecting · online · offline(reason) · faulty(reason) · disabled
(the sync axis lives in the job of the running sync and in the stored source)

needs-auth  ◄─ auth is needs-auth
error       ◄─ link is faulty
connected   ◄─ link is online and auth is not unknown
offline     ◄─ everything else
"""

from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from msd.errors import (
    AuthRefusedError,
    AuthRequiredError,
    BackendError,
    KeyringLockedError,
    KeyringUnavailableError,
    MsdError,
    UnreachableError,
)
from msd.models import LiveState, PublicStatus, ServerFacts, Source, StatusReason


class Auth(StrEnum):
    """Whether the source has credentials that work."""

    UNKNOWN = "unknown"
    OK = "ok"
    NEEDS_AUTH = "needs-auth"


class Link(StrEnum):
    """Whether the source can be reached."""

    UNKNOWN = "unknown"
    CONNECTING = "connecting"
    ONLINE = "online"
    OFFLINE = "offline"
    FAULTY = "faulty"
    DISABLED = "disabled"


KEYRING_REASONS = frozenset({StatusReason.KEYRING_LOCKED, StatusReason.KEYRING_UNAVAILABLE})
HEALED_BY_CREDENTIALS = KEYRING_REASONS | {StatusReason.NO_CREDENTIALS}


AFTER_A_REFUSAL = "sign in again, or wait: msd tries the old sign-in again by itself"


class Axes(Struct, frozen=True, kw_only=True):
    """The state of one source on its axes auth and link."""

    auth: Auth = Auth.UNKNOWN
    auth_reason: StatusReason = StatusReason.NO_CREDENTIALS
    auth_detail: str = ""
    link: Link = Link.UNKNOWN
    link_reason: StatusReason = StatusReason.STARTING
    detail: str = "msd has just started"
    facts: ServerFacts | None = None


def first_axes(source: Source) -> Axes:
    """Return the axes of a configured source at start, before any socket is opened (S1)."""
    return Axes() if source.enabled else disabled(Axes())


def connecting(axes: Axes, *, has_connected: bool) -> Axes:
    """Return the axes while the first attempt runs; a retry shows the last failure instead.

    Args:
        axes: before the attempt.
        has_connected: whether the source was ever connected, also by an earlier msd.
    """
    if axes.link not in {Link.UNKNOWN, Link.DISABLED}:
        return axes
    return replace(
        axes,
        link=Link.CONNECTING,
        link_reason=StatusReason.CONNECTING,
        detail="connecting" if has_connected else "connecting for the first time",
    )


def enabled(axes: Axes) -> Axes:
    """Return the axes of a source that the user has just switched on."""
    return replace(
        axes,
        auth=Auth.UNKNOWN,
        link=Link.UNKNOWN,
        link_reason=StatusReason.CONNECTING,
        detail="the source has just been enabled",
    )


def added() -> Axes:
    """Return the axes of a source that has just been added."""
    return Axes(link_reason=StatusReason.CONNECTING, detail="the source has just been added")


def with_credentials(axes: Axes) -> Axes:
    """Return the axes once credentials are at hand: what the keyring lacked is forgiven (S4)."""
    if axes.auth is Auth.NEEDS_AUTH and axes.auth_reason in HEALED_BY_CREDENTIALS:
        return replace(axes, auth=Auth.UNKNOWN)
    return axes


def online(axes: Axes, facts: ServerFacts) -> Axes:
    """Return the axes after a successful connect."""
    return replace(
        axes, auth=Auth.OK, link=Link.ONLINE, link_reason=StatusReason.OK, detail="", facts=facts
    )


def disabled(axes: Axes) -> Axes:
    """Return the axes of a source that the user switched off; nothing is known of it then."""
    return replace(
        axes,
        auth=Auth.UNKNOWN,
        link=Link.DISABLED,
        link_reason=StatusReason.DISABLED,
        detail="the source is disabled",
        facts=None,
    )


def after_error(axes: Axes, error: MsdError) -> Axes:
    """Return the axes after an attempt failed (S2, S3, S4).

    Only a confirmed refusal or missing credentials touch the auth axis: an outage never looks
    like a bad login.
    """
    detail = str(error)
    match error:
        case KeyringLockedError():
            return _needs_auth(axes, StatusReason.KEYRING_LOCKED, detail)
        case KeyringUnavailableError():
            return _needs_auth(axes, StatusReason.KEYRING_UNAVAILABLE, detail)
        case AuthRequiredError() | AuthRefusedError():
            return _needs_auth(axes, error.reason, _after_refusal(error))
        case UnreachableError():
            return replace(
                axes, link=Link.OFFLINE, link_reason=error.reason, detail=detail, facts=None
            )
        case BackendError():
            return replace(
                axes, link=Link.FAULTY, link_reason=error.reason, detail=detail, facts=None
            )
        case _:
            return replace(
                axes,
                link=Link.FAULTY,
                link_reason=StatusReason.BACKEND_BUG,
                detail=detail,
                facts=None,
            )


def _after_refusal(error: BackendError) -> str:
    if error.reason in HEALED_BY_CREDENTIALS:
        return str(error)
    return f"{error}; {AFTER_A_REFUSAL}"


def _needs_auth(axes: Axes, reason: StatusReason, detail: str) -> Axes:
    return replace(axes, auth=Auth.NEEDS_AUTH, auth_reason=reason, auth_detail=detail)


def public_status(
    axes: Axes, *, held_deletes: int = 0, live: LiveState = LiveState.OFF
) -> tuple[PublicStatus, StatusReason, str]:
    """Return status, reason and detail as the bus shows them: the first line that fits."""
    if axes.auth is Auth.NEEDS_AUTH:
        return PublicStatus.NEEDS_AUTH, axes.auth_reason, axes.auth_detail
    if axes.link is Link.FAULTY:
        return PublicStatus.ERROR, axes.link_reason, axes.detail
    if axes.link is Link.ONLINE and axes.auth is Auth.OK:
        if held_deletes:
            detail = (
                f"{held_deletes} items are missing on the source; they stay until the loss is "
                "confirmed"
            )
            return PublicStatus.CONNECTED, StatusReason.DELETES_HELD, detail
        if live is LiveState.DEGRADED:
            detail = "the source does not push its changes just now; msd asks for them"
            return PublicStatus.CONNECTED, StatusReason.DEGRADED_LIVE, detail
        return PublicStatus.CONNECTED, StatusReason.OK, axes.detail
    return PublicStatus.OFFLINE, axes.link_reason, axes.detail
