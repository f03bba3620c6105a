"""Libraries, members and single items of a simulated server."""

import subprocess
import sys

import anyio
import pytest
from msgspec.structs import replace

from msd.backend_api.changes import HasPush
from msd.backends.jellyfin import SPEC
from msd.backends.jellyfin.backend import JellyfinBackend
from msd.backends.jellyfin.client.routes import Routes, version_of
from msd.errors import (
    AuthRequiredError,
    BadResponseError,
    ForbiddenError,
    UnreachableError,
)
from msd.models import Capability, ItemType, LibraryType, RemoteId
from tests.backends.jellyfin.signed_in import signed_in
from tests.simulators.jellyfin import Phase, faults
from tests.support.listings import library_named, listed_ids, listing_of

pytestmark = pytest.mark.anyio

UNKNOWN = RemoteId("f" * 32)


async def test_every_library_is_listed_with_its_type(any_sim):
    """Every library is listed with its type.

    Hidden, mixed and unsupported ones included, in the server's order.
    """
    async with signed_in(any_sim) as backend:
        libraries = await backend.libraries()

    types = {library.name: library.type for library in libraries}
    assert types == {
        "Filme & Kino": LibraryType.MOVIES,
        "Séries": LibraryType.SHOWS,
        "Music": LibraryType.MUSIC,
        "Music Videos": LibraryType.MUSIC_VIDEOS,
        "Home Videos": LibraryType.VIDEOS,
        "Mixed": LibraryType.MIXED,
        "Hidden Movies": LibraryType.MOVIES,
        "Photos": LibraryType.UNSUPPORTED,
        "Books": LibraryType.UNSUPPORTED,
        "Collections": LibraryType.COLLECTIONS,
        "Playlists": LibraryType.PLAYLISTS,
        "Live TV": LibraryType.UNSUPPORTED,
    }
    assert [library.name for library in libraries if library.hidden] == ["Hidden Movies"]
    assert [library.position for library in libraries] == list(range(len(libraries)))


async def test_old_and_new_servers_are_asked_by_their_own_routes(any_sim):
    """Old and new servers are asked by their own routes.

    User-scoped routes before 10.9 only.
    """
    async with signed_in(any_sim) as backend:
        [listing] = backend.listings(await library_named(backend, "Filme & Kino"))
        [first, *_] = await listed_ids(backend, listing)
        await backend.item(first)

    old = any_sim.state.version.number.startswith("10.8")
    scoped = [request for request in any_sim.log.requests if "{uid}" in request.template]
    assert bool(scoped) == old
    asked = [request for request in any_sim.log.requests if "/MediaSegments/" not in request.path]
    assert all(request.status in {200, 204} for request in asked)


async def test_what_a_library_holds_decides_what_is_listed(sim):
    """Listings: parents before children; unsupported libraries have none."""
    async with signed_in(sim) as backend:
        found = {
            library.name: [listing.type for listing in backend.listings(library)]
            for library in await backend.libraries()
        }

    assert found["Séries"] == [ItemType.SHOW, ItemType.SEASON, ItemType.EPISODE]
    assert found["Music"] == [ItemType.ARTIST, ItemType.ALBUM, ItemType.TRACK]
    assert found["Books"] == []
    assert set(found["Mixed"]) >= {ItemType.MOVIE, ItemType.EPISODE, ItemType.VIDEO}


async def test_the_user_may_say_what_a_library_holds(sim):
    """The user may say what a library holds (A5).

    Content overrides what the server says.
    """
    async with signed_in(sim) as backend:
        mixed = await library_named(backend, "Mixed")
        context = replace(backend._context, content_types={mixed.remote_id: LibraryType.SHOWS})
        second = JellyfinBackend(context)
        types = [listing.type for listing in second.listings(mixed)]
        await second.aclose()

    assert types == [ItemType.SHOW, ItemType.SEASON, ItemType.EPISODE]


@pytest.mark.parametrize(
    "value",
    [{}, [], {"Items": 5},
     {"Items": [{"Id": f"{n:032x}", "Name": "n"} for n in range(2000)]}],
    ids=range(4),
)  # fmt: skip
async def test_views_of_another_shape_are_a_bad_response(sim, value):
    """Views of another shape are a bad response (Y7).

    A library that is merely unreadable must not look removed.
    """
    async with signed_in(sim) as backend:
        await backend.connect()
        sim.faults.add("/UserViews", faults.replace_json(value))

        with pytest.raises(BadResponseError):
            await backend.libraries()


