"""The error bodies of both authorities."""

from __future__ import annotations

from http import HTTPStatus
from typing import NoReturn

from tests.simulators.http.message import Refusal, Response
from tests.simulators.http.wire import to_json

_ROOT_SCRIPT = (
    "<script>window.location = window.location.href.match(/(^.+\\/)[^\\/]*$/)[1] + "
    "'web/index.html';</script>"
)
STARTUP = "Plex Media Server is currently running startup maintenance tasks."
MIGRATIONS = "Plex Media Server is currently running database migrations."


def html_error(status: int, *, root: bool = False) -> Response:
    """Return what a media server says whatever was accepted."""
    name = "Bandwidth Limit Exceeded" if status == 509 else HTTPStatus(status).phrase
    head = f"{_ROOT_SCRIPT if root else ''}<title>{name}</title>"
    body = f"<html><head>{head}</head><body><h1>{status} {name}</h1></body></html>"
    return Response(status=status, body=body.encode(), content_type="text/html")


def maintenance_page(text: str = STARTUP) -> Response:
    """Return what a media server says while it starts, to everything and always in XML."""
    body = f'<Response code="503" title="Maintenance" status="{text}"/>'
    return Response(status=503, body=body.encode(), content_type="text/xml;charset=utf-8")


def tv_error(status: int, code: int, message: str) -> Response:
    """Return an error of plex.tv."""
    body = to_json({"errors": [{"code": code, "message": message, "status": status}]})
    return Response(status=status, body=body, content_type="application/json")


def refuse(status: int) -> NoReturn:
    """End a route of a media server with an error."""
    raise Refusal(html_error(status))
