"""Signing in step by step, anew, and by an API key; over every version of the server."""

from collections.abc import Iterator

import pytest
from msgspec.structs import replace

from msd.backend_api import Credentials, NewSources, UserChoice
from msd.backends.jellyfin import SPEC
from msd.backends.jellyfin.backend import JellyfinBackend
from msd.backends.jellyfin.client.session import ALLOW_INSECURE, BY_API_KEY
from msd.backends.jellyfin.login import login
from msd.errors import (
    AuthRefusedError,
    AuthRequiredError,
    IdentityMismatchError,
    InvalidArgumentError,
    LoginExpiredError,
    UnreachableError,
)
from msd.models import Account, AccountId, Source, StatusReason
from tests.backends.jellyfin.signed_in import ADD_CONTEXT, add, backend_context
from tests.simulators.jellyfin import JellyfinSimulator, Phase, faults, make_world
from tests.simulators.jellyfin.client import Probe
from tests.support.fakes.fake_dialogue import FakeDialogue

pytestmark = pytest.mark.anyio

CONNECT = "/QuickConnect/Connect"
BY_NAME = "/Users/AuthenticateByName"
PAUSES_S = (0.0, 0.01)


def by_another_device(sim: JellyfinSimulator) -> FakeDialogue:
    """Return somebody who enters each code where alice is signed in already."""
    elsewhere = Probe(sim.url).login()

    def enter(code: str) -> None:
        assert elsewhere.ask("POST", "/QuickConnect/Authorize", code=code).status == 200

    return FakeDialogue(entered=enter)


async def sign_in(
    sim: JellyfinSimulator, dialogue: FakeDialogue, **options: str | bool
) -> NewSources:
    return await login.login({"url": sim.url} | options, ADD_CONTEXT, dialogue, pauses_s=PAUSES_S)


async def sign_in_anew(
    sim: JellyfinSimulator, dialogue: FakeDialogue, **options: str | bool
) -> NewSources:
    """Sign in to a source that alice added."""
    context = replace(ADD_CONTEXT, source=source_of(sim), account=account_of(sim))
    return await login.login(options, context, dialogue, pauses_s=PAUSES_S)


def source_of(sim: JellyfinSimulator) -> Source:
    config = {ALLOW_INSECURE: "true"}
    return backend_context(sim.url, sim.world.server_id, None, config).source


def account_of(sim: JellyfinSimulator) -> Account:
    return Account(
        id=AccountId("account"),
        kind=SPEC.kind,
        display_name="alice",
        remote_user_id=sim.user().id,
        device_id=ADD_CONTEXT.device_id,
    )


@pytest.fixture
def off(sim: JellyfinSimulator) -> Iterator[JellyfinSimulator]:
    """A server without Quick Connect."""
    sim.state.quick_connect.enabled = False
    return sim


async def test_a_code_that_is_entered_elsewhere_signs_in(any_sim: JellyfinSimulator) -> None:
    """A code that is entered elsewhere signs in.

    Every version, by GET or POST, for the device that asked.
    """
    dialogue = by_another_device(any_sim)
    new = await sign_in(any_sim, dialogue, name="Wohnzimmer")

    assert new.account is not None
    ((code, url),) = dialogue.codes
    assert (6, f"{any_sim.url}/web/#/quickconnect") == (len(code), url)
    assert any_sim.user().id == new.account.remote_user_id
    assert "Wohnzimmer" == new.sources[0].name
    device = any_sim.state.devices.by_token[new.account.credentials.token]
    assert ADD_CONTEXT.device_id == device.device_id
    assert not any_sim.log.count(BY_NAME) - 1  # the other device's


async def test_signing_in_by_a_code_can_be_undone(sim: JellyfinSimulator) -> None:
    """Signing in by a code can be undone (A1)."""
    new = await sign_in(sim, by_another_device(sim))
    assert new.undo is not None
    assert new.account is not None
    await new.undo()

    assert new.account.credentials.token not in sim.state.devices.by_token


