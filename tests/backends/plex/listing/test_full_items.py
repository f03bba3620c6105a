"""Details of many items by one request."""

from __future__ import annotations

import pytest

from msd.backend_api.http.client import DETAIL_BYTES
from msd.backends.plex.parse.details import item_details
from msd.backends.plex.parse.rows import read_full, read_full_rows
from msd.errors import BackendError, BadResponseError
from msd.models import ItemDetails, RemoteId
from tests.backends.plex.signed_in import signed_in
from tests.simulators.plex import PlexServer, faults
from tests.simulators.plex.item import Kind
from tests.support.calls_here import calls_here

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


async def test_pages_are_read_beside_the_event_loop(server: PlexServer) -> None:
    """A large one would keep every client of the bus waiting."""
    async with signed_in(server) as backend:
        with calls_here() as called:
            page = await backend.detail_page(keys(server, Kind.MOVIE))
            item = await backend.item(keys(server, Kind.MOVIE)[0])

    assert page is not None
    assert page.items[0].details
    assert item is not None
    readers = (read_full, read_full_rows, item_details)
    assert called.isdisjoint(reader.__code__ for reader in readers)


async def test_a_page_that_is_too_large_is_an_error(server: PlexServer) -> None:
    """The caller asks for halves then."""
    wanted = keys(server, Kind.MOVIE)[:1]
    async with signed_in(server) as backend:
        assert await backend.detail_page(wanted)
        big = faults.rewrite(lambda page: page | {"more": "x" * DETAIL_BYTES})
        server.faults.add(f"^/library/metadata/{wanted[0]}$", big)

        with pytest.raises(BadResponseError):
            await backend.detail_page(wanted)


async def test_a_page_tells_that_a_track_has_words(server: PlexServer) -> None:
    """It holds the same row as the answer about one track."""
    sung, silent = server.world.of_kind(Kind.TRACK)[:2]
    sung.lyrics = "[00:01.00]La"
    wanted = [RemoteId(str(track.key)) for track in (sung, silent)]
    async with signed_in(server) as backend:
        page = await backend.detail_page(wanted)

    assert page is not None
    assert {item.remote_id: item.has_lyrics for item in page.items} == {
        wanted[0]: True,
        wanted[1]: False,
    }
