"""Generated media servers."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.simulators.plex import World, make_world
from tests.simulators.plex.item import LEAF_KINDS, Kind


def _image(world: World) -> list[str]:
    return [repr(each) for each in (*world.sections.values(), *world.items.values())]


def test_the_same_seed_gives_the_same_world() -> None:
    """And another seed another one, with another machine identifier."""
    assert _image(make_world(200, seed=3)) == _image(make_world(200, seed=3))
    assert _image(make_world(200, seed=3)) != _image(make_world(200, seed=4))
    assert make_world(10, seed=3).machine_id != make_world(10, seed=4).machine_id


@pytest.mark.parametrize("count", [10, 100, 3000])
def test_a_world_has_as_many_playable_items_as_asked(count: int) -> None:
    """Movies, episodes, tracks, other videos and photos; folders and extras come besides."""
    world = make_world(count)
    playable = [item for item in world.of_kind(*LEAF_KINDS) if not item.unlisted]

    assert len(playable) == count


def test_every_kind_is_there() -> None:
    """With something odd of each."""
    world = make_world(300)
    kinds = Counter(item.kind for item in world.items.values())

    assert kinds.keys() == set(Kind)
    assert any(item.index == 0 for item in world.of_kind(Kind.SEASON))  # specials
    assert any(item.hides_seasons for item in world.of_kind(Kind.SHOW))
    assert any(item.versions > 1 for item in world.of_kind(Kind.MOVIE))
    assert any(item.parts > 1 for item in world.of_kind(Kind.MOVIE))
    assert {item.smart for item in world.of_kind(Kind.PLAYLIST)} == {True, False}
    assert {item.smart for item in world.of_kind(Kind.COLLECTION)} == {True, False}
    states = world.states[1].values()
    assert any(state.view_offset for state in states)
    assert any(state.user_rating for state in states)
