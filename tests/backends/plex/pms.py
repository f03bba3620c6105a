"""Just enough of a Plex Media Server to be found and asked; each test decides the rest."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from msd.backend_api import BackendContext, Credentials
from msd.backends.plex.connect.connections import Candidate, config_of
from msd.models import AccountId, BackendKind, Route, Source, SourceId
from tests.backend_api.http.raw_server import Handle, Seen, answering, json_reply, reply

SERVER_ID = "8276c3fa6bc24e44b347e19c71fbb98b9287c1e9"
TOKEN = "Hg7FGK9xVGdWZRa_sj76"
DEVICE = "0123456789abcdef0123456789abcdef"
UNAUTHORISED = reply(
    401, b"<html><body><h1>401 Unauthorized</h1></body></html>", "text/html", X_Plex_Protocol="1.0"
)
MAINTENANCE = reply(
    503,
    b'<Response code="503" title="Maintenance" status="Plex Media Server is currently running'
    b' startup maintenance tasks."/>',
    "text/xml;charset=utf-8",
    Retry_After="7",
)


def identity(server_id: str = SERVER_ID) -> bytes:
    said = {"size": 0, "claimed": True, "machineIdentifier": server_id, "version": "1.43.2.1"}
    return json_reply({"MediaContainer": said})


def root(server_id: str = SERVER_ID) -> bytes:
    said = {"friendlyName": "Den", "machineIdentifier": server_id, "version": "1.43.2.10687"}
    return json_reply({"MediaContainer": said})


def pms(*, server_id: str = SERVER_ID, token: str = TOKEN, **paths: bytes) -> Handle:
    """A server; further answers by path, `_` for `/`."""

    def answer(seen: Seen) -> bytes:
        if seen.path == "/identity":
            return paths.get("_identity", identity(server_id))
        if seen.headers.get("x-plex-token") != token:
            return UNAUTHORISED
        here = paths.get(seen.path.replace("/", "_"))
        return here or (root(server_id) if seen.path == "/" else reply(404))

    return answering(answer)


def tokens(seen: list[Seen]) -> list[str]:
    """The tokens that arrived, one per request that had one."""
    return [sent for request in seen if (sent := request.headers.get("x-plex-token"))]


def context(
    *candidates: Candidate | str,
    address: str = "",
    token: str = TOKEN,
    config: Mapping[str, str] | None = None,
) -> BackendContext:
    """A source whose server is known at some addresses."""
    known = [
        Candidate(candidate, Route.LOCAL) if isinstance(candidate, str) else candidate
        for candidate in candidates
    ]
    source = Source(
        id=SourceId("plex_0123456789ab"),
        kind=BackendKind("plex"),
        name="Server",
        account_id=AccountId("account"),
        server_id=SERVER_ID,
        address=address,
        config={**config_of(known), **(config or {})},
    )
    return BackendContext(
        source=source,
        credentials=Credentials(user_id="1", token=token),
        device_id=DEVICE,
        client_name="msd",
        client_version="0.1.0",
        device_name="Büro, “oben”",
        cache_dir=Path("/nonexistent"),
    )
