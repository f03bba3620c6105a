"""Enumerating lists of servers that give little, lie, fail, and change meanwhile."""

from __future__ import annotations

import pytest

from msd.backend_api import SkippedItem
from msd.errors import AuthRequiredError, ForbiddenError, UnreachableError
from msd.models import ItemType, StatusReason
from msd.sync.enumeration import Enumeration
from tests.backends.plex.signed_in import KINDS, signed_in
from tests.simulators.plex import PlexServer, faults
from tests.simulators.plex.item import Kind
from tests.support.listings import listed, listed_ids, listing_of

pytestmark = pytest.mark.anyio

LISTS = r"^/library/sections/\d+/all$"


def movies(server: PlexServer) -> list[str]:
    found = server.world.of_kind(Kind.MOVIE, section=server.world.section("Movies"))
    return [str(item.key) for item in found]


async def movie_pages(backend):
    listing = await listing_of(backend, "Movies", ItemType.MOVIE)
    return [page async for page in backend.pages(listing)]


def whole(pages) -> bool:
    enumeration = Enumeration()
    for page in pages:
        enumeration.add(page)
    return enumeration.is_complete


def windows(server: PlexServer) -> list[tuple[int, int]]:
    """Return where each window of films began and how many rows were asked for."""
    return [
        (int(each.header("x-plex-container-start")), int(each.header("x-plex-container-size")))
        for each in server.log.requests
        if each.path == "/library/sections/1/all"
    ]


def at(start: int):
    """A condition of the fault script: the window that begins about there."""
    return lambda request: request.header("x-plex-container-start") == str(start)


async def test_every_item_of_every_library_is_listed_once(server):
    """Every item of every library is listed once.

    Counts equal on both sides at every level.
    """
    world = server.world
    async with signed_in(server, page_size=7) as backend:
        for library in await backend.libraries():
            for listing in backend.listings(library):
                section = world.sections.get(
                    int(library.remote_id) if library.remote_id.isdigit() else 0
                )
                rows = world.of_kind(KINDS[listing.type], section=section)
                expected = {str(row.key) for row in rows}

                found = await listed_ids(backend, listing)

                assert (expected, len(expected)) == (set(found), len(found)), listing

    assert server.log.most_concurrent_lists == 1


async def test_every_page_carries_the_announced_total(server):
    """Every page carries the announced total (Y7).

    The server announced the same total on the first and the last page.
    """
    total = len(movies(server))
    async with signed_in(server, page_size=5) as backend:
        pages = await movie_pages(backend)

    assert {page.total for page in pages} == {total}
    assert [page.start for page in pages] == list(range(0, total, 5))
    assert whole(pages)


async def test_both_bounds_of_a_window_are_asked_for_together(server):
    """Both bounds of a window are asked for together.

    One alone has no effect; each window begins with the last row before it.
    """
    async with signed_in(server, page_size=5) as backend:
        await movie_pages(backend)

    assert windows(server)[:3] == [(0, 5), (4, 6), (9, 6)]


async def test_a_server_that_gives_fewer_rows_than_asked_for_is_asked_for_the_rest(server):
    """A server that gives fewer rows than asked for is asked for the rest.

    Caps and short pages; the next row is the count of what came.
    """
    async with signed_in(server, page_size=20) as backend:
        server.faults.add(LISTS, faults.short_page(7))
        pages = await movie_pages(backend)

    assert [row.remote_id for page in pages for row in page.items] == movies(server)
    assert [page.start for page in pages] == list(range(0, len(movies(server)), 20))
    assert whole(pages)


async def test_a_list_without_totals_ends_where_nothing_more_comes(server):
    """A list without totals ends where nothing more comes.

    TotalSize absent; what was not announced proves no absence.
    """
    async with signed_in(server, page_size=5) as backend:
        server.faults.add(LISTS, faults.no_total())
        pages = await movie_pages(backend)

    assert [row.remote_id for page in pages for row in page.items] == movies(server)


async def test_a_short_list_without_totals_is_whole_once_its_end_was_seen(server):
    """A short list without totals is whole once its end was seen (Y7).

    One window, and after it nothing.
    """
    async with signed_in(server) as backend:
        server.faults.add(LISTS, faults.no_total())
        pages = await movie_pages(backend)

    assert [page.total for page in pages] == [len(movies(server))]
    assert whole(pages)


