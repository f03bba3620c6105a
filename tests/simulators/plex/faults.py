"""The fault script's troubles, and those of Plex."""

from __future__ import annotations

from typing import Any

# Tests take every trouble from here.
from tests.simulators.http.faults import *  # noqa: F403
from tests.simulators.http.faults import Trouble, rewrite
from tests.simulators.http.message import Response, json_reply

from .errors import MIGRATIONS, STARTUP, html_error, maintenance_page, tv_error


def html(code: int) -> Trouble:
    """An HTML error as a media server sends it."""
    return Trouble(instead=html_error(code))


def bad_row(key: int) -> Trouble:
    """500 for every answer that would hold one item: the server fails to render it."""
    mark = f'"ratingKey":"{key}"'.encode()

    def exchange(response: Response) -> Response:
        body = response.body.replace(b": ", b":")
        return html_error(500) if mark in body else response

    return Trouble(exchange=exchange)


def maintenance(text: str = STARTUP) -> Trouble:
    """503 in XML: the server starts."""
    return Trouble(instead=maintenance_page(text))


def migrating() -> Trouble:
    """503 in XML: the server rebuilds its database, which may take hours."""
    return maintenance(MIGRATIONS)


def tv_status(code: int, number: int = 0, message: str = "") -> Trouble:
    """An error of plex.tv, in its JSON."""
    return Trouble(instead=tv_error(code, number or code, message or f"Error {code}"))


def too_many(retry_after: str | None = None) -> Trouble:
    """429, with Retry-After or, as often, without."""
    reply = json_reply(
        {"errors": [{"code": 429, "message": "Too many requests", "status": 429}]}, 429
    )
    if retry_after is not None:
        reply.headers.append(("Retry-After", retry_after))
    return Trouble(instead=reply)


def endless() -> Trouble:
    """A JSON body that never ends."""
    return Trouble(
        endless=b'{"ratingKey":"1","type":"movie","title":"again"},',
        endless_start=b'{"MediaContainer":{"size":10,"totalSize":10,"Metadata":[',
    )


def short_page(keep: int) -> Trouble:
    """A page with fewer rows than asked for, and the right total."""
    return _with_rows(lambda rows: rows[:keep])


def empty_page() -> Trouble:
    """A library that suddenly lists nothing, as with an unmounted disk."""
    return rewrite(
        lambda page: {"MediaContainer": {**_without_rows(page), "size": 0, "totalSize": 0}}
    )


def duplicate_rows(count: int = 1) -> Trouble:
    """A page that gives its first rows again at its end."""
    return _with_rows(lambda rows: rows + rows[:count])


def reversed_page() -> Trouble:
    """A page in another order."""
    return _with_rows(lambda rows: rows[::-1])


def announce(total: Any) -> Trouble:
    """A wrong total: "a million announced and ten given"."""
    return rewrite(lambda page: {"MediaContainer": {**page["MediaContainer"], "totalSize": total}})


def no_total() -> Trouble:
    """A page that does not say how many there are."""
    return rewrite(lambda page: {"MediaContainer": _left(page, "totalSize", "offset")})


def numeric_strings() -> Trouble:
    """Every number as a string, every truth value as "1" or "0"."""
    return rewrite(_as_strings)


def invalid_utf8(broken: bytes = b"Caf\xe9 \xff\xfe") -> Trouble:
    """A title in bytes that are not UTF-8, in otherwise complete JSON."""
    body = (
        b'{"MediaContainer":{"size":1,"totalSize":1,"offset":0,"Metadata":[{"ratingKey":"1",'
        b'"key":"/library/metadata/1","type":"movie","title":"%s","addedAt":1}]}}' % broken
    )
    return Trouble(instead=Response(body=body, content_type="application/json"))


def _with_rows(change: Any) -> Trouble:
    def changed(page: dict[str, Any]) -> dict[str, Any]:
        rows = change(page["MediaContainer"].get("Metadata", []))
        whole = {**page["MediaContainer"], "size": len(rows), "Metadata": rows}
        return {"MediaContainer": whole if rows else _left({"MediaContainer": whole}, "Metadata")}

    return rewrite(changed)


def _without_rows(page: dict[str, Any]) -> dict[str, Any]:
    return _left(page, "Metadata")


def _left(page: dict[str, Any], *names: str) -> dict[str, Any]:
    return {key: each for key, each in page["MediaContainer"].items() if key not in names}


def _as_strings(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _as_strings(member) for key, member in value.items()}
    if isinstance(value, list):
        return [_as_strings(member) for member in value]
    if isinstance(value, bool):
        return str(int(value))
    return str(value) if isinstance(value, int | float) else value
