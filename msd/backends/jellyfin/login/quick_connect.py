"""Quick Connect: the server gives a code, the user enters it where he is signed in already."""

import time
from collections.abc import Iterable

import anyio
import httpx
from msgspec import Struct

from msd.backend_api import LoginDialogue, NewAccount
from msd.backend_api.http.client import Answer
from msd.backend_api.http.json import decode
from msd.backend_api.http.status import raise_if_unavailable
from msd.backend_api.sign_in import lasting
from msd.backends.jellyfin.client.client import JellyfinClient
from msd.backends.jellyfin.client.faults import is_own_refusal
from msd.backends.jellyfin.client.routes import version_of
from msd.backends.jellyfin.find.probe import Server
from msd.backends.jellyfin.login.sign_in import signed_in
from msd.errors import BadResponseError, LoginExpiredError, UnreachableError
from msd.models import UnixSeconds

PAUSES_S = (1.0, 1.0, 2.0, 3.0, 5.0)  # between questions; other clients ask every 5 s
_LIFE_S = 600  # of a code, in every version
_FETCH_S = 60.0  # an approved sign-in can be fetched more than once for some minutes
_BY_POST = (10, 9)
_INITIATE = "/QuickConnect/Initiate"
_REFUSED = frozenset({httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN, httpx.codes.NOT_FOUND})


class Pending(Struct, rename="pascal"):
    """A sign-in that waits for its code to be entered; holds a secret."""

    secret: str
    code: str
    authenticated: bool = False

    def __repr__(self) -> str:
        """Show nothing: the secret must not reach a log."""
        return "Pending(…)"


async def by_quick_connect(
    client: JellyfinClient,
    server: Server,
    dialogue: LoginDialogue,
    *,
    pauses_s: Iterable[float] = PAUSES_S,
) -> NewAccount | None:
    """Show a code and return who entered it elsewhere; None when the server has this switched off.

    Raises:
        LoginExpiredError: nobody did in time, or the server forgot it over a restart.
        UnreachableError, BadResponseError: there is no code; once there is one, failures of the
            network only cost time.
    """
    pending = await _begun(client, server)
    if pending is None:
        return None
    dialogue.show_code(
        code=pending.code,
        url=f"{server.base_url}/web/#/quickconnect",
        expires_at=UnixSeconds(int(time.time()) + _LIFE_S),
        message="enter the code in Jellyfin, at Quick Connect in the menu of your user, or at the"
        " link",
    )
    await _until_entered(client, pending, pauses_s)
    return await _fetched(client, server, pending, pauses_s)


async def _begun(client: JellyfinClient, server: Server) -> Pending | None:
    enabled = await client.answer("/QuickConnect/Enabled")
    raise_if_unavailable(enabled)
    if not enabled.is_success or not decode(enabled, bool):
        return None
    by_post = version_of(server.version) >= _BY_POST
    answer = await (client.post(_INITIATE) if by_post else client.answer(_INITIATE))
    raise_if_unavailable(answer)
    if answer.status in _REFUSED:
        return None
    if not answer.is_success:
        raise BadResponseError(f"the server refused Quick Connect with status {answer.status}")
    return decode(answer, Pending)


async def _until_entered(
    client: JellyfinClient, pending: Pending, pauses_s: Iterable[float]
) -> None:
    with anyio.move_on_after(_LIFE_S):
        for pause_s in lasting(pauses_s):
            await anyio.sleep(pause_s)
            try:
                answer = await client.answer("/QuickConnect/Connect", {"secret": pending.secret})
                raise_if_unavailable(answer)
            except UnreachableError:
                continue  # it may come back while the code is still good
            if answer.status == httpx.codes.UNAUTHORIZED and is_own_refusal(answer):
                raise LoginExpiredError(
                    "Quick Connect was switched off on the server while the code waited; sign in"
                    " with the password, or ask for Quick Connect to be switched on"
                )
            if answer.status in _REFUSED:
                break
            if answer.is_success and decode(answer, Pending).authenticated:
                return
    raise LoginExpiredError("the code was not entered in time; begin again")


async def _fetched(
    client: JellyfinClient, server: Server, pending: Pending, pauses_s: Iterable[float]
) -> NewAccount:
    answer: Answer | None = None
    with anyio.move_on_after(_FETCH_S):
        for pause_s in lasting(pauses_s):
            try:
                answer = await client.post(
                    "/Users/AuthenticateWithQuickConnect", {"Secret": pending.secret}
                )
                raise_if_unavailable(answer)
                break
            except UnreachableError:
                answer = None
                await anyio.sleep(pause_s)
    if answer is None:
        raise UnreachableError("the server did not answer after the code was entered")
    if answer.status == httpx.codes.NOT_FOUND:
        raise LoginExpiredError("the server forgot the code before it could be used; begin again")
    return signed_in(answer, server)
