"""Generated worlds: deterministic, exact in number, and awkward where real ones are."""

from __future__ import annotations

from tests.simulators.jellyfin import make_world


def test_a_generated_world_is_the_same_for_the_same_seed() -> None:
    """Deterministic by seed, exact in number."""
    one, two, other = make_world(500, seed=3), make_world(500, seed=3), make_world(500, seed=4)

    assert one.items == two.items
    assert one.users == two.users
    assert one.items != other.items
    for size in (10, 60, 61, 500):
        assert len(make_world(size).items) == size


def test_a_generated_world_has_what_makes_clients_stumble() -> None:
    """Diacritics, ties, missing episodes, specials, long texts, several versions of a file."""
    world = make_world(3000)
    names = [item.sort_name for item in world.of_type("Movie")]

    assert any(not name.isascii() for name in names)
    assert len(set(names)) < len(names)
    assert any(item.index == 0 for item in world.of_type("Season"))
    assert any(item.virtual for item in world.of_type("Episode"))
    assert max(len(item.overview or "") for item in world.of_type("Movie")) > 700
