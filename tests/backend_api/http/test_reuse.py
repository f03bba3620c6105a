"""Which connection a request goes out on, and when it is sent a second time."""

import anyio
import pytest

from msd.backend_api.http.client import fetch, open_client
from msd.errors import UnreachableError
from tests.backend_api.http.raw_server import json_reply, raw_server

pytestmark = pytest.mark.anyio


class Dropping:
    """A server that drops every n-th request of each connection without a byte of an answer."""

    def __init__(self, every: int) -> None:
        self.every = every
        self.served: dict[int, int] = {}
        self.connections: list[int] = []  # of each request, in order
        self._streams = []

    async def __call__(self, _seen, stream) -> None:
        self._streams.append(stream)  # keeps the ids of the streams apart
        count = self.served[id(stream)] = self.served.get(id(stream), 0) + 1
        self.connections.append(id(stream))
        if count % self.every == 0:
            await stream.aclose()
            return
        await stream.send(json_reply({}))


async def test_a_get_on_a_reused_connection_that_was_closed_is_sent_again():
    """A reused connection that ends without an answer costs a GET nothing (S4)."""
    server = Dropping(3)
    async with raw_server(server) as raw, open_client() as client:
        answers = [
            await fetch(client, client.build_request("GET", raw.base_url + "/")) for _ in range(9)
        ]

    assert [200] * 9 == [answer.status for answer in answers]
    assert len(set(server.connections)) >= 3


async def test_a_get_is_sent_again_once_and_no_more():
    """A server that answers nothing at all gets one request on a new connection, no storm."""
    server = Dropping(1)
    async with raw_server(server) as raw, open_client() as client:
        with pytest.raises(UnreachableError):
            await fetch(client, client.build_request("GET", raw.base_url + "/"))

    assert 1 == len(server.connections)


async def test_a_sign_in_starts_on_a_new_connection_and_is_never_repeated():
    """What must not be sent twice does not go out on a connection that may be dead."""
    server = Dropping(100)
    async with raw_server(server) as raw, open_client() as client:
        for method in ("GET", "POST", "GET", "POST"):
            await fetch(client, client.build_request(method, raw.base_url + "/"))

    first, second, third, fourth = server.connections
    assert first == third
    assert len({first, second, fourth}) == 3


async def test_a_sign_in_that_gets_no_answer_is_not_sent_again():
    """A password or a PIN is sent once."""
    server = Dropping(1)
    async with raw_server(server) as raw, open_client() as client:
        with pytest.raises(UnreachableError):
            await fetch(client, client.build_request("POST", raw.base_url + "/"))

    assert 1 == len(server.connections)


async def test_a_body_that_trickles_is_given_up():
    """A body that does not grow ends at the budget, however often a byte of it arrives (Y18)."""

    async def trickle(_seen, stream):
        await stream.send(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n[")
        while True:
            await stream.send(b"0,")
            await anyio.sleep(0.02)

    async with raw_server(trickle) as raw, open_client() as client:
        with anyio.fail_after(10), pytest.raises(UnreachableError, match="too long"):
            await fetch(client, client.build_request("GET", raw.base_url + "/"), budget_s=0.3)


async def test_a_large_body_may_take_longer_than_the_budget_while_it_grows():
    """Progress extends the deadline: a slow line is no fault (Y18)."""
    piece = b" " * (64 << 10)

    async def slow(_seen, stream):
        await stream.send(
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
            % (len(piece) * 6)
        )
        for _ in range(6):
            await stream.send(piece)
            await anyio.sleep(0.1)

    async with raw_server(slow) as raw, open_client() as client:
        answer = await fetch(client, client.build_request("GET", raw.base_url + "/"), budget_s=0.3)

    assert len(piece) * 6 == len(answer.body)
