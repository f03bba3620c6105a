"""Requests to plex.tv, the sign-in service of all Plex accounts, and what refusals mean.

Two hosts serve the same interface; the second is asked when the first doesn't work. The variable
`MSD_PLEX_TV` of the environment names other base addresses, apart by spaces: for tests.
"""

import os
from collections.abc import Mapping, Sequence
from typing import TypeVar

import httpx
import msgspec

from msd.backend_api.http.client import Answer, fetch
from msd.backend_api.http.errors import backend_errors
from msd.backend_api.http.json import decode
from msd.backend_api.http.status import retry_after_s
from msd.backends.plex.connect.connections import usable_address
from msd.backends.plex.connect.device import Device
from msd.errors import (
    AuthRequiredError,
    BadResponseError,
    ForbiddenError,
    InvalidArgumentError,
    TlsError,
    UnreachableError,
)
from msd.models import StatusReason

USER = "/api/v2/user"
_VARIABLE = "MSD_PLEX_TV"
_BASES = ("https://clients.plex.tv", "https://plex.tv")
_PAUSE_S = 10.0  # plex.tv often asks to wait without saying how long
_MOST_ERRORS = 10

T = TypeVar("T")


class PlexTv:
    """Sends requests to plex.tv as one device; its repr and errors hold no secret."""

    def __init__(self, http: httpx.AsyncClient, device: Device, token: str = "") -> None:
        self.device = device
        self._http = http
        self._headers = device.headers(token)
        self._bases = _bases()

    def signed_in(self, token: str) -> "PlexTv":
        """Return the same, in the name of the user to whom the account token belongs."""
        return PlexTv(self._http, self.device, token)

    async def get(
        self, path: str, shape: type[T], parameters: Mapping[str, str] | None = None
    ) -> T:
        """Return the decoded answer to a GET.

        Raises:
            AuthRequiredError: plex.tv does not accept the token, confirmed by a second call.
            ForbiddenError: it accepts the token and refuses this.
            UnreachableError, TlsError, BadResponseError: as everywhere; the token may be good.
        """
        answer = await self.send("GET", path, parameters)
        await self.raise_for_status(answer)
        return decode(answer, shape)

    async def send(
        self, method: str, path: str, parameters: Mapping[str, str] | None = None
    ) -> Answer:
        """Return what plex.tv itself answers, whatever its status.

        Raises:
            UnreachableError: neither host can be reached or works, something else answers in their
                place, or plex.tv asks to wait.
            TlsError, BadResponseError: as `fetch` says.
        """
        answer = await self._answer(method, path, parameters)
        if answer.status == httpx.codes.TOO_MANY_REQUESTS:
            pause_s = retry_after_s(answer)
            raise UnreachableError(
                "plex.tv asks to wait before the next request",
                reason=StatusReason.SERVER_ERROR,
                retry_after_s=_PAUSE_S if pause_s is None else pause_s,
            )
        return answer

    async def _answer(self, method: str, path: str, parameters: Mapping[str, str] | None) -> Answer:
        *others, last = self._bases
        for base in others:
            try:
                return await self._ask(base, method, path, parameters)
            except (UnreachableError, TlsError):
                continue
        return await self._ask(last, method, path, parameters)

    async def _ask(
        self, base: str, method: str, path: str, parameters: Mapping[str, str] | None
    ) -> Answer:
        with backend_errors():
            request = self._http.build_request(
                method, base + path, params=parameters, headers=dict(self._headers)
            )
        answer = await fetch(self._http, request)
        _raise_unless_its_own(answer)
        return answer

    async def raise_for_status(self, answer: Answer) -> None:
        """Raise the error that an unsuccessful answer stands for.

        Raises:
            AuthRequiredError, ForbiddenError, UnreachableError, BadResponseError: as `get`.
        """
        if answer.is_success:
            return
        if is_refusal(answer):
            second = await self.send("GET", USER)
            if is_refusal(second):
                raise AuthRequiredError("plex.tv does not accept the sign-in; sign in again")
            raise UnreachableError(
                "plex.tv refused the sign-in and then accepted it; msd tries again",
                reason=StatusReason.SERVER_ERROR,
            )
        if answer.status == httpx.codes.FORBIDDEN:
            raise ForbiddenError("plex.tv forbids this to the user")
        raise BadResponseError(f"plex.tv refused a request with status {answer.status}")


def is_refusal(answer: Answer) -> bool:
    """Whether plex.tv refuses the token."""
    if answer.status == httpx.codes.UNAUTHORIZED:
        return True
    # Older accounts; other causes of a 422 have nothing to do with the token.
    messages = " ".join(error.message.lower() for error in errors_of(answer))
    return (
        answer.status == httpx.codes.UNPROCESSABLE_ENTITY
        and "invalid" in messages
        and "token" in messages
    )


class TvError(msgspec.Struct, frozen=True):
    """One error in an answer of plex.tv."""

    code: int = 0
    message: str = ""


class _Errors(msgspec.Struct, frozen=True):
    errors: list[TvError] = []


def errors_of(answer: Answer) -> Sequence[TvError]:
    """Return the errors in an answer of plex.tv; none when it can't be read."""
    try:
        return msgspec.json.decode(answer.body, type=_Errors, strict=False).errors[:_MOST_ERRORS]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ()


def _raise_unless_its_own(answer: Answer) -> None:
    if httpx.codes.is_server_error(answer.status):
        raise UnreachableError(
            "plex.tv does not work now",
            reason=StatusReason.SERVER_ERROR,
            retry_after_s=retry_after_s(answer),
        )
    is_readable = not answer.body or answer.media_type == "application/json"
    is_busy = answer.status == httpx.codes.TOO_MANY_REQUESTS  # said by what stands before it
    if httpx.codes.is_redirect(answer.status) or not (is_readable or is_busy):
        raise UnreachableError(
            "a web page came instead of the answer of plex.tv, as from the login page of a network",
            reason=StatusReason.NOT_A_MEDIA_SERVER,
        )


def _bases() -> tuple[str, ...]:
    given = os.environ.get(_VARIABLE, "").split()
    bases = tuple(filter(None, map(usable_address, given)))
    if len(bases) != len(given):
        raise InvalidArgumentError(f"{_VARIABLE} must hold base addresses of web servers")
    return bases or _BASES
