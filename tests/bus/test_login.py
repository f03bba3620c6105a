"""Logins on the bus: their owner drives them, and nobody else learns anything (K6)."""

import os

import pytest
from dbus_fast import Variant

from msd.contract import JOB, LOGIN, ROOT_PATH, SOURCE_COORDINATOR
from msd.dbus.messages.names import OBJECT_MANAGER, PROPERTIES
from msd.dbus.serving.server import BusServer
from msd.events import LoginFinished, LoginRemoved, ServerFound
from msd.models import (
    Caller,
    JobKind,
    LoginId,
    LoginState,
    LoginStep,
    LoginUser,
    SourceId,
    UnixSeconds,
)
from tests.dbus.client import Client, ErrorReply, connected_client, plain
from tests.support.fakes.fake_coordinator import FakeCoordinator
from tests.support.session.bus import PrivateBus

pytestmark = pytest.mark.anyio

LOGIN_1 = f"{ROOT_PATH}/login/1"
TOKEN = "a token of 20 letters"
SHOWN = {
    "step": LoginStep.CODE,
    "code": "A1B2",
    "url": "https://plex.example/link",
    "users": (LoginUser(id="7", name="Ann", needs_pin=True),),
    "expires_at": UnixSeconds(1_700_000_900),
    "message": "enter the code",
}
PRIVATE = ("A1B2", "plex.example", "Ann", "enter")


def token(text: str = TOKEN) -> dict[str, Variant]:
    return {"owner_token": Variant("s", text)}


def pipe_with(text: str) -> int:
    """Return the reading end of a pipe that delivers a text."""
    reader, writer = os.pipe()
    os.write(writer, text.encode())
    os.close(writer)
    return reader


async def code_of(client: Client, member: str, signature: str, *values: object) -> str:
    """Return the code of the error that a call of the login gets."""
    with pytest.raises(ErrorReply) as failure:
        await client.call(LOGIN, member, signature, *values, path=LOGIN_1)
    return failure.value.code


async def test_a_login_is_begun_with_its_own_options_apart_from_the_backends(
    msd: BusServer, coordinator: FakeCoordinator, client: Client
) -> None:
    """BeginLogin, Reauthenticate: `tied` and `owner_token` are msd's own."""
    options = {"url": Variant("s", "nas"), "tied": Variant("b", True), **token()}

    begun = await client.call(SOURCE_COORDINATOR, "BeginLogin", "sa{sv}", "jellyfin", options)
    again = await client.call(SOURCE_COORDINATOR, "Reauthenticate", "sa{sv}", "s1", {})

    assert [LOGIN_1] == begun
    assert [f"{ROOT_PATH}/login/2"] == again
    assert [
        ("begin", "jellyfin", {"url": "nas"}, TOKEN, True),
        ("reauthenticate", "s1", {}, "", False),
    ] == coordinator.calls
    assert client.unique_name == coordinator.logins.owners[LoginId(1)].name


@pytest.mark.parametrize(
    "options", [{"tied": Variant("s", "x")}, {"owner_token": Variant("b", True)}]
)
async def test_an_option_of_another_type_is_refused(
    msd: BusServer, client: Client, options: dict[str, Variant]
) -> None:
    """BeginLogin."""
    with pytest.raises(ErrorReply) as failure:
        await client.call(SOURCE_COORDINATOR, "BeginLogin", "sa{sv}", "plex", options)

    assert "InvalidArgument" == failure.value.code


async def test_its_owner_reads_all_of_it_and_others_only_what_is_harmless(
    msd: BusServer, coordinator: FakeCoordinator, client: Client, bus: PrivateBus
) -> None:
    """Its owner reads all of it and others only what is harmless (K6).

    What only the owner may see is empty for everybody else, by every way to read them.
    """
    coordinator.logins.put(1, Caller(name=client.unique_name), **SHOWN)
    async with connected_client(bus.address) as stranger:
        (own,) = await client.call(PROPERTIES, "GetAll", "s", LOGIN, path=LOGIN_1)
        (seen,) = await stranger.call(PROPERTIES, "GetAll", "s", LOGIN, path=LOGIN_1)
        code = await stranger.get(LOGIN, "Code", LOGIN_1)
        (managed,) = await stranger.call(OBJECT_MANAGER, "GetManagedObjects")

    assert {
        "Kind": "plex",
        "SourceId": "",
        "State": "waiting",
        "Step": "code",
        "Code": "A1B2",
        "Url": "https://plex.example/link",
        "Users": [["7", "Ann", True]],
        "ExpiresAt": 1_700_000_900,
        "Message": "enter the code",
        "Error": "",
        "SourceIds": [],
    } == plain(own)
    assert plain(own) | {"Code": "", "Url": "", "Users": [], "Message": ""} == plain(seen)
    assert "" == code
    assert plain(seen) == plain(managed)[LOGIN_1][LOGIN]


async def test_who_shows_the_owners_token_goes_on_with_the_login(
    msd: BusServer, coordinator: FakeCoordinator, client: Client
) -> None:
    """Who shows the owners token goes on with the login (K6).

    One-shot callers such as gdbus have another connection each time.
    """
    coordinator.logins.put(1, Caller(name=":1.999", owner_token=TOKEN), **SHOWN)

    (values,) = await client.call(LOGIN, "Read", "a{sv}", token(), path=LOGIN_1)
    await client.call(LOGIN, "SubmitPassword", "sa{sv}", "pw", token(), path=LOGIN_1)
    await client.call(LOGIN, "SelectUser", "ssa{sv}", "7", "1234", token(), path=LOGIN_1)
    await client.call(LOGIN, "Cancel", "a{sv}", token(), path=LOGIN_1)

    assert "A1B2" == plain(values)["Code"]
    assert [
        ("submit_password", 1, "pw"),
        ("select_user", 1, "7", "1234"),
        ("cancel", 1),
    ] == coordinator.calls