async def test_a_row_that_vanishes_behind_the_reader_leaves_a_gap(server):
    """A row that vanishes behind the reader leaves a gap (Y7).

    A later row moves into a window that was read; it must not be taken for deleted.
    """
    first, *others = movies(server)
    async with signed_in(server, page_size=10) as backend:
        listing = await listing_of(backend, "Movies", ItemType.MOVIE)
        pages = []
        async for page in backend.pages(listing):
            if not pages:  # the total stays the same: one goes, one comes
                server.world.delete(int(first))
                server.world.clone(int(others[0]))
            pages.append(page)

    missed = set(movies(server)) - {row.remote_id for page in pages for row in page.items}
    assert missed
    assert {page.total for page in pages} == {len(others) + 1}
    assert not whole(pages)


async def test_a_row_that_is_added_while_pages_are_read_moves_nothing(server):
    """A row that is added while pages are read moves nothing.

    Sorted by key, what is new comes last.
    """
    async with signed_in(server, page_size=10) as backend:
        listing = await listing_of(backend, "Movies", ItemType.MOVIE)
        before, pages = movies(server), []
        async for page in backend.pages(listing):
            if not pages:
                server.world.clone(int(before[0]))
            pages.append(page)

    assert not any(page.gaps for page in pages)
    assert [row.remote_id for page in pages for row in page.items][: len(before)] == before


async def test_a_page_in_another_order_leaves_a_gap(server):
    """A page in another order leaves a gap (Y7).

    The list moved below the reader.
    """
    async with signed_in(server, page_size=10) as backend:
        server.faults.add(LISTS, faults.reversed_page(), where=at(9))
        pages = await movie_pages(backend)

    assert not whole(pages)


async def test_rows_that_are_announced_and_not_shown_leave_a_gap(server):
    """Rows that are announced and not shown leave a gap (Y7).

    A million announced and a few given.
    """
    async with signed_in(server, page_size=100) as backend:
        server.faults.add(LISTS, faults.announce(1_000_000))
        pages = await movie_pages(backend)

    assert sum(len(page.items) for page in pages) == len(movies(server))
    assert not whole(pages)
    assert len(windows(server)) < 10


@pytest.mark.parametrize("total", [-1, 10**12, "many", []])
async def test_an_impossible_total_costs_the_total_alone(server, total):
    """The rows arrive; nothing is deleted on the strength of such a list (Y13)."""
    async with signed_in(server, page_size=5) as backend:
        server.faults.add(LISTS, faults.announce(total))
        pages = await movie_pages(backend)

    assert [row.remote_id for page in pages for row in page.items] == movies(server)
    assert not whole(pages)
    assert len(windows(server)) < 100


async def test_a_library_that_suddenly_lists_nothing_is_listed_so(server):
    """A library that suddenly lists nothing is listed so (Y7).

    Whether that is believed is not the reader's business.
    """
    async with signed_in(server) as backend:
        server.faults.add(LISTS, faults.empty_page())
        [page] = await movie_pages(backend)

    assert (page.total, page.items, page.gaps) == (0, (), False)


async def test_numbers_in_quotes_change_nothing(server):
    """Numbers in quotes change nothing (Y5).

    Not even a fingerprint.
    """
    async with signed_in(server) as backend:
        plain = await movie_pages(backend)
        server.faults.add(LISTS, faults.numeric_strings())
        quoted = await movie_pages(backend)

    assert [(row.remote_id, row.fingerprint) for row in plain[0].items] == [
        (row.remote_id, row.fingerprint) for row in quoted[0].items
    ]


async def test_invalid_utf8_costs_some_characters(server):
    """Invalid utf8 costs some characters."""
    async with signed_in(server) as backend:
        server.faults.add(LISTS, faults.invalid_utf8())
        [page] = await movie_pages(backend)
        [item] = await backend.parse(page.items)

    assert "Caf\ufffd" in item.title


