"""What the media server answers, held against the published document and the recordings."""

from __future__ import annotations

import json
import re
from typing import Any

from msd.backends.plex.parse.xml import as_json
from tests.simulators.http.openapi import Oracle
from tests.simulators.plex import PlexServer
from tests.simulators.plex.client import Probe
from tests.simulators.plex.item import LEAF_KINDS
from tests.simulators.plex.pms.call import ROUTES
from tests.support.shared import PROTOCOLS, require

DOCUMENTS = PROTOCOLS / "plex"
require(DOCUMENTS)
# Where recorded answers differ from the document: it has `hidden` as a truth value and ids of
# other databases as numbers.
KNOWN_DIFFERENCES = re.compile(r"\.hidden: \d is not|\.Guid\[\d+\]\.id: '\w+://\S+' is not")
TARGETS = {
    "/identity": ["/identity"],
    "/": ["/"],
    "/media/providers": ["/media/providers"],
    "/activities": ["/activities"],
    "/:/prefs": ["/:/prefs"],
    "/:/prefs/get": ["/:/prefs/get?id=OnDeckWindow"],
    "/library/sections/all": ["/library/sections/all", "/library/sections"],
    "/library/sections/{section}": ["/library/sections/1?includeDetails=1"],
    "/library/sections/{section}/all": [
        "/library/sections/1/all?includeGuids=1&includeMeta=1",
        "/library/sections/2/all?type=2",
        "/library/sections/2/all?type=3",
        "/library/sections/2/all?type=4&X-Plex-Container-Start=2&X-Plex-Container-Size=5",
        "/library/sections/3/all?type=8",
        "/library/sections/3/all?type=9",
        "/library/sections/3/all?type=10",
        "/library/sections/4/all",
        "/library/sections/5/all?type=13",
        "/library/sections/1/all?X-Plex-Container-Start=0&X-Plex-Container-Size=0",
    ],
    "/library/sections/{section}/allLeaves": ["/library/sections/2/allLeaves"],
    "/library/sections/{section}/collections": ["/library/sections/1/collections"],
    "/library/all": ["/library/all?type=4"],
    "/library/collections/{key}/items": ["/library/collections/{collection}/items"],
    "/library/metadata/{keys}": [
        "/library/metadata/{all}?includeMarkers=1&includeChapters=1&includeExtras=1"
    ],
    "/library/metadata/{key}/allLeaves": ["/library/metadata/{show}/allLeaves"],
    "/library/metadata/{key}/extras": ["/library/metadata/{movie}/extras"],
    "/playlists": ["/playlists"],
    "/playlists/{key}": ["/playlists/{playlist}"],
    "/playlists/{key}/items": ["/playlists/{playlist}/items"],
    "/status/sessions": ["/status/sessions"],
    "/status/sessions/history/all": ["/status/sessions/history/all"],
    "/hubs": ["/hubs"],
    "/hubs/continueWatching": ["/hubs/continueWatching"],
}


def test_every_answer_is_as_the_document_says(server: PlexServer) -> None:
    """Names, types and enumerations, for every route the document has."""
    document, probe = Oracle(DOCUMENTS / "openapi-1.2.2.json"), Probe.of(server)
    server.world.watch(server.world.of_kind(*LEAF_KINDS)[0].key)

    for template, targets in TARGETS.items():
        for target in targets:
            answer = probe.get(_filled(server, target))
            assert answer.status == 200, target
            found = document.complaints(template, "GET", answer.json)
            assert [each for each in found if not KNOWN_DIFFERENCES.search(each)] == [], target


def test_every_route_of_the_document_that_is_here_is_checked() -> None:
    """A route added later has to be added to the targets above."""
    document = Oracle(DOCUMENTS / "openapi-1.2.2.json")
    known = {
        route.template
        for route in ROUTES
        if route.method == "GET" and document.knows(route.template, "GET")
    }

    assert known - TARGETS.keys() <= {
        "/library/metadata/{key}/related",
        "/library/metadata/{key}/similar",
        "/photo/:/transcode",  # answers with a picture
    }


def test_every_member_was_seen_in_a_real_answer(server: PlexServer) -> None:
    """Or is one of few that only the contract tells of."""
    recorded: dict[str, set[str]] = {}
    for path in (DOCUMENTS / "samples").rglob("*.json"):
        _collect("", json.loads(path.read_text()), recorded)
    for path in (DOCUMENTS / "samples").rglob("*.xml"):
        _collect("", json.loads(as_json(path.read_bytes())), recorded)
    probe, given = Probe.of(server), dict[str, set[str]]()
    server.world.watch(server.world.of_kind(*LEAF_KINDS)[0].key)
    for targets in TARGETS.values():
        for target in targets:
            _collect("", probe.get(_filled(server, target)).json["MediaContainer"], given)

    strange = {name: members - recorded.get(name, set()) for name, members in given.items() if name}
    assert {name: members for name, members in strange.items() if members} == {
        "Metadata": {
            "allowSync",
            "collectionMode",
            "editionTitle",
            "lastRatedAt",
            "skipParent",
            "userRating",
        },
        "Chapter": {"tag"},
        "Extras": {"Metadata"},
    }


def _filled(server: PlexServer, target: str) -> str:
    keys = {"{all}": ",".join(map(str, server.world.items))}
    for item in server.world.items.values():
        keys.setdefault(f"{{{item.kind.wire}}}", str(item.key))
    for name, value in keys.items():
        target = target.replace(name, value)
    return target


def _collect(name: str, value: Any, found: dict[str, set[str]]) -> None:
    """Gather the member names of every object, by the name of the member that holds it."""
    if isinstance(value, dict):
        found.setdefault(name, set()).update(value)
        for key, member in value.items():
            _collect(key, member, found)
    elif isinstance(value, list):
        for member in value:
            _collect(name, member, found)
