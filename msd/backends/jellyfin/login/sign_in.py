"""Ways to prove to a Jellyfin server who one is; each ends with a user and a token."""

import httpx

from msd.backend_api import Credentials, NewAccount
from msd.backend_api.http.client import Answer
from msd.backend_api.http.json import decode
from msd.backend_api.http.status import raise_unless_refused
from msd.backends.jellyfin.client.client import JellyfinClient
from msd.backends.jellyfin.client.faults import FORM, is_own_refusal
from msd.backends.jellyfin.find.probe import Server
from msd.backends.jellyfin.parse.values import guid
from msd.backends.jellyfin.parse.wire import Login, User
from msd.errors import (
    AuthRefusedError,
    BadResponseError,
    IdentityMismatchError,
    InvalidArgumentError,
)
from msd.models import StatusReason

_USERS = "/Users"
_BY_NAME = "/Users/AuthenticateByName"
_LONGEST_TOKEN = 256
_LONGEST_NAME = 200


async def by_password(
    client: JellyfinClient, server: Server, name: str, password: str
) -> NewAccount:
    """Sign in with a name and a password. Sent once: a server may lock the user after a few.

    Raises:
        InvalidArgumentError: there is no name, or it is no text.
        AuthRefusedError: wrong user or password, or the server does not let the user in.
        UnreachableError, BadResponseError, IdentityMismatchError: as everywhere.
    """
    check(name, password)
    return signed_in(await client.post(_BY_NAME, {"Username": name, "Pw": password}), server)


def check(name: str, password: str = "") -> None:
    """Check a name and a password as far as that needs no request.

    Raises:
        InvalidArgumentError: there is no name, or one of them is no text.
    """
    if not name.strip():
        raise InvalidArgumentError("give the name of the user to sign in as")
    try:
        (name + password).encode()
    except UnicodeEncodeError:
        # Not chained: the error behind it repeats the password.
        raise InvalidArgumentError("the user name or password is not valid text") from None


async def by_api_key(client: JellyfinClient, key: str, name: str) -> NewAccount:
    """Act as a user by an administrator's API key, which the client carries.

    Raises:
        InvalidArgumentError: this is no API key.
        AuthRefusedError: the server does not accept it, or has no such user.
        UnreachableError, BadResponseError: as everywhere.
    """
    if not is_token(key):
        raise InvalidArgumentError("this is not an API key of Jellyfin")
    answer = await client.answer(_USERS)
    refusals = {httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN}
    if answer.status in refusals and is_own_refusal(answer):
        raise AuthRefusedError("the server does not accept this API key")
    await client.raise_for_status(answer, _USERS)
    for user in decode(answer, list[User]):
        if user.name.casefold() == name.strip().casefold():
            return _account(user, key)
    raise AuthRefusedError("the server has no user of this name")


def signed_in(answer: Answer, server: Server) -> NewAccount:
    """Return whom the answer to a sign-in lets in.

    Raises:
        AuthRefusedError: nobody.
        IdentityMismatchError: another server answered.
        UnreachableError, BadResponseError: as everywhere.
    """
    _raise_if_refused(answer)
    login = decode(answer, Login)
    if guid(login.server_id) != server.server_id:
        raise IdentityMismatchError("another server took the sign-in than the one that was found")
    return _account(login.user, login.access_token)


def is_token(text: str) -> bool:
    """Return whether a text may be a token."""
    return text.isascii() and text.isalnum() and len(text) <= _LONGEST_TOKEN


def _account(user: User, token: str) -> NewAccount:
    user_id = guid(user.id)
    if user_id is None or not is_token(token):
        raise BadResponseError("the server accepted the sign-in without saying how to go on")
    return NewAccount(
        remote_user_id=user_id,
        display_name="".join(filter(str.isprintable, user.name))[:_LONGEST_NAME] or user_id,
        credentials=Credentials(user_id=user_id, token=token),
    )


def _raise_if_refused(answer: Answer) -> None:
    if answer.is_success:
        return
    if answer.status == httpx.codes.FORBIDDEN and is_own_refusal(answer):
        raise AuthRefusedError(
            "the server does not let this user in: disabled, not allowed from here or at this"
            " time, or too many sessions",
            reason=StatusReason.USER_DISABLED,
        )
    if answer.status == httpx.codes.BAD_REQUEST:
        raise AuthRefusedError("the server does not accept this user name")
    raise_unless_refused(answer, FORM)
    raise AuthRefusedError("the server does not accept this user name and password")
