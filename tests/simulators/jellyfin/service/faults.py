"""The fault script's troubles, and those of a Jellyfin page."""

from __future__ import annotations

# Tests take every trouble from here.
from tests.simulators.http.faults import *  # noqa: F403
from tests.simulators.http.faults import Trouble
from tests.simulators.http.message import Response
from tests.simulators.jellyfin.answers.query import Query


def costly_rows(per_row_s: float) -> Trouble:
    """Lists that take time for every row when they ask for what is expensive to find.

    That is people, media sources, or items of no particular type.
    """

    def cost(query_string: str) -> float:
        query = Query(query_string)
        fields = {name.lower() for name in query.texts("fields")}
        expensive = fields & {"people", "mediasources", "mediastreams"}
        return (
            per_row_s
            * (query.integer("limit") or 0)
            * (len(expensive) + (not query.texts("includeItemTypes")))
        )

    return Trouble(delay_for=cost)


def endless() -> Trouble:
    """A JSON body that never ends."""
    return Trouble(
        endless=b'{"Id":"00000000000000000000000000000000","Name":"again"},',
        endless_start=b'{"TotalRecordCount":10,"StartIndex":0,"Items":[',
    )


def announce(total: int | None) -> Trouble:
    """A wrong total: "a million announced and ten given"."""
    return Trouble(rewrite=lambda page: page | {"TotalRecordCount": total})


def short_page(keep: int) -> Trouble:
    """A page with fewer rows than it should have."""
    return Trouble(rewrite=lambda page: page | {"Items": page["Items"][:keep]})


def empty_page() -> Trouble:
    """A library that suddenly lists nothing, as with unmounted storage."""
    return Trouble(rewrite=lambda page: page | {"Items": [], "TotalRecordCount": 0})


def duplicate_rows(count: int = 1) -> Trouble:
    """A page that gives its first rows again at its end."""
    return Trouble(rewrite=lambda page: page | {"Items": page["Items"] + page["Items"][:count]})


def reversed_page() -> Trouble:
    """A page in another order."""
    return Trouble(rewrite=lambda page: page | {"Items": page["Items"][::-1]})


def gateway_401() -> Trouble:
    """A gateway in front of the server that asks for a sign-in of its own."""
    return Trouble(
        instead=Response(
            status=401,
            headers=[("Content-Type", "text/html"), ("WWW-Authenticate", 'Basic realm="home"')],
            body=b"<html><body>Sign in</body></html>",
        )
    )


def gateway_403() -> Trouble:
    """A page of a gateway that refuses a visitor."""
    return Trouble(
        instead=Response(
            status=403,
            headers=[("Content-Type", "text/html; charset=UTF-8"), ("cf-mitigated", "challenge")],
            body=b"<!DOCTYPE html><html><body>Just a moment...</body></html>",
        )
    )
