"""What was watched on a simulated server since the last look."""

from __future__ import annotations

import pytest

from msd.backend_api.changes import Aspect
from msd.models import ItemType
from tests.backends.plex.mirrored import (
    in_step,
    mirrored,
    one,
    prints,
    rewritten,
)
from tests.simulators.plex import faults
from tests.simulators.plex.item import Kind
from tests.simulators.plex.viewer import Viewer

pytestmark = pytest.mark.anyio


async def test_what_was_watched_begun_and_resumed_is_found_with_what_it_lies_in(server):
    """What was watched begun and resumed is found with what it lies in.

    LastViewedAt; a show's viewedLeafCount follows its episodes'.
    """
    async with mirrored(server) as mirror:
        for kind in (Kind.MOVIE, Kind.EPISODE, Kind.TRACK):
            server.world.watch(one(server, kind, 5).key)
            server.world.progress(one(server, kind, 6).key, 60_000)
            server.world.progress(one(server, kind, 7).key, 90_000)
        await mirror.catch_up([Aspect.WATCH])

        assert await in_step(mirror)


async def test_watching_moves_no_metadata(server):
    """Watching moves no metadata.

    The counter of a section does not see it, and neither aspect reads it all.
    """
    async with mirrored(server, "TV Shows") as mirror:
        episode = next(
            item
            for item in server.world.of_kind(Kind.EPISODE)
            if server.world.state(1, item.key) is None
        )
        server.world.watch(episode.key)
        await mirror.catch_up()

        assert str(episode.key) in mirror.told
        assert len(mirror.told) < 30
        assert not mirror.enumerated
        assert await in_step(mirror)


async def test_what_was_marked_as_unwatched_is_missed_in_the_count(server):
    """What was marked as unwatched is missed in the count.

    Unwatching takes away what could be filtered by.
    """
    watched = [
        item
        for item in server.world.of_kind(Kind.EPISODE)
        if (state := server.world.state(1, item.key)) and state.view_count
    ]
    async with mirrored(server, "TV Shows") as mirror:
        server.world.unwatch(watched[0].key)
        await mirror.catch_up([Aspect.WATCH])

        assert not mirror.enumerated
        assert await in_step(mirror)


@pytest.mark.parametrize("kind", [Kind.MOVIE, Kind.EPISODE, Kind.TRACK])
async def test_a_mark_that_was_pushed_and_taken_back_while_nobody_listened_is_found(server, kind):
    """The cache holds what a push brought; no earlier pass knows of it (Y20)."""
    item = next(each for each in server.world.of_kind(kind) if not _views(server, each))
    async with mirrored(server) as mirror:
        server.world.watch(item.key)
        ids = [str(item.key)]
        mirror.apply(await mirror.backend.fetch(ids), ids)
        server.world.unwatch(item.key)
        await mirror.catch_up([Aspect.WATCH])

        assert not mirror.enumerated
        assert await in_step(mirror)


async def test_a_position_that_was_pushed_and_taken_back_is_found(server):
    """Positions are compared with the cache, too (Y20)."""
    item = next(each for each in server.world.of_kind(Kind.MOVIE) if not _views(server, each))
    async with mirrored(server, "Movies") as mirror:
        server.world.progress(item.key, 60_000)
        ids = [str(item.key)]
        mirror.apply(await mirror.backend.fetch(ids), ids)
        server.world.unwatch(item.key)
        await mirror.catch_up([Aspect.WATCH])

        assert await in_step(mirror)


async def test_a_mark_that_came_back_with_its_old_date_is_found(server):
    """Watched, un-marked by push, watched again with the same date (Y20)."""
    item = next(each for each in server.world.of_kind(Kind.MOVIE) if _views(server, each))
    state = server.world.state(1, item.key)
    async with mirrored(server, "Movies") as mirror:
        server.world.unwatch(item.key)
        ids = [str(item.key)]
        mirror.apply(await mirror.backend.fetch(ids), ids)
        server.world.watch(item.key)
        server.world.state(1, item.key).last_viewed_at = state.last_viewed_at - 86_400
        await mirror.catch_up([Aspect.WATCH])

        assert await in_step(mirror)


async def test_a_watched_row_that_can_not_be_read_costs_its_listing_once(server):
    """A difference that stays is remembered, so that it is not looked for again and again."""
    item = next(each for each in server.world.of_kind(Kind.MOVIE) if _views(server, each))
    async with mirrored(server, "Movies") as mirror:
        mirror.rows["1", ItemType.MOVIE].pop(str(item.key))
        server.faults.add(f"^/library/metadata/.*{item.key}", faults.html(500))
        await mirror.catch_up([Aspect.WATCH])
        server.log.clear()
        await mirror.catch_up([Aspect.WATCH])

        assert not mirror.enumerated
        assert 4 >= len(server.log.requests)


def _views(server, item) -> int:
    state = server.world.state(1, item.key)
    return state.view_count if state else 0


async def test_one_that_was_unwatched_while_another_was_watched_is_found_too(server):
    """The count alone stays the same."""
    states = [(item, server.world.state(1, item.key)) for item in server.world.of_kind(Kind.MOVIE)]
    watched = next(item for item, state in states if state and state.view_count)
    unwatched = next(item for item, state in states if state is None)
    async with mirrored(server, "Movies") as mirror:
        server.world.unwatch(watched.key)
        server.world.watch(unwatched.key)
        await mirror.catch_up([Aspect.WATCH])

        assert await in_step(mirror)


async def test_a_position_that_was_taken_away_is_found(server):
    """A position that was taken away is found.

    What is no longer in the in-progress set is asked for by its id.
    """
    begun = [
        item
        for item in server.world.of_kind(Kind.MOVIE)
        if (state := server.world.state(1, item.key)) and state.view_offset
    ]
    async with mirrored(server, "Movies") as mirror:
        server.world.unwatch(begun[0].key)
        await mirror.catch_up([Aspect.WATCH])

        assert not mirror.enumerated
        assert await in_step(mirror)


async def test_a_film_that_is_watched_again_costs_no_enumeration(server):
    """A second view is not a newly watched film."""
    watched = next(
        item
        for item in server.world.of_kind(Kind.MOVIE)
        if (state := server.world.state(1, item.key)) and state.view_count
    )
    async with mirrored(server, "Movies") as mirror:
        server.world.progress(watched.key, 60_000)
        await mirror.catch_up([Aspect.WATCH])
        server.world.watch(watched.key)
        await mirror.catch_up([Aspect.WATCH])

        assert not mirror.enumerated
        assert await in_step(mirror)


async def test_what_another_user_watches_is_nobodys_business(server):
    """What another user watches is nobodys business.

    State belongs to the token's user.
    """
    bob = Viewer(account_id=2, name="bob")
    async with mirrored(server, "Movies") as mirror:
        before = prints(mirror)
        server.world.watch(one(server, Kind.MOVIE).key, bob.account_id)
        await mirror.catch_up()

        assert not rewritten(before, mirror)


async def test_what_is_shared_item_by_item_is_read_as_a_whole(server):
    """What is shared item by item is read as a whole.

    No section, no counter.
    """
    bob = Viewer(account_id=2, name="bob", sections={1})
    show = server.world.of_kind(Kind.SHOW)[1]
    bob.items.add(show.key)
    async with mirrored(server, "Shared With Me", viewer=bob) as mirror:
        server.world.watch(one(server, Kind.EPISODE, 45).key, 2)
        server.world.edit(show.key, title="Another Name")
        bob.items.add(server.world.of_kind(Kind.SHOW)[0].key)
        await mirror.catch_up()

        assert await in_step(mirror)