async def test_a_code_that_nobody_enters_expires(sim: JellyfinSimulator) -> None:
    """A code that nobody enters expires.

    The server forgets it, after ten minutes or a restart.
    """
    dialogue = FakeDialogue(entered=lambda _code: sim.state.quick_connect.forget())

    with pytest.raises(LoginExpiredError):
        await sign_in(sim, dialogue)


async def test_a_code_that_waits_while_quick_connect_is_switched_off(
    sim: JellyfinSimulator,
) -> None:
    """Switched off is not expired: the sentence says what to do."""
    sim.faults.add(CONNECT, faults.status(401, '"Quick connect is disabled"'))

    with pytest.raises(LoginExpiredError, match="switched off"):
        await sign_in(sim, FakeDialogue())


async def test_a_failing_network_costs_a_code_only_time(sim: JellyfinSimulator) -> None:
    """A failing network costs a code only time (S2).

    Also between the entered code and its token.
    """
    sim.faults.add(CONNECT, faults.status(503), times=2)
    sim.faults.add("/Users/AuthenticateWithQuickConnect", faults.status(502), times=2)

    assert (await sign_in(sim, by_another_device(sim))).account is not None


async def test_without_quick_connect_the_password_is_asked_for(off: JellyfinSimulator) -> None:
    """Without quick connect the password is asked for.

    Disabled; a wrong password is asked for again and says so.
    """
    dialogue = FakeDialogue(passwords=["wrong", "secret"])
    new = await sign_in(off, dialogue, username="alice")

    assert new.account is not None
    assert "alice" == new.account.display_name
    assert ["does not accept" in message for message in dialogue.messages] == [False, True]
    assert 2 == off.log.count(BY_NAME)


async def test_a_password_can_be_preferred_to_quick_connect(sim: JellyfinSimulator) -> None:
    """Option quick_connect."""
    dialogue = FakeDialogue(passwords=["secret"])
    await sign_in(sim, dialogue, username="alice", quick_connect=False)

    assert not dialogue.codes


async def test_who_signs_in_is_chosen_from_those_whom_the_server_shows(
    off: JellyfinSimulator,
) -> None:
    """Who signs in is chosen from those whom the server shows.

    /Users/Public.
    """
    choice = UserChoice(user_id=off.user().id)
    dialogue = FakeDialogue(passwords=["secret"], choices=[choice])
    new = await sign_in(off, dialogue)

    assert new.account is not None
    assert choice.user_id == new.account.remote_user_id
    assert "alice" in [user.name for user in dialogue.offered[0]]


async def test_a_server_that_shows_nobody_needs_a_name(off: JellyfinSimulator) -> None:
    """A server that shows nobody needs a name.

    The list may be empty.
    """
    for user in off.world.users.values():
        user.hidden = True

    with pytest.raises(InvalidArgumentError, match="username"):
        await sign_in(off, FakeDialogue())


async def test_a_disabled_user_is_not_asked_for_another_password(off: JellyfinSimulator) -> None:
    """A disabled user is not asked for another password.

    403 before the password is looked at.
    """
    off.disable_user("alice", disabled=True)

    with pytest.raises(AuthRefusedError) as caught:
        await sign_in(off, FakeDialogue(passwords=["secret"]), username="alice")

    assert StatusReason.USER_DISABLED is caught.value.reason


async def test_the_source_stands_for_the_address_and_the_account_for_the_name(
    off: JellyfinSimulator,
) -> None:
    """The source stands for the address and the account for the name (A3).

    Nothing but the password is asked for; what the user allowed stays.
    """
    new = await sign_in_anew(off, FakeDialogue(passwords=["secret"]))

    assert new.account is not None
    assert off.user().id == new.account.remote_user_id
    assert {ALLOW_INSECURE: "true"} == dict(new.sources[0].config)
    assert off.world.server_id == new.sources[0].server_id


