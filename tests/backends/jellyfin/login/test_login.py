"""Adding a server: found, verified, signed in once."""

import json
import traceback
from pathlib import Path

import anyio
import httpx
import pytest
from msgspec.structs import replace

from msd.backend_api.http.client import open_client
from msd.backend_api.http.trust import CA_CERTIFICATE
from msd.backends.jellyfin import SPEC
from msd.backends.jellyfin.backend import JellyfinBackend
from msd.backends.jellyfin.find.search import find_server
from msd.errors import (
    AuthRefusedError,
    BadResponseError,
    IdentityMismatchError,
    InvalidArgumentError,
    MsdError,
    TlsError,
    UnreachableError,
)
from msd.models import StatusReason
from tests.backend_api.http.raw_server import answering, json_reply, raw_server, reply
from tests.backends.jellyfin.signed_in import ADD_CONTEXT, add, backend_context
from tests.simulators.jellyfin import JellyfinSimulator, Phase, faults, make_world

pytestmark = pytest.mark.anyio

LOGIN = "/Users/AuthenticateByName"
INFO = {
    "ProductName": "Jellyfin Server",
    "Id": "a" * 32,
    "ServerName": "Server",
    "Version": "10.11.0",
    "StartupWizardCompleted": True,
}
SIGNED_IN = {
    "User": {"Id": "b" * 32, "Name": "alice"},
    "AccessToken": "c" * 32,
    "ServerId": "a" * 32,
}


def jellyfin(login=None, info=None):
    """A handler that is just enough of a server to sign in to."""
    by_path = {
        "/System/Info/Public": json_reply(INFO if info is None else info),
        LOGIN: json_reply(SIGNED_IN) if login is None else login,
        "/Sessions/Logout": reply(204),
    }
    return answering(lambda seen: by_path.get(seen.path, reply(404)))


async def test_a_server_is_added_with_what_it_says_of_itself(any_sim):
    """A server is added with what it says of itself (A1, I1).

    Identity, name, version, user and token are the server's own.
    """
    new = await add(any_sim.url)

    [source] = new.sources
    assert (any_sim.world.server_id, any_sim.world.server_name) == (source.server_id, source.name)
    assert any_sim.url == source.address
    assert any_sim.world.user("alice").id == new.account.remote_user_id
    assert new.account.display_name == "alice"
    [login] = any_sim.log.matching(LOGIN)
    assert f'DeviceId="{ADD_CONTEXT.device_id}"' in login.header("authorization")


async def test_adding_can_be_undone(sim):
    """Adding can be undone (A1).

    A failure of a later step gives the token back.
    """
    new = await add(sim.url)

    await new.undo()

    assert sim.log.count("/Sessions/Logout") == 1
    assert sim.log.requests[-1].status == 204


async def test_the_users_own_name_for_the_source_wins(sim):
    """The users own name for the source wins (A5).

    Option name.
    """
    [source] = (await add(sim.url, name="Wohnzimmer")).sources

    assert source.name == "Wohnzimmer"


@pytest.mark.parametrize("typed", ["{host}", "{url}/web/index.html", "{url}/", "{host}/web/"])
async def test_a_base_path_is_found_by_the_servers_redirect(typed):
    """A base path is found by the servers redirect.

    Any request outside the base path leads to {base}/web/.
    """
    with JellyfinSimulator(make_world(60), base_path="/media/jf") as sim:
        host = f"127.0.0.1:{sim.port}"
        [source] = (await add(typed.format(host=host, url=sim.url))).sources

        assert f"http://{host}/media/jf" == source.address


async def test_a_server_is_found_over_ipv6():
    """A server is found over ipv6.

    IPv6 literals.
    """
    async with raw_server(jellyfin(), host="::1") as server:
        [source] = (await add(f"[::1]:{server.port}")).sources

    assert server.base_url == source.address


@pytest.mark.parametrize("version", ["10.8", "12"])
@pytest.mark.parametrize("user", [{"username": "alice", "password": "wrong"}, {"username": "eve"}])
async def test_a_wrong_user_or_password_is_refused_after_one_attempt(version, user):
    """A wrong user or password is refused after one attempt.

    Failures may lock the user, so a login is never sent twice.
    """
    with JellyfinSimulator(make_world(60), version=version) as sim:
        with pytest.raises(AuthRefusedError, match="user name and password"):
            await add(sim.url, **user)

        assert sim.log.count(LOGIN) == 1


