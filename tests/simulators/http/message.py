"""A request as an application sees it, and the replies it may give."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from .wire import to_json

JSON_TYPE = "application/json; charset=utf-8"
TakeOver = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@dataclass(slots=True, kw_only=True)
class Request:
    """One request as it came.

    `door` is the address it came in by, as in its listener's `name`.
    """

    method: str
    path: str
    query_string: str
    headers: Sequence[tuple[str, str]]
    body: bytes = b""
    door: str = ""

    def header(self, name: str) -> str | None:
        """Return the first header of this name, or None."""
        return first_header(self.headers, name)

    @property
    def wants_websocket(self) -> bool:
        """Whether the client asks to go on as a WebSocket."""
        return (self.header("upgrade") or "").lower() == "websocket"


@dataclass(slots=True, kw_only=True)
class Response:
    """One reply; with `takes_over` the connection is handed on raw, and nothing else is sent."""

    status: int = 200
    body: bytes = b""
    content_type: str | None = None
    headers: list[tuple[str, str]] = field(default_factory=list)
    takes_over: TakeOver | None = None
    is_foreign: bool = False  # of a gateway or a portal: without the server's own headers


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply and the template of the route that gave it ("" for none)."""

    response: Response
    template: str = ""


class Application(Protocol):
    """What answers requests."""

    def answer(self, request: Request) -> Reply:
        """Answer one request."""

    def is_list(self, request: Request) -> bool:
        """Whether a request asks for a list, of which a polite client asks one at a time."""

    def standing_headers(self, took_s: float) -> list[tuple[str, str]]:
        """Return the headers every reply carries."""


def first_header(headers: Sequence[tuple[str, str]], name: str) -> str | None:
    """Return the first header of this name, or None."""
    wanted = name.lower()
    return next((value for key, value in headers if key.lower() == wanted), None)


def json_reply(value: Any, status: int = 200) -> Response:
    """Return a JSON reply."""
    return Response(status=status, body=to_json(value), content_type=JSON_TYPE)


def text_reply(text: str, status: int) -> Response:
    """Return a plain text reply."""
    return Response(status=status, body=text.encode(), content_type="text/plain")


def html_reply(text: str, status: int, *headers: tuple[str, str]) -> Response:
    """Return an HTML reply."""
    return Response(
        status=status, body=text.encode(), content_type="text/html", headers=list(headers)
    )


class Refusal(Exception):  # noqa: N818 - it is an answer, not a fault
    """Ends a route early with this reply."""

    def __init__(self, response: Response) -> None:
        super().__init__(response.status)
        self.response = response
