"""What a sync of a Plex server costs in requests (Y23)."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.backends.plex.test_each_request_fails import happen, signature, source
from tests.simulators.plex import PlexServer, make_world

pytestmark = pytest.mark.anyio


async def test_a_short_list_is_asked_for_once_in_a_first_sync(tmp_path):
    """Preview, cursors and enumeration of a short listing share one request."""
    with PlexServer(make_world(40)) as server:
        async with source(server, tmp_path / "cache") as cached:
            server.log.clear()
            await cached.sync()
        asked = Counter(signature(request) for request in server.log.requests)

    lists = {request: count for request, count in asked.items() if request[0].endswith("/all")}
    assert {1} == set(lists.values())
    assert 15 >= len(lists)


async def test_a_quiet_pass_asks_two_questions_of_each_listing(tmp_path):
    """How many rows there are and what was saved since; of watch states what was viewed since."""
    with PlexServer(make_world(40)) as server:
        async with source(server, tmp_path / "cache") as cached:
            await cached.sync()
            server.log.clear()
            await cached.sync()
        quiet = len(server.log.requests)
        async with source(server, tmp_path / "second") as cached:
            await cached.sync()
            happen(server)
            server.log.clear()
            await cached.sync()
        changed = len(server.log.requests)

    assert 50 >= quiet
    assert changed <= quiet + 40