async def test_a_disabled_user_is_told_so(sim):
    """A disabled user is told so.

    403 before the password is looked at.
    """
    sim.disable_user("alice", disabled=True)

    with pytest.raises(AuthRefusedError) as caught:
        await add(sim.url)

    assert caught.value.reason is StatusReason.USER_DISABLED


async def test_an_empty_user_name_is_refused_before_any_request(sim):
    """Bad input: blank user."""
    with pytest.raises(InvalidArgumentError):
        await add(sim.url, username="  ")

    assert sim.log.requests == []


@pytest.mark.parametrize("option", ["username", "password"])
async def test_what_is_no_text_is_refused_without_repeating_it(sim, option):
    """What is no text is refused without repeating it (K1).

    An encoding error would show the password.
    """
    with pytest.raises(InvalidArgumentError) as caught:
        await add(sim.url, **{option: "c4n4ry\ud800"})

    shown = "".join(traceback.format_exception(caught.value))
    assert "c4n4ry" not in shown.replace(traceback.format_tb(caught.tb)[0], "")
    assert sim.log.requests == []


@pytest.mark.parametrize(
    ("phase", "reason"),
    [
        (Phase.STARTING, StatusReason.SERVER_STARTING),
        (Phase.SETUP, StatusReason.SERVER_STARTING),
        (Phase.LOADING, StatusReason.SERVER_STARTING),
        (Phase.REFUSED, StatusReason.REFUSED),
    ],
)
async def test_a_server_that_is_not_ready_is_unreachable(sim, phase, reason):
    """A server that is not ready is unreachable (S2).

    A starting server is offline, whatever it answers while it starts.
    """
    url = sim.url
    sim.set_phase(phase)

    with pytest.raises(UnreachableError) as caught:
        await add(url)

    assert reason is caught.value.reason


async def test_the_pause_that_a_starting_server_asks_for_is_kept(sim):
    """The pause that a starting server asks for is kept.

    `Retry-After: 005`.
    """
    sim.set_phase(Phase.STARTING)

    with pytest.raises(UnreachableError) as caught:
        await add(sim.url)

    assert caught.value.retry_after_s == 5.0


@pytest.mark.parametrize(
    "info",
    [
        {"ServerName": "Emby", "Id": "1", "LocalAddresses": [], "RemoteAddresses": []},
        {"ServerName": "Emby", "Id": "1", "RemoteAddresses": [], "StartupWizardCompleted": False},
        {"ProductName": "Plex Media Server"},
        {},
    ],
)
async def test_another_kind_of_server_is_no_media_server_of_ours(info):
    """Another kind of server is no media server of ours.

    Emby has no ProductName.
    """
    async with raw_server(jellyfin(info=info)) as server:
        with pytest.raises(UnreachableError) as caught:
            await add(server.base_url)

        assert LOGIN not in server.paths()

    assert caught.value.reason is StatusReason.NOT_A_MEDIA_SERVER


@pytest.mark.parametrize(
    "answer",
    [
        reply(200, b"<html>router</html>", "text/html"),
        reply(200, b"\n <!DOCTYPE html><p>router</p>", "application/json"),
        reply(404, b"", "text/html"),
        reply(401, b"", "text/html"),
        reply(200, b"pong", "text/plain"),
        reply(302, Location="http://elsewhere.invalid/System/Info/Public"),
        reply(302, Location="ftp://127.0.0.1/"),
        reply(302),
        reply(302, Location="/System/Info/Public"),
    ],
    ids=range(9),
)
async def test_a_page_or_a_way_elsewhere_is_no_media_server(answer):
    """A page or a way elsewhere is no media server (S2, K4).

    HTML, wrong answers, redirects to another host or in circles.
    """
    async with raw_server(answering(answer)) as server:
        with pytest.raises(UnreachableError) as caught:
            await add(server.base_url)

        assert LOGIN not in server.paths()
        assert len(server.seen) <= 4

    assert caught.value.reason is StatusReason.NOT_A_MEDIA_SERVER


@pytest.mark.parametrize("info", [INFO | {"Id": "short"}, INFO | {"Id": None}, [1], "x"])
async def test_a_server_without_identity_breaks_its_contract(info):
    """A server without identity breaks its contract (I4).

    Nothing is sent to a server that can't be told from another.
    """
    async with raw_server(jellyfin(info=info)) as server:
        with pytest.raises(BadResponseError):
            await add(server.base_url)

        assert LOGIN not in server.paths()


