"""From a request to plex.tv to its reply."""

from __future__ import annotations

import traceback
from email.utils import format_datetime

from tests.simulators.http.message import Refusal, Reply, Request, Response
from tests.simulators.http.routing import first_match
from tests.simulators.plex.errors import tv_error
from tests.simulators.plex.query import Query

from .call import TvCall, TvState
from .routes import ROUTES, Handler


class TvApplication:
    """The application behind a simulated plex.tv."""

    def __init__(self, state: TvState) -> None:
        self._state = state

    def is_list(self, request: Request) -> bool:
        """Nothing here is a list of items."""
        return False

    def answer(self, request: Request) -> Reply:
        """Answer one request."""
        found = first_match(ROUTES, request.method, request.path)
        if isinstance(found, int):
            return Reply(tv_error(found, found, "Not Found"))
        query = Query(request.query_string)
        call = TvCall(state=self._state, request=request, query=query, parts=found.parts)
        with self._state.lock:
            return Reply(self._handled(call, found.route.handler), found.route.template)

    def standing_headers(self, took_s: float) -> list[tuple[str, str]]:
        """Return the headers every reply carries."""
        return [("Date", format_datetime(self._state.clock.now(), usegmt=True))]

    def _handled(self, call: TvCall, handler: Handler) -> Response:
        try:
            # Whatever is asked, the device has to say which it is.
            _ = call.client_id
            return handler(call)
        except Refusal as refusal:
            return refusal.response
        except Exception:  # noqa: BLE001 - as the server does: any fault is a 500
            traceback.print_exc()
            return tv_error(500, 500, "Internal Server Error")
