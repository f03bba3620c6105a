"""Enumerating lists of servers that hide, fail, lie and change."""

import msgspec
import pytest

from msd.backend_api import SkippedItem
from msd.backends.jellyfin.client import pages as pages_module
from msd.errors import AuthRequiredError, BadResponseError, ForbiddenError, UnreachableError
from msd.models import ItemType
from tests.backends.jellyfin.signed_in import WIRE_TYPES, signed_in
from tests.simulators.jellyfin import JellyfinSimulator, faults, make_world
from tests.support.listings import library_named, listed, listed_ids, listing_of

pytestmark = pytest.mark.anyio

MOVIES = "Filme & Kino"
LISTS = "^/Items$"


def movies(sim):
    return sim.world.in_library(sim.world.library(MOVIES).id, "Movie")


async def movie_pages(backend):
    listing = await listing_of(backend, MOVIES, ItemType.MOVIE)
    return [page async for page in backend.pages(listing)]


def first_request(sim):
    return sim.log.matching("/Items")[0].query


async def test_every_item_of_every_library_is_listed_once(any_sim):
    """Every item of every library is listed once.

    Counts equal on both sides at every level, in every version.
    """
    world = any_sim.world
    async with signed_in(any_sim, page_size=7) as backend:
        for library in await backend.libraries():
            for listing in backend.listings(library):
                rows = world.in_library(library.remote_id, WIRE_TYPES[listing.type])
                expected = {row.id for row in rows if not row.virtual}

                found = await listed_ids(backend, listing)

                assert (expected, len(expected)) == (set(found), len(found)), listing

    assert any_sim.log.most_concurrent_lists <= 2


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


async def test_a_server_that_takes_its_time_is_asked_for_two_pages_at_a_time(sim):
    """A server that takes its time is asked for two pages at a time (Y1).

    One or two heavy list requests; the first tells how many there are.
    """
    sim.faults.add(LISTS, faults.late(0.05))
    async with signed_in(sim, page_size=3) as backend:
        pages = await movie_pages(backend)

    assert len(pages) > 4
    assert sim.log.most_concurrent_lists == 2


async def test_one_page_is_the_first_and_the_last(sim):
    """One page is the first and the last (Y7).

    Nothing is asked twice.
    """
    async with signed_in(sim) as backend:
        [page] = await movie_pages(backend)

    assert len(movies(sim)) == page.total == len(page.items)
    assert sim.log.count("/Items") == 1


async def test_an_empty_library_is_one_empty_page(sim):
    """An empty library is one empty page (Y7).

    Empty is an answer, too.
    """
    for movie in movies(sim):
        sim.world.delete(movie.id)
    async with signed_in(sim) as backend:
        [page] = await movie_pages(backend)

    assert (page.total, page.items, page.gaps) == (0, (), False)


async def test_lists_are_asked_for_by_the_rules_of_paging(sim):
    """Lists are asked for by the rules of paging.

    Explicit recursion, stable order, light fields, no collapsing.
    """
    async with signed_in(sim) as backend:
        await movie_pages(backend)
        query = first_request(sim)

    for part in (
        "recursive=true", "includeItemTypes=Movie", "collapseBoxSetItems=false",
        "sortBy=SortName%2CDateCreated", "sortOrder=Ascending", "imageTypeLimit=1",
        "enableTotalRecordCount=true", "startIndex=0", "limit=500", "userId=",
    ):  # fmt: skip
        assert part in query
    for expensive in ("MediaSources", "MediaStreams", "People", "ChildCount", "Chapters"):
        assert expensive not in query


async def test_rows_that_the_server_hides_shorten_pages_but_not_the_list():
    """Rows that the server hides shorten pages but not the list.

    Up to 10.11 pages are cut after paging; go on by the requested limit.
    """
    with JellyfinSimulator(make_world(150, seed=1), version="10.11") as sim:
        hidden = {movie.id for movie in movies(sim)[3:12]}
        for movie_id in hidden:
            sim.world.make_unseen(movie_id, sim.user())
        expected = {movie.id for movie in movies(sim)} - hidden
        async with signed_in(sim, page_size=4) as backend:
            pages = await movie_pages(backend)

    assert expected == {row.remote_id for page in pages for row in page.items}
    assert not any(page.gaps for page in pages)


async def test_missing_episodes_are_not_listed(sim):
    """Missing episodes are not listed.

    Virtual rows are no media.
    """
    async with signed_in(sim) as backend:
        found = await listed_ids(backend, await listing_of(backend, "Séries", ItemType.EPISODE))

    virtual = {row.id for row in sim.world.of_type("Episode") if row.virtual}
    assert virtual
    assert not virtual & set(found)


async def test_artists_come_from_their_own_route(sim):
    """Artists come from their own route.

    MusicArtist rows of /Items are incomplete.
    """
    async with signed_in(sim) as backend:
        found = await listed(backend, await listing_of(backend, "Music", ItemType.ARTIST))

    assert {"artist"} == {item.type for item in found}
    assert sim.log.count("/Artists") == 1


async def test_a_forbidden_library_is_forbidden_and_nothing_more(any_sim):
    """A forbidden library is forbidden and nothing more (S3).

    401 with a JSON string for one library is not about the token.
    """
    async with signed_in(any_sim) as backend:
        listing = await listing_of(backend, MOVIES, ItemType.MOVIE)
        any_sim.world.forbid_library(listing.library.remote_id, any_sim.user())
        with pytest.raises(ForbiddenError):
            await listed_ids(backend, listing)

        assert await listed_ids(backend, await listing_of(backend, "Music", ItemType.TRACK))


