"""A whole account against the simulators: its servers found, reached, and proved by their logs."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from functools import partial

import anyio
import pytest
from msgspec.structs import replace

from msd.backend_api import (
    AccountContext,
    BackendContext,
    Credentials,
    HasConnections,
    MediaBackend,
    NewSource,
    NewSources,
    UserChoice,
)
from msd.backend_api.http import trust
from msd.backends.plex import SPEC
from msd.backends.plex.login.login import login
from msd.errors import (
    AuthRefusedError,
    AuthRequiredError,
    LoginExpiredError,
    UnreachableError,
)
from msd.models import Account, AccountId, Route, ServerFacts, Source, SourceId, StatusReason
from tests.backends.plex.pms import DEVICE, context
from tests.backends.plex.tv_server import ADD_CONTEXT, Person
from tests.simulators.plex import (
    Conduct,
    Door,
    GdmResponder,
    Household,
    PlexServer,
    faults,
    ipv6_works,
)

pytestmark = pytest.mark.anyio


@pytest.fixture
def household(monkeypatch: pytest.MonkeyPatch) -> Iterator[Household]:
    """Alice's account with its four servers; their authority is trusted."""
    with Household() as household:
        monkeypatch.setenv("MSD_PLEX_TV", household.tv.url)
        monkeypatch.setenv("SSL_CERT_FILE", household.ca_file)
        trust.ssl_context.cache_clear()
        yield household
    trust.ssl_context.cache_clear()


async def added(household: Household) -> NewSources:
    return await SPEC.add({"token": household.token(DEVICE)}, ADD_CONTEXT)


def source_of(found: NewSources, server: PlexServer) -> NewSource:
    return next(new for new in found.sources if new.server_id == server.machine_id)


def opened_with(found: NewSources, server: PlexServer, address: str = "") -> BackendContext:
    new = source_of(found, server)
    source = Source(
        id=SourceId("plex_0123456789ab"),
        kind=SPEC.kind,
        name=new.name,
        account_id=AccountId("account"),
        server_id=new.server_id,
        address=address,
        config=new.config,
        owned=new.owned,
    )
    assert found.account is not None
    credentials = found.account.credentials.for_server(new.server_id)
    return replace(context(), source=source, credentials=credentials)


@asynccontextmanager
async def opened(
    found: NewSources, server: PlexServer, address: str = ""
) -> AsyncIterator[MediaBackend]:
    backend = SPEC.open(opened_with(found, server, address))
    try:
        yield backend
    finally:
        await backend.aclose()


async def connected(found: NewSources, server: PlexServer, address: str = "") -> ServerFacts:
    async with opened(found, server, address) as backend:
        return await backend.connect()


def account_context(found: NewSources) -> AccountContext:
    assert found.account is not None
    return AccountContext(
        account=Account(
            id=AccountId("account"),
            kind=SPEC.kind,
            display_name=found.account.display_name,
            remote_user_id=found.account.remote_user_id,
            device_id=DEVICE,
        ),
        credentials=found.account.credentials,
        client_name="msd",
        client_version="0.1.0",
        device_name="desk",
    )


def tokens_at(server: PlexServer) -> set[str]:
    """The tokens that a server was ever shown."""
    sent = (request.header("x-plex-token") for request in server.log.requests)
    return {token for token in sent if token}


# --- servers and their tokens -------------------------------------------------------------------


async def test_an_account_brings_every_server_with_its_route_and_its_own_token(household):
    """Issue: owned near, owned far by relay, shared, dead; tokens as the servers saw them."""
    found = await added(household)
    near, far, shared, dead = household.servers

    facts = {server: await connected(found, server) for server in (near, far, shared)}
    with pytest.raises(UnreachableError) as caught:
        await connected(found, dead)

    assert {near.machine_id, far.machine_id, shared.machine_id, dead.machine_id} < {
        new.server_id for new in found.sources
    }
    assert [Route.LOCAL, Route.RELAY, Route.REMOTE] == [known.route for known in facts.values()]
    assert facts[near].address in {door.uri for door in near.doors}
    assert ("Near", near.state.version) == (facts[near].name, facts[near].version)
    assert [True, True, False, True] == [
        source_of(found, server).owned for server in household.servers
    ]
    assert caught.value.reason is StatusReason.REFUSED
    for server in (near, far, shared):
        assert {household.tv.access_token(server, household.alice)} == tokens_at(server)
    assert set() == tokens_at(dead)


