"""Why a server refuses a token: it has one answer for every cause, but also a login screen.

A user whom the login screen showed while the token was good, and shows no more, was disabled or
deleted; one whom it still shows has lost the sign-in alone. Of a user whom it never showed nothing
can be told. What it showed is remembered in the source's private folder, for a refusal may come
after a restart.
"""

from pathlib import Path

from anyio import to_thread

from msd.backend_api.protocol import BackendContext
from msd.backends.jellyfin.client.client import JellyfinClient
from msd.backends.jellyfin.parse.values import guid
from msd.backends.jellyfin.parse.wire import PublicUser, User
from msd.errors import AuthRequiredError, BackendError
from msd.models import StatusReason

_PUBLIC_USERS = "/Users/Public"


async def remember_login_screen(context: BackendContext, user: User) -> None:
    """Remember whether the server's login screen shows the user, best effort."""
    policy = user.policy
    is_shown = policy is not None and policy.is_hidden is False
    is_shown = is_shown and policy is not None and policy.enable_remote_access is not False
    await to_thread.run_sync(_mark, _marker(context), is_shown)


async def explained(
    error: AuthRequiredError, anonymous: JellyfinClient, context: BackendContext
) -> AuthRequiredError:
    """Return the refusal with the cause that the login screen gives away, if it does."""
    try:
        shown = await anonymous.get(_PUBLIC_USERS, list[PublicUser])
    except BackendError:
        return error
    own = guid(context.credentials.user_id) if context.credentials else None
    if own in {guid(user.id) for user in shown}:
        return AuthRequiredError(
            "the server ended this sign-in, or the password was changed; sign in again"
        )
    if await to_thread.run_sync(_marker(context).exists):
        return AuthRequiredError(
            "the server no longer lets this user in: disabled, or deleted",
            reason=StatusReason.USER_DISABLED,
        )
    return error


def _marker(context: BackendContext) -> Path:
    return context.cache_dir / "on-login-screen"


def _mark(marker: Path, is_shown: bool) -> None:  # noqa: FBT001 - called in a thread
    try:
        if is_shown:
            marker.parent.mkdir(parents=True, exist_ok=True)
            marker.touch()
        else:
            marker.unlink(missing_ok=True)
    except OSError:
        return  # a refusal will be less well explained
