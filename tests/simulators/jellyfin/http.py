"""A request as the routes see it, and the replies they give."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from .query import BadQueryError, Query
from .wire import to_json

JSON_TYPE = "application/json; charset=utf-8"
PROBLEM_TEXT = "Error processing request."


@dataclass(slots=True, kw_only=True)
class Request:
    """One request, after the base path was taken off its path."""

    method: str
    path: str
    query: Query
    headers: Sequence[tuple[str, str]]
    body: bytes = b""

    def header(self, name: str) -> str | None:
        """Return the first header of this name, or None."""
        wanted = name.lower()
        return next((value for key, value in self.headers if key.lower() == wanted), None)

    def json(self) -> dict[str, Any]:
        """Return the JSON object of the body, or refuse as the server does."""
        if "json" not in (self.header("content-type") or ""):
            raise Refusal(Response(status=415))
        try:
            value = json.loads(self.body)
        except ValueError:
            raise Refusal(validation_problem("$", "The body is not JSON.")) from None
        if not isinstance(value, dict):
            raise Refusal(validation_problem("$", "The body is not an object."))
        return {key.lower(): member for key, member in value.items()}


@dataclass(slots=True, kw_only=True)
class Response:
    """One reply."""

    status: int = 200
    body: bytes = b""
    content_type: str | None = None
    headers: list[tuple[str, str]] = field(default_factory=list)


class Refusal(Exception):  # noqa: N818 - it is an answer, not a fault
    """Ends a route early with this reply."""

    def __init__(self, response: Response) -> None:
        super().__init__(response.status)
        self.response = response


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


def not_found() -> Response:
    """Return the problem document of a missing item."""
    return json_reply(
        {
            "type": "https://tools.ietf.org/html/rfc9110#section-15.5.5",
            "title": "Not Found",
            "status": 404,
            "traceId": "00-00000000000000000000000000000000-0000000000000000-00",
        },
        404,
    )


def validation_problem(name: str, message: str) -> Response:
    """Return the problem document of a value that could not be read."""
    return json_reply(
        {
            "type": "https://tools.ietf.org/html/rfc9110#section-15.5.1",
            "title": "One or more validation errors occurred.",
            "status": 400,
            "errors": {name: [message]},
            "traceId": "00-00000000000000000000000000000000-0000000000000000-00",
        },
        400,
    )


def bad_query(error: BadQueryError) -> Response:
    """Return the refusal of a query value that could not be read."""
    return validation_problem(error.name, f"The value '{error.value}' is not valid.")
