"""From a request to its reply: base path, phase, prefix, route, token, handler."""

from __future__ import annotations

import json
import re
import traceback
from email.utils import format_datetime

from tests.simulators.http.message import Request as PlainRequest
from tests.simulators.jellyfin import routes  # noqa: F401 - registers every route
from tests.simulators.jellyfin.answers.query import BadQueryError
from tests.simulators.jellyfin.service.access import identify
from tests.simulators.jellyfin.service.http import (
    PROBLEM_TEXT,
    Refusal,
    Reply,
    Request,
    Response,
    bad_query,
    html_reply,
    json_reply,
    text_reply,
)
from tests.simulators.jellyfin.service.routing import Route, router
from tests.simulators.jellyfin.service.state import Call, Phase, ServerState, authenticate
from tests.simulators.jellyfin.service.websocket import Sockets
from tests.simulators.jellyfin.world.wire import camel_case

_OLD_PREFIX = re.compile(r"/(?:emby|mediabrowser)(?=/)", re.IGNORECASE)
_LIST_ROUTES = frozenset(
    {
        "/Items",
        "/Users/{uid}/Items",
        "/Artists",
        "/Artists/AlbumArtists",
        "/Playlists/{id}/Items",
        "/Shows/{id}/Seasons",
        "/Shows/{id}/Episodes",
    }
)
SOCKET = "/socket"
LOADING_TEXT = "Jellyfin Server is loading. Please try again shortly."
STARTING_PAGE = "<!DOCTYPE html><html><body><h1>Jellyfin is starting</h1></body></html>"


class Jellyfin:
    """The application behind a simulated server."""

    def __init__(self, state: ServerState, sockets: Sockets) -> None:
        self._state = state
        self._sockets = sockets

    def is_list(self, request: PlainRequest) -> bool:
        """Whether a request lists items, which a polite client asks for one at a time."""
        path = _inner_path(self._state, request.path) or ""
        found = router.match(request.method, path, self._state.version)
        return not isinstance(found, int) and found.route.template in _LIST_ROUTES

    def answer(self, request: PlainRequest) -> Reply:
        """Answer one request; a WebSocket opens on whatever path."""
        if request.wants_websocket:
            return Reply(self._sockets.upgrade(Request.read(request)), SOCKET)
        return answer(self._state, Request.read(request))

    def standing_headers(self, took_s: float) -> list[tuple[str, str]]:
        """Return the headers every reply carries."""
        return [
            ("Date", format_datetime(self._state.world.clock.now(), usegmt=True)),
            ("Server", "Kestrel"),
            ("X-Response-Time-ms", f"{took_s * 1000:.4f}"),
        ]


def answer(state: ServerState, request: Request) -> Reply:
    """Answer one request."""
    waiting = _not_ready(state, request)
    if waiting:
        return Reply(waiting)
    inner = _inner_path(state, request.path)
    if inner is None:
        return Reply(_outside_base_path(state, request))
    if _OLD_PREFIX.match(inner) and not state.version.reads_legacy_tokens:
        return Reply(Response(status=404))
    found = router.match(request.method, _OLD_PREFIX.sub("", inner, count=1), state.version)
    if isinstance(found, int):
        return Reply(Response(status=found))
    caller = identify(request, state.version, legacy=state.allows_legacy)
    call = Call(state=state, request=request, caller=caller, parts=found.parts)
    with state.world.lock:
        response = _handled(call, found.route)
    return Reply(_in_asked_case(request, response), found.route.template)


def _handled(call: Call, route: Route) -> Response:
    call.device = authenticate(call.state, call.caller.token)
    if not route.anonymous and call.device is None:
        return Response(status=401)
    user = call.device.user if call.device else None
    if route.administrators_only and user and not user.administrator:
        return Response(status=403)
    try:
        return route.handler(call)
    except Refusal as refusal:
        return refusal.response
    except BadQueryError as error:
        return bad_query(error)
    except Exception:  # noqa: BLE001 - as the server does: any fault is a 500
        traceback.print_exc()
        return text_reply(PROBLEM_TEXT, 500)


def _inner_path(state: ServerState, path: str) -> str | None:
    """Return the path below the base path, or None when it is outside."""
    base = state.base_path
    if not base:
        return path
    if path.lower() == base.lower():
        return "/"
    return path[len(base) :] if path.lower().startswith(f"{base.lower()}/") else None


def _outside_base_path(state: ServerState, request: Request) -> Response:
    target = "health" if request.path.lower() == "/health" else "web/"
    return Response(status=302, headers=[("Location", f"{state.base_path}/{target}")])


def _not_ready(state: ServerState, request: Request) -> Response | None:
    """Return what a server that is still starting answers, or None when it is ready."""
    path = request.path.lower()
    if state.phase is Phase.READY:
        return None
    if state.phase is Phase.LOADING or not state.version.has_setup_server:
        if path.endswith(("/system/ping", "/health")):
            return None
        return html_reply(LOADING_TEXT, 503)
    # The setup server knows nothing of a base path.
    answered = ("/system/info/public", "/health")
    if state.phase is Phase.SETUP and path in answered and not state.base_path:
        return None
    return html_reply(STARTING_PAGE, 503, ("Retry-After", "005"))


def _in_asked_case(request: Request, response: Response) -> Response:
    accept = (request.header("accept") or "").lower()
    if 'profile="camelcase"' not in accept or "json" not in (response.content_type or ""):
        return response
    changed = json_reply(camel_case(json.loads(response.body)), response.status)
    changed.headers = response.headers
    return changed
