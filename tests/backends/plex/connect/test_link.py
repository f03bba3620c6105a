"""Finding a server at one of its addresses, and proving it before any token leaves."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager

import anyio
import pytest
from anyio.abc import ByteStream
from msgspec.structs import replace

from msd.backend_api import PINNED_ADDRESS, Credentials
from msd.backend_api.protocol import BackendContext
from msd.backends.plex.connect.connections import Candidate
from msd.backends.plex.connect.link import ServerLink
from msd.errors import (
    AuthRequiredError,
    BadResponseError,
    IdentityMismatchError,
    TlsError,
    UnreachableError,
)
from msd.models import Route, StatusReason
from tests.backend_api.http.raw_server import Seen, answering, json_reply, raw_server, reply
from tests.backends.plex.addresses import OTHER_HASH, dead, direct, hanging, server_tls
from tests.backends.plex.pms import (
    MAINTENANCE,
    SERVER_ID,
    TOKEN,
    UNAUTHORISED,
    context,
    pms,
    root,
    tokens,
)

pytestmark = pytest.mark.anyio

OTHER = "b" * 40


@asynccontextmanager
async def linked(source: BackendContext, **options: object) -> AsyncIterator[ServerLink]:
    link = ServerLink(source, **options)
    try:
        yield link
    finally:
        await link.aclose()


def near(address: str) -> Candidate:
    return Candidate(address, Route.LOCAL)


def far(address: str) -> Candidate:
    return Candidate(address, Route.REMOTE)


def relay(address: str) -> Candidate:
    return Candidate(address, Route.RELAY)


# --- one address ------------------------------------------------------------------------------


async def test_a_server_is_found_by_its_plex_direct_name_without_a_name_server(tls):
    """A server is found by its plex direct name without a name server.

    The address is in the name, the certificate is checked against the name.
    """
    async with raw_server(pms(), tls=tls) as server, linked(context(direct(server.port))) as link:
        facts = await link.connect()

    assert (direct(server.port), Route.LOCAL) == (facts.address, facts.route)
    assert ("Den", "1.43.2.10687") == (facts.name, facts.version)
    assert facts.server_id == SERVER_ID
    assert ["/identity", "/"] == server.paths()
    assert [TOKEN] == tokens(server.seen)


async def test_a_server_is_found_over_ipv6(tls):
    """A server is found over ipv6.

    Names of IPv6 addresses have dashes for colons.
    """
    address = "https://0-0-0-0-0-0-0-1.{}.plex.direct:{}"
    async with raw_server(pms(), tls=tls, host="::1") as server:
        name = address.format("fc6b48db927de7394036856ade1760b9", server.port)
        async with linked(context(name)) as link:
            assert name == (await link.connect()).address


async def test_a_private_server_without_tls_is_found(trusted):
    """A private server without tls is found (K3).

    Plain http to a private address is allowed, and shows in the address.
    """
    async with raw_server(pms()) as server, linked(context(server.base_url)) as link:
        assert server.base_url == (await link.connect()).address


async def test_another_server_never_sees_the_token(tls):
    """Another server never sees the token (I4, K4).

    The identity is checked before anything else.
    """
    async with (
        raw_server(pms(server_id=OTHER), tls=tls) as server,
        linked(context(direct(server.port))) as link,
    ):
        with pytest.raises(IdentityMismatchError):
            await link.connect()

    assert ["/identity"] == server.paths()
    assert [] == tokens(server.seen)


async def test_a_server_that_changes_its_identity_after_the_probe_is_not_used(tls):
    """A server that changes its identity after the probe is not used (I4).

    What is signed in to says who it is, too.
    """
    async with (
        raw_server(pms(_=root(OTHER)), tls=tls) as server,
        linked(context(direct(server.port))) as link,
    ):
        with pytest.raises(IdentityMismatchError):
            await link.connect()


async def test_a_certificate_for_another_name_is_refused(authority, trusted):
    """A certificate for another name is refused (K3).

    An attacker has a certificate of Plex, too, but for his own server's name.
    """
    stranger = server_tls(authority, f"*.{OTHER_HASH}.plex.direct")
    async with (
        raw_server(pms(), tls=stranger) as server,
        linked(context(direct(server.port))) as link,
    ):
        with pytest.raises(TlsError):
            await link.connect()

    assert [] == server.seen


async def test_a_redirect_is_not_followed(tls):
    """A redirect is not followed (K4).

    A token never crosses a redirect; neither does a probe.
    """
    async with raw_server(pms(), tls=tls) as target:
        away = reply(302, Location=f"{direct(target.port)}/identity")
        async with (
            raw_server(answering(away), tls=tls) as server,
            linked(context(direct(server.port))) as link,
        ):
            with pytest.raises(UnreachableError) as caught:
                await link.connect()

    assert caught.value.reason is StatusReason.NOT_A_MEDIA_SERVER
    assert [] == target.seen


@pytest.mark.parametrize("credentials", [None, Credentials(user_id="1", token="")])
async def test_nobody_is_asked_without_a_token(tls, credentials):
    """Nobody is asked without a token.

    A server for which plex.tv gave no token needs a sign-in.
    """
    async with raw_server(pms(), tls=tls) as server:
        signed_out = replace(context(direct(server.port)), credentials=credentials)
        async with linked(signed_out) as link:
            with pytest.raises(AuthRequiredError) as caught:
                await link.connect()

    assert caught.value.reason is StatusReason.NO_CREDENTIALS
    assert [] == server.seen


async def test_a_refused_token_needs_a_sign_in(tls):
    """A refused token needs a sign in (S2).

    A token for another server; confirmed by a second call.
    """
    async with (
        raw_server(pms(token="another"), tls=tls) as server,
        linked(context(direct(server.port))) as link,
    ):
        with pytest.raises(AuthRequiredError) as caught:
            await link.connect()

    assert caught.value.reason is StatusReason.TOKEN_REFUSED
    assert ["/identity", "/", "/"] == server.paths()


async def test_a_starting_server_says_when_to_come_back(tls):
    """A starting server says when to come back.

    503 with XML, even on /identity, perhaps for hours.
    """
    async with (
        raw_server(answering(MAINTENANCE), tls=tls) as server,
        linked(context(direct(server.port))) as link,
    ):
        with pytest.raises(UnreachableError) as caught:
            await link.connect()

    assert caught.value.reason is StatusReason.SERVER_STARTING
    assert caught.value.retry_after_s == 7.0
    assert [] == tokens(server.seen)


@pytest.mark.parametrize(
    ("answer", "error", "reason"),
    [
        (reply(200, b"<html>Sign in to the WLAN</html>", "text/html"), UnreachableError,
         StatusReason.NOT_A_MEDIA_SERVER),
        (UNAUTHORISED, UnreachableError, StatusReason.NOT_A_MEDIA_SERVER),
        (reply(500, b"<html></html>", "text/html"), UnreachableError, StatusReason.SERVER_ERROR),
        (reply(509, b"<html></html>", "text/html"), UnreachableError, StatusReason.SERVER_ERROR),
        (json_reply([]), BadResponseError, StatusReason.PROTOCOL),
        (json_reply({"MediaContainer": {"size": 0}}), BadResponseError, StatusReason.PROTOCOL),
        (json_reply({"MediaContainer": {"machineIdentifier": 7}}), IdentityMismatchError,
         StatusReason.IDENTITY_MISMATCH),
    ],
)  # fmt: skip
async def test_what_is_no_identity_gets_no_token(tls, answer, error, reason):
    """What is no identity gets no token.

    Whatever else answers at /identity.
    """
    async with (
        raw_server(pms(_identity=answer), tls=tls) as server,
        linked(context(direct(server.port))) as link,
    ):
        with pytest.raises(error) as caught:
            await link.connect()

    assert caught.value.reason is reason
    assert [] == tokens(server.seen)


async def test_a_source_without_addresses_is_unreachable():
    """A source without addresses is unreachable.

    Connections may be null.
    """
    async with linked(context()) as link:
        with pytest.raises(UnreachableError, match="no address"):
            await link.connect()

    assert () == link.connections()


# --- several addresses --------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [near, far])
async def test_a_direct_address_wins_over_the_relay(tls, kind):
    """A direct address wins over the relay.

    The relay is not even asked, though it answers.
    """
    async with raw_server(pms(), tls=tls) as relayed, raw_server(pms(), tls=tls) as direct_one:
        known = (relay(direct(relayed.port)), kind(direct(direct_one.port)))
        async with linked(context(*known)) as link:
            assert direct(direct_one.port) == (await link.connect()).address

    assert [] == relayed.seen


async def test_the_relay_is_used_when_nothing_else_answers(tls):
    """The relay is used when nothing else answers.

    Only after all direct addresses have failed.
    """
    with dead() as refusing:
        async with raw_server(pms(), tls=tls) as server:
            known = (near(direct(refusing)), far(direct(refusing)), relay(direct(server.port)))
            async with linked(context(*known)) as link:
                facts = await link.connect()

    assert (Route.RELAY, direct(server.port)) == (facts.route, facts.address)


async def test_dead_hanging_and_strange_addresses_delay_nobody(authority, tls):
    """Issue: ten candidates, nine of them dead, hanging, or somebody else's."""
    stranger = server_tls(authority, f"*.{OTHER_HASH}.plex.direct")
    with ExitStack() as stack:
        hang = [stack.enter_context(hanging()) for _ in range(4)]
        refuse = [stack.enter_context(dead()) for _ in range(3)]
        async with (
            raw_server(pms(server_id=OTHER), tls=tls) as wrong,
            raw_server(pms(), tls=stranger) as forged,
            raw_server(pms(), tls=tls) as server,
        ):
            ports = [*hang, *refuse, wrong.port, forged.port, server.port]
            async with linked(context(*(near(direct(port)) for port in ports))) as link:
                with anyio.fail_after(4.0):  # one hanging address alone takes five seconds
                    facts = await link.connect()

    assert direct(server.port) == facts.address
    assert [] == tokens(wrong.seen)
    assert [] == tokens(forged.seen)


