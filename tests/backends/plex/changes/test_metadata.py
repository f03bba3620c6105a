"""What changed on a simulated server since the last look (docs/protocols/plex.md, Changes)."""

from __future__ import annotations

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from msd.backend_api.changes import Aspect, ChangeCursor, HasChanges, HasPush
from msd.backends.plex.changes.cursors import decoded
from msd.errors import BackendError, BadResponseError, ForbiddenError
from msd.models import ItemType, RemoteId
from tests.backends.plex.mirrored import (
    HOLDERS,
    enumerated,
    in_step,
    mirrored,
    one,
    prints,
    rewritten,
)
from tests.backends.plex.signed_in import signed_in
from tests.simulators.plex import PlexServer, faults, make_world
from tests.simulators.plex.item import Kind
from tests.support.listings import library_named
from tests.support.mirror import Mirror
from tests.support.no_cached_rows import NO_CACHED_ROWS

pytestmark = pytest.mark.anyio


async def test_a_source_where_nothing_changed_is_known_by_a_few_small_answers(server):
    """A source where nothing changed is known by a few small answers (Y6).

    No row of a section comes; each listing is counted.
    """
    async with mirrored(server, "Movies", "TV Shows", "Music", "Other Videos") as mirror:
        assert isinstance(mirror.backend, HasChanges)
        assert isinstance(mirror.backend, HasPush)
        before = prints(mirror)
        await mirror.catch_up([Aspect.METADATA])

        assert not rewritten(before, mirror)
    assert not mirror.enumerated
    assert len(mirror.told) < 40  # the overlap
    assert len(server.log.requests) < 40


async def test_the_cost_follows_the_changes_not_the_library(server):
    """The cost follows the changes not the library.

    Ten changed items of a library.
    """
    edited = server.world.of_kind(Kind.EPISODE)[:10]
    async with mirrored(server, "TV Shows") as mirror:
        for item in edited:
            server.world.edit(item.key, title=f"{item.title} edited")
        await mirror.catch_up([Aspect.METADATA])

        assert {str(item.key) for item in edited} <= mirror.told
        assert len(mirror.told) < 30
        assert not mirror.enumerated
        assert await in_step(mirror)


async def test_what_was_added_comes_whatever_time_it_bears(server):
    """What was added comes whatever time it bears.

    AddedAt may be a file's time, updatedAt missing or -1; the key is higher.
    """
    async with mirrored(server, "Movies") as mirror:
        old = {"added_at": 86_400, "updated_at": None}
        movie = server.world.clone(one(server, Kind.MOVIE).key, **old)
        other = server.world.clone(one(server, Kind.MOVIE, 1).key, **old)
        server.world.distort(other.key, updatedAt=-1)
        await mirror.catch_up([Aspect.METADATA])

        assert {str(movie.key), str(other.key)} <= mirror.told
        assert not mirror.enumerated
        assert await in_step(mirror)


async def test_a_new_episode_changes_what_its_show_and_season_count(server):
    """A new episode changes what its show and season count.

    A child's change does not move its parent's updatedAt.
    """
    async with mirrored(server, "TV Shows") as mirror:
        model = one(server, Kind.EPISODE, 5)
        server.world.clone(model.key)
        await mirror.catch_up([Aspect.METADATA])

        assert {str(model.parent), str(model.grandparent)} <= mirror.told
        assert not mirror.enumerated
        assert await in_step(mirror)


async def test_what_was_deleted_shows_in_the_count_and_is_found_by_enumerating(server):
    """What was deleted shows in the count and is found by enumerating (Y7).

    The listing that lost something is read again, and those that count it.
    """
    async with mirrored(server, "TV Shows") as mirror:
        server.world.delete(one(server, Kind.EPISODE, 40).key)
        await mirror.catch_up([Aspect.METADATA])

        assert enumerated(mirror) == {ItemType.EPISODE} | HOLDERS
        assert await in_step(mirror)


async def test_one_that_went_while_another_came_is_found_too(server):
    """One that went while another came is found too.

    An add and a delete cancel each other out in the total.
    """
    async with mirrored(server, "Movies") as mirror:
        server.world.delete(one(server, Kind.MOVIE).key)
        server.world.clone(one(server, Kind.MOVIE, 1).key)
        await mirror.catch_up([Aspect.METADATA])

        assert ItemType.MOVIE in enumerated(mirror)
        assert await in_step(mirror)


