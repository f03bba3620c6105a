"""What a user may see, as the policy says."""

from __future__ import annotations

import pytest

from msd.backends.jellyfin.client.user import rights_of
from msd.backends.jellyfin.parse.wire import User, UserPolicy
from tests.backends.jellyfin.recorded import recorded
from tests.backends.jellyfin.signed_in import signed_in
from tests.simulators.jellyfin import faults

pytestmark = pytest.mark.anyio


def user(**policy: object) -> User:
    members = {"enable_all_folders": True} | policy
    return User(id="a" * 32, name="alice", policy=UserPolicy(**members))


async def test_rights_change_with_the_policy_alone(any_sim):
    """A library taken away, a parental limit; not the time of a sign-in (Y19)."""
    async with signed_in(any_sim) as backend:
        before = await backend.rights()
        any_sim.world.clock.advance(3600)
        await backend.connect()
        same = await backend.rights()
        library = any_sim.world.library("Music")
        any_sim.world.forbid_library(library.id, any_sim.user())
        await backend.connect()
        less = await backend.rights()
        any_sim.world.forbid_library(library.id, any_sim.user(), forbidden=False)
        any_sim.user().max_parental_rating = 12
        await backend.connect()
        limited = await backend.rights()

    assert before is not None
    assert before == same
    assert len({rights.digest for rights in (before, less, limited)}) == 3
    assert "parental rating up to 12" in limited.restrictions


async def test_a_right_that_comes_back_is_the_old_one(sim):
    """The digest is made of what restricts the user, and of nothing else."""
    async with signed_in(sim) as backend:
        before = await backend.rights()
        library = sim.world.library("Music")
        for forbidden in (True, False):
            sim.world.forbid_library(library.id, sim.user(), forbidden=forbidden)
        await backend.connect()

        assert await backend.rights() == before


@pytest.mark.parametrize(
    "policy",
    [
        None,
        {},
        {"EnableAllFolders": "yes"},
        {"EnableAllFolders": True, "MaxParentalRating": "twelve"},
        {"EnableAllFolders": True, "BlockedTags": {"a": 1}},
        5,
    ],
)
async def test_an_odd_policy_is_no_right(sim, policy):
    """Nothing is hidden on doubt, and the source stays connected."""
    async with signed_in(sim) as backend:
        sim.faults.add("/Users/Me", faults.rewrite(lambda me: me | {"Policy": policy}))

        assert await backend.connect()
        assert await backend.rights() is None


def test_the_order_of_libraries_is_no_right():
    """A server may list them in any order."""
    one = user(enable_all_folders=False, enabled_folders=["b", "a"])
    other = user(enable_all_folders=False, enabled_folders=["a", "b"])

    assert rights_of(one) == rights_of(other)


def test_restrictions_are_told_in_words():
    """For people: one library is not "1 libraries"."""
    rights = rights_of(
        user(enable_all_folders=False, enabled_folders=["a"], blocked_tags=["x", "y"])
    )

    assert rights is not None
    assert rights.restrictions == "1 library allowed, 2 tags blocked"


def test_a_recorded_policy_is_read():
    """Nothing restricts this user."""
    import msgspec  # noqa: PLC0415 - only here

    rights = rights_of(msgspec.convert(recorded("12", "users-me")["body"], User))

    assert rights is not None
    assert rights.restrictions == ""
