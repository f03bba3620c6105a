"""Ask an address, without any credentials, whether a Jellyfin server answers there."""

from urllib.parse import urljoin, urlsplit

import anyio
import httpx
import msgspec

from msd.backend_api.host import is_private_address, is_private_host
from msd.backend_api.http.client import Answer, fetch
from msd.backend_api.http.errors import backend_errors
from msd.backend_api.http.json import decode
from msd.backend_api.http.status import raise_if_unavailable
from msd.backends.jellyfin.find.address import without_web_client
from msd.backends.jellyfin.parse.values import guid
from msd.errors import BadResponseError, InvalidArgumentError, UnreachableError
from msd.models import StatusReason

PUBLIC_INFO = "/System/Info/Public"
_HEALTH = "/health"
_PRODUCT = "Jellyfin Server"
_NOT_JELLYFIN = "the address answers, but not as a Jellyfin server; check its port and path"
_MOST_REDIRECTS = 3
_LONGEST_NAME = 200
_EMBY_MARKS = frozenset({"remoteaddresses", "localaddresses"})


class Server(msgspec.Struct, frozen=True, kw_only=True):
    """A Jellyfin server that answered."""

    base_url: str  # without a slash at its end
    server_id: str
    name: str
    version: str
    latency_ms: int
    is_private: bool  # the address that answered is not one of the public internet


async def probe(http: httpx.AsyncClient, base_url: str) -> Server:
    """Return the ready Jellyfin server at a base address, following it to its base path.

    A server with a base path sends visitors of the old address to a page below it, and those of
    `/health` to the health below it; a proxy may send visitors of `/` only.

    Raises:
        UnreachableError: nothing answers, the server is starting, or it is none of Jellyfin's.
        TlsError, BadResponseError: as `fetch` says.
    """
    base = base_url.rstrip("/")
    tried = {base}
    for _ in range(_MOST_REDIRECTS + 1):
        started = anyio.current_time()
        answer = await _ask(http, base, PUBLIC_INFO)
        latency_ms = round((anyio.current_time() - started) * 1000)
        if not httpx.codes.is_redirect(answer.status) and answer.status != httpx.codes.NOT_FOUND:
            return _server(base, answer, latency_ms)
        moved = await _moved(http, base, answer)
        if moved is None:
            return _server(base, answer, latency_ms)
        if moved in tried:
            break
        base = moved
        tried.add(base)
    raise _not_jellyfin("the address leads in circles")


async def _moved(http: httpx.AsyncClient, base: str, answer: Answer) -> str | None:
    """Return the base address that visitors of another one are sent to; None when they are not.

    Raises:
        UnreachableError: they are sent to another host, or out of https.
    """
    if httpx.codes.is_redirect(answer.status):
        target = _target(base + PUBLIC_INFO, answer)
        if _is_server_page(target):
            return _base_of(target)
    for path, ending in ((_HEALTH, _HEALTH), ("/", "")):
        visit = await _ask(http, base, path)
        if httpx.codes.is_redirect(visit.status):
            target = _target(base + path, visit)
            if not ending or target.lower().endswith(ending):
                return _base_of(target.removesuffix(ending) if ending else target)
    return _redirected(base, answer) if httpx.codes.is_redirect(answer.status) else None


async def _ask(http: httpx.AsyncClient, base: str, path: str) -> Answer:
    try:
        with backend_errors():
            request = http.build_request("GET", base + path)
        return await fetch(http, request)
    except InvalidArgumentError as error:
        raise UnreachableError("the address is impossible", reason=StatusReason.DNS) from error


def _redirected(base: str, answer: Answer) -> str:
    """Return the base address that a redirect of the public info leads to."""
    return _base_of(_target(base + PUBLIC_INFO, answer))


def _target(asked: str, answer: Answer) -> str:
    """Return where a redirect leads, without its query: same host, never less safe.

    Raises:
        UnreachableError: another host, or from https to http.
    """
    try:
        target = urljoin(asked, answer.headers.get("location", ""))
        here, there = urlsplit(asked), urlsplit(target)
    except ValueError as error:
        raise _not_jellyfin("the address sends visitors to an impossible place") from error
    if there.scheme not in {"http", "https"} or there.hostname != here.hostname:
        raise _not_jellyfin(
            "the address sends visitors to another server; use that one's own address"
        )
    if here.scheme == "https" and there.scheme == "http":
        raise _not_jellyfin("the address sends visitors from https to http")
    return str(target.partition("#")[0].partition("?")[0])


def _is_server_page(target: str) -> bool:
    """Return whether an address names its base by itself: the public info, or the web client."""
    plain = target.lower().rstrip("/")
    return plain.endswith((PUBLIC_INFO.lower(), "/web", "/web/index.html"))


def _base_of(target: str) -> str:
    """Return the base address of the public info or of a page of the web client."""
    if target.lower().endswith(PUBLIC_INFO.lower()):
        return target[: -len(PUBLIC_INFO)]
    return without_web_client(target)


def _server(base: str, answer: Answer, latency_ms: int) -> Server:
    raise_if_unavailable(answer)
    if not answer.is_success:
        raise _not_jellyfin(_NOT_JELLYFIN)
    # While it starts, 10.11 answers in camelCase: keys are compared without case.
    info = {key.lower(): value for key, value in _decoded(answer).items()}
    if info.get("productname") != _PRODUCT and _EMBY_MARKS & info.keys():
        raise _not_jellyfin("this is an Emby server, not a Jellyfin server")
    if info.get("startupwizardcompleted") is False:
        raise UnreachableError(
            "the server is starting, or was never set up",
            reason=StatusReason.SERVER_STARTING,
        )
    if info.get("productname") != _PRODUCT:
        raise _not_jellyfin(_NOT_JELLYFIN)
    server_id = guid(info.get("id"))
    if server_id is None:
        raise BadResponseError("the server does not say its identity")
    return Server(
        base_url=base,
        server_id=server_id,
        name=_text(info.get("servername")),
        version=_text(info.get("version")),
        latency_ms=latency_ms,
        is_private=_is_private(base, answer.peer),
    )


def _decoded(answer: Answer) -> dict[str, object]:
    try:
        return decode(answer, dict[str, object])
    except UnreachableError as error:
        if error.reason is StatusReason.NOT_A_MEDIA_SERVER:
            raise _not_jellyfin(_NOT_JELLYFIN) from error
        raise


def _not_jellyfin(message: str) -> UnreachableError:
    return UnreachableError(message, reason=StatusReason.NOT_A_MEDIA_SERVER)


def _text(value: object) -> str:
    if not isinstance(value, str):
        return ""
    return "".join(filter(str.isprintable, value))[:_LONGEST_NAME]


def _is_private(base: str, peer: str) -> bool:
    """By the address that answered; by the spelling of the host when that is not known."""
    return is_private_address(peer) if peer else is_private_host(urlsplit(base).hostname or "")
