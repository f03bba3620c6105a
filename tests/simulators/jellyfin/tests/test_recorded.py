"""The simulator against recorded answers of real servers: members, absences, status, kind of body.

A simulator that was written from the same beliefs as the client shows nothing; these tests fail
where a belief differs from what a server answered.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.backends.jellyfin.recorded import VERSIONS, names, recorded, rows
from tests.simulators.jellyfin import JellyfinSimulator, make_world
from tests.simulators.jellyfin.client import Probe
from tests.simulators.jellyfin.world.item import Extra

FIELDS = (
    "ProviderIds,Genres,Overview,SortName,OriginalTitle,DateCreated,ParentId,Etag,Taglines,Studios"
)
SHOWN = (
    "Movie", "Series", "Season", "Episode", "MusicArtist", "MusicAlbum", "Audio", "MusicVideo",
    "Video", "BoxSet", "Playlist",
)  # fmt: skip
UNKNOWN = "322647f3482042cd3eb48ced5d5140d6"


EXTRAS = (
    Extra(id="e" * 32, type="Trailer", name="Official", runtime_ticks=20_460_000),
    Extra(id="d" * 32, type="ThemeSong", name="Theme Song", runtime_ticks=20_375_510),
    Extra(id="c" * 32, type="DeletedScene", name="Cut"),
)
LYRICS = ((0, "First light on the water"), (10_000_000, "And the gulls begin"), (16_000_000, ""))


@pytest.fixture(scope="module", params=VERSIONS)
def probe(request: pytest.FixtureRequest) -> Iterator[tuple[str, Probe, JellyfinSimulator]]:
    world = make_world(400, seed=1)
    with JellyfinSimulator(world, version=request.param) as simulator:
        film = world.of_type("Movie")[3]
        world.edit(film.id, part_ids=("f" * 32,), extras=EXTRAS)
        world.edit(world.of_type("Audio")[0].id, lyrics=LYRICS)
        yield request.param, Probe(simulator.url).login(), simulator


def listed(probe: Probe, kind: str) -> list[dict[str, Any]]:
    path = "/Artists/AlbumArtists" if kind == "MusicArtist" else "/Items"
    answer = probe.get(
        path,
        recursive="true",
        includeItemTypes=kind,
        fields=FIELDS,
        enableImageTypes="Primary,Backdrop,Thumb,Logo",
        imageTypeLimit="1",
        limit="1000",
    )
    found: list[dict[str, Any]] = answer.json["Items"]
    return found


def recorded_rows(version: str, kind: str) -> list[dict[str, Any]]:
    """Return the recorded rows of a kind from lists with the ordinary fields."""
    found = []
    for name in names(version):
        query = (recorded(version, name).get("request") or {}).get("query") or ""
        if name.startswith("list-") and f"fields={FIELDS}&" in f"{query}&":
            found += [row for row in rows(version, name) if row["Type"] == kind]
    return found


@pytest.mark.parametrize("kind", SHOWN)
def test_rows_carry_what_recorded_rows_carry(probe, kind):
    """The members of the simulator's rows are at least those of the recorded ones."""
    version, client, _ = probe
    real = recorded_rows(version, kind)
    if not real:
        pytest.skip("this version has no recorded row of this kind")
    simulated = listed(client, kind)

    wanted = {key for row in real for key in row}
    assert wanted - {key for row in simulated for key in row} == set()
    state = {key for row in real for key in row.get("UserData", {})}
    assert state - {key for row in simulated for key in row["UserData"]} == set()


@pytest.mark.parametrize("kind", SHOWN)
def test_what_some_recorded_rows_lack_is_lacking_here_too(probe, kind):
    """A member that is always there in a simulator hides what happens without it."""
    version, client, _ = probe
    real = recorded_rows(version, kind)
    simulated = listed(client, kind)
    if not real or len(simulated) < 4:
        pytest.skip("too few rows to tell")

    sometimes = {key for row in real for key in row if any(key not in other for other in real)}
    always_here = {key for key in simulated[0] if all(key in row for row in simulated)}
    assert sometimes & always_here == set()


