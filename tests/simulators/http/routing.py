"""Matches a method and a path to the route that answers."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

H = TypeVar("H")


@dataclass(frozen=True, slots=True, kw_only=True)
class Route(Generic[H]):
    """A method, a template of paths, and the function that answers."""

    method: str
    template: str
    pattern: re.Pattern[str]
    handler: H


R = TypeVar("R", bound=Route[Any])


@dataclass(frozen=True, slots=True)
class Match(Generic[R]):
    """The route of a request and the parts of its path."""

    route: R
    parts: dict[str, str]


def pattern_of(template: str, flags: re.RegexFlag = re.NOFLAG) -> re.Pattern[str]:
    """Return what a template like `/Items/{id}` matches; only templates may have parts."""
    expression = re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(template))
    return re.compile(expression, flags)


def first_match(routes: Iterable[R], method: str, path: str) -> Match[R] | int:
    """Return the route of a request, or the status of there being none (404 or 405)."""
    status = 404
    for route in routes:
        found = route.pattern.fullmatch(path)
        if found and route.method == method:
            return Match(route, found.groupdict())
        if found:
            status = 405
    return status
