"""What can be told of a refusal: disabled and signed out look alike until one looks closer."""

import pytest
from msgspec.structs import replace

from msd.backends.jellyfin.backend import JellyfinBackend
from msd.errors import AuthRequiredError
from msd.models import StatusReason
from tests.backends.jellyfin.signed_in import signed_in
from tests.simulators.jellyfin import JellyfinSimulator, faults

pytestmark = pytest.mark.anyio


async def refused(sim: JellyfinSimulator, tmp_path, act, *, is_seen: bool = True):
    """Connect (or not), let something happen, and connect anew, as after a restart."""
    async with signed_in(sim) as signed:
        context = replace(signed._context, cache_dir=tmp_path / "private")
        if is_seen:
            seen = JellyfinBackend(context)
            await seen.connect()
            await seen.aclose()
        act()
        backend = JellyfinBackend(context)
        try:
            with pytest.raises(AuthRequiredError) as raised:
                await backend.connect()
        finally:
            await backend.aclose()
    return raised.value


async def test_a_user_who_is_gone_from_the_login_screen_was_disabled(any_sim, tmp_path):
    """A user who is gone from the login screen was disabled (S4).

    Another reason than a token that was revoked.
    """
    error = await refused(any_sim, tmp_path, any_sim.disable_user)

    assert StatusReason.USER_DISABLED is error.reason


async def test_a_user_who_is_still_on_it_lost_the_sign_in_alone(any_sim, tmp_path):
    """A user who is still on it lost the sign in alone (S4).

    Revoked, signed out there, or the password was changed: the server tells no more.
    """
    error = await refused(any_sim, tmp_path, any_sim.revoke_tokens)

    assert StatusReason.TOKEN_REFUSED is error.reason
    assert "password was changed" in str(error)


@pytest.mark.parametrize("act", ["disable", "revoke"])
async def test_of_a_user_who_was_never_on_it_nothing_is_claimed(sim, tmp_path, act):
    """Most users are hidden there: missing alone means nothing."""
    sim.user().hidden = True

    error = await refused(
        sim, tmp_path, sim.disable_user if act == "disable" else sim.revoke_tokens
    )

    assert StatusReason.TOKEN_REFUSED is error.reason


async def test_a_user_who_was_hidden_meanwhile_is_not_said_to_be_disabled(sim, tmp_path):
    """What was remembered is of the last time that the token was good."""
    async with signed_in(sim) as signed:
        context = replace(signed._context, cache_dir=tmp_path / "private")
        for hidden in (False, True):
            sim.user().hidden = hidden
            backend = JellyfinBackend(context)
            await backend.connect()
            await backend.aclose()
        sim.revoke_tokens()
        backend = JellyfinBackend(context)
        with pytest.raises(AuthRequiredError) as raised:
            await backend.connect()
        await backend.aclose()

    assert StatusReason.TOKEN_REFUSED is raised.value.reason


async def test_a_login_screen_that_does_not_answer_changes_nothing(sim, tmp_path):
    """A login screen that does not answer changes nothing (S2).

    The refusal stands as it is.
    """

    def act() -> None:
        sim.disable_user()
        sim.faults.add("/Users/Public", faults.status(500))

    error = await refused(sim, tmp_path, act)

    assert StatusReason.TOKEN_REFUSED is error.reason


async def test_no_token_is_sent_to_look_at_it(sim, tmp_path):
    """The third question needs none."""
    await refused(sim, tmp_path, sim.revoke_tokens)

    (asked,) = [request for request in sim.log.requests if request.path == "/Users/Public"]
    assert "Token=" not in (asked.header("authorization") or "")
