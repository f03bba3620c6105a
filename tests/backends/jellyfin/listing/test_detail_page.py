"""Details of many items by one list request, on each version of the server."""

import pytest

from msd.backend_api.http.client import DETAIL_BYTES
from msd.backends.jellyfin.client.pages import fingerprint
from msd.backends.jellyfin.parse.details import item_details
from msd.errors import BackendError, BadResponseError
from msd.models import ItemDetails, RemoteId
from tests.backends.jellyfin.signed_in import signed_in
from tests.simulators.jellyfin import JellyfinSimulator, faults
from tests.support.calls_here import calls_here

pytestmark = pytest.mark.anyio

NAMES = ("People", "MediaSources", "Chapters", "RemoteTrailers")


def ids(sim: JellyfinSimulator, *types: str) -> list[RemoteId]:
    return [
        RemoteId(item.id)
        for wanted in types
        for item in sim.world.of_type(wanted)[:30]
        if not item.virtual
    ]


async def test_one_request_brings_a_hundred_items(any_sim: JellyfinSimulator) -> None:
    """People and versions of films and episodes, and no request for a single item."""
    wanted = ids(any_sim, "Movie", "Series", "Episode", "Audio")[:100]
    async with signed_in(any_sim) as backend:
        await backend.detail_page(wanted[:1])  # signs in, and reads begun versions
        any_sim.log.clear()

        page = await backend.detail_page(wanted)

    assert page is not None
    assert {item.remote_id for item in page.items} == set(wanted)
    films = [item.details or ItemDetails() for item in page.items if item.type == "movie"]
    assert all(details.people and details.media_sources for details in films)
    assert len(any_sim.log.requests) == 1
    assert not page.is_whole


async def test_a_server_that_ignores_fields_gives_no_pages(sim: JellyfinSimulator) -> None:
    """Rows without a single one of the fields are no films without people."""

    def without(page: dict[str, object]) -> dict[str, object]:
        rows = page["Items"]
        assert isinstance(rows, list)
        return page | {"Items": [{k: v for k, v in row.items() if k not in NAMES} for row in rows]}

    sim.faults.add("^/Items$", faults.rewrite(without))
    async with signed_in(sim) as backend:
        assert await backend.detail_page(ids(sim, "Movie", "Episode")) is None
        artists = await backend.detail_page(ids(sim, "MusicArtist"))

    assert artists is not None  # they have no versions anywhere: nothing is said of the server


@pytest.mark.parametrize(
    "trouble",
    [faults.status(500), faults.status(404), faults.truncated(100), faults.empty_page()],
    ids=["500", "404", "cut", "empty"],
)
async def test_a_page_that_fails_is_an_error_or_says_nothing(
    sim: JellyfinSimulator, trouble: faults.Trouble
) -> None:
    """Never details that are not the server's."""
    sim.faults.add("^/Items$", trouble)
    async with signed_in(sim) as backend:
        try:
            page = await backend.detail_page(ids(sim, "Movie"))
        except BackendError:
            return

    assert page is not None
    assert page.items == ()


async def test_odd_details_cost_themselves_alone(sim: JellyfinSimulator) -> None:
    """Y14: a list of people that is none leaves versions and all other items as they are."""

    def odd(page: dict[str, object]) -> dict[str, object]:
        rows = page["Items"]
        assert isinstance(rows, list)
        return page | {"Items": [rows[0] | {"People": 7}, *rows[1:]]}

    sim.faults.add("^/Items$", faults.rewrite(odd))
    wanted = ids(sim, "Movie")
    async with signed_in(sim) as backend:
        page = await backend.detail_page(wanted)

    assert page is not None
    assert len(page.items) == len(wanted)
    first, *others = [item.details or ItemDetails() for item in page.items]
    assert (first.people, bool(first.media_sources)) == ((), True)
    assert all(details.people for details in others)


async def test_one_odd_row_says_nothing_of_the_server(sim: JellyfinSimulator) -> None:
    """A page of one, as when an item at fault is looked for, is not given up for all."""

    def odd(page: dict[str, object]) -> dict[str, object]:
        rows = page["Items"]
        assert isinstance(rows, list)
        return page | {"Items": [row | dict.fromkeys(NAMES) for row in rows]}

    sim.faults.add("^/Items$", faults.rewrite(odd))
    films = ids(sim, "Movie")
    async with signed_in(sim) as backend:
        page = await backend.detail_page(films[:1])
        pages = await backend.detail_page(films)

    assert page is not None
    assert page.items == ()
    assert pages is None


async def test_pages_are_read_beside_the_event_loop(sim: JellyfinSimulator) -> None:
    """A large one would keep every client of the bus waiting."""
    async with signed_in(sim) as backend:
        await backend.detail_page(ids(sim, "Movie")[:1])  # signs in
        with calls_here() as called:
            page = await backend.detail_page(ids(sim, "Movie"))
            item = await backend.item(ids(sim, "Movie")[0])

    assert page is not None
    assert page.items[0].details
    assert item is not None
    assert called.isdisjoint(reader.__code__ for reader in (fingerprint, item_details))


async def test_a_page_that_is_too_large_is_an_error(sim: JellyfinSimulator) -> None:
    """The caller asks for halves then."""
    async with signed_in(sim) as backend:
        assert await backend.detail_page(ids(sim, "Movie"))
        big = faults.rewrite(lambda page: page | {"More": "x" * DETAIL_BYTES})
        sim.faults.add("^/Items$", big)

        with pytest.raises(BadResponseError):
            await backend.detail_page(ids(sim, "Movie"))
