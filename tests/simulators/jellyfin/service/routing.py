"""Matches a method and a path, in any case, to the function that answers."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from tests.simulators.http.routing import Match, first_match, pattern_of
from tests.simulators.http.routing import Route as PlainRoute
from tests.simulators.jellyfin.service.http import Response
from tests.simulators.jellyfin.service.state import Call
from tests.simulators.jellyfin.service.versions import ServerVersion

Handler = Callable[[Call], Response]
_ALWAYS = (0, 0)
_NEVER = (99, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Route(PlainRoute[Handler]):
    """One route of the server and the versions that have it."""

    anonymous: bool
    administrators_only: bool
    since: tuple[int, int]
    before: tuple[int, int]

    def is_in(self, version: ServerVersion) -> bool:
        """Whether this version has the route."""
        return self.since <= version.rank < self.before


class Router:
    """All routes, in the order in which they are tried."""

    def __init__(self) -> None:
        self.routes: list[Route] = []

    def route(
        self,
        *methods_and_template: str,
        anonymous: bool = False,
        administrators_only: bool = False,
        since: tuple[int, int] = _ALWAYS,
        before: tuple[int, int] = _NEVER,
    ) -> Callable[[Handler], Handler]:
        """Register a function: `route("GET", "POST", "/System/Ping")`."""
        *methods, template = methods_and_template
        pattern = pattern_of(template, re.IGNORECASE)

        def register(handler: Handler) -> Handler:
            for method in methods:
                self.routes.append(
                    Route(
                        method=method,
                        template=template,
                        pattern=pattern,
                        handler=handler,
                        anonymous=anonymous,
                        administrators_only=administrators_only,
                        since=since,
                        before=before,
                    )
                )
            return handler

        return register

    def match(self, method: str, path: str, version: ServerVersion) -> Match[Route] | int:
        """Return the route of a request, or the status of there being none (404 or 405)."""
        return first_match((each for each in self.routes if each.is_in(version)), method, path)


router = Router()