async def test_an_item_that_is_numbered_anew_is_found(server):
    """An item that is numbered anew is found.

    Another key under the same guid.
    """
    async with mirrored(server, "Movies", "TV Shows") as mirror:
        server.world.rekey(one(server, Kind.MOVIE).key)
        server.world.rekey(one(server, Kind.SHOW, 1).key)
        await mirror.catch_up([Aspect.METADATA])

        assert await in_step(mirror)


async def test_a_renamed_show_is_renamed_in_its_episodes(server):
    """A renamed show is renamed in its episodes.

    Rows bear their parents' names, and their updatedAt does not move.
    """
    async with mirrored(server, "TV Shows") as mirror:
        server.world.edit(one(server, Kind.SHOW, 1).key, title="Another Name")
        await mirror.catch_up([Aspect.METADATA])

        assert not mirror.enumerated
        assert await in_step(mirror)


async def test_a_renamed_artist_is_renamed_in_albums_and_tracks(server):
    """A renamed artist is renamed in albums and tracks."""
    async with mirrored(server, "Music") as mirror:
        server.world.edit(one(server, Kind.ARTIST).key, title="Another Name")
        server.world.edit(one(server, Kind.ALBUM, -1).key, title="Another Album")
        await mirror.catch_up([Aspect.METADATA])

        assert not mirror.enumerated
        assert await in_step(mirror)


async def test_a_change_that_moves_no_date_makes_the_library_unsure(server):
    """A change that moves no date makes the library unsure.

    The counter moved and no row says why.
    """
    async with mirrored(server, "Movies") as mirror:
        server.world.edit(one(server, Kind.MOVIE).key, touch=False, title="Another Name")
        await mirror.catch_up([Aspect.METADATA])

        assert ItemType.MOVIE in enumerated(mirror)
        assert await in_step(mirror)


async def test_a_counter_that_does_not_move_hides_nothing(server):
    """A counter that does not move hides nothing.

    ContentChangedAt is not moved by every kind of change.
    """
    server.world.counts_changes = False
    async with mirrored(server, "Movies") as mirror:
        server.world.edit(one(server, Kind.MOVIE).key, title="Another Name")
        server.world.delete(one(server, Kind.MOVIE, 1).key)
        server.world.clone(one(server, Kind.MOVIE, 2).key)
        await mirror.catch_up([Aspect.METADATA])

        assert await in_step(mirror)


async def test_a_scan_that_finds_nothing_costs_nothing(server):
    """A scan that finds nothing costs nothing.

    ScannedAt moves on empty scans.
    """
    async with mirrored(server, "Movies") as mirror:
        before = prints(mirror)
        server.world.scan(server.world.section("Movies"))
        await mirror.catch_up([Aspect.METADATA])

        assert not rewritten(before, mirror)
        assert not mirror.enumerated


async def test_a_change_within_the_second_of_the_last_one_is_not_lost(server):
    """A change within the second of the last one is not lost (Y6).

    Times have whole seconds.
    """
    async with signed_in(server) as backend:
        show, movie = one(server, Kind.SHOW, 1), one(server, Kind.MOVIE)
        now = server.world.now()
        for item in (show, movie):
            server.world.edit(item.key, title="Before", updated_at=now)
        mirror = Mirror(backend)
        await mirror.read_all("Movies", "TV Shows")
        for item in (show, movie):
            server.world.edit(item.key, title="After", updated_at=now)
        await mirror.catch_up([Aspect.METADATA])

        assert not mirror.enumerated
        assert await in_step(mirror)


async def test_a_row_from_the_future_does_not_hide_what_comes_until_then(server):
    """A row from the future does not hide what comes until then.

    Dates may be edited; a cursor is never later than the server's clock.
    """
    future = server.world.now() + 10 * 365 * 86_400
    server.world.edit(one(server, Kind.MOVIE).key, updated_at=future)
    async with mirrored(server, "Movies") as mirror:
        server.world.edit(one(server, Kind.MOVIE, 1).key, title="Another Name")
        await mirror.catch_up([Aspect.METADATA])
        server.world.clock.advance(3600)
        server.world.edit(one(server, Kind.MOVIE, 2).key, title="Another Name")
        await mirror.catch_up([Aspect.METADATA])

        assert not mirror.enumerated
        assert await in_step(mirror)