@pytest.mark.parametrize("shown", [{}, token("another token of it")])
async def test_nobody_else_reads_submits_or_cancels(
    msd: BusServer, coordinator: FakeCoordinator, client: Client, shown: dict[str, Variant]
) -> None:
    """Nobody else reads submits or cancels (K6)."""
    coordinator.logins.put(1, Caller(name=":1.999", owner_token=TOKEN), **SHOWN)

    codes = {
        await code_of(client, "Read", "a{sv}", shown),
        await code_of(client, "SubmitPassword", "sa{sv}", "pw", shown),
        await code_of(client, "SelectUser", "ssa{sv}", "7", "", shown),
        await code_of(client, "Cancel", "a{sv}", shown),
    }

    assert {"NotOwner"} == codes
    assert [] == coordinator.calls


async def test_a_secret_comes_through_a_descriptor(
    msd: BusServer, coordinator: FakeCoordinator, client: Client
) -> None:
    """SubmitPassword, SelectUser: nothing shows in a bus monitor."""
    coordinator.logins.put(1, Caller(name=client.unique_name), **SHOWN)
    for member, signature, values, option in (
        ("SubmitPassword", "sa{sv}", [""], "password-fd"),
        ("SelectUser", "ssa{sv}", ["7", ""], "pin-fd"),
    ):
        reader = pipe_with("hidden\n")
        try:
            options = {option: Variant("h", 0)}
            await client.call(
                LOGIN, member, signature, *values, options, path=LOGIN_1, unix_fds=[reader]
            )
        finally:
            os.close(reader)

    assert [
        ("submit_password", 1, "hidden"),
        ("select_user", 1, "7", "hidden"),
    ] == coordinator.calls


async def test_a_secret_that_is_given_twice_or_an_unknown_option_is_refused(
    msd: BusServer, coordinator: FakeCoordinator, client: Client
) -> None:
    """Options."""
    coordinator.logins.put(1, Caller(name=client.unique_name), **SHOWN)
    twice = {"password": Variant("s", "b")}

    assert "InvalidArgument" == await code_of(client, "SubmitPassword", "sa{sv}", "a", twice)
    assert "InvalidArgument" == await code_of(client, "Cancel", "a{sv}", {"x": Variant("s", "")})
    assert "InvalidArgument" == await code_of(
        client, "Cancel", "a{sv}", {"owner_token": Variant("u", 1)}
    )


async def test_no_signal_carries_what_only_the_owner_may_see(
    emitter: None, coordinator: FakeCoordinator, client: Client
) -> None:
    """No signal carries what only the owner may see (K6).

    Everybody hears signals, so the code is named as invalidated and not told.
    """
    owner = Caller(name=":1.999")
    coordinator.logins.put(1, owner)
    await client.settle()
    coordinator.logins.put(1, owner, **SHOWN)
    (added,) = await client.wait_for(1, "InterfacesAdded")
    (changed,) = await client.wait_for(1, "PropertiesChanged")

    assert {"Code", "Url", "Users", "Message"}.isdisjoint(added.body[1][LOGIN])
    assert {"Step", "ExpiresAt"} == set(changed.body[1])
    assert {"Code", "Url", "Users", "Message"} == set(changed.body[2])
    assert not [word for word in PRIVATE for s in client.signals if word in str(plain(s.body))]


async def test_the_end_of_a_login_is_told_once_and_then_its_object_goes(
    emitter: None, coordinator: FakeCoordinator, client: Client
) -> None:
    """Finished, then InterfacesRemoved."""
    owner = Caller(name=":1.999")
    coordinator.logins.put(1, owner)
    await client.settle()
    coordinator.logins.put(1, owner, state=LoginState.AUTHORISED, source_ids=(SourceId("plex_1"),))
    coordinator.publish(LoginFinished(LoginId(1)))
    await client.wait_for(1, "Finished")
    del coordinator.logins.logins[LoginId(1)]
    coordinator.publish(LoginRemoved(LoginId(1)))
    await client.wait_for(1, "InterfacesRemoved")

    (finished,) = client.named("Finished")
    assert (LOGIN_1, ["authorised", "", "", ["plex_1"]]) == (finished.path, finished.body)


async def test_a_found_server_is_told_with_its_job(
    emitter: None, coordinator: FakeCoordinator, client: Client
) -> None:
    """ServerFound, and the result of the job."""
    server = {"kind": "jellyfin", "name": "nas", "is_known": False}
    job_id = coordinator.put_job(
        4, kind=JobKind.DISCOVER, result={"found": 1, "servers": (server,)}
    )
    coordinator.publish(ServerFound(job_id, server))
    (found,) = await client.wait_for(1, "ServerFound")

    assert [f"{ROOT_PATH}/job/4", server] == plain(found.body)
    result = await client.get(JOB, "Result", f"{ROOT_PATH}/job/4")
    assert "aa{sv}" == result["servers"].signature
    assert [server] == plain(result["servers"])