@pytest.mark.parametrize("odd", [{"Id": "x", "Name": "n"}, {"Id": None, "Name": "Channel X"}, 5])
async def test_a_view_without_an_id_is_left_out_alone(sim, odd):
    """The other libraries are listed (S9)."""
    good = {"Id": "1" * 32, "Name": None, "CollectionType": "movies"}
    async with signed_in(sim) as backend:
        await backend.connect()
        sim.faults.add("/UserViews", faults.replace_json({"Items": [odd, good]}))

        [library] = await backend.libraries()

    assert (library.remote_id, library.name, library.type) == (
        "1" * 32,
        "movies 11111111",
        LibraryType.MOVIES,
    )


async def test_the_members_of_a_collection_are_all_found(any_sim):
    """The members of a collection are all found.

    /Items?parentId of the collection.
    """
    async with signed_in(any_sim, page_size=2) as backend:
        listing = await listing_of(backend, "Collections", ItemType.COLLECTION)
        for collection in await listed_ids(backend, listing):
            found = await backend.members(collection)

            expected = any_sim.world.items[collection].members
            assert sorted(found) == sorted(expected)
            assert len(found) > 2


async def test_the_entries_of_a_playlist_keep_their_order(any_sim):
    """The entries of a playlist keep their order.

    /Playlists/{id}/Items.
    """
    async with signed_in(any_sim, page_size=2) as backend:
        listing = await listing_of(backend, "Playlists", ItemType.PLAYLIST)
        for playlist in await listed_ids(backend, listing):
            found = await backend.members(playlist)

            assert list(found) == list(any_sim.world.items[playlist].members)
            assert len(found) > 2


async def test_members_of_a_list_that_was_not_listed_before(sim):
    """A list that changed is read alone: its type is asked for."""
    playlist = sim.world.of_type("Playlist")[0]
    async with signed_in(sim) as backend:
        assert await backend.members(RemoteId(playlist.id))
        assert await backend.members(UNKNOWN) == ()


async def test_members_that_keep_changing_are_an_error(sim):
    """Members: complete or an error."""
    collection = sim.world.of_type("BoxSet")[0]
    totals = iter(range(10, 100))

    def grow(document):
        if "TotalRecordCount" in document:
            document["TotalRecordCount"] = next(totals)
        return document

    async with signed_in(sim, page_size=3) as backend:
        sim.faults.add(
            "^/Items$",
            faults.rewrite(grow),
            where=lambda request: "parentId" in request.query_string,
        )
        with pytest.raises(UnreachableError):
            await backend.members(RemoteId(collection.id))


async def test_a_forbidden_playlist_is_forbidden_and_nothing_more(sim):
    """A forbidden playlist is forbidden and nothing more (S3).

    403 for one list.
    """
    playlist = sim.world.of_type("Playlist")[0]
    async with signed_in(sim) as backend:
        sim.faults.add("/Playlists/", faults.status(403))

        with pytest.raises(ForbiddenError):
            await backend.members(RemoteId(playlist.id))


async def test_a_revoked_token_is_noticed_by_every_call(sim):
    """A revoked token is noticed by every call (S4).

    Confirmed, typed, at once.
    """
    movie = sim.world.of_type("Movie")[0]
    async with signed_in(sim) as backend:
        await backend.connect()
        sim.revoke_tokens("alice")

        for call in (backend.libraries, lambda: backend.item(RemoteId(movie.id))):
            with pytest.raises(AuthRequiredError):
                await call()


async def test_a_server_that_comes_back_is_used_again(sim):
    """A server that comes back is used again (S6).

    The same backend goes on after a restart.
    """
    async with signed_in(sim) as backend:
        before = await backend.libraries()
        sim.set_phase(Phase.REFUSED)
        with pytest.raises(UnreachableError):
            await backend.libraries()
        sim.set_phase(Phase.READY)

        assert await backend.libraries() == before


async def test_a_call_can_be_cancelled_and_repeated(sim):
    """Protocol: cancelling a call must be safe at any await; Y12: within a second."""
    async with signed_in(sim) as backend:
        fault = sim.faults.add("/UserViews", faults.hang())
        with anyio.fail_after(5), anyio.move_on_after(0.2) as scope:
            await backend.libraries()
        sim.faults.remove(fault)

        assert scope.cancelled_caught
        assert await backend.libraries()


