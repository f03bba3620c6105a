"""Details of many items by one request."""

from __future__ import annotations

import pytest

from msd.errors import BackendError
from msd.models import ItemDetails, RemoteId
from tests.backends.plex.signed_in import signed_in
from tests.simulators.plex import PlexServer, faults
from tests.simulators.plex.item import Kind

pytestmark = pytest.mark.anyio

ROUTE = "/library/metadata/{keys}"


def keys(server: PlexServer, *kinds: Kind) -> list[RemoteId]:
    return [RemoteId(str(item.key)) for kind in kinds for item in server.world.of_kind(kind)[:30]]


async def test_one_request_brings_a_hundred_items(server: PlexServer) -> None:
    """Films, shows, episodes and tracks together."""
    wanted = keys(server, Kind.MOVIE, Kind.SHOW, Kind.EPISODE, Kind.TRACK)[:100]
    async with signed_in(server) as backend:
        await backend.detail_page(wanted[:1])  # connects, and reads the libraries
        server.log.clear()
        page = await backend.detail_page(wanted)

    assert page is not None
    assert {item.remote_id for item in page.items} == set(wanted)
    assert any((item.details or ItemDetails()).people for item in page.items)
    assert len(server.log.requests) == 1


async def test_a_proxy_that_answers_404_to_everything_gives_no_page(server: PlexServer) -> None:
    """An answer without a row counts only when the server proves that it is there."""
    async with signed_in(server) as backend:
        await backend.detail_page(keys(server, Kind.MOVIE)[:1])
        server.faults.add(".", faults.html(404))

        with pytest.raises(BackendError):
            await backend.detail_page(keys(server, Kind.MOVIE))


async def test_ids_that_are_all_gone_are_an_empty_page(server: PlexServer) -> None:
    """The server is asked who it is, and is itself."""
    async with signed_in(server) as backend:
        page = await backend.detail_page([RemoteId("999999")])

    assert page is not None
    assert page.items == ()