async def test_a_server_without_addresses_is_a_source_that_is_not_reached(household):
    """A server without addresses is a source that is not reached.

    Connections may be absent, and the server years old.
    """
    found = await added(household)

    [lost] = [new for new in found.sources if new.name == "Lost Server"]
    source = Source(
        id=SourceId("plex_0"),
        kind=SPEC.kind,
        name=lost.name,
        account_id=AccountId("account"),
        server_id=lost.server_id,
        config=lost.config,
    )
    backend = SPEC.open(replace(context(), source=source))
    with pytest.raises(UnreachableError, match="no address"):
        await backend.connect()
    await backend.aclose()


async def test_the_accounts_token_is_shown_to_no_server(household):
    """The accounts token is shown to no server.

    Not even to an owner's own.
    """
    found = await added(household)
    for server in (household.near, household.far, household.shared):
        await connected(found, server)

    assert found.account is not None
    account_token = found.account.credentials.token
    assert all(account_token not in tokens_at(server) for server in household.servers)


async def test_a_token_that_a_server_replaced_is_refused_and_then_listed_anew(household):
    """A token that a server replaced is refused and then listed anew.

    401 twice; asked again, plex.tv gives another one (A2).
    """
    found = await added(household)
    household.tv.withdraw_access(household.shared, household.alice)
    with pytest.raises(AuthRequiredError) as caught:
        await connected(found, household.shared)

    assert SPEC.servers is not None
    fresh = await SPEC.servers(account_context(found))
    new_token = fresh.server_tokens[household.shared.machine_id]
    known = opened_with(found, household.shared)
    backend = SPEC.open(replace(known, credentials=Credentials(user_id="1", token=new_token)))
    facts = await backend.connect()
    await backend.aclose()

    assert caught.value.reason is StatusReason.TOKEN_REFUSED
    assert fresh.complete
    assert Route.REMOTE is facts.route


async def test_a_withdrawn_share_vanishes_from_a_complete_answer(household):
    """A withdrawn share vanishes from a complete answer (A2)."""
    found = await added(household)
    household.tv.unshare(household.shared, household.alice)

    assert SPEC.servers is not None
    now = await SPEC.servers(account_context(found))

    gone = {new.server_id for new in found.sources} - {new.server_id for new in now.sources}
    assert {household.shared.machine_id} == gone
    assert now.complete


async def test_an_empty_list_takes_nothing_away(household):
    """Issue: plex.tv answering []: nothing vanishes."""
    found = await added(household)
    household.tv.faults.add("/api/v2/resources", faults.replace_json([]))

    assert SPEC.servers is not None
    now = await SPEC.servers(account_context(found))

    assert ((), False) == (now.sources, now.complete)


# --- without plex.tv ----------------------------------------------------------------------------


async def test_with_plex_tv_down_a_server_is_reached_and_read_from_a_cold_start(household):
    """Issue: independence of plex.tv."""
    found = await added(household)
    household.tv.refuse()

    async with opened(found, household.near) as backend:
        facts = await backend.connect()
        libraries = await backend.libraries()

    assert Route.LOCAL is facts.route
    assert libraries


async def test_a_worker_opens_the_remembered_address(household):
    """Brief: the process that syncs has the source's address and config, and no more."""
    found = await added(household)
    household.tv.refuse()
    first, second = household.near.doors
    household.near.set_conduct(first, Conduct.HANGING)

    async with opened(found, household.near, address=second.uri) as backend:
        await backend.libraries()

    assert {second.address} == {request.door for request in household.near.log.requests}


