"""HTTP for backends: one client factory and bounded, translated answers.

    open_client()            → httpx.AsyncClient   verified TLS, timeouts; follows and keeps nothing
    fetch(client, request)   → Answer              bounded in time and size; raises MsdErrors only
    http_json.decode(answer) → a typed value       content type, syntax, shape and depth are checked

Secrets travel in headers of single requests, never in a client's defaults or in an address.
"""

from collections.abc import Mapping
from http.cookiejar import CookieJar, DefaultCookiePolicy

import anyio
import httpcore
import httpx
import msgspec
from msgspec.structs import replace

from msd.backend_api.http.errors import backend_errors, naming
from msd.backend_api.http.guard import GuardedBackend
from msd.backend_api.http.trust import SYSTEM, Trust, ssl_context
from msd.errors import BadResponseError
from msd.redaction import SHOWN

CONNECT_S = 10.0
KEEP_ALIVE_S = 30.0
READ_S = 60.0  # large Jellyfin pages: other clients had to go from 30 to 60
SMALL_BUDGET_S = 30.0
PAGE_BUDGET_S = 180.0  # until a page begins to arrive
PROGRESS_S = 30.0  # a body that grows by less than PROGRESS_BYTES in this time is given up
PROGRESS_BYTES = 64 << 10
LONGEST_BODY_S = 900.0
SMALL_BYTES = 1 << 20
PAGE_BYTES = 32 << 20
DETAIL_BYTES = 8 << 20  # of items with their details, which the front reads too
MAX_CONNECTIONS = 4  # to one server, of any kind (Y1)
_REPEATABLE = frozenset({"GET", "HEAD"})
_BROKEN = (httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError)
_ERROR_BYTES = 64 << 10  # enough to keep the connection alive after an ordinary error page


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """One complete answer of a server. Its repr shows no content."""

    status: int
    headers: httpx.Headers
    body: bytes  # of an error: at most its first 64 KiB
    is_cut: bool = False  # whether more came than was read
    peer: str = ""  # the IP address that answered, "" when not known
    request: str = ""  # what was asked, e.g. "GET /identity"

    def __repr__(self) -> str:
        return f"Answer({self.request!r}, status={self.status}, peer={self.peer!r})"

    @property
    def is_success(self) -> bool:
        """Whether the status is one of the 2xx."""
        return httpx.codes.is_success(self.status)

    @property
    def media_type(self) -> str:
        """The content type without parameters, lower case."""
        return str(self.headers.get("content-type", "")).partition(";")[0].strip().lower()


class _PoolTransport(httpx.AsyncHTTPTransport):
    """httpx's own transport over guarded connections."""

    def __init__(
        self, network: httpcore.AsyncNetworkBackend, trust: Trust, *, most: int, kept: int
    ) -> None:
        context = ssl_context(trust)
        super().__init__(verify=context, trust_env=False)
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=context,
            max_connections=most,
            max_keepalive_connections=kept,
            keepalive_expiry=KEEP_ALIVE_S,
            network_backend=network,
        )


class _Transport(httpx.AsyncBaseTransport):
    """Repeats a GET once on a new connection when a reused one ended without an answer.

    A server may close a connection in the moment in which a request arrives on it. Other requests,
    such as a sign-in, must not be repeated, so each has a new connection from the start.
    """

    def __init__(
        self, network: httpcore.AsyncNetworkBackend, trust: Trust, max_connections: int
    ) -> None:
        self._reusing = _PoolTransport(network, trust, most=max_connections, kept=2)
        self._fresh = _PoolTransport(network, trust, most=max_connections, kept=0)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.method not in _REPEATABLE:
            return await self._fresh.handle_async_request(request)
        is_new = False

        async def note(event: str, _: Mapping[str, object]) -> None:
            nonlocal is_new
            is_new = is_new or event.startswith("connection.connect_")

        request.extensions = {**request.extensions, "trace": note}
        try:
            return await self._reusing.handle_async_request(request)
        except _BROKEN:
            if is_new:
                raise
        return await self._fresh.handle_async_request(request)

    async def aclose(self) -> None:
        await self._reusing.aclose()
        await self._fresh.aclose()


