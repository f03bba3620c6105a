"""A request as the routes see it, and the replies only this server gives."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from tests.simulators.http.message import (
    JSON_TYPE,
    Refusal,
    Reply,
    Response,
    html_reply,
    json_reply,
    text_reply,
)
from tests.simulators.http.message import Request as PlainRequest
from tests.simulators.jellyfin.answers.query import BadQueryError, Query

__all__ = [
    "JSON_TYPE",
    "PROBLEM_TEXT",
    "Refusal",
    "Reply",
    "Request",
    "Response",
    "bad_query",
    "html_reply",
    "json_reply",
    "not_found",
    "text_reply",
    "validation_problem",
]

PROBLEM_TEXT = "Error processing request."


@dataclass(slots=True, kw_only=True)
class Request(PlainRequest):
    """One request with its parameters read."""

    query: Query

    @classmethod
    def read(cls, plain: PlainRequest) -> Request:
        """Read what came."""
        return cls(
            method=plain.method,
            path=plain.path,
            query_string=plain.query_string,
            headers=plain.headers,
            body=plain.body,
            door=plain.door,
            query=Query(plain.query_string),
        )

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
