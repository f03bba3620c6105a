"""Libraries, members and single items of a Plex Media Server."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

import pytest

from msd.backend_api import HasConnections
from msd.backend_api.changes import CanResume
from msd.errors import (
    AuthRequiredError,
    BadResponseError,
    ForbiddenError,
    MsdError,
    UnreachableError,
)
from msd.models import Capability, ItemType, LibraryType, RemoteId, WatchState
from tests.backends.plex.signed_in import signed_in
from tests.simulators.plex import PlexServer, faults, make_world
from tests.simulators.plex.item import Kind
from tests.simulators.plex.viewer import Viewer
from tests.support.listings import listed, listed_ids, listing_of

pytestmark = pytest.mark.anyio


def key_of(server: PlexServer, kind: Kind, place: int = 0) -> RemoteId:
    return RemoteId(str(server.world.of_kind(kind)[place].key))


class DeafToAccept:
    """A server behind a proxy that drops what it does not know."""

    def __init__(self, inner):
        self._inner = inner

    def __getattr__(self, name):
        return getattr(self._inner, name)

    def answer(self, request):
        headers = [(name, value) for name, value in request.headers if name.lower() != "accept"]
        return self._inner.answer(replace(request, headers=headers))


# --- libraries --------------------------------------------------------------------------------


async def test_every_type_of_section_is_a_library(server):
    """Every type of section is a library.

    Photos are unsupported and named; playlists have a library of their own.
    """
    async with signed_in(server) as backend:
        found = {one.name: (one.type, one.remote_id) for one in await backend.libraries()}

    assert found == {
        "Movies": (LibraryType.MOVIES, "1"),
        "TV Shows": (LibraryType.SHOWS, "2"),
        "Music": (LibraryType.MUSIC, "3"),
        "Other Videos": (LibraryType.VIDEOS, "4"),
        "Photos": (LibraryType.UNSUPPORTED, "5"),
        "Playlists": (LibraryType.PLAYLISTS, "playlists"),
    }


async def test_an_unsupported_library_is_listed_and_left_alone(server):
    """An unsupported library is listed and left alone.

    Not dropped silently.
    """
    async with signed_in(server) as backend:
        photos = next(one for one in await backend.libraries() if one.name == "Photos")

        assert backend.listings(photos) == ()


async def test_a_renamed_section_is_the_same_library(server):
    """A renamed section is the same library (I2)."""
    async with signed_in(server) as backend:
        before = await backend.libraries()
        server.world.section("Movies").title = "Kino\n"
        after = await backend.libraries()

    assert [one.remote_id for one in before] == [one.remote_id for one in after]
    assert after[0].name == "Kino"


@pytest.mark.parametrize(
    ("said", "hidden"), [(0, False), (1, True), (2, True), (False, False), (True, True)]
)
async def test_a_section_that_is_hidden_at_home_is_hidden(server, said, hidden):
    """A section that is hidden at home is hidden.

    0, 1, 2, or a truth.
    """
    server.world.section("Music").hidden = said
    async with signed_in(server) as backend:
        music = next(one for one in await backend.libraries() if one.name == "Music")

    assert hidden is music.hidden


async def test_a_shared_user_has_the_sections_that_are_shared_with_him(server):
    """A shared user has the sections that are shared with him."""
    bob = Viewer(account_id=2, name="bob", sections={2})
    async with signed_in(server, viewer=bob) as backend:
        names = [one.name for one in await backend.libraries()]

    assert names == ["TV Shows", "Playlists"]


async def test_a_library_of_videos_holds_what_its_user_says(server):
    """A library of videos holds what its user says (A5).

    Music videos look like any other videos to the server.
    """
    said = {RemoteId("4"): LibraryType.MUSIC_VIDEOS}
    async with signed_in(server, content_types=said) as backend:
        library = next(one for one in await backend.libraries() if one.name == "Other Videos")
        first, *_ = backend.listings(library)
        items = await listed(backend, first)

        assert {item.type for item in items} == {ItemType.MUSIC_VIDEO}
        found = await backend.item(items[0].remote_id)
        assert found.type is ItemType.MUSIC_VIDEO


async def test_what_is_shared_item_by_item_is_a_library_with_all_that_is_below(server):
    """What is shared item by item is a library with all that is below.

    Such items appear in no section.
    """
    bob = Viewer(account_id=2, name="bob", sections={1})
    show = server.world.of_kind(Kind.SHOW)[1]
    film = server.world.of_kind(Kind.MOVIE, section=server.world.section("Other Videos"))[0]
    bob.items |= {show.key, film.key}
    episodes = {str(one.key) for one in server.world.leaves_below(show.key)}
    async with signed_in(server, viewer=bob, page_size=3) as backend:
        library = (await backend.libraries())[-1]
        found = {one.type: set(await listed_ids(backend, one)) for one in backend.listings(library)}
        pages = [page async for page in backend.pages(backend.listings(library)[1])]

    assert (library.name, library.type) == ("Shared With Me", LibraryType.MIXED)
    assert found[ItemType.MOVIE] == {str(film.key)}
    assert found[ItemType.SHOW] == {str(show.key)}
    assert len(found[ItemType.SEASON]) == 3
    assert found[ItemType.EPISODE] == episodes
    assert (len(pages), pages[0].total) == (1, 1)


async def test_a_server_too_old_for_providers_shares_nothing(server):
    """A server too old for providers shares nothing.

    Fall back to the fixed paths.
    """
    server.faults.add("^/media/providers$", faults.html(404))
    async with signed_in(server) as backend:
        assert len(await backend.libraries()) == 6


async def test_libraries_that_can_not_be_told_are_an_error_not_fewer(server):
    """A library that is not listed would count as gone (Y7)."""
    server.faults.add("^/library/sections$", faults.html(500))
    async with signed_in(server) as backend:
        with pytest.raises(UnreachableError):
            await backend.libraries()


@pytest.mark.parametrize("trouble", [faults.html(500), faults.replace_json({"MediaContainer": 5})])
async def test_a_list_of_providers_that_fails_costs_no_library(server, trouble):
    """The sections are listed elsewhere, and the shared items are asked for themselves (S9)."""
    async with signed_in(server) as backend:
        expected = {library.remote_id for library in await backend.libraries()}
    server.faults.add("^/media/providers$", trouble)
    async with signed_in(server) as backend:
        assert expected <= {library.remote_id for library in await backend.libraries()}


@pytest.mark.parametrize(
    "odd",
    [{"key": None, "title": "Ghost"}, {"title": "no key"}, {"key": "../1"}, 5, None, ["a"]],
)
async def test_an_odd_entry_among_the_libraries_costs_itself(server, odd):
    """Entries without an id or a name are handled one by one (S9)."""
    named = {"key": 7, "title": None, "type": "movie", "hidden": "soon"}
    value = {"MediaContainer": {"Directory": [odd, named]}}
    server.faults.add("^/library/sections$", faults.replace_json(value))
    async with signed_in(server) as backend:
        first, *_ = await backend.libraries()

    assert ("7", "7", LibraryType.MOVIES) == (first.remote_id, first.name, first.type)


@pytest.mark.parametrize(
    "value",
    [
        {"MediaContainer": {"Directory": [{"key": str(n), "title": "x"} for n in range(2000)]}},
        {"MediaContainer": []},
        [],
    ],
    ids=range(3),
)
async def test_sections_of_another_shape_are_a_bad_response(server, value):
    """Sections of another shape are a bad response (K5)."""
    server.faults.add("^/library/sections$", faults.replace_json(value))
    async with signed_in(server) as backend:
        with pytest.raises(BadResponseError):
            await backend.libraries()


# --- members ----------------------------------------------------------------------------------


async def test_members_of_a_collection_come_in_its_order(server):
    """Members of a collection come in its order (Y3).

    Membership is asked for list by list, as the protocol forces.
    """
    collection = server.world.of_kind(Kind.COLLECTION)[0]
    async with signed_in(server, page_size=2) as backend:
        await listed_ids(backend, await listing_of(backend, "Movies", ItemType.COLLECTION))
        found = await backend.members(RemoteId(str(collection.key)))

    assert found == tuple(map(str, collection.members))


async def test_a_playlist_may_hold_an_item_twice(server):
    """A playlist may hold an item twice.

    In the list's own order.
    """
    playlist = server.world.of_kind(Kind.PLAYLIST)[0]
    twice = (*playlist.members, playlist.members[0])
    server.world.edit(playlist.key, members=twice)
    async with signed_in(server, page_size=2) as backend:
        found = await backend.members(RemoteId(str(playlist.key)))  # not listed before

    assert found == tuple(map(str, twice))


async def test_members_that_keep_changing_are_an_error_not_fewer(server):
    """Members that keep changing are an error not fewer (Y7).

    Complete or an error.
    """
    playlist = server.world.of_kind(Kind.PLAYLIST)[0]
    server.faults.add(r"^/playlists/\d+/items$", faults.announce(50))
    async with signed_in(server) as backend:
        with pytest.raises(UnreachableError):
            await backend.members(RemoteId(str(playlist.key)))


async def test_members_of_a_list_that_is_gone_are_an_error(server):
    """Members of a list that is gone are an error (Y7).

    What is cached of it stays until its own listing says that it is gone.
    """
    async with signed_in(server) as backend:
        with pytest.raises(ForbiddenError):
            await backend.members(RemoteId("99999"))


# --- one item ---------------------------------------------------------------------------------


async def test_one_item_has_what_lists_do_not_show(server):
    """One item has what lists do not show (Y3).

    People, versions, tracks, markers; and every genre.
    """
    film, episode = key_of(server, Kind.MOVIE), key_of(server, Kind.EPISODE)
    async with signed_in(server) as backend:
        light = await listed(backend, await listing_of(backend, "Movies", ItemType.MOVIE))
        full = await backend.item(film)
        other = await backend.item(episode)

    assert len(light[0].genres) == 2
    assert len(full.genres) == 3
    assert full.details.people
    assert full.details.media_sources[0].streams
    assert {one.kind for one in full.details.markers} == {"chapter"}
    assert {one.kind for one in other.details.markers} == {"chapter", "intro", "credits"}


async def test_the_words_of_a_track_come_with_their_times(server):
    """By a request of their own, only where the track has such a stream."""
    sung, silent = server.world.of_kind(Kind.TRACK)[:2]
    sung.lyrics = "[00:01.00]La\n[00:02.50]la\n"
    async with signed_in(server) as backend:
        found = await backend.item(RemoteId(str(sung.key)))
        other = await backend.item(RemoteId(str(silent.key)))

    assert found.has_lyrics
    assert [(line.start_ms, line.text) for line in found.details.lyrics] == [
        (1_000, "La"),
        (2_500, "la"),
    ]
    assert (other.has_lyrics, other.details.lyrics) == (False, ())
    assert len(server.log.matching("/library/streams/{stream}")) == 1


@pytest.mark.parametrize("status", [400, 401, 403])
async def test_words_that_are_refused_cost_only_themselves(server, status):
    """The track keeps all its other details."""
    (sung, *_) = server.world.of_kind(Kind.TRACK)
    sung.lyrics = "La\n"
    async with signed_in(server) as backend:
        server.faults.add("^/library/streams/", faults.status(status))
        found = await backend.item(RemoteId(str(sung.key)))

    assert (found.has_lyrics, found.details.lyrics) == (True, ())
    assert found.details.media_sources


async def test_looking_at_an_item_makes_the_server_do_nothing(server):
    """Looking at an item makes the server do nothing.

    Opening an item may trigger a refresh and a look at its files.
    """
    async with signed_in(server) as backend:
        await backend.item(key_of(server, Kind.MOVIE))

    [asked] = server.log.matching("/library/metadata/{keys}")
    assert "skipRefresh=1" in asked.query
    assert "checkFiles=0" in asked.query


async def test_a_playlist_is_found_by_its_own_route(server):
    """A playlist is found by its own route.

    `/library/metadata` does not know playlists.
    """
    async with signed_in(server) as backend:
        found = await backend.item(key_of(server, Kind.PLAYLIST))

    assert (found.type, found.title) == (ItemType.PLAYLIST, "Film Night")


async def test_an_item_that_is_gone_is_gone_when_the_server_proves_itself(server):
    """An item that is gone is gone when the server proves itself (W2).

    A misrouted proxy answers 404 for everything.
    """
    async with signed_in(server) as backend:
        await backend.connect()
        server.log.clear()
        assert await backend.item(RemoteId("99999")) is None

    assert server.log.count("/identity") == 1


async def test_a_404_for_everything_is_no_gone_item(server):
    """A 404 for everything is no gone item (W2, Y7)."""
    film = key_of(server, Kind.MOVIE)
    async with signed_in(server) as backend:
        await backend.connect()
        server.faults.add("^/", faults.html(404))
        with pytest.raises(UnreachableError):
            await backend.item(film)


async def test_an_item_of_a_broken_answer_is_a_typed_error(server):
    """An item of a broken answer is a typed error (K5)."""
    server.faults.add("^/library/metadata/", faults.replace_json({"MediaContainer": []}))
    async with signed_in(server) as backend:
        with pytest.raises(BadResponseError):
            await backend.item(key_of(server, Kind.MOVIE))


async def test_watch_state_is_one_users(server):
    """Watch state is one users (W3).

    Bob has watched nothing of what alice has.
    """
    film = key_of(server, Kind.MOVIE)
    server.world.watch(int(film))
    bob = Viewer(account_id=2, name="bob")
    async with signed_in(server) as backend, signed_in(server, viewer=bob) as other:
        assert (await backend.item(film)).watch.watched
        assert (await other.item(film)).watch == WatchState()


async def test_a_show_that_hides_its_seasons_owns_its_episodes(server):
    """A show that hides its seasons owns its episodes.

    Episodes without parentRatingKey.
    """
    show = next(one for one in server.world.of_kind(Kind.SHOW) if one.hides_seasons)
    async with signed_in(server) as backend:
        items = await listed(backend, await listing_of(backend, "TV Shows", ItemType.EPISODE))

    own = [item for item in items if item.show_remote_id == str(show.key)]
    assert own
    assert {item.parent_remote_id for item in own} == {str(show.key)}


# --- the rest of the contract -----------------------------------------------------------------


async def test_a_server_that_only_speaks_xml_is_understood(server):
    """A server that only speaks xml is understood.

    The Accept header got lost on the way.
    """
    async with signed_in(server) as backend:
        listing = await listing_of(backend, "Movies", ItemType.MOVIE)
        plain = [row async for page in backend.pages(listing) for row in page.items]
    server.service.application = DeafToAccept(server.service.application)
    async with signed_in(server) as backend:
        listing = await listing_of(backend, "Movies", ItemType.MOVIE)
        in_xml = [row async for page in backend.pages(listing) for row in page.items]

    assert [row.fingerprint for row in plain] == [row.fingerprint for row in in_xml]


async def test_requests_go_out_one_after_the_other_and_hold_no_token_in_an_address(server):
    """Requests go out one after the other and hold no token in an address (Y1, K1)."""
    async with signed_in(server, page_size=10) as backend:
        await listed_ids(backend, await listing_of(backend, "Movies", ItemType.MOVIE))

    assert server.log.most_concurrent_lists == 1
    assert not [one for one in server.log.requests if server.token in one.query]


async def test_a_token_of_another_server_is_refused(server):
    """A token of another server is refused.

    Each server has an access token of its own.
    """
    with PlexServer(make_world(60, seed=2)) as other:
        stranger = other.token
    async with signed_in(server) as backend:
        server.grants.withdraw(server.owner)
        assert stranger
        with pytest.raises(AuthRequiredError):
            await backend.libraries()


async def test_what_the_backend_can_do_it_says(server):
    """What the backend can do it says.

    Capabilities and protocols of its own.
    """
    async with signed_in(server) as backend:
        assert Capability.WATCH_STATE in backend.capabilities
        assert isinstance(backend, HasConnections)
        assert isinstance(backend, CanResume)
        await backend.connect()
        [address] = await backend.test_connections()
        assert address.address == server.url
        assert backend.connections()[0].in_use
        await backend.sign_out()


@pytest.mark.parametrize(
    "trouble",
    [
        faults.html(500),
        faults.maintenance(),
        faults.captive_portal(),
        faults.cut_after(30),
        faults.replace_json([]),
        faults.replace_json({"MediaContainer": {"Metadata": {}}}),
        faults.html(404),
        faults.html(403),
        faults.html(400),
        faults.redirect("http://evil/"),
    ],
    ids=range(10),
)
async def test_every_method_raises_only_errors_of_msd(server, trouble):
    """Every method raises only errors of msd.

    Whatever the server does.
    """
    async with signed_in(server) as backend:
        listing = await listing_of(backend, "Movies", ItemType.MOVIE)
        server.faults.add("^/", trouble)
        for call in (
            backend.connect(),
            backend.libraries(),
            backend.members(RemoteId("1")),
            backend.item(RemoteId("1")),
            listed_ids(backend, listing),
        ):
            with pytest.raises(MsdError):
                await call
        with suppress(MsdError):
            await backend.newest(listing, 5)