async def test_a_redirect_of_the_sign_in_is_not_followed():
    """A redirect of the sign in is not followed (K4).

    The password goes to the address that was checked and nowhere else.
    """
    async with (
        raw_server(jellyfin()) as other,
        raw_server(jellyfin(login=reply(307, Location=f"{other.base_url}{LOGIN}"))) as server,
    ):
        with pytest.raises(UnreachableError):
            await add(server.base_url)

        assert other.seen == []
        assert server.paths().count(LOGIN) == 1


@pytest.mark.parametrize("status", [500, 502, 503, 404])
async def test_a_failing_server_is_not_asked_to_sign_in_again(status):
    """A failing server is not asked to sign in again.

    Never retry a login.
    """
    async with raw_server(jellyfin(login=reply(status))) as server:
        with pytest.raises(UnreachableError):
            await add(server.base_url)

        assert server.paths().count(LOGIN) == 1


@pytest.mark.parametrize(
    "login",
    [
        {},
        SIGNED_IN | {"AccessToken": ""},
        SIGNED_IN | {"AccessToken": 'x"; evil'},
        SIGNED_IN | {"AccessToken": "c" * 10_000},
        SIGNED_IN | {"AccessToken": None},
        SIGNED_IN | {"User": {"Id": "../x", "Name": "alice"}},
        [SIGNED_IN],
    ],
)
async def test_a_sign_in_without_a_usable_token_breaks_the_contract(login):
    """Bad input: wrongly typed answers; a token goes into a header."""
    async with raw_server(jellyfin(login=json_reply(login))) as server:
        with pytest.raises(BadResponseError):
            await add(server.base_url)


async def test_another_server_behind_the_same_address_is_noticed():
    """Another server behind the same address is noticed (I4).

    A balancer that leads the sign-in elsewhere.
    """
    answer = json_reply(SIGNED_IN | {"ServerId": "d" * 32})
    async with raw_server(jellyfin(login=answer)) as server:
        with pytest.raises(IdentityMismatchError):
            await add(server.base_url)


async def test_ids_with_dashes_are_the_same_ids():
    """Ids with dashes are the same ids.

    GUIDs in any form.
    """
    dashed = "aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa"
    async with raw_server(jellyfin(info=INFO | {"Id": dashed.upper()})) as server:
        [source] = (await add(server.base_url)).sources

    assert source.server_id == "a" * 32


async def test_https_is_preferred_to_http_and_needs_a_valid_certificate():
    """Https is preferred to http and needs a valid certificate (K3).

    An untrusted certificate is an error of its own.
    """
    with JellyfinSimulator(make_world(60), tls=True) as sim:
        with pytest.raises(TlsError):
            await add(sim.url)

        assert sim.log.count(LOGIN) == 0


async def test_a_private_authority_that_the_user_trusts_is_trusted():
    """Adding, connecting and signing out use what the source trusts (K3)."""
    with JellyfinSimulator(make_world(60), tls=True) as sim:
        trust = {CA_CERTIFICATE: Path(sim.ca_file).read_text()}
        context = replace(ADD_CONTEXT, trust=trust)
        options = {"url": sim.url, "username": "alice", "password": "secret"}
        new = await SPEC.add(options, context)
        [source] = new.sources
        assert new.account is not None
        assert new.undo is not None
        backend = JellyfinBackend(
            backend_context(source.address, source.server_id, new.account.credentials, trust)
        )
        assert await backend.connect()
        await backend.aclose()
        await new.undo()

        assert sim.log.count("/Sessions/Logout") == 1


async def test_a_better_address_may_answer_a_little_later():
    """A better address may answer a little later.

    Best score first; the first answer alone does not win.
    """

    async def late(seen, stream):
        await anyio.sleep(0.1)
        await jellyfin(info=INFO | {"ServerName": "better"})(seen, stream)

    async with raw_server(late) as better, raw_server(jellyfin()) as worse, open_client() as http:
        found = await find_server(http, (better.base_url, worse.base_url))

    assert found.name == "better"


async def test_an_address_that_never_answers_delays_the_others_little():
    """An address that never answers delays the others little.

    Adding takes 20 s at most, whatever hangs.
    """

    async def hang(_seen, _stream):
        await anyio.sleep_forever()

    async with raw_server(hang) as deaf, raw_server(jellyfin()) as server, open_client() as http:
        with anyio.fail_after(5):
            found = await find_server(http, (deaf.base_url, server.base_url))

    assert server.base_url == found.base_url


