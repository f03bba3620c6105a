"""The servers that plex.tv lists: whose they are, how they are reached, what is odd."""

from __future__ import annotations

import pytest

from msd.backends.plex import SPEC
from msd.backends.plex.connect.connections import known_addresses
from msd.errors import AuthRequiredError, BadResponseError, UnreachableError
from msd.models import Route
from tests.backend_api.http.raw_server import json_reply, reply
from tests.backends.plex.addresses import HASH
from tests.backends.plex.login.test_login import account_context
from tests.backends.plex.pms import SERVER_ID, TOKEN
from tests.backends.plex.tv_server import PORTAL, REFUSED, connection, plex_tv, resource

pytestmark = pytest.mark.anyio

NEAR = f"https://192-168-1-150.{HASH}.plex.direct:32400"
FAR = f"https://54-231-109-34.{HASH}.plex.direct:45678"
RELAY = f"https://162-243-175-222.{HASH}.plex.direct:8443"
OTHER = "b" * 40


async def ask(monkeypatch, listed):
    assert SPEC.servers is not None
    answer = listed if isinstance(listed, bytes) else json_reply(listed)
    async with plex_tv(monkeypatch, GET_resources=answer):
        return await SPEC.servers(account_context())


def addresses(found) -> list[tuple[str, Route]]:
    [source] = found.sources
    known = known_addresses(source.config)
    return [(candidate.address, candidate.route) for candidate in known.candidates]


async def test_an_ordinary_answer_is_understood(monkeypatch):
    """An ordinary answer is understood.

    As plex.tv sends it, what nobody needs included.
    """
    more = {
        "platform": None,
        "device": "Docker Container",
        "createdAt": "2020-01-12T15:30:18Z",
        "ownerId": None,
        "sourceTitle": None,
        "publicAddress": "54.231.109.34",
        "relay": True,
        "presence": True,
        "natLoopbackSupported": None,
        "connections": [
            {"address": "192.168.1.150", "port": 32400, "IPv6": False, **connection(NEAR)},
            {"address": "www.example.com", **connection("https://www.example.com:45678")},
        ],
    }
    found = await ask(monkeypatch, [resource(**more)])

    [source] = found.sources
    assert (SERVER_ID, "Den", "1.43.2.1") == (source.server_id, source.name, source.server_version)
    assert source.owned
    assert found.complete
    assert {SERVER_ID: TOKEN} == found.server_tokens


async def test_addresses_are_kept_the_best_first_without_a_secret(monkeypatch):
    """Brief: so that plex.tv is not needed later."""
    connections = [
        connection(RELAY, local=False, relay=True),
        connection(FAR, local="0", relay=0),
        connection(NEAR, local="1"),
        connection(NEAR),
    ]
    found = await ask(monkeypatch, [resource(connections=connections)])

    assert [(NEAR, Route.LOCAL), (FAR, Route.REMOTE), (RELAY, Route.RELAY)] == addresses(found)
    assert TOKEN not in str(found.sources[0].config)


@pytest.mark.parametrize(
    ("says", "is_asked_in_clear"),
    [
        ({"publicAddressMatches": True}, True),
        ({"publicAddressMatches": "1", "httpsRequired": "0"}, True),
        ({"publicAddressMatches": True, "httpsRequired": True}, False),
        ({"publicAddressMatches": False}, False),
    ],
)
async def test_http_is_a_last_resort_in_the_servers_own_network(
    monkeypatch, says, is_asked_in_clear
):
    """Http is a last resort in the servers own network (K3).

    Only near, only when allowed, only where we share its address.
    """
    connections = [connection(NEAR), connection(FAR, local=False)]
    found = await ask(monkeypatch, [resource(connections=connections, **says)])

    expected = [("http://192.168.1.150:32400", Route.LOCAL)] if is_asked_in_clear else []
    assert [(NEAR, Route.LOCAL), *expected, (FAR, Route.REMOTE)] == addresses(found)