@pytest.mark.parametrize(
    ("trouble", "reason"),
    [
        (faults.maintenance(), StatusReason.SERVER_STARTING),
        (faults.maintenance(faults.MIGRATIONS), StatusReason.SERVER_STARTING),
        (faults.html(502), StatusReason.SERVER_ERROR),
        (faults.captive_portal(), StatusReason.NOT_A_MEDIA_SERVER),
        (faults.truncated(100), StatusReason.SERVER_ERROR),
        (faults.cut_after(100), StatusReason.SERVER_ERROR),
    ],
    ids=range(6),
)
async def test_a_fault_between_two_pages_ends_the_list_with_an_error(server, trouble, reason):
    """A fault between two pages ends the list with an error (Y7, S2).

    Never a short list that looks complete.
    """
    async with signed_in(server, page_size=10) as backend:
        listing = await listing_of(backend, "Movies", ItemType.MOVIE)
        server.faults.add(LISTS, trouble, where=lambda request: not at(0)(request))

        with pytest.raises(UnreachableError) as raised:
            await listed_ids(backend, listing)

    assert raised.value.reason is reason


async def test_a_connection_that_is_cut_once_is_taken_up_again(server):
    """A connection that is cut once is taken up again (S2).

    A page is asked for anew in halves, and nothing is lost.
    """
    async with signed_in(server, page_size=10) as backend:
        listing = await listing_of(backend, "Movies", ItemType.MOVIE)
        server.faults.add(LISTS, faults.cut_after(200), where=at(9), times=1)
        pages = [page async for page in backend.pages(listing)]

    assert [row.remote_id for page in pages for row in page.items] == movies(server)
    assert whole(pages)


async def test_a_row_on_which_the_server_fails_is_skipped_alone(server):
    """A row on which the server fails is skipped alone (Y8).

    Narrowed down to the bad items, which are reported; deletes are held by the gap.
    """

    def holds_row_13(request) -> bool:
        start = int(request.header("x-plex-container-start") or 0)
        return start <= 13 < start + int(request.header("x-plex-container-size") or 0)

    async with signed_in(server, page_size=8) as backend:
        listing = await listing_of(backend, "Movies", ItemType.MOVIE)
        server.faults.add(LISTS, faults.html(500), where=holds_row_13)
        pages = [page async for page in backend.pages(listing)]

    found = [row.remote_id for page in pages for row in page.items]
    assert found == [key for key in movies(server) if key != movies(server)[13]]
    [why] = [why for page in pages for why in page.skipped]
    assert "row 13" in why
    assert not whole(pages)


async def test_a_server_that_always_fails_is_unreachable_after_a_bounded_number_of_requests(server):
    """A server that always fails is unreachable after a bounded number of requests (S2).

    500 on everything is the server's fault, not that of its rows.
    """
    async with signed_in(server) as backend:
        listing = await listing_of(backend, "Movies", ItemType.MOVIE)
        server.faults.add(LISTS, faults.html(500))

        with pytest.raises(UnreachableError):
            await listed_ids(backend, listing)

    assert len(windows(server)) < 100


async def test_a_server_that_ignores_the_limit_costs_no_storm_of_requests(server):
    """The rows that came count, each once (Y13)."""
    rows = [{"ratingKey": str(n), "type": "movie", "title": "x"} for n in range(1, 701)]
    async with signed_in(server) as backend:
        value = {"MediaContainer": {"Metadata": rows, "totalSize": 700, "offset": 0}}
        server.faults.add(LISTS, faults.replace_json(value))
        pages = await movie_pages(backend)

    assert [row.remote_id for page in pages for row in page.items] == [
        str(n) for n in range(1, 701)
    ]
    assert len(windows(server)) <= 3


@pytest.mark.parametrize("off", [-1, -3])
async def test_rows_behind_the_announced_end_are_listed_and_said_to_be_unannounced(server, off):
    """A total that is too low costs no row, and nothing is deleted (Y13)."""
    total = len(movies(server))
    async with signed_in(server, page_size=5) as backend:
        server.faults.add(LISTS, faults.announce(total + off))
        pages = await movie_pages(backend)

    assert [row.remote_id for page in pages for row in page.items] == movies(server)
    assert not whole(pages)


