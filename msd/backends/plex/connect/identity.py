"""Ask an address, without any credentials, which Plex Media Server answers there."""

import anyio
import httpx
import msgspec

from msd.backend_api.http.client import Answer, fetch
from msd.backend_api.http.errors import backend_errors
from msd.backend_api.http.json import decode
from msd.backend_api.http.status import raise_if_unavailable
from msd.backends.plex.parse.scalars import word
from msd.backends.plex.parse.xml import in_json
from msd.errors import (
    BadResponseError,
    IdentityMismatchError,
    InvalidArgumentError,
    UnreachableError,
)
from msd.models import StatusReason

IDENTITY = "/identity"  # answers everybody
PROBE_S = 5.0  # what other clients give an address


class Identity(msgspec.Struct, frozen=True, kw_only=True):
    """What a server says of itself to everybody."""

    server_id: str
    version: str
    latency_ms: int


async def identify(http: httpx.AsyncClient, address: str, server_id: str) -> Identity:
    """Return what the server at a base address says, once it has proved to be the right one.

    Raises:
        IdentityMismatchError: another Plex Media Server answers.
        UnreachableError: nothing answers in time, the server is starting, or it is none of Plex's.
        TlsError, BadResponseError: as `fetch` says.
    """
    started = anyio.current_time()
    answer = await _ask(http, address)
    latency_ms = round((anyio.current_time() - started) * 1000)
    raise_if_unavailable(answer)
    if not answer.is_success:
        raise UnreachableError(
            "the address answers, but not as a Plex Media Server",
            reason=StatusReason.NOT_A_MEDIA_SERVER,
        )
    container = media_container(answer)
    if not container.get("machineIdentifier"):
        raise BadResponseError("the server does not say its identity")
    if container["machineIdentifier"] != server_id:
        raise IdentityMismatchError("another Plex Media Server answers at this address")
    return Identity(
        server_id=server_id, version=word(container.get("version")), latency_ms=latency_ms
    )


async def _ask(http: httpx.AsyncClient, address: str) -> Answer:
    try:
        with backend_errors():
            request = http.build_request("GET", address + IDENTITY)
        return await fetch(http, request, budget_s=PROBE_S)
    except InvalidArgumentError as error:
        raise UnreachableError("the address is impossible", reason=StatusReason.DNS) from error


def media_container(answer: Answer) -> dict[str, object]:
    """Return the one object of which every answer of a Plex Media Server consists.

    Raises:
        UnreachableError, BadResponseError: as `decode`.
    """
    return decode(in_json(answer), dict[str, dict[str, object]]).get("MediaContainer", {})
