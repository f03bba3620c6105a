"""Sign in by a PIN: plex.tv gives a code, the user approves it elsewhere, the code yields a token.

A finished PIN replaces the token that the device had before (docs/protocols/plex.md, Tokens).
"""

import time
from collections.abc import Iterable, Mapping
from datetime import datetime
from urllib.parse import urlencode

import anyio
import httpx
import msgspec

from msd.backend_api import LoginDialogue
from msd.backend_api.http.client import Answer
from msd.backend_api.http.json import decode
from msd.backend_api.sign_in import lasting
from msd.backends.plex.login.tv import PlexTv
from msd.backends.plex.parse.scalars import identifier, number, token
from msd.errors import (
    AuthRefusedError,
    BadResponseError,
    LoginExpiredError,
    TlsError,
    UnreachableError,
)
from msd.models import UnixSeconds

PINS = "/api/v2/pins"
LINK_URL = "https://plex.tv/link"
PAUSES_S = (1.0, 2.0, 4.0, 5.0)  # other clients' practice
_APPROVE_URL = "https://app.plex.tv/auth#?"
_LONGEST_S = 3600
_USUAL_S = 900
_GONE = frozenset({httpx.codes.NOT_FOUND, httpx.codes.GONE})
_REJECTED = frozenset({httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN})


class Pin(msgspec.Struct, frozen=True, kw_only=True):
    """A code that waits to be approved."""

    id: int
    code: str
    lasts_s: int


async def claimed_token(
    tv: PlexTv,
    dialogue: LoginDialogue,
    *,
    link: bool = False,
    forward_url: str = "",
    pauses_s: Iterable[float] = PAUSES_S,
) -> str:
    """Show a code and return the account token that it yields once the user has approved it.

    Args:
        tv: signed in as nobody.
        dialogue: shows the code.
        link: a short code to be typed at plex.tv/link, rather than a link for the browser.
        forward_url: where the browser goes afterwards.
        pauses_s: between questions; the last one over and over.

    Raises:
        LoginExpiredError: nobody approved it in time.
        AuthRefusedError: it was rejected.
        UnreachableError, TlsError, BadResponseError: there is no code; once there is one, failures
            of the network only cost time.
    """
    pin = await _new_pin(tv, strong=not link)
    dialogue.show_code(
        code=pin.code,
        url=LINK_URL if link else _approve_url(pin, tv, forward_url),
        expires_at=UnixSeconds(int(time.time()) + pin.lasts_s),
        message=f"enter the code {pin.code} at {LINK_URL}"
        if link
        else "open the link and sign in to Plex",
    )
    with anyio.move_on_after(pin.lasts_s):
        for pause_s in lasting(pauses_s):
            await anyio.sleep(pause_s)
            if claimed := await _poll(tv, pin):
                return claimed
    raise _expired()


async def _new_pin(tv: PlexTv, *, strong: bool) -> Pin:
    answer = await tv.send("POST", PINS, {"strong": "true"} if strong else None)
    await tv.raise_for_status(answer)
    row = decode(answer, dict[str, object])
    pin_id, code = number(row.get("id")), identifier(row.get("code"))
    if pin_id is None or not code:
        raise BadResponseError("plex.tv gave no code to sign in with")
    return Pin(id=pin_id, code=code, lasts_s=_lifetime_s(row))


def _lifetime_s(row: Mapping[str, object]) -> int:
    """How long a code is good, by plex.tv's own clock."""
    lasts_s = number(row.get("expiresIn"))
    if lasts_s is None:
        try:
            end, start = (
                datetime.fromisoformat(str(row[key])) for key in ("expiresAt", "createdAt")
            )
            lasts_s = int((end - start).total_seconds())
        except (KeyError, ValueError, TypeError):
            lasts_s = _USUAL_S
    return max(1, min(lasts_s, _LONGEST_S))


async def _poll(tv: PlexTv, pin: Pin) -> str:
    """Return the token, "" while nobody has approved the code or plex.tv can't be asked."""
    try:
        return _claimed(await tv.send("GET", f"{PINS}/{pin.id}"))
    except (UnreachableError, TlsError) as error:
        await anyio.sleep(error.retry_after_s or 0.0)
        return ""


def _claimed(answer: Answer) -> str:
    if answer.status in _GONE:
        raise _expired()
    if answer.status in _REJECTED:
        raise AuthRefusedError("plex.tv rejected the sign-in")
    if not answer.is_success:
        raise BadResponseError(
            f"plex.tv refused to answer about the sign-in: status {answer.status}"
        )
    row = decode(answer, dict[str, object]).get("authToken")
    if not row:
        return ""
    if not (claimed := token(row)):
        raise BadResponseError("plex.tv accepted the sign-in but gave no token")
    return claimed


def _approve_url(pin: Pin, tv: PlexTv, forward_url: str) -> str:
    parameters = {
        "clientID": tv.device.device_id,
        "code": pin.code,
        "context[device][product]": tv.device.client,
        "context[device][deviceName]": tv.device.name,
    }
    if forward_url:
        parameters["forwardUrl"] = forward_url
    return _APPROVE_URL + urlencode(parameters)


def _expired() -> LoginExpiredError:
    return LoginExpiredError("nobody approved the sign-in in time; begin again")