async def test_with_plex_tv_down_signing_in_fails_and_an_account_is_not_lost(household):
    """With plex.tv down signing in fails and an account is not lost.

    Stay signed in, retry.
    """
    found = await added(household)
    household.tv.refuse()

    assert SPEC.servers is not None
    with pytest.raises(UnreachableError):
        await SPEC.servers(account_context(found))


# --- addresses ----------------------------------------------------------------------------------


async def test_a_server_on_ipv6_alone_is_reached(household):
    """A server on ipv6 alone is reached."""
    if not ipv6_works():
        pytest.skip("this machine has no ::1")
    with PlexServer(doors=[Door(host="::1")], authority=household.authority) as server:
        household.tv.publish(server, household.alice)
        found = await added(household)
        assert server.url == (await connected(found, server)).address


async def test_http_is_used_where_tls_is_not_to_be_had_and_never_afterwards(household):
    """Http is used where tls is not to be had and never afterwards (K3, K4).

    In the server's own network only; once https worked, not any more.
    """
    found = await added(household)
    near = household.near
    for door in near.doors:
        near.set_conduct(door, Conduct.UNTRUSTED)

    async with opened(found, near) as backend:
        in_clear = await backend.connect()
        near.set_conduct(near.doors[0], Conduct.GOOD)
        near.set_conduct(near.doors[1], Conduct.REFUSING)
        in_safety = await backend.connect()
        near.set_conduct(near.doors[0], Conduct.UNTRUSTED)
        with pytest.raises(UnreachableError):
            await backend.connect()

    assert in_clear.address.startswith("http://127.0.0.")
    assert near.doors[0].uri == in_safety.address


@pytest.mark.parametrize("conduct", [Conduct.STRANGER, Conduct.WRONG_CERTIFICATE])
async def test_an_address_that_somebody_else_has_now_gets_no_token(household, conduct):
    """An address that somebody else has now gets no token (I4, K4).

    Another identity, or a certificate for another name.
    """
    household.tv.published(household.near).https_required = True
    found = await added(household)
    for door in household.near.doors:
        household.near.set_conduct(door, conduct)

    async with opened(found, household.near) as backend:
        with pytest.raises(Exception, match=r"another Plex|secure connection"):
            await backend.connect()

    assert set() == tokens_at(household.near)


async def test_a_server_that_moved_is_found_on_the_network(household, monkeypatch):
    """Issue: GDM is the second path, plex.tv being down."""
    found = await added(household)
    household.tv.refuse()
    near = household.near
    stale = near.doors[1]
    new = source_of(found, near)
    moved = replace(new, config={"connections": new.config["connections"].replace(
        f":{near.doors[0].port}", f":{household.dead.doors[0].port}")})  # fmt: skip
    near.set_conduct(stale, Conduct.REFUSING)
    with GdmResponder(near, household.far) as network:
        monkeypatch.setenv("MSD_PLEX_GDM", f"127.0.0.1:{network.port}")
        found = replace(found, sources=(moved,))
        facts = await connected(found, near)

    assert near.url == facts.address
    assert network.searches
    assert set() == tokens_at(household.far)


async def test_servers_on_the_network_are_discovered(household, monkeypatch):
    """Issue: DiscoverServers."""
    assert SPEC.discover is not None
    names = []
    with GdmResponder(household.near, household.shared, newline="\n") as network:
        monkeypatch.setenv("MSD_PLEX_GDM", f"127.0.0.1:{network.port}")
        search = SPEC.discover(ADD_CONTEXT)  # type: ignore[arg-type]
        async for server in search:
            names.append((server.name, server.address))
            if len(names) == 2:
                break
        await search.aclose()

    assert {("Near", household.near.url), ("Shared", household.shared.url)} == set(names)


