"""Jellyfin's discovery on the local network: hints that are verified before they are used."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from msd.backend_api import DiscoverContext, FoundServer
from msd.backend_api.datagrams import Reply
from msd.backends.jellyfin import SPEC
from msd.backends.jellyfin.find.discovery import _server
from tests.simulators.http.datagrams import Responder
from tests.simulators.jellyfin import JellyfinSimulator
from tests.simulators.jellyfin.service.discovery import DiscoveryResponder

pytestmark = pytest.mark.anyio

CONTEXT = DiscoverContext(client_name="msd", client_version="0", device_name="desk")
GOOD = {"Id": "a" * 32, "Name": "nas", "Address": "http://nas.lan:8096", "EndpointAddress": None}


async def found() -> list[FoundServer]:
    assert SPEC.discover is not None
    return [server async for server in SPEC.discover(CONTEXT)]


def told(**changes: object) -> FoundServer | None:
    """Return what a datagram tells."""
    return _server(Reply(content=json.dumps(GOOD | changes).encode(), sender="10.0.0.1"))


async def test_a_server_that_answers_is_found_once(
    sim: JellyfinSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that answers is found once.

    The address is the one that the server says.
    """
    with DiscoveryResponder(sim, sim) as responder:
        responder.verbatim = [b"", b"no json", b'{"Id": 1}']
        monkeypatch.setenv("MSD_JELLYFIN_DISCOVERY", f"127.0.0.1:{responder.port}")

        (server,) = await found()

    assert (sim.world.server_id, sim.world.server_name, sim.url) == (
        server.server_id,
        server.name,
        server.address,
    )


async def test_nobody_is_asked_where_nobody_is_to_be_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """An empty variable."""
    monkeypatch.setenv("MSD_JELLYFIN_DISCOVERY", "")

    assert [] == await found()


def test_what_is_no_server_is_left_out() -> None:
    """What is no server is left out (K5).

    Anybody may answer.
    """
    assert told() == FoundServer(server_id="a" * 32, name="nas", address="http://nas.lan:8096")
    assert told(Id="x") is None
    assert told(Address="file:///etc/passwd") is None
    assert told(Address="nas.lan") is None
    assert told(Address="http://user:pw@nas.lan") is None
    assert told(Address=7) is None
    unnamed = told(Name="\n")
    assert unnamed is not None
    assert unnamed.name == "Jellyfin"


@given(st.binary(max_size=200) | st.just(b"[" * 4000))
def test_no_datagram_does_harm(content: bytes) -> None:
    """No datagram does harm (K5)."""
    assert _server(Reply(content=content, sender="10.0.0.1")) is None


async def test_the_senders_address_is_taken_where_the_said_one_cant_be_reached(
    sim: JellyfinSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server in a container says the container's own address (S11)."""
    said = GOOD | {"Id": sim.world.server_id, "Address": f"http://127.1.2.3:{sim.port}"}
    with Responder(lambda _question: [json.dumps(said).encode()]) as responder:
        monkeypatch.setenv("MSD_JELLYFIN_DISCOVERY", f"127.0.0.1:{responder.port}")

        (server,) = await found()

    assert server.address == f"http://127.0.0.1:{sim.port}"


async def test_the_said_address_stays_where_nothing_answers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It is a hint; adding tells what is wrong with it."""
    said = GOOD | {"Address": "http://127.1.2.3:9"}
    with Responder(lambda _question: [json.dumps(said).encode()]) as responder:
        monkeypatch.setenv("MSD_JELLYFIN_DISCOVERY", f"127.0.0.1:{responder.port}")

        (server,) = await found()

    assert server.address == "http://127.1.2.3:9"
