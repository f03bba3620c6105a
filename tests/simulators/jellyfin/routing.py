"""Matches a method and a path, in any case, to the function that answers."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from .http import Response
from .state import Call
from .versions import ServerVersion

Handler = Callable[[Call], Response]
_ALWAYS = (0, 0)
_NEVER = (99, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One route of the server and the versions that have it."""

    method: str
    template: str
    pattern: re.Pattern[str]
    handler: Handler
    anonymous: bool
    administrators_only: bool
    since: tuple[int, int]
    before: tuple[int, int]

    def is_in(self, version: ServerVersion) -> bool:
        """Whether this version has the route."""
        return self.since <= version.rank < self.before


@dataclass(frozen=True, slots=True)
class Match:
    """The route of a request and the parts of its path."""

    route: Route
    parts: dict[str, str]


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
        # Only templates may have parts; they are written like {name}.
        expression = re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(template))
        pattern = re.compile(expression, re.IGNORECASE)

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

    def match(self, method: str, path: str, version: ServerVersion) -> Match | int:
        """Return the route of a request, or the status of there being none (404 or 405)."""
        status = 404
        for route in self.routes:
            found = route.pattern.fullmatch(path) if route.is_in(version) else None
            if found and route.method == method:
                return Match(route, found.groupdict())
            if found:
                status = 405
        return status


router = Router()
