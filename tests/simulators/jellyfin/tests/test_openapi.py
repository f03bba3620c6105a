"""Every JSON answer of the simulator obeys the published OpenAPI document of its version."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.simulators.jellyfin import VERSIONS, JellyfinSimulator, make_world
from tests.simulators.jellyfin.answers.openapi import DOCUMENTS, oracle
from tests.simulators.jellyfin.client import Probe
from tests.simulators.jellyfin.service.access import Caller
from tests.simulators.jellyfin.service.routing import Route, router
from tests.support.shared import require

require(DOCUMENTS)

ALL_FIELDS = (
    "AirTime,CanDelete,CanDownload,Chapters,ChildCount,CumulativeRunTimeTicks,DateCreated,Etag,"
    "ExternalUrls,Genres,MediaSourceCount,MediaSources,OriginalTitle,Overview,ParentId,Path,"
    "People,PlayAccess,ProviderIds,PrimaryImageAspectRatio,RecursiveItemCount,Settings,SortName,"
    "SpecialEpisodeNumbers,Studios,Taglines,Tags,MediaStreams,Width,Height,LocalTrailerCount"
)
# Routes whose answers are no JSON of the documents: empty, text, HTML, pictures.
PLUGINS = "/Jellyfin.Plugin."  # not of the server itself
NOT_JSON = {
    "/",
    "/web/",
    "/web/index.html",
    "/health",
    "/Sessions/Logout",
    "/Sessions/Capabilities",
    "/Sessions/Capabilities/Full",
    "/Sessions/Playing",
    "/Sessions/Playing/Progress",
    "/Sessions/Playing/Stopped",
    "/Sessions/Playing/Ping",
    "/Auth/Keys/{key}",
    "/Items/{id}/Images/{kind}",
    "/Items/{id}/Images/{kind}/{index}",
}
NOT_JSON_BY_POST = {"/Auth/Keys"}
QUERIES: dict[str, dict[str, Any]] = {
    "/Items": {"recursive": "true", "fields": ALL_FIELDS},
    "/Users/{uid}/Items": {"recursive": "true", "fields": ALL_FIELDS},
    "/Search/Hints": {"searchTerm": "a"},
    "/UserItems/{id}/Rating": {"likes": "true"},
    "/Users/{uid}/Items/{id}/Rating": {"likes": "true"},
}
BODIES: dict[str, dict[str, Any]] = {
    "/Users/AuthenticateByName": {"Username": "alice", "Pw": "secret"},
    "/UserItems/{id}/UserData": {"Played": True},
    "/Users/{uid}/Items/{id}/UserData": {"Played": True},
}

_TELEVISION = Caller(client="tv", device="tv", device_id="tv-1", version="1")


@pytest.fixture(scope="module", params=list(VERSIONS))
def simulator(request: pytest.FixtureRequest) -> Iterator[JellyfinSimulator]:
    world = make_world(120)
    world.edit(world.of_type("Audio")[0].id, lyrics=((0, "Words"),))
    with JellyfinSimulator(world, version=request.param) as running:
        yield running


def _path(route: Route, simulator: JellyfinSimulator) -> str:
    kinds = {"/Playlists": "Playlist", "/Shows": "Series", "/Audio": "Audio"}
    kind = next((k for start, k in kinds.items() if route.template.startswith(start)), "Episode")
    item = simulator.world.of_type(kind)[0]
    return route.template.replace("{uid}", simulator.user().id).replace("{id}", item.id)


def _ask(route: Route, simulator: JellyfinSimulator) -> Any:
    name = "admin" if route.administrators_only else "alice"
    password = "root" if route.administrators_only else "secret"
    probe = Probe(simulator.url, device_id=f"oracle-{name}").login(name, password)
    query, body = QUERIES.get(route.template, {}), BODIES.get(route.template)
    if "QuickConnect" in route.template:
        pending = simulator.state.quick_connect.initiate(_TELEVISION)
        query = {"secret": pending.secret, "code": pending.code}
        if route.template == "/Users/AuthenticateWithQuickConnect":
            probe.ask("POST", "/QuickConnect/Authorize", code=pending.code)
            query, body = {}, {"Secret": pending.secret}
    answer = probe.ask(route.method, _path(route, simulator), body, **query)
    assert answer.status == 200, (route.template, answer.status, answer.body)
    return answer.json


def test_every_json_answer_obeys_the_document_of_its_version(
    simulator: JellyfinSimulator,
) -> None:
    """The published document is the oracle, for every route served.

    See docs/protocols/jellyfin.md, Versions and routes.
    """
    document, version = oracle(simulator.state.version.series), simulator.state.version
    complaints, unknown = {}, set()
    for route in router.routes:
        silent = route.template in NOT_JSON or (
            route.method != "GET" and route.template in NOT_JSON_BY_POST
        )
        if silent or route.template.startswith(PLUGINS) or not route.is_in(version):
            continue
        value = _ask(route, simulator)
        if not document.knows(route.template, route.method):
            unknown.add(f"{route.method} {route.template}")
        elif found := document.complaints(route.template, route.method, value):
            complaints[f"{route.method} {route.template}"] = found[:5]

    assert not complaints
    assert unknown <= {
        # Deprecated before the document was written, still served.
        "GET /QuickConnect/Initiate",
        # Not in the selection that the document is.
        "GET /MusicGenres",
    }


def test_the_oracle_finds_a_wrong_type_an_unknown_member_and_a_wrong_enumeration_value() -> None:
    """The oracle itself must be able to fail."""
    document = oracle("10.11")

    def page(**members: Any) -> dict[str, Any]:
        return {"Items": [{"Name": "x", "Type": "Movie", "ChannelId": None} | members]}

    assert not document.complaints("/Items", "GET", page())
    assert document.complaints("/Items", "GET", page(Name=5))
    assert document.complaints("/Items", "GET", page(NoSuchMember=1))
    assert document.complaints("/Items", "GET", page(Type="Film"))
    assert document.complaints("/Items", "GET", page(UserData={"Played": None}))


@pytest.mark.parametrize("series", VERSIONS)
def test_every_route_served_is_one_the_real_server_has(series: str) -> None:
    """The table of routes parsed from the real controllers, hidden ones included."""
    table = json.loads((DOCUMENTS / "routes-by-version.json").read_text())
    tag = {"10.8": "v10.8.13", "10.10": "v10.10.7", "10.11": "v10.11.11", "12": "v12.0-rc5"}
    real = {(verb, re.sub(r"\{[^}]*\}", "{}", path).lower()) for verb, path in table[tag[series]]}
    served = {
        (route.method, re.sub(r"\{[^}]*\}", "{}", route.template).lower().strip("/"))
        for route in router.routes
        if route.is_in(VERSIONS[series]) and not route.template.startswith(PLUGINS)
    }
    not_by_controllers = {("GET", ""), ("GET", "web"), ("GET", "web/index.html"), ("GET", "health")}

    assert served - not_by_controllers <= real
