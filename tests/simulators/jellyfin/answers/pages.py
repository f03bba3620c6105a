"""Replies that carry a page of items, joined from kept rows."""

from __future__ import annotations

from tests.simulators.jellyfin.answers.fields import Shape
from tests.simulators.jellyfin.answers.listing import ItemPage, Selection, page
from tests.simulators.jellyfin.service.http import JSON_TYPE, Response
from tests.simulators.jellyfin.service.state import Call
from tests.simulators.jellyfin.world.item import Item


def list_reply(call: Call, selection: Selection) -> Response:
    """Return the page of a selection that the request asks for."""
    return items_reply(call, page(call, selection))


def items_reply(call: Call, found: ItemPage, *, endings: list[bytes] | None = None) -> Response:
    """Return one page as a query result; `endings` replaces the closing brace of each row."""
    tail = b'],"TotalRecordCount":%d,"StartIndex":%d}' % (found.total, found.start)
    body = b"".join([b'{"Items":[', *_row_parts(call, found, endings), tail])
    return Response(body=body, content_type=JSON_TYPE)


def array_reply(call: Call, items: list[Item]) -> Response:
    """Return items as a bare array."""
    body = b"".join([b"[", *_row_parts(call, ItemPage(items, len(items), 0), None), b"]"])
    return Response(body=body, content_type=JSON_TYPE)


def _row_parts(call: Call, found: ItemPage, endings: list[bytes] | None) -> list[bytes]:
    """Return the bytes of the rows, commas between them, in the shape the request asks for."""
    state, query = call.state, call.request.query
    shape = Shape.asked(query, state.version)
    user = call.user() if query.boolean("enableUserData") is not False else None
    parts = state.rows.parts(found.items, shape, state.version, user)
    if endings:
        ends = zip(parts[1::2], endings, strict=True)
        parts[1::2] = [part[:-1] + ending for part, ending in ends]
    parts[1:-1:2] = [part + b"," for part in parts[1:-1:2]]
    return parts
