"""Connecting: the right server, the right user, and what every refusal means."""

import logging

import pytest
from msgspec.structs import replace

from msd.backend_api import Credentials
from msd.backends.jellyfin.backend import JellyfinBackend
from msd.backends.jellyfin.find.probe import _is_private
from msd.errors import (
    AuthRequiredError,
    BadResponseError,
    ForbiddenError,
    IdentityMismatchError,
    MsdError,
    UnreachableError,
)
from msd.models import Route, StatusReason
from tests.backend_api.http.raw_server import answering, json_reply, raw_server
from tests.backends.jellyfin.signed_in import backend_context, signed_in
from tests.simulators.jellyfin import JellyfinSimulator, Phase, faults, make_world

pytestmark = pytest.mark.anyio

ME = "/Users/Me"


async def test_connecting_tells_what_the_server_is(any_sim):
    """Connecting tells what the server is.

    Identity, name, version, address, route and latency.
    """
    async with signed_in(any_sim) as backend:
        facts = await backend.connect()

    assert any_sim.world.server_id == facts.server_id
    assert any_sim.state.version.number == facts.version
    assert (any_sim.url, Route.LOCAL) == (facts.address, facts.route)
    assert 0 <= facts.latency_ms < 5_000


async def test_the_token_is_sent_in_one_header_only(any_sim):
    """The token is sent in one header only (K4).

    The carrier that every version takes; none in an address.
    """
    async with signed_in(any_sim) as backend:
        await backend.connect()
        await backend.libraries()
        token = backend._context.credentials.token

    asked = [request for request in any_sim.log.requests if request.header("authorization")]
    assert any(token in (request.header("authorization") or "") for request in asked)
    for request in any_sim.log.requests:
        assert token not in request.path + request.query
        carriers = [name.lower() for name, value in request.headers if token in value]
        assert carriers in ([], ["authorization"])


async def test_another_server_at_the_address_gets_no_token(sim):
    """Another server at the address gets no token (I4).

    Identity mismatch; nothing secret is sent.
    """
    async with signed_in(sim) as backend:
        sim.become_another_server()
        sim.log.clear()

        with pytest.raises(IdentityMismatchError):
            await backend.connect()

    assert [request.header("authorization") for request in sim.log.requests] == [None]


async def test_another_server_is_noticed_by_every_first_call(sim):
    """Another server is noticed by every first call (I4).

    Also when nobody called connect before.
    """
    async with signed_in(sim) as backend:
        sim.become_another_server()

        with pytest.raises(IdentityMismatchError):
            await backend.libraries()


async def test_a_revoked_token_is_confirmed_by_a_second_call(sim):
    """A revoked token is confirmed by a second call.

    Needs-auth only after a second refusal.
    """
    async with signed_in(sim) as backend:
        sim.revoke_tokens("alice")
        sim.log.clear()

        with pytest.raises(AuthRequiredError) as caught:
            await backend.connect()

    assert caught.value.reason is StatusReason.TOKEN_REFUSED
    # The public info, the refusal, its confirmation, and the login screen.
    assert [request.status for request in sim.log.requests] == [200, 401, 401, 200]


async def test_one_refusal_alone_is_not_needs_auth(sim):
    """One refusal alone is not needs auth (S2, S3).

    A hiccup of the server must not ask for the password.
    """
    async with signed_in(sim) as backend:
        sim.faults.add(ME, faults.refused_token(), times=1)

        with pytest.raises(UnreachableError):
            await backend.connect()

        assert await backend.connect()


async def test_a_refusal_that_cant_be_confirmed_is_unreachable(sim):
    """A refusal that cant be confirmed is unreachable (S2).

    The server went away between the two calls.
    """
    async with signed_in(sim) as backend:
        sim.faults.add(ME, faults.refused_token())
        sim.faults.add("/System/Info$", faults.status(503))

        with pytest.raises(UnreachableError):
            await backend.connect()