@pytest.mark.parametrize(
    "uri",
    [
        *(None, 7, "", "nonsense", "ftp://host/", "https://", "https://host:99999", "https://[::"),
        *(
            "https://user:password@host",
            "https://host/?token=x",
            "https://host/#x",
            "https://hö.de",
        ),
        *(f"https://fe80--1.{HASH}.plex.direct:32400", "https://[fe80::1]:32400"),
        *("http://54.231.109.34:32400", "http://www.example.com:32400"),
        *("https://0.0.0.0:1", "https://[::]:1", "https://224.0.0.1:1", "https://" + "x" * 400),
    ],
)
async def test_an_address_that_can_not_be_used_is_left_out(monkeypatch, uri):
    """An address that can not be used is left out (K5).

    And the server stays.
    """
    found = await ask(monkeypatch, [resource(connections=[connection(uri), connection(NEAR)])])

    assert [(NEAR, Route.LOCAL)] == addresses(found)


@pytest.mark.parametrize("connections", [None, [], "x", [7, None], {}])
async def test_a_server_without_addresses_is_a_server(monkeypatch, connections):
    """A server without addresses is a server.

    Connections may be null.
    """
    found = await ask(monkeypatch, [resource(connections=connections)])

    assert [] == addresses(found)
    assert found.complete


async def test_players_and_stale_servers_are_ordinary(monkeypatch):
    """Players and stale servers are ordinary.

    Provides is a list; presence says nothing about later.
    """
    listed = [
        resource("player", provides="client,player,pubsub-player", accessToken=None),
        resource(provides="client, server", presence=False, lastSeenAt="2020-01-01T00:00:00Z"),
        resource("headless", provides=None),
    ]
    found = await ask(monkeypatch, listed)

    assert [SERVER_ID] == [source.server_id for source in found.sources]
    assert found.complete


async def test_many_addresses_and_servers_are_bounded(monkeypatch):
    """Many addresses and servers are bounded (K5)."""
    many = [connection(f"https://10-0-0-{n}.{HASH}.plex.direct:32400") for n in range(90)]
    found = await ask(monkeypatch, [resource(connections=many)])
    assert 32 == len(addresses(found))

    found = await ask(monkeypatch, [resource(f"server{n}") for n in range(1_100)])
    assert 1_000 == len(found.sources)
    assert not found.complete


@pytest.mark.parametrize(
    "listed",
    [[], ["x", resource()], *([resource(odd), resource()] for odd in ("", 7, "a b", None))],
)
async def test_an_odd_answer_is_not_complete(monkeypatch, listed):
    """An odd answer is not complete (A2).

    A partial or empty answer from plex.tv deletes nothing.
    """
    found = await ask(monkeypatch, listed)

    assert not found.complete
    assert [SERVER_ID] * (len(listed) > 0) == [source.server_id for source in found.sources]


@pytest.mark.parametrize("given", [None, "", 7, "a b", "x\r\ny"])
async def test_a_server_without_a_token_gets_none(monkeypatch, given):
    """A server without a token gets none.

    Above all not the account's, which would open every other server.
    """
    listed = [resource(accessToken=given), resource(OTHER, accessToken="other-token-12345678")]
    found = await ask(monkeypatch, listed)

    assert {SERVER_ID: "", OTHER: "other-token-12345678"} == found.server_tokens


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (REFUSED, AuthRequiredError),
        (PORTAL, UnreachableError),
        (reply(503, b"", "text/html"), UnreachableError),
        (json_reply({"errors": []}), BadResponseError),
        (json_reply(None), BadResponseError),
    ],
)
async def test_trouble_is_an_error_and_no_empty_answer(monkeypatch, answer, error):
    """Trouble is an error and no empty answer (A2, S2)."""
    refused = {"GET_user": REFUSED} if answer is REFUSED else {}
    assert SPEC.servers is not None
    async with plex_tv(monkeypatch, GET_resources=answer, **refused):
        with pytest.raises(error):
            await SPEC.servers(account_context())
