"""Each request of a following sync fails for good, in turn, and then works again (S9).

What does not depend on it arrives, nothing cached is lost, and the next sync completes.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import cast
from urllib.parse import parse_qsl

import pytest

from msd.backends.jellyfin.backend import JellyfinBackend
from msd.errors import MsdError
from msd.models import SyncReport
from tests.backends.jellyfin.signed_in import add, backend_context
from tests.simulators.http.faults import Trouble
from tests.simulators.http.message import Request
from tests.simulators.jellyfin import JellyfinSimulator, faults, make_world
from tests.support.fakes.fake_backend import FakeServer
from tests.support.library import CachedSource

pytestmark = pytest.mark.anyio

TROUBLES: dict[str, Callable[[], Trouble]] = {
    "500": lambda: faults.status(500, "Error processing request."),
    "404": lambda: faults.status(404),
    "the server's 401": faults.refused_token,
    "a gateway's 401": faults.gateway_401,
    "garbage": lambda: faults.replace_json({"x": 1}),
    "cut": lambda: faults.cut_after(60),
}
# Without these a source can't be told from another, or its user from another.
ESSENTIAL = ("/System/Info/Public", "/Users/Me")
Key = tuple[str, str]


def key(path: str, query: str) -> Key:
    """Return what tells a request from others: its path, and what it asks for."""
    asked = dict(parse_qsl(query))
    named = [asked.get(name, "") for name in ("parentId", "includeItemTypes", "filters", "sortBy")]
    kind = "changes" if "minDateLastSaved" in asked else "ids" if "ids" in asked else ""
    return path, " ".join([*named, asked.get("limit", ""), kind])


class World:
    """A source that has been synced once, on a server that then changed."""

    def __init__(self, sim: JellyfinSimulator, source: CachedSource) -> None:
        self.sim = sim
        self.source = source
        self.edits = 0

    async def changed_and_synced(self) -> SyncReport:
        """Edit an episode, let time pass, and sync."""
        self.edits += 1
        episode = self.sim.world.of_type("Episode")[0]
        self.sim.world.clock.advance(3600)
        self.sim.world.edit(episode.id, name=f"Edited {self.edits}")
        self.sim.world.clock.advance(60)
        self.source.now += 3660
        return await self.source.sync()


class Opener:
    """Opens a new client for each sync, as the worker does."""

    def __init__(self, make: Callable[[], JellyfinBackend]) -> None:
        self.open = make


@asynccontextmanager
async def synced_world(folder: Path, version: str) -> AsyncIterator[World]:
    with JellyfinSimulator(make_world(90, seed=1), version=version) as sim:
        new = await add(sim.url)
        assert new.account is not None
        [found] = new.sources
        context = backend_context(found.address, found.server_id, new.account.credentials)
        opened: list[JellyfinBackend] = []

        def make() -> JellyfinBackend:
            opened.append(JellyfinBackend(context))
            return opened[-1]

        source = CachedSource(folder, cast("FakeServer", Opener(make)))
        source.now = sim.world.clock.now().timestamp()
        try:
            await source.sync()
            yield World(sim, source)
        finally:
            source.close()
            for backend in opened:
                await backend.aclose()


@pytest.mark.parametrize("trouble", sorted(TROUBLES))
async def test_each_request_that_fails_costs_what_depends_on_it(tmp_path, trouble):
    """Nothing is lost, and the sync after it completes."""
    async with synced_world(tmp_path, "12") as world:
        world.sim.log.clear()
        await world.changed_and_synced()
        requests = dict.fromkeys(key(each.path, each.query) for each in world.sim.log.requests)
        before = set(world.source.items())
        for request in requests:
            if request[0] in ESSENTIAL:
                continue

            def meets(asked: Request, request: Key = request) -> bool:
                return key(asked.path, asked.query_string) == request

            world.sim.faults.add(".*", TROUBLES[trouble](), where=meets)
            try:
                await world.changed_and_synced()
            except MsdError as error:
                pytest.fail(f"{request} ended the sync: {error}")
            assert set(world.source.items()) == before, request
            world.sim.faults.clear()
            report = await world.changed_and_synced()
            assert report.complete, request
            assert set(world.source.items()) == before, request

    assert len(requests) > 12
