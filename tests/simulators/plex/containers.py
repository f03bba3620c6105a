"""The MediaContainer around what a server answers, paged, as JSON or as XML."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from tests.simulators.http.message import Request, Response
from tests.simulators.http.wire import to_json

from .query import BadQueryError, Query
from .xml import to_xml

JSON_TYPE = "application/json"
XML_TYPE = "text/xml;charset=utf-8"


def wants_json(request: Request, query: Query) -> bool:
    """Whether the client asked for JSON; XML is what everybody else gets."""
    accept = query.text("X-Plex-Accept") or request.header("accept") or ""
    return "json" in accept


def container(request: Request, query: Query, members: Mapping[str, Any]) -> Response:
    """Return a whole container; `size` counts its only list, unless it is given."""
    lists = [value for value in members.values() if isinstance(value, list)]
    full = {"size": len(lists[0]) if lists else 0, **members}
    # An array that is empty is absent.
    return _reply(request, query, {key: each for key, each in full.items() if each != []})


def page_of_rows(
    request: Request,
    query: Query,
    rows: list[bytes],
    span: Span,
    members: Mapping[str, Any],
) -> Response:
    """Return the page of a list, joined from rendered rows."""
    head: dict[str, Any] = {"size": len(rows)}
    if span.paged:
        head |= {"totalSize": span.total, "offset": span.start}
    opening = to_json({"MediaContainer": head | dict(members)})[:-2]
    listed = [b',"Metadata":[', b",".join(rows), b"]"] if rows else []
    body = b"".join([opening, *listed, b"}}"])
    headers = [
        ("X-Plex-Container-Start", str(span.start)),
        ("X-Plex-Container-Total-Size", str(span.total)),
    ]
    if wants_json(request, query):
        return Response(body=body, content_type=JSON_TYPE, headers=headers)
    found = _reply(request, query, json.loads(body)["MediaContainer"])
    found.headers = headers
    return found


class Span:
    """Which part of a list is asked for, by header or by query; both bounds make a page.

    Args:
        total: the length of the whole list.
        cap: the most rows the server gives at once, or None.
    """

    def __init__(self, request: Request, query: Query, total: int, cap: int | None = None) -> None:
        start = _asked(request, query, "X-Plex-Container-Start")
        size = _asked(request, query, "X-Plex-Container-Size")
        self.total = total
        self.paged = size is not None
        self.start = max(0, start or 0) if self.paged else 0
        self.stop = self.start + max(0, size) if size is not None else total
        if cap is not None and self.stop - self.start > cap:
            self.stop, self.paged = self.start + cap, True


def _asked(request: Request, query: Query, name: str) -> int | None:
    value = query.text(name) or request.header(name)
    if value is None:
        return None
    try:
        return int(value)
    except ValueError:
        raise BadQueryError(name) from None


def _reply(request: Request, query: Query, members: dict[str, Any]) -> Response:
    if wants_json(request, query):
        return Response(body=to_json({"MediaContainer": members}), content_type=JSON_TYPE)
    return Response(body=to_xml("MediaContainer", members), content_type=XML_TYPE)
