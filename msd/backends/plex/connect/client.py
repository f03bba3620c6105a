"""Requests to one Plex Media Server in the name of one user, and what refusals mean."""

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import aclosing, asynccontextmanager
from types import MappingProxyType

import anyio
import httpx

from msd.backend_api.http.client import (
    CONNECT_S,
    PAGE_BUDGET_S,
    PAGE_BYTES,
    Answer,
    fetch,
    named,
    without_echo,
)
from msd.backend_api.http.errors import backend_errors, naming
from msd.backend_api.http.status import ServerForm, not_a_media_server, raise_unless_refused
from msd.backends.plex.connect.device import Device
from msd.errors import (
    AuthRequiredError,
    BackendError,
    ForbiddenError,
    UnreachableError,
)
from msd.models import StatusReason

ROOT = "/"  # any signed-in user may read it
DOUBT_S = 1.0  # an overloaded server refuses good tokens for a moment

FORM = ServerForm(
    name="a Plex Media Server",
    # Every answer of the server carries this header, refusals included.
    is_own_refusal=lambda answer: "x-plex-protocol" in answer.headers,
)

Parameters = Mapping[str, str | int]


class PlexClient:
    """Sends requests to one base address; its repr and errors hold no secret.

    The address must have proved its identity before a client with a token is made for it (K4).

    Args:
        token: the server's own, not the account's (docs/protocols/plex.md, Tokens).
        lost: called when the server can't be reached any more, so that its other addresses are
            tried next.
        doubt_s: how long after a refusal the server is asked whether it means it.
    """

    def __init__(
        self,
        http: httpx.AsyncClient,
        base_url: str,
        device: Device,
        token: str,
        *,
        lost: Callable[[], None] = lambda: None,
        doubt_s: float = DOUBT_S,
    ) -> None:
        self.base_url = base_url
        self._http = http
        self._headers = device.headers(token)
        self._token = token
        self._lost = lost
        self._doubt_s = doubt_s

    async def get(
        self,
        path: str,
        parameters: Parameters | None = None,
        *,
        start: int | None = None,
        size: int | None = None,
    ) -> Answer:
        """Return the successful answer to a GET; its body may be a large page.

        Args:
            path: absolute, without the base address.
            parameters: become the query; never a secret.
            start: of the window of rows that is asked for; given together with `size`.
            size: how many rows to answer at most.

        Raises:
            AuthRequiredError: the server does not accept the token, confirmed by a second call.
            ForbiddenError: the server accepts the token and refuses this.
            UnreachableError, TlsError: the server can't be asked now, or is none of Plex's.
            BadResponseError: it refuses the request itself.
        """
        answer = await self._send(path, parameters, _window(start, size))
        await self.raise_for_status(answer, path)
        return _spoken_by_plex(answer)

    async def get_or_none(
        self,
        path: str,
        parameters: Parameters | None = None,
        *,
        start: int | None = None,
        size: int | None = None,
        max_bytes: int = PAGE_BYTES,
    ) -> Answer | None:
        """Return what `get` does, None when the server has no such thing.

        Raises:
            BackendError: as `get`.
            BadResponseError: the answer is larger than `max_bytes`.
        """
        answer = await self._send(path, parameters, _window(start, size), max_bytes=max_bytes)
        if answer.status == httpx.codes.NOT_FOUND:
            return None
        await self.raise_for_status(answer, path)
        return _spoken_by_plex(answer)

    async def answer(self, path: str, parameters: Parameters, *, max_bytes: int) -> Answer:
        """Return the answer to a GET, whatever its status; see `raise_for_status`.

        One that is larger than `max_bytes` is cut.

        Raises:
            UnreachableError, TlsError: the server can't be asked now.
            BadResponseError: the answer is packed in a way that can't be read.
        """
        return await self._send(path, parameters, max_bytes=max_bytes, may_be_cut=True)

    @asynccontextmanager
    async def stream(
        self, path: str, parameters: Parameters, *, silence_s: float
    ) -> AsyncIterator[AsyncIterator[bytes]]:
        """Open an answer that does not end; yields its chunks as they come.

        Args:
            path: absolute, without the base address.
            parameters: become the query; never a secret.
            silence_s: after this long without a byte reading raises an `UnreachableError`.

        Raises:
            BackendError: as `get`.
        """
        headers = {**self._headers, "Accept": "text/event-stream", "Accept-Encoding": "identity"}
        with backend_errors():
            request = self._http.build_request(
                "GET",
                self.base_url + path,
                params=parameters,
                headers=headers,
                timeout=httpx.Timeout(CONNECT_S, read=silence_s),
            )
            response = await self._http.send(request, stream=True)
        try:
            answer = Answer(
                status=response.status_code,
                headers=response.headers,
                body=b"",
                request=named(request),
            )
            await self.raise_for_status(answer, path)
            _spoken_by_plex(answer)
            async with aclosing(_chunks(response)) as chunks:
                yield chunks
        finally:
            with anyio.CancelScope(shield=True):
                await response.aclose()

    async def raise_for_status(self, answer: Answer, path: str) -> None:
        """Raise the error that an unsuccessful answer to a GET of `path` stands for."""
        if answer.is_success:
            return
        raise_unless_refused(answer, FORM)
        with naming(answer.request, answer.status):
            raise await self._refusal(path)

    async def _refusal(self, path: str) -> BackendError:
        """Return what a 401 means, by a second request after a pause.

        An overloaded server refuses good tokens for a moment (docs/protocols/plex.md, Refusals).
        """
        await anyio.sleep(self._doubt_s)
        second = await self._send(ROOT)
        raise_unless_refused(second, FORM)
        if second.status == httpx.codes.UNAUTHORIZED:
            return AuthRequiredError("the server does not accept the sign-in; sign in again")
        if path == ROOT:
            return UnreachableError(
                "the server refused the sign-in and then accepted it; msd tries again",
                reason=StatusReason.SERVER_ERROR,
            )
        return ForbiddenError("the server does not show this to the user")

    async def _send(
        self,
        path: str,
        parameters: Parameters | None = None,
        window: Mapping[str, str] = MappingProxyType({}),
        *,
        max_bytes: int = PAGE_BYTES,
        may_be_cut: bool = False,
    ) -> Answer:
        headers = {**self._headers, **window}
        with backend_errors():
            request = self._http.build_request(
                "GET", self.base_url + path, params=parameters, headers=headers
            )
        try:
            answer = await fetch(
                self._http,
                request,
                max_bytes=max_bytes,
                budget_s=PAGE_BUDGET_S,
                may_be_cut=may_be_cut,
            )
            return without_echo(answer, self._token)
        except UnreachableError:
            self._lost()
            raise


def _window(start: int | None, size: int | None) -> Mapping[str, str]:
    """The headers that ask for some rows of a list; one alone has no effect."""
    if start is None or size is None:
        return {}
    return {"X-Plex-Container-Start": str(start), "X-Plex-Container-Size": str(size)}


async def _chunks(response: httpx.Response) -> AsyncGenerator[bytes, None]:
    with backend_errors():
        async for chunk in response.aiter_bytes():
            yield chunk


def _spoken_by_plex(answer: Answer) -> Answer:
    """The answer itself, unless it is a page for people: a portal's or a proxy's."""
    if answer.media_type == "text/html":
        raise not_a_media_server(
            "a web page came instead of the media server's answer, as from the login page of a"
            " network or a gateway"
        )
    return answer