async def test_a_server_whose_total_is_the_size_of_the_page_is_read_to_its_end(server):
    """`min(n, limit)` for a total: a full last window is followed by one more (Y13)."""
    async with signed_in(server, page_size=5) as backend:
        server.faults.add(LISTS, faults.announce(5))
        pages = await movie_pages(backend)

    assert [row.remote_id for page in pages for row in page.items] == movies(server)
    assert not whole(pages)


async def test_a_right_total_of_whole_windows_is_confirmed_by_one_request(server):
    """The request behind the end finds nothing: the list is complete."""
    total = len(movies(server))
    async with signed_in(server, page_size=total) as backend:
        pages = await movie_pages(backend)

    assert whole(pages)
    assert 1 == len(pages)
    assert [(0, total), (total - 1, 2)] == windows(server)


async def test_a_server_that_repeats_its_first_page_is_left(server):
    """A page that comes again ends the list; nothing is deleted (Y13)."""
    rows = [{"ratingKey": str(n), "type": "movie", "title": "x"} for n in range(1, 6)]
    async with signed_in(server, page_size=5) as backend:
        value = {"MediaContainer": {"Metadata": rows, "totalSize": 5000}}
        server.faults.add(LISTS, faults.replace_json(value))
        pages = await movie_pages(backend)

    assert {row.remote_id for page in pages for row in page.items} == set("12345")
    assert not whole(pages)
    assert len(windows(server)) < 20


async def test_a_list_that_the_server_only_gives_whole_is_taken_once(server):
    """A list that the server only gives whole is taken once.

    What is not paged says neither where it begins nor how many there are.
    """
    rows = [{"ratingKey": str(n), "type": "movie", "title": "x"} for n in range(1, 30)]
    async with signed_in(server) as backend:
        value = {"MediaContainer": {"size": 29, "Metadata": rows}}
        server.faults.add(LISTS, faults.replace_json(value))
        pages = await movie_pages(backend)

    assert [row.remote_id for page in pages for row in page.items] == [str(n) for n in range(1, 30)]
    assert whole(pages)


async def test_another_window_than_was_asked_for_ends_the_list(server):
    """A cache on the way answers for another window: nothing of it is taken or deleted (Y13)."""
    rows = [{"ratingKey": "1", "type": "movie", "title": "x"}]
    async with signed_in(server) as backend:
        value = {"MediaContainer": {"Metadata": rows, "totalSize": 1, "offset": 7}}
        server.faults.add(LISTS, faults.replace_json(value))
        pages = await movie_pages(backend)

    assert [] == [row for page in pages for row in page.items]
    assert not whole(pages)
    assert 1 == len(windows(server))


async def test_bad_rows_cost_themselves(server):
    """Bad rows cost themselves (K5).

    A bad item is skipped and counted.
    """
    rows = [
        {"ratingKey": "1", "type": "movie", "title": "x"},
        5,
        None,
        {"title": "no key"},
        {"ratingKey": "../2", "type": "movie", "title": "x"},
    ]
    async with signed_in(server) as backend:
        value = {"MediaContainer": {"Metadata": rows, "totalSize": 5, "offset": 0}}
        server.faults.add(LISTS, faults.replace_json(value))
        [page] = await movie_pages(backend)

    assert [row.remote_id for row in page.items] == ["1"]
    assert len(page.skipped) == 4


async def test_an_answer_that_does_not_end_is_cut_off(server):
    """An answer that does not end is cut off (K5).

    Answers are bounded in size; what can't be listed is no row.
    """
    async with signed_in(server, page_size=1) as backend:
        listing = await listing_of(backend, "Movies", ItemType.MOVIE)
        server.faults.add(LISTS, faults.endless())

        assert await backend.newest(listing, 1) == ()


async def test_a_library_that_vanished_is_forbidden_and_nothing_more(server):
    """A library that vanished is forbidden and nothing more (S3).

    404 for one section says nothing of the server.
    """
    async with signed_in(server) as backend:
        listing = await listing_of(backend, "Movies", ItemType.MOVIE)
        other = await listing_of(backend, "Music", ItemType.TRACK)
        server.world.remove_section(server.world.section("Movies"))

        with pytest.raises(ForbiddenError):
            await listed_ids(backend, listing)
        assert await listed_ids(backend, other)


