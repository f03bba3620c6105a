"""Each request of a first sync and of a following one fails once, in each way (S9).

What does not depend on the request arrives, what failed is named, nothing is deleted, and once the
request works again the next sync completes.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import asynccontextmanager
from typing import cast
from urllib.parse import parse_qsl

import pytest

from msd.errors import MsdError
from tests.backends.plex.signed_in import signed_in
from tests.simulators.http.message import Request
from tests.simulators.http.requestlog import LoggedRequest
from tests.simulators.plex import PlexServer, faults, make_world
from tests.simulators.plex.item import Kind
from tests.support.fakes.fake_backend import FakeServer
from tests.support.library import CachedSource
from tests.sync.jellyfin_history import Door

pytestmark = pytest.mark.anyio

ITEMS = 40
TROUBLES = {
    "500": faults.html(500),
    "404": faults.html(404),
    "own 401": faults.html(401),
    "gateway": faults.gateway(),
    "garbage": faults.replace_json({"MediaContainer": "?"}),
    "cut": faults.cut_after(40),
}
# A server that can't be told from another one, or does not say what it has, is no server.
WHOLE_SOURCE = frozenset({"/identity", "/", "/library/sections"})
TYPES = {
    "1": "movie", "2": "show", "3": "season", "4": "episode", "8": "artist", "9": "album",
    "10": "track", "18": "collection",
}  # fmt: skip
WINDOW = ("x-plex-container-start", "x-plex-container-size")


def _query_of(request: Request | LoggedRequest) -> str:
    return request.query_string if isinstance(request, Request) else request.query


def signature(request: Request | LoggedRequest) -> tuple[str, ...]:
    """What tells one request of a sync from another, without moments."""
    parameters = parse_qsl(_query_of(request), keep_blank_values=True)
    kept = {"type", "sort", "inProgress"}
    words = [f"{name}={value}" for name, value in parameters if name in kept]
    filters = [name for name, _ in parameters if name.endswith(">")]
    size = request.header(WINDOW[1]) or ""
    return (request.path, *sorted(words), *sorted(filters), "count" if size == "0" else "")


def concerned(request: tuple[str, ...]) -> tuple[str, str] | None:
    """The library and the item type of a list, None of other requests."""
    path, *words = request
    codes = [word.partition("=")[2] for word in words if word.startswith("type=")]
    if not path.endswith("/all") or not codes:
        return None
    return path.split("/")[3], TYPES[codes[0]]


@asynccontextmanager
async def source(server: PlexServer, folder) -> Iterator[CachedSource]:
    """A cache that is synced from a simulated server by the real engine."""
    folder.mkdir(parents=True)
    async with signed_in(server, 20) as backend:
        cached = CachedSource(folder, cast("FakeServer", Door(backend)))
        try:
            yield cached
        finally:
            cached.close()


def requests_of(server: PlexServer) -> list[tuple[str, ...]]:
    return list(dict.fromkeys(map(signature, server.log.requests)))


def happen(server: PlexServer) -> None:
    """Let something change in every library."""
    world = server.world
    world.clock.advance(3600)
    for kind in (Kind.MOVIE, Kind.EPISODE, Kind.TRACK):
        first, second, third, *_ = world.of_kind(kind)
        world.edit(first.key, title="Another Name")
        world.clone(second.key)
        world.watch(third.key)


def facts(cached: CachedSource) -> dict[str, str]:
    return {remote_id: str(item["title"]) for remote_id, item in cached.items().items()}


async def copied(cached: CachedSource):
    """Sync; return the report, or the error that ended it."""
    cached.now += 3600
    try:
        return await cached.sync()
    except MsdError as error:
        return error


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", TROUBLES)
async def test_each_request_of_a_first_sync(name, tmp_path):
    """The other listings are complete; a mended server completes the rest."""
    with PlexServer(make_world(ITEMS)) as server:
        async with source(server, tmp_path / "fresh") as fresh:
            await fresh.sync()
            expected, places = (
                facts(fresh),
                {
                    remote_id: (str(item["library_id"]), str(item["type"]))
                    for remote_id, item in fresh.items().items()
                },
            )
            sections = {library.remote_id: library.id for library in fresh.libraries()}
        requests = requests_of(server)
        for place, request in enumerate(requests):
            server.faults.add(
                "^/", TROUBLES[name], where=lambda each, r=request: signature(each) == r
            )
            async with source(server, tmp_path / str(place)) as cached:
                report = await copied(cached)
                found = facts(cached)
                server.faults.clear()
                await copied(cached)
                healed = facts(cached)
            list_of = concerned(request)
            lost = {
                remote_id
                for remote_id in expected.keys() - found.keys()
                if list_of is None or places[remote_id] != (str(sections[list_of[0]]), list_of[1])
            }
            if request[0] not in WHOLE_SOURCE:
                assert not isinstance(report, MsdError), (request, report)
                assert not lost, (request, lost)
            assert expected == healed, request


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", TROUBLES)
async def test_each_request_of_a_following_sync(name, tmp_path):
    """Nothing cached is lost, and the next sync brings what changed."""
    with PlexServer(make_world(ITEMS)) as server:
        async with source(server, tmp_path / "first") as cached:
            await cached.sync()
            happen(server)
            server.log.clear()
            await copied(cached)
            requests = requests_of(server)
    for place, request in enumerate(requests):
        with PlexServer(make_world(ITEMS)) as server:
            async with source(server, tmp_path / str(place)) as cached:
                await cached.sync()
                before = facts(cached)
                happen(server)
                server.faults.add(
                    "^/", TROUBLES[name], where=lambda each, r=request: signature(each) == r
                )
                report = await copied(cached)
                found = facts(cached)
                server.faults.clear()
                await copied(cached)
                healed = facts(cached)
            async with source(server, tmp_path / f"{place} fresh") as fresh:
                await fresh.sync()
                expected = facts(fresh)
        assert before.keys() <= found.keys(), request
        assert expected == healed, request
        if request[0] not in WHOLE_SOURCE:
            assert not isinstance(report, MsdError), (request, report)
