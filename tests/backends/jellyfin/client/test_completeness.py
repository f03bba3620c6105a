"""Is a list complete? Totals that lie, limits that are ignored, rows that can't be listed."""

import pytest

from msd.backend_api import SkippedItem
from msd.backends.jellyfin.client import pages as pages_module
from msd.errors import BadResponseError, UnreachableError
from tests.backends.jellyfin.client.films import LISTS, movie_pages, movies
from tests.backends.jellyfin.signed_in import signed_in
from tests.simulators.jellyfin import faults

pytestmark = pytest.mark.anyio


async def test_the_first_and_the_last_page_carry_the_announced_total(sim):
    """The first and the last page carry the announced total (Y7).

    The server announced the same total on the first and the last page.
    """
    total = len(movies(sim))
    async with signed_in(sim, page_size=5) as backend:
        pages = await movie_pages(backend)

    assert len(pages) > 3
    assert [total, *[None] * (len(pages) - 2), total] == [page.total for page in pages]
    assert list(range(0, total, 5)) == [page.start for page in pages]


@pytest.mark.parametrize("total", [-1, 10**12, None])
async def test_a_list_without_a_usable_total_is_read_but_never_complete(sim, total):
    """Every row arrives, and no absence is believed (Y13)."""
    async with signed_in(sim, page_size=50) as backend:
        sim.faults.add(LISTS, faults.announce(total))
        pages = await movie_pages(backend)

    assert {item.id for item in movies(sim)} == {
        row.remote_id for page in pages for row in page.items
    }
    assert pages[0].gaps


@pytest.mark.parametrize("page_size", [8, 500])
async def test_a_total_that_is_too_low_hides_no_row(sim, page_size):
    """More rows than announced: all arrive, and the list is not complete (Y13)."""
    async with signed_in(sim, page_size=page_size) as backend:
        sim.faults.add(LISTS, faults.announce(len(movies(sim)) - 1))
        pages = await movie_pages(backend)

    assert len(movies(sim)) == sum(len(page.items) for page in pages)
    assert any(page.gaps for page in pages)


async def test_a_total_that_is_only_the_limit_hides_no_row(sim):
    """A window that came back full is followed by one more request (Y13)."""
    async with signed_in(sim, page_size=8) as backend:
        sim.faults.add(LISTS, faults.rewrite(lambda page: page | {"TotalRecordCount": 8}))
        pages = await movie_pages(backend)

    assert len(movies(sim)) == sum(len(page.items) for page in pages)
    assert pages[-1].gaps


async def test_a_full_last_window_is_followed_by_one_empty_one(sim):
    """Where the total was right nothing more comes, and the list is complete (Y13)."""
    size = len(movies(sim))
    async with signed_in(sim, page_size=size) as backend:
        await backend.libraries()
        sim.log.clear()
        pages = await movie_pages(backend)

    assert [len(page.items) for page in pages] == [size]
    assert not any(page.gaps for page in pages)
    assert sim.log.count("/Items") == 2


@pytest.mark.parametrize(
    "value", [[], {"Items": {}}, {"Items": [], "TotalRecordCount": "5"}, "x", {"Items": None}]
)
async def test_a_list_of_another_shape_is_given_up_after_a_few_attempts(sim, value):
    """Bad input: wrongly typed JSON; narrowing down is bounded."""
    async with signed_in(sim) as backend:
        sim.faults.add(LISTS, faults.replace_json(value))

        with pytest.raises((BadResponseError, UnreachableError)):
            await movie_pages(backend)

    assert sim.log.count("/Items") < 100


async def test_a_million_announced_and_few_given_ends_with_a_gap(sim):
    """A million announced and few given ends with a gap (Y7).

    Nothing may be deleted, and not a million rows are asked for.
    """
    async with signed_in(sim, page_size=500) as backend:
        sim.faults.add(LISTS, faults.announce(1_000_000))

        pages = await movie_pages(backend)

    assert len(movies(sim)) == sum(len(page.items) for page in pages)
    assert pages[-1].gaps
    assert len(pages) == pages_module.MOST_EMPTY_PAGES + 1