async def test_two_first_calls_connect_once(sim):
    """Two first calls connect once (Y1).

    No more requests than needed.
    """
    async with signed_in(sim) as backend, anyio.create_task_group() as group:
        group.start_soon(backend.libraries)
        group.start_soon(backend.libraries)

    assert sim.log.count("/Users/Me") == 1


async def test_opening_a_backend_does_nothing_yet(sim):
    """Protocol: open is cheap; capabilities are known at once."""
    async with signed_in(sim) as backend:
        asked = len(sim.log.requests)
        second = SPEC.open(backend._context)
        await second.aclose()

    assert len(sim.log.requests) == asked
    assert {Capability.COLLECTIONS, Capability.PLAYLISTS} <= second.capabilities


def test_knowing_the_backend_imports_nothing_heavy():
    """The front process stays small."""
    code = (
        "import sys; from msd.backends.jellyfin import SPEC; "
        "print({'httpx', 'httpcore', 'xxhash'} & set(sys.modules), SPEC.kind)"
    )

    shown = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout

    assert shown == "set() jellyfin\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("10.8.13", (10, 8, 13)),
        ("12.0.0", (12, 0, 0)),
        ("10.11.0-rc5", (10, 11, 0)),
        ("", ()),
        ("unknown", ()),
        ("9" * 50, (999999,)),
    ],
)
def test_versions_are_compared_as_numbers(text, expected):
    """Versions are compared as numbers.

    Do not assume major 10.
    """
    assert version_of(text) == expected


def test_routes_by_version():
    """Routes by version.

    User-scoped before 10.9; segments from 10.10.
    """
    old, new = (Routes(version=version, user_id="u") for version in ((10, 8, 13), (12, 0, 0)))

    assert (old.views, old.item("i"), old.segments("i")) == (
        "/Users/u/Views",
        "/Users/u/Items/i",
        None,
    )
    assert (new.views, new.item("i"), new.segments("i")) == (
        "/UserViews",
        "/Items/i",
        "/MediaSegments/i",
    )


async def test_a_refusal_whose_confirmation_fails_is_unreachable(sim):
    """A refusal whose confirmation fails is unreachable (S2).

    A server that starts again between two calls is offline, not forbidding.
    """
    async with signed_in(sim) as backend:
        await backend.connect()
        sim.faults.add("/UserViews", faults.refused_token())
        sim.faults.add("/Users/Me", faults.status(503))

        with pytest.raises(UnreachableError):
            await backend.libraries()


async def test_a_short_listing_that_was_previewed_is_not_listed_again(sim):
    """The preview was all of it; a longer listing is read from its start (Y23)."""
    async with signed_in(sim) as backend:
        videos = await listing_of(backend, "Home Videos", ItemType.VIDEO)
        films = await listing_of(backend, "Filme & Kino", ItemType.MOVIE)
        await backend.newest(videos, 50)
        await backend.newest(films, 3)
        sim.log.clear()
        previewed = [page async for page in backend.pages(videos)]
        asked = len(sim.log.requests)
        again = [page async for page in backend.pages(videos)]
        listed_films = [page async for page in backend.pages(films)]

    assert asked == 0
    assert {row.remote_id for row in previewed[0].items} == {
        row.remote_id for row in again[0].items
    }
    assert previewed[0].total == len(previewed[0].items)
    assert sum(len(page.items) for page in listed_films) > 3


async def test_what_is_not_shown_is_told_by_kind_and_number(sim):
    """Photos and books are no items, and are not kept quiet about (Y16)."""
    async with signed_in(sim) as backend:
        found = await backend.omissions()

    told = {omission.reason for omission in found}
    assert any("1 photo in" in reason for reason in told)
    assert any("1 book in" in reason for reason in told)
    assert {omission.kind for omission in found} == {"unsupported"}


async def test_a_source_with_an_api_key_has_no_push(sim):
    """The server accepts its websocket and sends nothing on it: the source is polled."""
    async with signed_in(sim) as backend:
        source = replace(backend._context.source, config={"by_api_key": "true"})
        keyed = SPEC.open(replace(backend._context, source=source))
        await keyed.aclose()

    assert isinstance(backend, HasPush)
    assert not isinstance(keyed, HasPush)