async def test_the_address_that_worked_last_is_asked_first(tls):
    """The address that worked last is asked first.

    Remembered, it has a head start over all others.
    """
    with hanging() as port:
        async with raw_server(pms(), tls=tls) as known:
            candidates = (near(direct(port)), far(direct(known.port)))
            async with linked(context(*candidates, address=direct(known.port))) as link:
                facts = await link.connect()

    assert (direct(known.port), Route.REMOTE) == (facts.address, facts.route)


async def test_a_remembered_address_that_hangs_costs_its_head_start_only(tls):
    """A remembered address that hangs costs its head start only (O3).

    The network is another one than last time.
    """
    with hanging() as port:
        async with raw_server(pms(), tls=tls) as server:
            known = context(near(direct(server.port)), address=direct(port))
            async with linked(known) as link:
                with anyio.fail_after(4.0):
                    assert direct(server.port) == (await link.connect()).address


async def test_a_remembered_address_that_plex_tv_no_longer_lists_still_works(tls):
    """A remembered address that plex.tv no longer lists still works (O3).

    What plex.tv doesn't know, such as a discovered address.
    """
    async with (
        raw_server(pms(), tls=tls) as server,
        linked(context(address=direct(server.port))) as link,
    ):
        assert direct(server.port) == (await link.connect()).address
        [connection] = link.connections()

    assert connection.in_use


