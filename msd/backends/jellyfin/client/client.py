"""Requests to one Jellyfin server in the name of one user, and what refusals mean."""

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from typing import TypeVar
from urllib.parse import quote

import httpx
import msgspec

from msd.backend_api.http.client import (
    PAGE_BUDGET_S,
    PAGE_BYTES,
    SMALL_BUDGET_S,
    SMALL_BYTES,
    Answer,
    fetch,
    without_echo,
)
from msd.backend_api.http.errors import backend_errors
from msd.backend_api.http.json import decode
from msd.backend_api.http.websocket import WebSocket, open_websocket
from msd.backends.jellyfin.client.faults import fault_of, is_own_refusal, of_request
from msd.errors import (
    AuthRequiredError,
    BackendError,
    ForbiddenError,
    UnreachableError,
)
from msd.models import StatusReason

ME = "/Users/Me"
_LONGEST_VALUE = 64
_SYSTEM_INFO = "/System/Info"  # any signed-in user may read it

Parameters = Mapping[str, str | int]
T = TypeVar("T")


class Device(msgspec.Struct, frozen=True, kw_only=True):
    """The program and machine that a Jellyfin session belongs to."""

    client: str
    name: str
    device_id: str
    version: str

    def authorization(self, token: str = "") -> str:
        """Return the header's value; without a token it is good for signing in only.

        The server takes values apart at quotes, knows no escapes, and undoes percent-encoding;
        from 10.9 on it refuses a login with an empty value.
        """
        pairs = {
            "Client": self.client,
            "Device": self.name,
            "DeviceId": self.device_id,
            "Version": self.version,
        }
        values = {key: value[:_LONGEST_VALUE] or "msd" for key, value in pairs.items()}
        if token:
            values["Token"] = token
        inner = ", ".join(
            f'{key}="{quote(value, safe="", errors="replace")}"' for key, value in values.items()
        )
        return f"MediaBrowser {inner}"


class JellyfinClient:
    """Sends requests to one base address; its repr and errors hold no secret.

    The address must have proved its identity before a client with a token is made for it (I4).
    """

    def __init__(
        self, http: httpx.AsyncClient, base_url: str, device: Device, token: str = ""
    ) -> None:
        self._http = http
        self._base_url = base_url
        self._token = token
        self._authorization = device.authorization(token)

    async def answer(
        self,
        path: str,
        parameters: Parameters | None = None,
        *,
        is_page: bool = False,
        max_bytes: int | None = None,
        may_be_cut: bool = False,
    ) -> Answer:
        """Return the answer to a GET, whatever its status.

        Args:
            path: absolute, without the base address.
            parameters: become the query; never a secret.
            is_page: whether it may be large and slow.
            max_bytes: of a successful answer, where the usual bounds don't fit.
            may_be_cut: as `fetch` says.
        """
        return await self._send(
            self._request("GET", path, parameters),
            path,
            max_bytes=max_bytes or (PAGE_BYTES if is_page else SMALL_BYTES),
            budget_s=PAGE_BUDGET_S if is_page else SMALL_BUDGET_S,
            may_be_cut=may_be_cut,
        )

    async def get(
        self,
        path: str,
        shape: type[T],
        parameters: Parameters | None = None,
        *,
        is_page: bool = False,
    ) -> T:
        """Return the decoded answer to a GET.

        Raises:
            AuthRequiredError: the server does not accept the token, confirmed by a second call.
            ForbiddenError: the server accepts the token and refuses this.
            UnreachableError, BadResponseError: as `raise_for_status` and `decode` say.
        """
        answer = await self.answer(path, parameters, is_page=is_page)
        await self.raise_for_status(answer, path)
        return decode(answer, shape)

    async def post(self, path: str, body: Mapping[str, str] | None = None) -> Answer:
        """Return the answer to a POST, whatever its status. Never sent twice."""
        return await self._send(self._request("POST", path, body=body), path)

    def websocket(self, path: str) -> AbstractAsyncContextManager[WebSocket | Answer]:
        """Open the push channel at a path; see `open_websocket`."""
        return open_websocket(self._http, self._request("GET", path))

    async def raise_for_status(self, answer: Answer, path: str) -> None:
        """Raise the error that an unsuccessful answer to a GET of `path` stands for."""
        if answer.is_success:
            return
        if answer.status == httpx.codes.UNAUTHORIZED and is_own_refusal(answer):
            # A library that the user may not see answers 401 to a good token.
            await self._raise_if_token_refused(_SYSTEM_INFO if path == ME else ME)
            raise of_request(_refused_once(path), answer, path)
        error = fault_of(answer, path)
        if error is not None:
            raise error

    async def _raise_if_token_refused(self, path: str) -> None:
        second = await self.answer(path)
        if second.status == httpx.codes.UNAUTHORIZED and is_own_refusal(second):
            # One answer for every cause: nothing in it says which.
            raise AuthRequiredError(
                "the server no longer accepts the sign-in: it was ended there, the password was"
                " changed, or the user was disabled; sign in again"
            )
        error = fault_of(second, path)
        if isinstance(error, UnreachableError):
            raise error

    async def _send(
        self,
        request: httpx.Request,
        path: str,
        *,
        max_bytes: int = SMALL_BYTES,
        budget_s: float = SMALL_BUDGET_S,
        may_be_cut: bool = False,
    ) -> Answer:
        try:
            answer = await fetch(
                self._http,
                request,
                max_bytes=max_bytes,
                budget_s=budget_s,
                may_be_cut=may_be_cut,
            )
        except BackendError as error:
            error.request = f"{request.method} {path}"
            raise
        return without_echo(answer, self._token)

    def _request(
        self,
        method: str,
        path: str,
        parameters: Parameters | None = None,
        body: Mapping[str, str] | None = None,
    ) -> httpx.Request:
        with backend_errors():
            return self._http.build_request(
                method,
                self._base_url + path,
                params=parameters,
                json=body,
                headers={"Authorization": self._authorization},
            )


def _refused_once(path: str) -> BackendError:
    """What a refusal means that a second call did not confirm."""
    if path == ME:
        return UnreachableError(
            "the server refused the sign-in and then accepted it; trying again later",
            reason=StatusReason.SERVER_ERROR,
        )
    return ForbiddenError("the server does not show this to the user")