async def test_a_token_withdrawn_between_two_pages_is_auth_required(server):
    """A token withdrawn between two pages is auth required (S4).

    Confirmed by a second call.
    """
    async with signed_in(server, page_size=10) as backend:
        listing = await listing_of(backend, "Movies", ItemType.MOVIE)
        server.faults.add(
            LISTS, faults.before(lambda: server.grants.withdraw(server.owner)), where=at(9)
        )
        with pytest.raises(AuthRequiredError):
            await listed_ids(backend, listing)


async def test_a_fingerprint_changes_exactly_when_the_row_does(server):
    """RawItem: a known fingerprint is neither parsed nor written."""
    changed = movies(server)[0]
    async with signed_in(server) as backend:
        [before] = await movie_pages(backend)
        [again] = await movie_pages(backend)
        server.world.edit(int(changed), title="Ein anderer Name")
        [after] = await movie_pages(backend)

    prints = [{row.remote_id: row.fingerprint for row in page.items} for page in (before, after)]
    assert [row.fingerprint for row in before.items] == [row.fingerprint for row in again.items]
    assert [changed] == [key for key in prints[0] if prints[0][key] != prints[1][key]]


async def test_a_refresh_of_all_metadata_changes_no_fingerprint(server):
    """A refresh of all metadata changes no fingerprint.

    A bulk refresh moves every updatedAt; nothing that is shown changed.
    """
    async with signed_in(server) as backend:
        listing = await listing_of(backend, "Other Videos", ItemType.VIDEO)
        before = [row async for page in backend.pages(listing) for row in page.items]
        for row in before:
            server.world.distort(int(row.remote_id), updatedAt=1_900_000_000)
        after = [row async for page in backend.pages(listing) for row in page.items]

    assert [row.fingerprint for row in before] == [row.fingerprint for row in after]


async def test_a_missing_or_odd_updated_at_changes_nothing(server):
    """A missing or odd updated at changes nothing.

    Absent, or -1.
    """
    first, second, *_ = movies(server)
    server.world.distort(int(first), omit=["updatedAt", "addedAt"])
    server.world.distort(int(second), updatedAt=-1, addedAt=-1)
    async with signed_in(server) as backend:
        items = await listed(backend, await listing_of(backend, "Movies", ItemType.MOVIE))

    assert [item.added_at for item in items[:2]] == [0, 0]


async def test_the_newest_rows_come_first_on_request(server):
    """The newest rows come first on request (Y4).

    A taste for an empty cache.
    """
    async with signed_in(server) as backend:
        listing = await listing_of(backend, "Movies", ItemType.MOVIE)
        items = await backend.parse(await backend.newest(listing, 5))
        everything = await listed(backend, listing)

    added = [item.added_at for item in items]
    assert sorted((item.added_at for item in everything), reverse=True)[:5] == added


async def test_an_interrupted_list_goes_on_where_it_stopped(server):
    """An interrupted list goes on where it stopped (Y8).

    `CanResume`.
    """
    async with signed_in(server, page_size=10) as backend:
        listing = await listing_of(backend, "Movies", ItemType.MOVIE)
        pages = [page async for page in backend.pages_from(listing, 20)]

    assert pages[0].start == 20
    assert [row.remote_id for page in pages for row in page.items] == movies(server)[20:]


async def test_a_list_may_be_left_in_the_middle(server):
    """A list may be left in the middle (Y12).

    Cancel leaves whole pages; nothing is asked for ahead of the caller.
    """
    async with signed_in(server, page_size=5) as backend:
        pages = backend.pages(await listing_of(backend, "Movies", ItemType.MOVIE))
        await anext(pages)
        await pages.aclose()

    assert len(windows(server)) == 1


async def test_rows_of_another_type_than_was_asked_for_are_skipped(server):
    """Bad input: a server that ignores `type` fills no list of episodes with shows."""
    async with signed_in(server) as backend:
        listing = await listing_of(backend, "TV Shows", ItemType.EPISODE)
        rows = [{"ratingKey": "1", "type": "show", "title": "x"}]
        value = {"MediaContainer": {"Metadata": rows, "totalSize": 1, "offset": 0}}
        server.faults.add(LISTS, faults.replace_json(value))
        [page] = [page async for page in backend.pages(listing)]

        assert isinstance((await backend.parse(page.items))[0], SkippedItem)
