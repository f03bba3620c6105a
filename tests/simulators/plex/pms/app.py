"""From a request to its reply: the address it came by, route, token, handler."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from email.utils import format_datetime
from http import HTTPStatus

from tests.simulators.http.message import Refusal, Reply, Request, Response
from tests.simulators.http.routing import Match, first_match
from tests.simulators.plex.containers import container
from tests.simulators.plex.errors import html_error
from tests.simulators.plex.query import BadQueryError, Query

from . import about, metadata, pictures, sections, watching  # noqa: F401 - registers every route
from .call import ROUTES, Call, PmsRoute, PmsState
from .events import EVENTSOURCE, WEBSOCKET, Notifications

_LISTS = frozenset(
    {
        "/library/all",
        "/library/sections/{section}/all",
        "/library/sections/{section}/allLeaves",
        "/library/sections/{section}/collections",
        "/library/collections/{key}/children",
        "/library/collections/{key}/items",
        "/playlists/{key}/items",
    }
)


class MediaServer:
    """The application behind a simulated Plex Media Server.

    `stranger_at` says which machine answers at an address, if it is another one.
    """

    def __init__(
        self,
        state: PmsState,
        notifications: Notifications,
        stranger_at: Callable[[str], str | None] = lambda _: None,
    ) -> None:
        self._state = state
        self._notifications = notifications
        self._stranger_at = stranger_at

    def is_list(self, request: Request) -> bool:
        """Whether a request lists items."""
        found = first_match(ROUTES, request.method, request.path)
        return not isinstance(found, int) and found.route.template in _LISTS

    def answer(self, request: Request) -> Reply:
        """Answer one request."""
        query = Query(request.query_string)
        stranger = self._stranger_at(request.door)
        if stranger:
            return Reply(_as_stranger(request, query, stranger))
        if request.path in (EVENTSOURCE, WEBSOCKET):
            return Reply(self._event_stream(request, query), request.path)
        found = first_match(ROUTES, request.method, request.path)
        if isinstance(found, int):
            return Reply(html_error(found))
        with self._state.world.lock:
            return Reply(self._handled(request, query, found), found.route.template)

    def standing_headers(self, took_s: float) -> list[tuple[str, str]]:
        """Return the headers every reply carries."""
        now = self._state.world.clock.now()
        return [("Date", format_datetime(now, usegmt=True)), ("X-Plex-Protocol", "1.0")]

    def _handled(self, request: Request, query: Query, found: Match[PmsRoute]) -> Response:
        grants = self._state.grants
        viewer = grants.viewer(token_in(request, query))
        if viewer is None and not found.route.anonymous:
            return html_error(401, root=request.path == "/")
        call = Call(
            state=self._state,
            request=request,
            query=query,
            viewer=viewer or grants.owner,
            parts=found.parts,
        )
        try:
            return found.route.handler(call)
        except Refusal as refusal:
            return refusal.response
        except BadQueryError:
            return html_error(HTTPStatus.BAD_REQUEST)
        except Exception:  # noqa: BLE001 - as the server does: any fault is a 500
            traceback.print_exc()
            return html_error(HTTPStatus.INTERNAL_SERVER_ERROR)

    def _event_stream(self, request: Request, query: Query) -> Response:
        viewer = self._state.grants.viewer(token_in(request, query))
        if viewer is None:
            return html_error(401)
        if request.path == WEBSOCKET and not request.wants_websocket:
            return html_error(400)
        return self._notifications.open_for(request, query, viewer)


def token_in(request: Request, query: Query) -> str | None:
    """Return the token a request carries, in its header or its query."""
    return request.header("X-Plex-Token") or query.text("X-Plex-Token")


def _as_stranger(request: Request, query: Query, machine_id: str) -> Response:
    if request.path != "/identity":
        return html_error(401)
    members = {"size": 0, "claimed": True, "machineIdentifier": machine_id, "version": "1.40.0"}
    return container(request, query, members)
