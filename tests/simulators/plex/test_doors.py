"""The addresses of a media server, each with a conduct of its own."""

from __future__ import annotations

import contextlib
import socket
import ssl
from collections.abc import Iterator

import pytest

from tests.simulators.http.client import send
from tests.simulators.plex import Conduct, Door, GdmResponder, PlexServer, ipv6_works, make_world
from tests.simulators.plex.client import Probe

WAIT_S = 20
ASKING = (
    b"GET /identity HTTP/1.1\r\nHost: pms\r\nAccept: application/json\r\nConnection: close\r\n\r\n"
)


@pytest.fixture
def server() -> Iterator[PlexServer]:
    """A server with two https addresses and one by http only."""
    doors = [Door(), Door(host="127.0.0.2", local=False), Door(secure=False)]
    with PlexServer(make_world(10), doors=doors) as running:
        yield running


def _by_name(server: PlexServer, door: Door, timeout_s: float = WAIT_S) -> bytes:
    """Dial the address that the plex.direct name encodes, and check the certificate by name."""
    context = ssl.create_default_context(cafile=server.ca_file)
    with (
        socket.create_connection((door.host, door.port), timeout=timeout_s) as raw,
        context.wrap_socket(raw, server_hostname=door.direct_name) as secure,
    ):
        secure.sendall(ASKING)
        return b"".join(iter(lambda: secure.recv(10_000), b""))


def test_a_name_encodes_its_address(server: PlexServer) -> None:
    """With dashes, below hex digits that are not the machine identifier."""
    door = server.doors[1]

    assert door.uri == f"https://127-0-0-2.{server.direct_digits}.plex.direct:{door.port}"
    assert len(server.direct_digits) == 32
    assert server.direct_digits not in server.machine_id
    assert server.doors[2].uri == f"http://127.0.0.1:{server.doors[2].port}"


def test_every_good_door_answers_by_name_and_in_the_clear(server: PlexServer) -> None:
    """One port speaks both."""
    for door in server.doors[:2]:
        assert server.machine_id.encode() in _by_name(server, door)
        assert server.machine_id.encode() in send("GET", f"{door.plain_url}/identity", {}).body


def test_an_address_is_no_name(server: PlexServer) -> None:
    """A certificate by name does not hold for the bare address."""
    door = server.doors[0]

    with pytest.raises(ssl.SSLCertVerificationError):
        send("GET", f"https://{door.host}:{door.port}/identity", {}, ca_file=server.ca_file)


def test_a_door_refuses_and_opens_again(server: PlexServer) -> None:
    """On the same port; the other doors stay open."""
    first, second, _ = server.doors
    server.set_conduct(first, Conduct.REFUSING)

    with pytest.raises(ConnectionRefusedError):
        _by_name(server, first)
    assert server.machine_id.encode() in _by_name(server, second)

    server.set_conduct(first, Conduct.GOOD)
    assert server.machine_id.encode() in _by_name(server, first)


def test_a_door_hangs(server: PlexServer) -> None:
    """The connection opens, and not even TLS begins."""
    server.set_conduct(server.doors[0], Conduct.HANGING)

    with pytest.raises(TimeoutError):
        _by_name(server, server.doors[0], timeout_s=0.2)


@pytest.mark.parametrize("conduct", [Conduct.WRONG_CERTIFICATE, Conduct.UNTRUSTED])
def test_a_certificate_is_for_another_name_or_of_nobody_known(
    server: PlexServer, conduct: Conduct
) -> None:
    """Either way the handshake fails before a request is sent."""
    server.set_conduct(server.doors[0], conduct)

    with pytest.raises(ssl.SSLCertVerificationError):
        _by_name(server, server.doors[0])
    assert server.log.requests == []