async def test_a_row_on_which_the_server_fails_is_skipped_alone(sim):
    """A row on which the server fails is skipped alone (Y8).

    Narrowed down to the bad items, which are reported; deletes are held by the gap.
    """

    def holds_row_13(request):
        query = request.query_string
        start = int(query.partition("startIndex=")[2].partition("&")[0])
        limit = int(query.partition("&limit=")[2].partition("&")[0])
        return start <= 13 < start + limit

    async with signed_in(sim, page_size=8) as backend:
        sim.faults.add(LISTS, faults.status(500, "Error processing request."), where=holds_row_13)
        pages = await movie_pages(backend)

    assert len(movies(sim)) - 1 == sum(len(page.items) for page in pages)
    assert [page.gaps for page in pages[:2]] == [False, True]
    [why] = pages[1].skipped
    assert "row 13" in why
    assert len(movies(sim)) == pages[0].total == pages[-1].total


async def test_the_order_of_rows_stays_when_a_page_is_narrowed_down(sim):
    """The order of rows stays when a page is narrowed down (Y8).

    Halves are asked for from the start to the end.
    """
    async with signed_in(sim, page_size=8) as backend:
        whole = [row.remote_id for page in await movie_pages(backend) for row in page.items]
        sim.faults.add(
            LISTS, faults.status(500), where=lambda request: "limit=8" in request.query_string
        )
        halved = [row.remote_id for page in await movie_pages(backend) for row in page.items]

    assert whole == halved


async def test_a_list_that_always_fails_is_given_up_after_a_bounded_number_of_requests(sim):
    """The sync then asks whether the server itself still answers (S9)."""
    async with signed_in(sim) as backend:
        await backend.libraries()
        sim.faults.add(LISTS, faults.status(500, "Error processing request."))

        with pytest.raises(UnreachableError):
            await movie_pages(backend)

    assert sim.log.count("/Items") < 100


async def test_a_server_that_ignores_the_limit_is_asked_once(sim):
    """The rows that came count; there is no storm of requests (Y13)."""
    movies_now = [{"Id": f"{number:032x}", "Name": "x", "Type": "Movie"} for number in range(600)]
    async with signed_in(sim) as backend:
        await backend.libraries()
        sim.faults.add(LISTS, faults.replace_json({"Items": movies_now, "TotalRecordCount": 600}))
        sim.log.clear()
        pages = await movie_pages(backend)

    assert [len(page.items) for page in pages] == [600]
    assert not pages[0].gaps
    assert sim.log.count("/Items") <= 2


async def test_rows_without_a_usable_id_are_counted(sim):
    """Rows without a usable id are counted (K5).

    A bad item is skipped and counted.
    """
    rows = [{"Id": "x"}, {"Name": "no id"}, 5, None, {"Id": 7}, {"Id": "a" * 32}]
    async with signed_in(sim) as backend:
        value = {"Items": rows, "TotalRecordCount": len(rows)}
        sim.faults.add(LISTS, faults.replace_json(value))
        [page] = await movie_pages(backend)

    assert [row.remote_id for row in page.items] == ["a" * 32]
    assert len(page.skipped) == 5


async def test_a_huge_row_is_skipped(sim):
    """A huge row is skipped (K5).

    Sizes are bounded.
    """
    rows = [{"Id": "a" * 32, "Overview": "x" * (2 << 20)}, {"Id": "b" * 32}]
    async with signed_in(sim) as backend:
        sim.faults.add(LISTS, faults.replace_json({"Items": rows, "TotalRecordCount": 2}))
        [page] = await movie_pages(backend)

    assert [row.remote_id for row in page.items] == ["b" * 32]
    assert len(page.skipped) == 1


async def test_a_row_nested_too_deep_costs_itself_only(sim):
    """A row nested too deep costs itself only (K5).

    Depths are bounded; the rest of the page is kept.
    """
    victim = movies(sim)[3].id
    deep = []
    for _ in range(900):
        deep = [deep]
    sim.world.distort(victim, Junk=deep)
    async with signed_in(sim) as backend:
        pages = await movie_pages(backend)
        parsed = [item for page in pages for item in await backend.parse(page.items)]

    assert len(movies(sim)) - 1 <= sum(not isinstance(item, SkippedItem) for item in parsed)