async def test_a_server_whose_clock_is_wrong_is_followed_in_its_own_time(server):
    """A server whose clock is wrong is followed in its own time (Y6).

    Cursors are in the server's time.
    """
    server.world.clock.advance(-400 * 86_400)
    server.world.edit(one(server, Kind.MOVIE, 3).key, updated_at=server.world.now())
    async with mirrored(server, "Movies") as mirror:
        server.world.edit(one(server, Kind.MOVIE).key, title="Another Name")
        await mirror.catch_up([Aspect.METADATA])

        assert await in_step(mirror)


async def test_a_filter_that_the_server_does_not_know_ends_in_an_enumeration(server):
    """A filter that the server does not know ends in an enumeration.

    A delta as long as the whole list was not filtered.
    """
    async with mirrored(server, "Movies", page_size=10) as mirror:
        server.world.edit(one(server, Kind.MOVIE).key, title="Another Name")
        whole = [
            {"ratingKey": str(item.key), "type": "movie", "title": item.title}
            for item in server.world.of_kind(Kind.MOVIE, section=server.world.section("Movies"))
        ]
        value = {"MediaContainer": {"Metadata": whole[:10], "totalSize": len(whole), "offset": 0}}
        server.faults.add(
            "^/library/sections/1/all$",
            faults.replace_json(value),
            where=lambda request: "updatedAt%3E" in request.query_string,
        )
        await mirror.catch_up([Aspect.METADATA])

        assert ItemType.MOVIE in enumerated(mirror)


async def test_a_refresh_of_everything_is_told_row_by_row(server):
    """A refresh of everything is told row by row.

    A bulk refresh moves every updatedAt.
    """
    async with mirrored(server, "Music") as mirror:
        items = server.world.of_kind(Kind.TRACK, Kind.ALBUM, Kind.ARTIST)
        for item in items:
            server.world.edit(item.key)
        await mirror.catch_up([Aspect.METADATA])

        assert {str(item.key) for item in items} <= mirror.told
        assert await in_step(mirror)


async def test_a_section_that_is_made_anew_is_enumerated(server):
    """A section that is made anew is enumerated.

    Another uuid, and every item has another key.
    """
    async with mirrored(server, "Movies") as mirror:
        server.world.rebuild(server.world.section("Movies"))
        library = mirror.libraries[0]
        since = mirror.cursors[library.remote_id, Aspect.METADATA]
        with pytest.raises(BadResponseError):
            await anext(mirror.backend.changes(library, Aspect.METADATA, since, NO_CACHED_ROWS))
        await mirror.catch_up([Aspect.METADATA])

        assert await in_step(mirror)


async def test_members_that_come_and_go_change_their_collection_and_playlist(server):
    """A list tells of other members by its own row, so that they are read again."""
    collection, playlist = one(server, Kind.COLLECTION), one(server, Kind.PLAYLIST)
    async with mirrored(server, "Movies", "Playlists") as mirror:
        before = prints(mirror)
        for item in (collection, playlist):
            server.world.edit(item.key, members=item.members[::-1])
        await mirror.catch_up([Aspect.METADATA])

        assert rewritten(before, mirror) == {str(collection.key), str(playlist.key)}


async def test_a_deleted_member_is_missing_in_the_count_of_its_collection(server):
    """A deleted member is missing in the count of its collection.

    The collection's own updatedAt does not move.
    """
    collection = one(server, Kind.COLLECTION)
    async with mirrored(server, "Movies") as mirror:
        server.world.delete(collection.members[0])
        await mirror.catch_up([Aspect.METADATA])

        assert await in_step(mirror)


# --- bad input --------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["", "{", "[]", '{"marks":5}', '{"marks":{}}', "null"])
@pytest.mark.parametrize("aspect", Aspect)
async def test_a_cursor_that_means_nothing_is_a_bad_response(server, text, aspect):
    """`HasChanges.changes`: enumerate instead."""
    async with signed_in(server) as backend:
        library = await library_named(backend, "Movies")
        with pytest.raises(BadResponseError):
            async for _ in backend.changes(library, aspect, ChangeCursor(text), NO_CACHED_ROWS):
                pass


async def test_a_library_that_is_gone_is_forbidden(server):
    """A library that is gone is forbidden (S3)."""
    async with signed_in(server) as backend:
        library = await library_named(backend, "Movies")
        server.world.remove_section(server.world.section("Movies"))
        for aspect in Aspect:
            with pytest.raises(ForbiddenError):
                await backend.cursor(library, aspect)