async def test_a_code_signs_in_anew(any_sim: JellyfinSimulator) -> None:
    """A code signs in anew (A3, I3).

    For the same device.
    """
    new = await sign_in_anew(any_sim, by_another_device(any_sim))

    assert new.account is not None
    device = any_sim.state.devices.by_token[new.account.credentials.token]
    assert ADD_CONTEXT.device_id == device.device_id


async def test_another_server_at_the_address_is_told_nothing(sim: JellyfinSimulator) -> None:
    """Another server at the address is told nothing (I4).

    Neither a code nor a password is asked for.
    """
    context = replace(ADD_CONTEXT, source=source_of(sim), account=account_of(sim))
    sim.become_another_server()
    dialogue = FakeDialogue()

    with pytest.raises(IdentityMismatchError):
        await login.login({}, context, dialogue, pauses_s=PAUSES_S)

    assert not dialogue.codes


async def test_a_server_that_is_down_has_no_code(sim: JellyfinSimulator) -> None:
    """A server that is down has no code (S2)."""
    sim.set_phase(Phase.REFUSED)

    with pytest.raises(UnreachableError):
        await sign_in(sim, FakeDialogue())


async def test_an_api_key_acts_as_the_named_user(any_sim: JellyfinSimulator) -> None:
    """An api key acts as the named user.

    A key has no user of its own, so who is asked for by id.
    """
    key = any_sim.add_api_key()
    options = {"url": any_sim.url, "username": "Alice", "api_key": key}
    new = await SPEC.add(options, ADD_CONTEXT)
    assert new.account is not None
    source = new.sources[0]
    context = backend_context(
        source.address, source.server_id, new.account.credentials, dict(source.config)
    )
    backend = JellyfinBackend(context)
    try:
        await backend.connect()
        libraries = await backend.libraries()
        await backend.sign_out()
    finally:
        await backend.aclose()

    assert {BY_API_KEY: "true"} == dict(source.config)
    assert any_sim.user().id == new.account.remote_user_id
    assert libraries
    assert new.undo is None
    assert not any_sim.log.count("/Sessions/Logout")


async def test_an_api_key_that_was_revoked_is_needs_auth(sim: JellyfinSimulator) -> None:
    """An api key that was revoked is needs auth (S2, S3).

    Confirmed by a second call.
    """
    key = sim.add_api_key()
    options = {"url": sim.url, "username": "alice", "api_key": key}
    source = (await SPEC.add(options, ADD_CONTEXT)).sources[0]
    sim.state.devices.revoke(key)
    credentials = Credentials(user_id=sim.user().id, token=key)
    backend = JellyfinBackend(
        backend_context(source.address, source.server_id, credentials, dict(source.config))
    )
    try:
        with pytest.raises(AuthRequiredError):
            await backend.connect()
    finally:
        await backend.aclose()


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"username": "alice", "api_key": "f" * 32}, AuthRefusedError),
        ({"username": "nobody"}, AuthRefusedError),
        ({"username": "alice", "api_key": "not a key"}, InvalidArgumentError),
        ({"username": "alice", "api_key": "f" * 32, "password": "x"}, InvalidArgumentError),
        ({"username": "alice"}, InvalidArgumentError),
    ],
)
async def test_a_key_that_is_none_is_refused(
    options: dict[str, str], error: type[Exception]
) -> None:
    """Either a key or a password is given."""
    with JellyfinSimulator(make_world(60), version="10.11") as sim:
        if options == {"username": "nobody"}:
            options = options | {"api_key": sim.add_api_key()}
        with pytest.raises(error):
            await SPEC.add({"url": sim.url} | options, ADD_CONTEXT)


async def test_a_password_still_adds_without_a_key(sim: JellyfinSimulator) -> None:
    """AddSource."""
    assert (await add(sim.url)).account is not None
