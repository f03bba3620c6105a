"""Enumerating lists of servers that hide, fail, lie and change."""

import msgspec
import pytest

from msd.backends.jellyfin.client import pages as pages_module
from msd.errors import AuthRequiredError, ForbiddenError, UnreachableError
from msd.models import ItemType
from tests.backends.jellyfin.client.films import LISTS, MOVIES, first_request, movie_pages, movies
from tests.backends.jellyfin.signed_in import WIRE_TYPES, signed_in
from tests.simulators.jellyfin import JellyfinSimulator, faults, make_world
from tests.support.listings import library_named, listed, listed_ids, listing_of

pytestmark = pytest.mark.anyio


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