def test_a_stranger_answers_with_another_identity(server: PlexServer) -> None:
    """And whatever else is asked of it is in the log, by the door it came through."""
    first, second, _ = server.doors
    server.set_conduct(first, Conduct.STRANGER)
    stranger = Probe(url=first.plain_url, token="a-secret")

    found = stranger.container("/identity")["machineIdentifier"]
    assert found != server.machine_id
    assert stranger.get("/library/sections").status == 401
    assert Probe(url=second.plain_url).container("/identity")["machineIdentifier"] != found
    leaked = [each for each in server.log.requests if each.header("X-Plex-Token")]
    assert {each.door for each in leaked} == {first.address}


@pytest.mark.skipif(not ipv6_works(), reason="this machine has no ::1")
def test_an_address_of_ipv6() -> None:
    """Its name has dashes for colons."""
    with PlexServer(make_world(10), doors=[Door(host="::1")]) as server:
        (door,) = server.doors

        assert door.direct_name.startswith("--1.")
        assert door.connection["IPv6"]
        assert server.machine_id.encode() in _by_name(server, door)
        assert send("GET", f"{door.plain_url}/identity", {}).status == 200


def test_a_domain_of_its_own() -> None:
    """A server behind a proxy shows a certificate for that."""
    with PlexServer(make_world(10), doors=[Door(name="localhost")]) as server:
        answer = send("GET", f"{server.url}/identity", {}, ca_file=server.ca_file)

        assert server.url.startswith("https://localhost:")
        assert answer.status == 200


def test_a_server_is_shut_down_and_comes_back(server: PlexServer) -> None:
    """All its doors but those that refuse anyway."""
    server.set_conduct(server.doors[1], Conduct.REFUSING)
    server.refuse()
    for door in server.doors:
        with pytest.raises(ConnectionRefusedError):
            send("GET", f"{door.plain_url}/identity", {})
    server.accept()

    assert server.machine_id.encode() in _by_name(server, server.doors[0])
    with pytest.raises(ConnectionRefusedError):
        _by_name(server, server.doors[1])


def test_a_client_that_says_nothing_does_not_keep_a_server_from_closing() -> None:
    """Nor one that stops in the middle of a handshake."""
    with PlexServer(make_world(10), doors=[Door()]) as server:
        door = server.doors[0]
        silent = socket.create_connection((door.host, door.port), timeout=WAIT_S)
        halfway = socket.create_connection((door.host, door.port), timeout=WAIT_S)
        halfway.sendall(b"\x16\x03")
    with silent, halfway:
        for each in (silent, halfway):
            with contextlib.suppress(ConnectionError):
                assert each.recv(1) == b""


# On the local network


def _search(
    responder: GdmResponder, text: bytes = b"M-SEARCH * HTTP/1.1\r\n\r\n", answers: int = 1
) -> list[bytes]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        asking.settimeout(WAIT_S)
        asking.sendto(text, ("127.0.0.1", responder.port))
        return [asking.recv(4096) for _ in range(answers)]


@pytest.mark.parametrize("text", [b"M-SEARCH * HTTP/1.1\r\n\r\n", b"M-SEARCH * HTTP/1.0"])
def test_a_search_is_answered(server: PlexServer, text: bytes) -> None:
    """With identity, port and plex.direct name; in both forms of the question."""
    with GdmResponder(server) as responder:
        (answer,) = (found.decode() for found in _search(responder, text))

    head, *lines = answer.rstrip("\r\n").split("\r\n")
    headers = dict(line.split(": ", 1) for line in lines)
    assert head == "HTTP/1.0 200 OK"
    assert headers["Resource-Identifier"] == server.machine_id
    assert headers["Port"] == str(server.doors[0].port)
    assert headers["Host"] == f"{server.direct_digits}.plex.direct"
    assert responder.searches == [text]


def test_answers_may_be_anything(server: PlexServer) -> None:
    """With bare line feeds, and other datagrams besides."""
    with GdmResponder(server, newline="\n") as responder:
        responder.verbatim.append(b"\xff rubbish")
        first, second = _search(responder, answers=2)

    assert b"\r" not in first
    assert second == b"\xff rubbish"