REQUESTS = {
    "count-limit-0": "/Items?includeItemTypes=Movie&recursive=true&startIndex=0&limit=0",
    "error-400-bad-id": "/Items?parentId=zz",
    "error-400-parent-unknown": f"/Items?parentId={UNKNOWN}",
    "error-401-no-token": "/Users/Me",
    "error-404-item": f"/Items/{UNKNOWN}",
    "error-404-playlist": f"/Playlists/{UNKNOWN}/Items",
    "error-404-quick-connect-unknown": "/QuickConnect/Connect?secret=ABC",
    "error-404-route": "/Nonsense",
    "ping": "/System/Ping",
    "public-info": "/System/Info/Public",
    "quick-connect-enabled": "/QuickConnect/Enabled",
    "users-me": "/Users/Me",
    "users-public": "/Users/Public",
    "utc-time": "/GetUtcTime",
    "views": "/UserViews?includeHidden=true&includeExternalContent=false",
}


def kind_of(body: object) -> str:
    """Return the kind of a body: empty, text, or the JSON type."""
    if body in (None, "", b""):
        return "empty"
    return type(body).__name__


@pytest.mark.parametrize("name", sorted(REQUESTS))
def test_a_recorded_request_gets_the_recorded_status_and_kind_of_body(probe, name):
    """Status, kind of the body and the members of an object are those of the real server."""
    version, client, simulator = probe
    if version != "12":
        pytest.skip("only what differs is recorded of this version")
    real = recorded(version, name)
    asker = Probe(simulator.url) if name.startswith(("error-401", "public", "utc")) else client
    path, _, query = REQUESTS[name].partition("?")
    answer = asker.get(path, **dict(pair.split("=") for pair in query.split("&") if pair))

    body: object = answer.body
    if "json" in (answer.headers.get("Content-Type") or ""):
        body = answer.json
    elif isinstance(body, bytes):
        body = body.decode()
    assert answer.status == real["status"]
    assert kind_of(body) == kind_of(real.get("body"))
    if isinstance(body, dict) and isinstance(real["body"], dict):
        assert real["body"].keys() - body.keys() <= {"traceId"}


BESIDE = {
    "additional-parts": "/Videos/{film}/AdditionalParts",
    "local-trailers": "/Items/{film}/LocalTrailers",
    "theme-media": "/Items/{film}/ThemeMedia",
    "lyrics": "/Audio/{track}/Lyrics",
    "media-segments": "/MediaSegments/{film}",
}


@pytest.mark.parametrize("name", sorted(BESIDE))
def test_what_belongs_to_an_item_has_the_recorded_form(probe, name):
    """Each object of the answer has at least the members that the recorded one has."""
    version, client, simulator = probe
    if name not in names(version):
        pytest.skip("only what differs is recorded of this version")
    ids = {
        "film": simulator.world.of_type("Movie")[3].id,
        "track": simulator.world.of_type("Audio")[0].id,
    }
    answer = client.get(BESIDE[name].format_map(ids))
    real = recorded(version, name)

    assert answer.status == real["status"]
    if name == "additional-parts":
        return  # its rows are light here; what msd reads of them is in the golden tests
    lacking = _lacking(real["body"], answer.json)
    assert lacking == set()


def test_a_track_without_words_is_a_problem_document(probe):
    """404 and the server's own form of it (LIVE12)."""
    _, client, simulator = probe
    track = simulator.world.of_type("Audio")[1].id

    answer = client.get(f"/Audio/{track}/Lyrics")

    assert (answer.status, answer.json["title"]) == (404, "Not Found")


# Not of every extra: its owner has none of these, or the lab's film is of another kind.
_NOT_EVERY = frozenset(
    {
        *("Trickplay", "Cues"),
        *("ParentLogoImageTag", "ParentLogoItemId"),
        *("ParentBackdropImageTags", "ParentBackdropItemId"),
    }
)
_NOT_COMPARED = frozenset({"UserData", "MediaSources", "MediaStreams", "ImageBlurHashes"})


def _lacking(real, simulated, place=""):
    """Return the members that a recorded object has and the simulated one has not, by place."""
    if isinstance(real, list):
        pairs = zip(real[:1], simulated[:1], strict=True)
        return {each for one, other in pairs for each in _lacking(one, other, place)}
    if not isinstance(real, dict) or place.count(".") > 2:
        return set()
    missing = {f"{place}.{key}" for key in real.keys() - simulated.keys() - _NOT_EVERY}
    for key in real.keys() & simulated.keys() - _NOT_COMPARED:
        missing |= _lacking(real[key], simulated[key], f"{place}.{key}") if real[key] else set()
    return missing
