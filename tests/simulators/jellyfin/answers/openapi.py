"""The published OpenAPI documents of Jellyfin."""

from __future__ import annotations

from tests.simulators.http.openapi import Oracle
from tests.support.shared import PROTOCOLS

DOCUMENTS = PROTOCOLS / "jellyfin"
_DOCUMENT_OF = {
    "10.8": "openapi-10.8.13.json",
    "10.10": "openapi-10.11.11.json",  # there is none of its own; it only lacks newer members
    "10.11": "openapi-10.11.11.json",
    "12": "openapi-12.0.json",
}
_OLD_ROUTES = {
    "/users/{}/views": "/userviews",
    "/users/{}/items": "/items",
    "/users/{}/items/{}": "/items/{}",
    "/users/{}/items/latest": "/items/latest",
    "/users/{}/items/resume": "/useritems/resume",
    "/users/{}/items/{}/userdata": "/useritems/{}/userdata",
    "/users/{}/items/{}/rating": "/useritems/{}/rating",
    "/users/{}/items/{}/localtrailers": "/items/{}/localtrailers",
    "/users/{}/items/{}/specialfeatures": "/items/{}/specialfeatures",
    "/users/{}/playeditems/{}": "/userplayeditems/{}",
    "/users/{}/favoriteitems/{}": "/userfavoriteitems/{}",
}


def oracle(series: str) -> Oracle:
    """Return the document of one version."""
    return Oracle(DOCUMENTS / _DOCUMENT_OF[series], _OLD_ROUTES)