async def test_an_attempt_that_ends_after_it_was_given_up_breaks_nothing():
    """An attempt that ends after it was given up breaks nothing (K6).

    A login whose caller left is cancelled, whatever still comes from the server.
    """
    asked, answered, ends = anyio.Event(), anyio.Event(), []

    class Late(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request):
            asked.set()
            with anyio.CancelScope(shield=True):
                await answered.wait()
            return httpx.Response(503, request=request)

    async def find():
        async with httpx.AsyncClient(transport=Late()) as http:
            try:
                await find_server(http, ("http://127.0.0.1:9",))
            except BaseException as end:
                ends.append(end)
                raise

    async with anyio.create_task_group() as group:
        group.start_soon(find)
        await asked.wait()
        group.cancel_scope.cancel()
        with anyio.CancelScope(shield=True):
            await anyio.wait_all_tasks_blocked()
            answered.set()

    assert [anyio.get_cancelled_exc_class()] == [type(end) for end in ends]


async def test_the_error_of_the_nearest_address_is_told():
    """The error of the nearest address is told (S8).

    A starting server says more than a refused port beside it.
    """
    async with raw_server(answering(reply(503))) as starting, open_client() as http:
        addresses = ("http://no-such-host.invalid", "http://127.0.0.1:9", starting.base_url)
        with pytest.raises(UnreachableError) as caught:
            await find_server(http, addresses)

    assert caught.value.reason is StatusReason.SERVER_STARTING


async def test_no_password_or_token_is_in_any_error():
    """No password or token is in any error (K1).

    Canary; neither in texts nor in reprs nor in what lies behind an error.
    """
    canary = "c4n4ryc4n4ry"
    answers = [
        reply(401, canary.encode(), "text/plain"),
        reply(400),
        reply(403),
        reply(500),
        reply(302, Location=f"http://{canary}@x/"),
        reply(200, b"{", "application/json"),
        json_reply(SIGNED_IN | {"AccessToken": canary, "User": None}),
        json_reply(SIGNED_IN | {"AccessToken": canary, "ServerId": "d" * 32}),
        json_reply(SIGNED_IN | {"AccessToken": f'{canary}"'}),
        reply(200, canary.encode() * 200_000, "application/json"),
    ]
    for answer in answers:
        async with raw_server(jellyfin(login=answer)) as server:
            with pytest.raises(MsdError) as caught:
                await add(server.base_url, password=canary)

            [login] = [request for request in server.seen if request.path == LOGIN]
            assert canary == json.loads(login.body)["Pw"]
            assert canary not in "".join(traceback.format_exception(caught.value))
            assert canary not in repr(caught.value)


async def test_what_was_added_shows_no_secret():
    """What was added shows no secret (K1).

    Reprs reach logs.
    """
    canary = "c4n4ryc4n4ry"
    async with raw_server(
        jellyfin(login=json_reply(SIGNED_IN | {"AccessToken": canary}))
    ) as server:
        new = await add(server.base_url)

    assert canary == new.account.credentials.token
    assert canary not in repr(new)


async def test_requests_before_the_sign_in_carry_no_credentials(sim):
    """Requests before the sign in carry no credentials (K4).

    An address has to prove itself first.
    """
    await add(sim.url)

    before = sim.log.requests[: [r.path for r in sim.log.requests].index(LOGIN)]
    assert before
    assert all(request.header("authorization") is None for request in before)


async def test_a_fault_in_the_middle_of_the_probe_is_one_typed_error(sim):
    """Bad input: truncated and endless JSON."""
    for trouble in (faults.truncated(10), faults.cut_after(10), faults.endless()):
        fault = sim.faults.add("/System/Info/Public", trouble)
        with pytest.raises((UnreachableError, BadResponseError)):
            await add(sim.url)
        sim.faults.remove(fault)


async def test_a_sign_in_that_is_refused_oddly_is_a_bad_response():
    """A sign in that is refused oddly is a bad response.

    415 and the like.
    """
    async with raw_server(jellyfin(login=reply(415))) as server:
        with pytest.raises(BadResponseError):
            await add(server.base_url)


async def test_a_server_that_was_never_set_up_gets_no_password():
    """A server that was never set up gets no password.

    StartupWizardCompleted false is a server that is not ready.
    """
    async with raw_server(jellyfin(info=INFO | {"StartupWizardCompleted": False})) as server:
        with pytest.raises(UnreachableError) as caught:
            await add(server.base_url)

        assert LOGIN not in server.paths()

    assert caught.value.reason is StatusReason.SERVER_STARTING