def open_client(
    *,
    allow_public_http: bool = False,
    trust: Trust = SYSTEM,
    network: httpcore.AsyncNetworkBackend | None = None,
    max_connections: int = MAX_CONNECTIONS,
) -> httpx.AsyncClient:
    """Return a client for one server; the caller closes it.

    Certificates are always verified. Redirects are not followed, cookies not kept, and proxies
    and credentials of the environment not used.

    Args:
        allow_public_http: the user asked for plain http to the internet; otherwise such a
            request raises a `TlsError` before a byte of it is sent (K3).
        trust: what the source trusts besides the system's certificate authorities.
        network: opens the connections, which are guarded in any case; default: the system does.
        max_connections: more only for a client that asks several servers or addresses.
    """
    guarded = GuardedBackend(
        allow_public_http=allow_public_http, fingerprint=trust.fingerprint, inner=network
    )
    return httpx.AsyncClient(
        transport=_Transport(guarded, trust, max_connections),
        timeout=httpx.Timeout(READ_S, connect=CONNECT_S),
        headers={"Accept": "application/json", "Accept-Encoding": "gzip"},
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),
        follow_redirects=False,
        trust_env=False,
    )


async def fetch(
    client: httpx.AsyncClient,
    request: httpx.Request,
    *,
    max_bytes: int = SMALL_BYTES,
    budget_s: float = SMALL_BUDGET_S,
    may_be_cut: bool = False,
) -> Answer:
    """Send one request and read its answer, whatever its status.

    Args:
        client: see `open_client`.
        request: its method decides whether it may be sent a second time; see `open_client`.
        max_bytes: of a successful answer.
        budget_s: until the answer begins, and for a body that does not grow. A large body may
            take longer as long as 64 KiB arrive every 30 seconds.
        may_be_cut: whether the beginning of a larger answer will do; it then `is_cut`.

    Raises:
        UnreachableError, TlsError: as `backend_errors` says.
        BadResponseError: a successful answer is larger than `max_bytes` or packed in a way that
            was not asked for.
    """
    with naming(named(request)), backend_errors():
        with anyio.fail_after(budget_s):
            response = await client.send(request, stream=True)
        try:
            return await read_answer(
                response, max_bytes=max_bytes, budget_s=budget_s, may_be_cut=may_be_cut
            )
        finally:
            await response.aclose()


async def read_answer(
    response: httpx.Response,
    *,
    max_bytes: int = SMALL_BYTES,
    budget_s: float = SMALL_BUDGET_S,
    may_be_cut: bool = False,
) -> Answer:
    """Read a response that was sent for with `stream=True`; the caller closes it.

    Raises:
        As `fetch` does.
    """
    with backend_errors(), anyio.fail_after(min(budget_s, PROGRESS_S)) as scope:
        body, is_cut = await _read(response, max_bytes, scope)
    if is_cut and response.is_success and not may_be_cut:
        raise BadResponseError(f"the server's answer is larger than {max_bytes >> 20} MiB")
    return Answer(
        status=response.status_code,
        headers=response.headers,
        body=body,
        is_cut=is_cut,
        peer=_peer(response),
        request=named(response.request),
    )


def named(request: httpx.Request) -> str:
    """Return method and path of a request, without its query: "GET /identity"."""
    return f"{request.method} {request.url.path}"


def without_echo(answer: Answer, secret: str) -> Answer:
    """Return an answer without a secret that the request held and the server repeats (K1)."""
    if not secret or secret.encode() not in answer.body:
        return answer
    return replace(answer, body=answer.body.replace(secret.encode(), SHOWN.encode()))


async def _read(
    response: httpx.Response, max_bytes: int, scope: anyio.CancelScope
) -> tuple[bytes, bool]:
    """Return the body, or its beginning, and whether it is cut."""
    # Stacked encodings multiply: 64 KiB of "gzip, gzip" can unpack to tens of gigabytes.
    if response.headers.get("content-encoding", "identity").lower() not in {"identity", "gzip"}:
        raise BadResponseError("the server's answer is packed in a way that was not asked for")
    limit = max_bytes if response.is_success else _ERROR_BYTES
    body = bytearray()
    seen, latest = 0, anyio.current_time() + LONGEST_BODY_S
    async for chunk in response.aiter_bytes():
        if len(body) + len(chunk) > limit:
            return bytes(body), True
        body += chunk
        if len(body) - seen >= PROGRESS_BYTES:
            seen = len(body)
            scope.deadline = min(anyio.current_time() + PROGRESS_S, latest)
    return bytes(body), False


def _peer(response: httpx.Response) -> str:
    stream = response.extensions.get("network_stream")
    address = stream.get_extra_info("server_addr") if stream is not None else None
    return str(address[0]) if address else ""