async def test_an_outage_is_told_by_the_address_that_says_most(tls):
    """An outage is told by the address that says most (S2).

    A strange host at one of many addresses makes no error of the source.
    """
    with dead() as port:
        async with (
            raw_server(pms(server_id=OTHER), tls=tls) as wrong,
            linked(context(direct(wrong.port), direct(port))) as link,
        ):
            with pytest.raises(UnreachableError) as caught:
                await link.connect()
        async with (
            raw_server(answering(MAINTENANCE), tls=tls) as starting,
            linked(context(direct(port), direct(starting.port))) as link,
        ):
            with pytest.raises(UnreachableError) as also_caught:
                await link.connect()

    assert caught.value.reason is StatusReason.REFUSED
    assert also_caught.value.reason is StatusReason.SERVER_STARTING


# --- afterwards ---------------------------------------------------------------------------------


async def test_a_source_leaves_the_relay_as_soon_as_it_can(tls):
    """A source leaves the relay as soon as it can.

    Each connect tries the direct addresses again.
    """
    async with raw_server(pms(), tls=tls) as relayed:
        with dead() as port:
            known = (near(direct(port)), relay(direct(relayed.port)))
            async with linked(context(*known)) as link:
                assert Route.RELAY is (await link.connect()).route
                before = await link.client()
                async with raw_server(pms(), tls=tls, port=port) as server:
                    assert Route.LOCAL is (await link.connect()).route
                    after = await link.client()

    assert before.base_url != after.base_url
    assert [TOKEN] == tokens(server.seen)


async def test_a_far_address_gives_way_to_a_near_one_on_another_network(tls):
    """A far address gives way to a near one on another network.

    Compared anew when the network has changed, and not at every connect.
    """
    own = ["10.0.0.7"]
    near_answered = anyio.Event()
    plain = pms()

    async def at_home(seen: Seen, stream: ByteStream) -> None:
        await plain(seen, stream)
        near_answered.set()

    async def elsewhere(seen: Seen, stream: ByteStream) -> None:
        if own != ["10.0.0.7"]:
            await near_answered.wait()  # so that this machine's load decides nothing
        await plain(seen, stream)

    with dead() as port:
        async with raw_server(elsewhere, tls=tls) as distant:
            known = (near(direct(port)), far(direct(distant.port)))
            async with linked(context(*known), own_address=lambda: own[0]) as link:
                assert Route.REMOTE is (await link.connect()).route
                async with raw_server(at_home, tls=tls, port=port) as server:
                    assert Route.REMOTE is (await link.connect()).route
                    assert [] == server.seen
                    own[0] = "192.168.1.7"
                    assert Route.LOCAL is (await link.connect()).route