@pytest.mark.parametrize(
    "trouble",
    [faults.html(500), faults.cut_after(40), faults.replace_json([])],
    ids=range(3),
)
@pytest.mark.parametrize("aspect", list(Aspect))
async def test_a_list_that_fails_is_enumerated_and_its_mark_stays(server, aspect, trouble):
    """A request that fails concerns its listing alone: collections and cursor go on (S9)."""
    async with mirrored(server, "Movies") as mirror:
        library = mirror.libraries[0]
        server.faults.add(
            "^/library/sections/1/all$",
            trouble,
            where=lambda request: (
                "%3E" in request.query_string and "type=1&" in request.query_string
            ),
        )
        since = mirror.cursors[library.remote_id, aspect]
        found = [each async for each in mirror.backend.changes(library, aspect, since, mirror)]

    unsure = {each.listing.type for each in found if each.is_unsure}
    before, after = decoded(since).marks, decoded(found[-1].cursor).marks
    assert {ItemType.MOVIE} == unsure
    assert before["movie"] == after["movie"]


async def test_a_server_that_starts_moves_no_cursor(server):
    """What concerns the whole server ends the pass (Y6)."""
    trouble = faults.maintenance()
    async with mirrored(server, "Movies") as mirror:
        library = mirror.libraries[0]
        server.world.edit(one(server, Kind.MOVIE).key, title="Another Name")
        server.faults.add(
            "^/library/sections/1/all$",
            trouble,
            where=lambda request: "%3E" in request.query_string,
        )
        since = mirror.cursors[library.remote_id, Aspect.METADATA]
        changes = mirror.backend.changes(library, Aspect.METADATA, since, NO_CACHED_ROWS)
        with pytest.raises(BackendError):
            assert not [one.cursor async for one in changes if one.cursor]

        server.faults.clear()
        await mirror.catch_up([Aspect.METADATA])
        assert await in_step(mirror)


ACTIONS = st.lists(
    st.tuples(
        st.sampled_from(
            ["add", "edit", "blind edit", "delete", "rekey", "watch", "unwatch", "progress",
             "rename", "later", "look", "push"]
        ),
        st.integers(0, 1_000),
    ),
    max_size=12,
)  # fmt: skip


def happen(server: PlexServer, what: str, place: int) -> None:
    world = server.world
    leaves = world.of_kind(Kind.MOVIE, Kind.EPISODE, Kind.TRACK)
    item = leaves[place % len(leaves)]
    match what:
        case "add":
            world.clone(item.key)
        case "edit":
            world.edit(item.key, title=f"Title {place}")
        case "blind edit":
            world.edit(item.key, touch=False, title=f"Title {place}")
        case "delete":
            world.delete(item.key)
        case "rekey":
            world.rekey(item.key)
        case "watch":
            world.watch(item.key)
        case "unwatch":
            world.unwatch(item.key)
        case "progress":
            world.progress(item.key, 1_000 * (1 + place))
        case "rename":
            above = world.of_kind(Kind.SHOW, Kind.SEASON, Kind.ARTIST, Kind.ALBUM)
            world.edit(above[place % len(above)].key, title=f"Name {place}")
        case "later":
            world.clock.advance(place * 10)


async def pushed(mirror: Mirror, server: PlexServer, place: int) -> None:
    """The cache takes a row as an event brings it, between two passes."""
    leaves = server.world.of_kind(Kind.MOVIE, Kind.EPISODE, Kind.TRACK)
    ids = [RemoteId(str(leaves[place % len(leaves)].key))]
    mirror.apply(await mirror.backend.fetch(ids), ids)


@pytest.mark.slow
@pytest.mark.timeout(600)
@given(actions=ACTIONS)
@settings(max_examples=60, deadline=None, phases=[Phase.generate])
async def test_any_history_leaves_the_mirror_in_step(actions):
    """Any history leaves the mirror in step (Y6).

    Whatever happened, and whenever it was looked at, but for a change beside another that moves no
    date, which only the daily enumeration finds.
    """
    with PlexServer(make_world(70)) as server:
        async with mirrored(server) as mirror:
            blind = 0
            for what, place in actions:
                if what == "look":
                    await mirror.catch_up()
                    continue
                if what == "push":
                    await pushed(mirror, server, place)
                    continue
                blind += what == "blind edit"
                happen(server, what, place)
            await mirror.catch_up()
            if not blind:
                assert await in_step(mirror)
