"""Plex's discovery on the local network: hints that are verified before they are used."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from msd.backend_api import DiscoverContext, FoundServer
from msd.backend_api.datagrams import Reply
from msd.backends.plex import SPEC
from msd.backends.plex.connect import gdm
from msd.errors import UnreachableError
from msd.models import Route
from tests.backend_api.http.raw_server import raw_server
from tests.backend_api.test_datagrams import answering
from tests.backends.plex.addresses import HASH, OTHER_HASH, dead, direct, server_tls
from tests.backends.plex.connect.test_link import linked
from tests.backends.plex.pms import SERVER_ID, context, pms, tokens

pytestmark = pytest.mark.anyio

OTHER = "b" * 40
CONTEXT = DiscoverContext(client_name="msd", client_version="0", device_name="desk")


def announcement(
    server_id: str = SERVER_ID, port: object = 32400, certificate: str = HASH, **more: str
) -> bytes:
    lines = {
        "Content-Type": "plex/media-server",
        "Host": f"{certificate}.plex.direct",
        "Name": "My: Server",
        "Port": str(port),
        "Resource-Identifier": server_id,
        "Updated-At": "1700000000",
        "Version": "1.43.2.1",
        **more,
    }
    text = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"HTTP/1.0 200 OK\r\n{text}\r\n".encode()


@asynccontextmanager
async def announced(monkeypatch: pytest.MonkeyPatch, *answers: bytes) -> AsyncIterator[None]:
    async with answering(*answers) as port:
        monkeypatch.setenv("MSD_PLEX_GDM", f"127.0.0.1:{port}")
        yield


async def discovered(count: int) -> list[FoundServer]:
    """The first servers that are found."""
    assert SPEC.discover is not None
    found = []
    async for server in (search := SPEC.discover(CONTEXT)):
        found.append(server)
        if len(found) == count:
            break
    await search.aclose()
    return found


async def test_a_server_on_the_network_is_found(monkeypatch):
    """A server on the network is found.

    Without plex.tv.
    """
    async with announced(monkeypatch, announcement()):
        [found] = await discovered(1)

    assert (SERVER_ID, "My: Server", "1.43.2.1") == (found.server_id, found.name, found.version)
    assert direct(32400) == found.address


async def test_a_server_without_a_certificate_is_found_by_its_address(monkeypatch):
    """A server without a certificate is found by its address.

    Sender and port.
    """
    old = announcement(Host="192.168.1.5").replace(b"\r\n", b"\n")
    async with announced(monkeypatch, old):
        [found] = await discovered(1)

    assert "http://127.0.0.1:32400" == found.address


async def test_odd_answers_are_ignored_and_each_server_is_named_once(monkeypatch):
    """Odd answers are ignored and each server is named once (K5).

    Anybody on the network may answer, and a player does.
    """
    odd = [
        b"",
        b"\xff\xfe\x00",
        b"HTTP/1.0 404 Not Found\r\n\r\n",
        announcement("odd1", port=0),
        announcement("odd2", port=70_000),
        announcement("odd3", port="x"),
        announcement("odd4").replace(b"200 OK", b"404 Not Found"),
        announcement("../../etc"),
        announcement("odd5", **{"Content-Type": "plex/media-player"}),
        announcement("odd6")[:60],
    ]
    async with announced(monkeypatch, *odd, announcement(), announcement(), announcement(OTHER)):
        assert [SERVER_ID, OTHER] == [server.server_id for server in await discovered(2)]


@given(st.binary(max_size=300) | st.binary(max_size=200).map(lambda tail: announcement() + tail))
def test_no_datagram_breaks_the_reading_of_one(content):
    """No datagram breaks the reading of one (K5).

    Property.
    """
    said = gdm._headers(Reply(content=content, sender="127.0.0.1"))
    assert gdm._port(said) is None or said["content-type"] == "plex/media-server"


# --- the second path to a known server ----------------------------------------------------------


async def test_a_server_at_a_new_address_is_found_without_plex_tv(monkeypatch, tls):
    """Issue: the LAN gave it another address, and plex.tv is down."""
    with dead() as port:
        async with (
            raw_server(pms(), tls=tls) as server,
            announced(monkeypatch, announcement(port=server.port)),
            linked(context(direct(port))) as link,
        ):
            facts = await link.connect()
            known = [connection.address for connection in link.connections()]

    assert (direct(server.port), Route.LOCAL) == (facts.address, facts.route)
    assert [direct(port), direct(server.port)] == sorted(known, key=[direct(port)].count)[::-1]


async def test_an_impostor_with_a_certificate_of_his_own_gets_no_token(
    monkeypatch, authority, trusted
):
    """An impostor with a certificate of his own gets no token (K4).

    Every Plex server has a certificate; only this server's own name counts.
    """
    own = server_tls(authority, f"*.{OTHER_HASH}.plex.direct")
    with dead() as port:
        async with raw_server(pms(), tls=own) as impostor:
            lie = announcement(port=impostor.port, certificate=OTHER_HASH)
            async with announced(monkeypatch, lie), linked(context(direct(port))) as link:
                with pytest.raises(UnreachableError):
                    await link.connect()

    assert [] == tokens(impostor.seen)


async def test_other_servers_on_the_network_are_not_asked(monkeypatch, tls):
    """Other servers on the network are not asked (I4)."""
    with dead() as port:
        async with (
            raw_server(pms(server_id=OTHER), tls=tls) as other,
            announced(monkeypatch, announcement(OTHER, other.port)),
            linked(context(direct(port))) as link,
        ):
            with pytest.raises(UnreachableError):
                await link.connect()

    assert [] == other.seen


async def test_a_server_without_a_certificate_that_is_known_is_not_looked_for(monkeypatch):
    """A server without a certificate that is known is not looked for (K4).

    Over http, anybody could claim to be it.
    """
    questions: list[bytes] = []
    with dead() as port:
        async with raw_server(pms()) as claim, answering(heard=questions) as network:
            monkeypatch.setenv("MSD_PLEX_GDM", f"127.0.0.1:{network}")
            async with linked(context(f"https://localhost:{port}")) as link:
                with pytest.raises(UnreachableError):
                    await link.connect()

    assert [] == claim.seen
    assert [] == questions