async def test_a_lost_server_is_looked_for_at_its_other_addresses(tls):
    """A lost server is looked for at its other addresses (O3).

    The request that noticed fails, the next one finds the server elsewhere.
    """
    async with raw_server(pms(), tls=tls) as other, AsyncExitStack() as running:
        first = await running.enter_async_context(raw_server(pms(), tls=tls))
        known = (near(direct(first.port)), far(direct(other.port)))
        async with linked(context(*known)) as link:
            assert direct(first.port) == (await link.client()).base_url
            await running.aclose()
            with pytest.raises(UnreachableError):
                await (await link.client()).get("/library/sections")
            assert direct(other.port) == (await link.client()).base_url


async def test_a_server_that_vanished_is_in_use_no_more(tls):
    """A server that vanished is in use no more (S6).

    A failed connect leaves no client behind; the next request looks for the server.
    """
    async with AsyncExitStack() as running:
        server = await running.enter_async_context(raw_server(pms(), tls=tls))
        async with linked(context(direct(server.port))) as link:
            await link.connect()
            assert [True] == [known.in_use for known in link.connections()]
            await running.aclose()
            for ask in (link.connect, link.client):
                with pytest.raises(UnreachableError):
                    await ask()
            assert [False] == [known.in_use for known in link.connections()]


async def test_once_https_worked_http_is_never_tried_again(tls):
    """Once https worked http is never tried again (K4).

    Over http an identity is only a claim.
    """
    async with raw_server(pms()) as plain:
        with dead() as port:
            known = (near(direct(port)), near(plain.base_url))
            async with linked(context(*known, address=direct(port))) as link:
                with pytest.raises(UnreachableError):
                    await link.connect()
                assert plain.base_url not in {known.address for known in link.connections()}

    assert [] == plain.seen


async def test_http_gives_way_to_https(tls):
    """Http gives way to https (K4).

    An address in clear is used only while there is no other.
    """
    async with raw_server(pms()) as plain:
        with dead() as port:
            known = (near(direct(port)), near(plain.base_url))
            async with linked(context(*known)) as link:
                assert plain.base_url == (await link.connect()).address
                async with raw_server(pms(), tls=tls, port=port):
                    assert direct(port) == (await link.connect()).address
                with pytest.raises(UnreachableError):
                    await link.connect()


async def test_a_pinned_address_is_used_and_no_other(tls):
    """Issue: PinConnection."""
    async with raw_server(pms(), tls=tls) as best, AsyncExitStack() as running:
        pinned = await running.enter_async_context(raw_server(pms(), tls=tls))
        known = (near(direct(best.port)), far(direct(pinned.port)))
        pin = {PINNED_ADDRESS: direct(pinned.port)}
        async with linked(context(*known, config=pin)) as link:
            assert direct(pinned.port) == (await link.connect()).address
            shown = {known.address: known for known in link.connections()}
            await running.aclose()
            with pytest.raises(UnreachableError):
                await link.connect()

    assert [] == best.seen
    assert shown[direct(pinned.port)].pinned
    assert not shown[direct(best.port)].pinned


async def test_every_address_can_be_tested_and_is_told_of(tls):
    """Issue: TestConnections, ListConnections; no token is sent."""
    with dead() as port:
        async with raw_server(pms(), tls=tls) as a, raw_server(pms(server_id=OTHER), tls=tls) as b:
            known = (relay(direct(a.port)), near(direct(port)), far(direct(b.port)))
            async with linked(context(*known)) as link:
                untried = link.connections()
                tested = await link.test_connections()

    assert [""] * 3 == [connection.outcome for connection in untried]
    assert [Route.LOCAL, Route.REMOTE, Route.RELAY] == [known.route for known in tested]
    assert ["refused", "identity-mismatch", "ok"] == [known.outcome for known in tested]
    assert [] == tokens([*a.seen, *b.seen])


async def test_what_was_tried_is_told(tls):
    """What was tried is told (S8).

    Address by address, for Explain.
    """
    with dead() as port:
        async with raw_server(pms(), tls=tls) as server:
            known = (near(direct(port)), far(direct(server.port)))
            async with linked(context(*known)) as link:
                await link.connect()

    outcomes = {attempt.step: attempt.outcome for attempt in link.attempts}
    assert {
        f"connect {direct(port)}": "refused",
        f"connect {direct(server.port)}": "ok",
    } == outcomes


async def test_a_cancelled_connect_leaves_nothing_open(tls):
    """A cancelled connect leaves nothing open.

    Cancel-safe; an unclosed socket would fail this test.
    """
    with hanging() as port:
        async with linked(context(direct(port))) as link:
            with anyio.move_on_after(0.05):
                await link.connect()
            async with (
                raw_server(pms(), tls=tls) as server,
                linked(context(direct(server.port))) as other,
            ):
                await other.connect()
