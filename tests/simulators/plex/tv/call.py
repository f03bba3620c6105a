"""One routed request to plex.tv, and what its routes work on."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from tests.simulators.clock import Clock
from tests.simulators.http.message import Refusal, Request, Response
from tests.simulators.http.wire import to_json
from tests.simulators.plex.containers import JSON_TYPE, XML_TYPE, wants_json
from tests.simulators.plex.errors import tv_error
from tests.simulators.plex.query import Query
from tests.simulators.plex.xml import to_xml

from .pins import Pin, Pins
from .resources import Published
from .users import PlexUser, SignedIn, Tokens


@dataclass(slots=True)
class TvState:
    """Everything the routes of plex.tv work on."""

    clock: Clock = field(default_factory=Clock)
    users: dict[int, PlexUser] = field(default_factory=dict)
    tokens: Tokens = field(default_factory=Tokens)
    published: list[Published] = field(default_factory=list)
    # Entries every account gets besides, verbatim.
    other_resources: list[dict[str, Any]] = field(default_factory=list)
    # So many switches between home users in a minute; more are answered with 429.
    switch_limit: int = 10
    base: str = ""
    pins: Pins = field(init=False)
    switches: deque[float] = field(default_factory=deque)
    lock: threading.RLock = field(default_factory=threading.RLock)

    def __post_init__(self) -> None:
        self.pins = Pins(self.clock)

    def approve(self, pin: Pin, user: PlexUser) -> None:
        """Give a PIN the token it was made for."""
        pin.token = self.tokens.issue(user, pin.client_id)


@dataclass(slots=True, kw_only=True)
class TvCall:
    """One routed request."""

    state: TvState
    request: Request
    query: Query
    parts: dict[str, str]

    @property
    def client_id(self) -> str:
        """The device that asks; refused without."""
        found = self._value("X-Plex-Client-Identifier")
        if not found:
            raise Refusal(tv_error(400, 1000, "X-Plex-Client-Identifier is missing"))
        return found

    @property
    def product(self) -> str:
        """The product that asks."""
        return self._value("X-Plex-Product") or "Plex"

    @property
    def token(self) -> str:
        """The token the request carries, or ""."""
        return self._value("X-Plex-Token") or ""

    def signed_in(self) -> SignedIn:
        """Return who asks, or refuse."""
        found = self.state.tokens.find(self.token)
        if found is None:
            raise Refusal(tv_error(401, 1001, "User could not be authenticated"))
        return found

    def form(self) -> dict[str, str]:
        """Return what query and form say."""
        return {**dict(self.query.pairs), **dict(parse_qsl(self.request.body.decode("latin-1")))}

    def reply(self, value: Any, status: int = 200, *, name: str, xml: Any = None) -> Response:
        """Return a value as JSON, or as the XML element of this name."""
        if wants_json(self.request, self.query):
            return Response(status=status, body=to_json(value), content_type=JSON_TYPE)
        shown = value if xml is None else xml
        return Response(status=status, body=to_xml(name, shown), content_type=XML_TYPE)

    def _value(self, name: str) -> str | None:
        return self.request.header(name) or self.query.text(name)