async def test_connections_are_listed_and_tested_without_a_token(household):
    """Issue: ListConnections, TestConnections over the whole backend."""
    found = await added(household)
    async with opened(found, household.far) as backend:
        assert isinstance(backend, HasConnections)
        tested = await backend.test_connections()

    # Plain http is tested as well: no https has worked yet.
    outcomes = [(known.route, known.outcome) for known in tested]
    assert (Route.RELAY, "ok") == outcomes[-1]
    assert {"refused"} == {outcome for _, outcome in outcomes[:-1]}
    assert set() == tokens_at(household.far)


# --- signing in ---------------------------------------------------------------------------------


class Approving(Person):
    """Somebody who approves, refuses or ignores a code as soon as he sees it."""

    def __init__(self, act, *choices: UserChoice) -> None:
        super().__init__(*choices)
        self._act = act

    def show_code(self, *, code, url, expires_at, message) -> None:
        super().show_code(code=code, url=url, expires_at=expires_at, message=message)
        self._act(code)


async def sign_in(person: Person, **options: object) -> NewSources:
    with anyio.fail_after(30):
        return await login(options, ADD_CONTEXT, person, pauses_s=(0.02,))


@pytest.mark.parametrize("link", [True, False])
async def test_a_sign_in_by_pin_brings_the_account(household, link):
    """A sign in by pin brings the account.

    Both kinds of codes.
    """
    tv = household.tv
    person = Approving(lambda code: tv.approve(code, household.alice))

    found = await sign_in(person, link=link)

    assert str(household.alice.id) == found.account.remote_user_id
    assert Route.LOCAL is (await connected(found, household.near)).route
    [(code, _, expires_at)] = person.codes
    assert (len(code) == 4) is link
    assert 0 < expires_at - time.time() <= (900 if link else 1800)


async def test_a_second_sign_in_of_the_same_device_ends_the_first(household):
    """A second sign in of the same device ends the first (A1).

    Which is why the new token is kept at once.
    """
    person = Approving(lambda code: household.tv.approve(code, household.alice))
    first = await sign_in(person)
    await sign_in(Approving(lambda code: household.tv.approve(code, household.alice)))

    assert SPEC.servers is not None
    with pytest.raises(AuthRequiredError):
        await SPEC.servers(account_context(first))


async def test_a_denied_and_an_expired_code_end_a_sign_in(household):
    """A denied and an expired code end a sign in."""
    with pytest.raises(AuthRefusedError):
        await sign_in(Approving(household.tv.deny))
    with pytest.raises(LoginExpiredError):
        await sign_in(Approving(lambda _: household.tv.clock.advance(3600)))


async def test_a_member_of_a_home_with_a_pin_signs_in(household):
    """A member of a home with a pin signs in.

    The PIN wrong first; the member's own servers and tokens.
    """
    tv = household.tv
    kid = tv.add_user("kid", pin="1234", managed=True, home_of=household.alice)
    tv.share(household.near, kid)
    person = Approving(
        partial(tv.approve, user=household.alice),
        UserChoice(user_id=str(kid.id), pin="4321"),
        UserChoice(user_id=str(kid.id), pin="1234"),
    )

    found = await sign_in(person)
    facts = await connected(found, household.near)

    assert str(kid.id) == found.account.remote_user_id
    assert [household.near.machine_id] == [
        new.server_id for new in found.sources if new.name != "Lost Server"
    ]
    assert Route.LOCAL is facts.route
    assert {tv.access_token(household.near, kid)} == tokens_at(household.near)
    assert 2 == len(person.asked)


async def test_signing_out_ends_the_token(household):
    """Signing out ends the token (A4)."""
    found = await added(household)
    assert SPEC.sign_out is not None
    await SPEC.sign_out(account_context(found))

    assert SPEC.servers is not None
    with pytest.raises(AuthRequiredError):
        await SPEC.servers(account_context(found))
