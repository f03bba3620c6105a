"""What was watched on a simulated server since the last look: the traps of contract §5.1."""

from __future__ import annotations

import pytest

from msd.backend_api.changes import Aspect
from msd.models import ItemType
from tests.backends.plex.mirrored import (
    HOLDERS,
    enumerated,
    in_step,
    mirrored,
    one,
    prints,
    rewritten,
)
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

        assert enumerated(mirror) == {ItemType.EPISODE} | HOLDERS
        assert await in_step(mirror)


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