@pytest.mark.parametrize("gateway", [faults.gateway_401(), faults.gateway_403()], ids=range(2))
async def test_a_gateways_refusal_is_not_the_servers(sim, gateway):
    """A sign-in page in front of the server is offline, and heals by itself (S4)."""
    async with signed_in(sim) as backend:
        sim.faults.add(r"^/(?!System/Info/Public)", gateway)

        with pytest.raises(UnreachableError) as caught:
            await backend.connect()
        sim.faults.clear()
        facts = await backend.connect()

    assert caught.value.reason is StatusReason.NOT_A_MEDIA_SERVER
    assert facts


async def test_a_user_who_is_forbidden_everything_is_not_asked_to_sign_in(sim):
    """A user who is forbidden everything is not asked to sign in (S3).

    403 on everything is error/forbidden.
    """
    async with signed_in(sim) as backend:
        sim.faults.add(ME, faults.status(403))

        with pytest.raises(ForbiddenError) as caught:
            await backend.connect()

    assert caught.value.reason is StatusReason.FORBIDDEN


async def test_a_disabled_user_has_to_sign_in_again(sim):
    """A disabled user has to sign in again.

    The token of a disabled user is refused with 401.
    """
    async with signed_in(sim) as backend:
        sim.disable_user("alice", disabled=True)

        with pytest.raises(AuthRequiredError):
            await backend.connect()


@pytest.mark.parametrize("phase", [Phase.STARTING, Phase.SETUP, Phase.LOADING])
async def test_a_starting_server_is_offline_and_heals(sim, phase):
    """A starting server is offline and heals (S2, O3).

    Never needs-auth, and the same backend connects later.
    """
    async with signed_in(sim) as backend:
        sim.set_phase(phase)
        with pytest.raises(UnreachableError) as caught:
            await backend.connect()
        sim.set_phase(Phase.READY)
        facts = await backend.connect()

    assert caught.value.reason is StatusReason.SERVER_STARTING
    assert sim.world.server_id == facts.server_id


@pytest.mark.parametrize(
    ("trouble", "reason"),
    [
        (faults.bad_gateway(), StatusReason.SERVER_ERROR),
        (faults.gateway_timeout(), StatusReason.SERVER_ERROR),
        (faults.captive_portal(), StatusReason.NOT_A_MEDIA_SERVER),
        (faults.status(404), StatusReason.NOT_A_MEDIA_SERVER),
        (faults.truncated(20), StatusReason.SERVER_ERROR),
        (faults.cut_after(40), StatusReason.SERVER_ERROR),
        (faults.redirect("http://elsewhere.invalid/"), StatusReason.NOT_A_MEDIA_SERVER),
        (faults.status(429), StatusReason.SERVER_ERROR),
    ],
    ids=range(8),
)
@pytest.mark.parametrize("path", ["/System/Info/Public", ME])
async def test_a_proxy_or_a_portal_in_between_is_offline(sim, trouble, reason, path):
    """A proxy or a portal in between is offline (S2).

    Whatever stands in front of the server, nobody is asked for a password.
    """
    async with signed_in(sim) as backend:
        sim.faults.add(path, trouble)

        with pytest.raises(UnreachableError) as caught:
            await backend.connect()

    assert reason is caught.value.reason


async def test_the_token_follows_no_redirect(sim):
    """The token follows no redirect (K4).

    Never to another host.
    """
    async with raw_server(answering(json_reply({"Id": "x", "Name": "x"}))) as other:
        async with signed_in(sim) as backend:
            sim.faults.add(ME, faults.redirect(f"{other.base_url}{ME}", 307))

            with pytest.raises(UnreachableError):
                await backend.connect()

        assert other.seen == []


async def test_a_move_to_another_base_path_is_followed_before_the_token_is_sent(sim):
    """A move to another base path is followed before the token is sent.

    An admin sets a base path; the old address redirects.
    """
    async with signed_in(sim) as backend:
        sim.state.base_path = "/new"

        facts = await backend.connect()

    assert facts.address.endswith("/new")