async def test_a_library_that_vanished_is_forbidden_and_nothing_more(sim):
    """A library that vanished is forbidden and nothing more.

    An unknown parentId answers 400.
    """
    async with signed_in(sim) as backend:
        listing = await listing_of(backend, MOVIES, ItemType.MOVIE)
        sim.world.remove_library(listing.library.remote_id)

        with pytest.raises(ForbiddenError):
            await listed_ids(backend, listing)


async def test_a_token_revoked_between_two_pages_is_auth_required(sim):
    """A token revoked between two pages is auth required (S4).

    Confirmed by /Users/Me.
    """
    async with signed_in(sim, page_size=5) as backend:
        sim.faults.add(
            LISTS,
            faults.before(lambda: sim.revoke_tokens("alice")),
            where=lambda request: "startIndex=5&" in request.query_string,
        )
        with pytest.raises(AuthRequiredError):
            await movie_pages(backend)


@pytest.mark.parametrize(
    "trouble",
    [
        faults.status(503, "Jellyfin Server is loading. Please try again shortly."),
        faults.bad_gateway(),
        faults.captive_portal(),
        faults.truncated(100),
        faults.cut_after(100),
        faults.status(404),
    ],
    ids=range(6),
)
async def test_a_fault_between_two_pages_ends_the_list_with_an_error(sim, trouble):
    """Never a short list that looks complete (Y7); the fault is that of the list (S9)."""
    async with signed_in(sim, page_size=5) as backend:
        sim.faults.add(
            LISTS, trouble, where=lambda request: "startIndex=10&" in request.query_string
        )

        with pytest.raises(UnreachableError):
            await movie_pages(backend)


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


async def test_duplicate_rows_are_passed_on(sim):
    """Duplicate rows are passed on.

    Ties may repeat between pages; the engine keeps one of each id.
    """
    async with signed_in(sim) as backend:
        sim.faults.add(LISTS, faults.duplicate_rows(1))
        [page] = await movie_pages(backend)

    assert len(page.items) > len({row.remote_id for row in page.items})


async def test_a_fingerprint_changes_exactly_when_the_row_does(sim):
    """RawItem: a known fingerprint is neither parsed nor written."""
    changed = movies(sim)[0].id
    async with signed_in(sim) as backend:
        [before] = await movie_pages(backend)
        [again] = await movie_pages(backend)
        sim.world.edit(changed, name="Ein anderer Name")
        [after] = await movie_pages(backend)

    prints = [{row.remote_id: row.fingerprint for row in page.items} for page in (before, after)]
    assert [row.fingerprint for row in before.items] == [row.fingerprint for row in again.items]
    assert [changed] == [key for key in prints[0] if prints[0][key] != prints[1][key]]
    assert all(-(1 << 63) <= value < 1 << 63 for value in prints[0].values())
    assert any(value < 0 for value in prints[0].values())


def test_marks_that_move_by_themselves_are_no_change():
    """A scan gives every row another Etag; blurhashes are never read (Y22)."""
    row = '{"Id":"a","Etag":"%s","Name":"%s","ImageBlurHashes":{"Primary":{"x":"%s"}},"Type":"T"}'

    def of(*values: str) -> int:
        return pages_module.fingerprint(msgspec.Raw((row % values).encode()))

    assert of("1", "Film", "L6PZ") == of("2", "Film", "WVIr")
    assert of("1", "Film", "L6PZ") != of("1", "Films", "L6PZ")


async def test_the_newest_rows_come_first_on_request(sim):
    """The newest rows come first on request (Y4).

    A taste for an empty cache.
    """
    async with signed_in(sim) as backend:
        listing = await listing_of(backend, MOVIES, ItemType.MOVIE)
        rows = await backend.newest(listing, 5)
        items = await backend.parse(rows)
        everything = await listed(backend, listing)

    added = [item.added_at for item in items]
    assert sorted((item.added_at for item in everything), reverse=True)[:5] == added


async def test_a_list_may_be_left_in_the_middle(sim):
    """A list may be left in the middle (Y12).

    Cancel leaves whole pages; nothing is asked for ahead of the caller.
    """
    async with signed_in(sim, page_size=5) as backend:
        listing = await listing_of(backend, MOVIES, ItemType.MOVIE)
        pages = backend.pages(listing)
        await anext(pages)
        await pages.aclose()

    assert sim.log.count("/Items") == 1


async def test_collections_are_listed_wherever_they_are(sim):
    """Collections are listed wherever they are.

    BoxSet and Playlist queries are server-wide.
    """
    async with signed_in(sim) as backend:
        await listed_ids(backend, await listing_of(backend, "Collections", ItemType.COLLECTION))

    assert "parentId" not in first_request(sim)


async def test_a_hidden_library_is_listed_like_any_other(sim):
    """A hidden library is listed like any other.

    Hidden from the home page is not forbidden.
    """
    async with signed_in(sim) as backend:
        library = await library_named(backend, "Hidden Movies")
        [listing] = backend.listings(library)

        assert library.hidden
        assert await listed_ids(backend, listing)
