"""What a server has and msd does not show (Y16)."""

from __future__ import annotations

import pytest

from msd.backend_api.changes import HasOmissions
from tests.backends.plex.signed_in import signed_in
from tests.simulators.plex import faults
from tests.simulators.plex.item import Kind

pytestmark = pytest.mark.anyio


async def test_photos_are_told_by_library_and_number(server):
    """One request for the library, and none for those that are synced."""
    photos = len(server.world.of_kind(Kind.PHOTO))
    async with signed_in(server) as backend:
        assert isinstance(backend, HasOmissions)
        await backend.libraries()
        server.log.clear()
        [omission] = await backend.omissions()

    assert ("unsupported", "5", "Photos") == (omission.kind, omission.library, omission.title)
    assert omission.reason.startswith(f"{photos} photo")
    assert ("photo", photos) == (omission.thing, omission.number)
    assert 1 == len(server.log.requests)


async def test_a_library_that_can_not_be_counted_is_told_without_a_number(server):
    """A fault costs the number alone (S9)."""
    async with signed_in(server) as backend:
        await backend.libraries()
        server.faults.add("^/library/sections/5/all$", faults.html(500))
        [omission] = await backend.omissions()

    assert "photos in Photos: msd does not show photos" == omission.reason
    assert 0 == omission.number, "unknown"


async def test_a_library_without_an_id_is_told(server):
    """Left out of the libraries, and not in silence."""
    value = {"MediaContainer": {"Directory": [{"key": None, "title": "Ghost"}]}}
    server.faults.add("^/library/sections$", faults.replace_json(value))
    async with signed_in(server) as backend:
        [omission] = await backend.omissions()

    assert ("unreadable", "Ghost") == (omission.kind, omission.title)