async def test_nobody_signed_in_costs_no_request(sim):
    """Nobody signed in costs no request (S4).

    Needs-auth stops requests.
    """
    context = backend_context(sim.url, sim.world.server_id, None)
    backend = JellyfinBackend(context)

    with pytest.raises(AuthRequiredError) as caught:
        await backend.connect()

    await backend.aclose()
    assert caught.value.reason is StatusReason.NO_CREDENTIALS
    assert sim.log.requests == []


async def test_a_token_of_another_user_is_an_identity_mismatch(sim):
    """A token of another user is an identity mismatch (A3).

    Signing in as another user is another source.
    """
    async with signed_in(sim) as backend:
        token = backend._context.credentials.token
        other = Credentials(user_id="e" * 32, token=token)
        context = replace(backend._context, credentials=other)
        second = JellyfinBackend(context)
        with pytest.raises(IdentityMismatchError):
            await second.connect()
        await second.aclose()


async def test_a_user_of_another_shape_is_a_bad_response(sim):
    """Bad input: wrongly typed JSON."""
    async with signed_in(sim) as backend:
        sim.faults.add(ME, faults.replace_json([1, 2]))

        with pytest.raises(BadResponseError):
            await backend.connect()


async def test_signing_out_gives_the_token_back_once(sim):
    """Signing out gives the token back once (A4).

    The last source of an account signs it out.
    """
    async with signed_in(sim) as backend:
        await backend.sign_out()

        with pytest.raises(AuthRequiredError):
            await backend.connect()

    assert sim.log.count("/Sessions/Logout") == 1


async def test_signing_out_of_a_server_that_is_away_is_no_error(sim):
    """Signing out of a server that is away is no error (A4).

    Best effort, never blocking.
    """
    async with signed_in(sim) as backend:
        sim.set_phase(Phase.REFUSED)

        await backend.sign_out()


async def test_no_token_reaches_a_log_or_an_error(sim, caplog):
    """No token reaches a log or an error (K1).

    Canary over every log level and every refusal.
    """
    caplog.set_level(logging.DEBUG)
    async with signed_in(sim) as backend:
        token = backend._context.credentials.token
        await backend.connect()
        await backend.libraries()
        sim.revoke_tokens("alice")
        with pytest.raises(MsdError) as caught:
            await backend.connect()
        await backend.sign_out()

    assert caplog.records
    assert token not in caplog.text
    assert "secret" not in caplog.text
    assert token not in str(caught.value) + repr(caught.value) + repr(backend._context)


async def test_a_server_may_drop_idle_connections(sim):
    """A server may drop idle connections (S6).

    A keep-alive that the server closed is opened anew by itself.
    """
    async with signed_in(sim) as backend:
        await backend.connect()
        sim.drop_connections()

        assert (await backend.connect()).server_id == sim.world.server_id


async def test_a_public_address_would_be_remote():
    """A public address would be remote.

    The route is told by the address that answered.
    """
    assert _is_private("http://media.example", "192.168.1.2")
    assert not _is_private("http://media.example", "8.8.8.8")
    assert _is_private("http://nas.local:8096", "")
    assert not _is_private("http://media.example", "")


async def test_a_server_under_tls_needs_a_certificate_for_its_name():
    """A server under tls needs a certificate for its name (K3).

    A certificate of another host is refused.
    """
    with JellyfinSimulator(make_world(60), tls=True, wrong_host=True) as sim:
        context = backend_context(
            sim.url, sim.world.server_id, Credentials(user_id="a" * 32, token="t")
        )
        backend = JellyfinBackend(context)
        with pytest.raises(MsdError) as caught:
            await backend.connect()
        await backend.aclose()

    assert StatusReason.TLS is caught.value.reason
    assert sim.log.requests == []


async def test_an_answer_without_end_is_given_up():
    """Bad input: endless JSON costs bounded memory."""

    async def endless(_seen, stream):
        await stream.send(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n[")
        while True:
            await stream.send(b"0," * 8192)

    async with raw_server(endless) as server:
        context = backend_context(
            server.base_url, "a" * 32, Credentials(user_id="a" * 32, token="t")
        )
        backend = JellyfinBackend(context)
        with pytest.raises(BadResponseError):
            await backend.connect()
        await backend.aclose()
