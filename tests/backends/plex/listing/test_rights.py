"""What a server shares with one user (Y19)."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from msd.backend_api.changes import HasRights
from msd.backends.plex.backend import PlexBackend
from tests.backends.plex.signed_in import context_of
from tests.simulators.plex import PlexServer, faults
from tests.simulators.plex.viewer import Viewer

pytestmark = pytest.mark.anyio


async def rights(server: PlexServer, viewer: Viewer | None = None):
    """What a new backend is told of the rights of its user."""
    context = context_of(server, viewer)
    source = replace(context.source, owned=viewer is None)
    backend = PlexBackend(replace(context, source=source))
    assert isinstance(backend, HasRights)
    try:
        await backend.connect()
        return await backend.rights()
    finally:
        await backend.aclose()


async def test_a_share_that_ends_changes_the_rights(server):
    """The libraries are those that are left; nothing else moves the digest."""
    bob = Viewer(account_id=2, name="bob", sections={1, 2})
    before = await rights(server, bob)
    same = await rights(server, bob)
    bob.sections = {1}
    after = await rights(server, bob)

    assert before == same
    assert ({"1", "2"}, {"1"}) == (set(before.libraries), set(after.libraries))
    assert before.digest != after.digest


async def test_an_edit_of_a_library_changes_no_right(server):
    """Titles, counters and scans are no rights."""
    bob = Viewer(account_id=2, name="bob", sections={1, 2})
    before = await rights(server, bob)
    section = server.world.section("Movies")
    section.title = "Films"
    section.scanned_at += 60

    assert before == await rights(server, bob)


async def test_what_the_owner_has_no_more_was_removed_not_withdrawn(server):
    """The guard against losses stays for the owner (Y7)."""
    before = await rights(server)
    server.world.remove_section(server.world.section("Movies"))

    assert before == await rights(server)
    assert before.libraries is None


@pytest.mark.parametrize(
    "directory", [[], [{"key": None, "title": "Ghost"}, {"key": "1", "type": "movie"}], [5]]
)
async def test_on_doubt_nothing_is_hidden(server, directory):
    """An empty or odd list says nothing of rights."""
    bob = Viewer(account_id=2, name="bob", sections={1, 2})
    server.grants.token_of(bob)
    value = {"MediaContainer": {"Directory": directory}}
    server.faults.add("^/library/sections$", faults.replace_json(value))

    assert await rights(server, bob) is None
