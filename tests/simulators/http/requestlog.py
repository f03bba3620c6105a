"""What clients asked of the simulator, for tests to look at and to wait for."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from .message import first_header


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedRequest:
    """One request as it came, secrets included, and how it was answered."""

    method: str
    path: str
    query: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    template: str
    status: int
    door: str = ""
    size: int = 0  # of the answer's body, before compression

    def header(self, name: str) -> str | None:
        """Return the first header of this name, or None."""
        return first_header(self.headers, name)


class RequestLog:
    """Every answered request, and how many lists were asked for at the same time."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._requests: list[LoggedRequest] = []
        self._lists_now = 0
        self._lists_most = 0

    @property
    def requests(self) -> list[LoggedRequest]:
        """Every request so far, in the order of the answers."""
        with self._changed:
            return list(self._requests)

    @property
    def most_concurrent_lists(self) -> int:
        """The most list requests that were in progress at one moment."""
        return self._lists_most

    def matching(self, template: str, method: str | None = None) -> list[LoggedRequest]:
        """Return the requests a route got, by its template (`/Items/{id}`) in any case."""
        wanted = template.lower()
        return [
            each
            for each in self.requests
            if each.template.lower() == wanted and method in (None, each.method)
        ]

    def count(self, template: str, method: str | None = None) -> int:
        """Return how many requests a route got."""
        return len(self.matching(template, method))

    def clear(self) -> None:
        """Forget what was asked so far."""
        with self._changed:
            self._requests.clear()
            self._lists_most = self._lists_now

    def wait_for(
        self, condition: Callable[[list[LoggedRequest]], bool], timeout_s: float = 10
    ) -> None:
        """Wait until the log meets a condition; TimeoutError when it does not in time."""
        with self._changed:
            if not self._changed.wait_for(lambda: condition(self._requests), timeout_s):
                raise TimeoutError(f"not met by {len(self._requests)} requests")

    def add(self, request: LoggedRequest) -> None:
        """Note an answered request."""
        with self._changed:
            self._requests.append(request)
            self._changed.notify_all()

    def list_began(self) -> None:
        """Note that a list request came in."""
        self._lists_now += 1
        self._lists_most = max(self._lists_most, self._lists_now)

    def list_ended(self) -> None:
        """Note that a list request was answered or given up."""
        self._lists_now -= 1
