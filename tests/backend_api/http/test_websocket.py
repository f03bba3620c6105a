"""Websockets over guarded connections, against a server whose every byte is decided here."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import anyio
import httpcore
import httpx
import pytest
from anyio.abc import ByteStream
from hypothesis import given
from hypothesis import strategies as st
from wsproto.connection import Connection, ConnectionType
from wsproto.events import BytesMessage, Event, Ping, Pong, TextMessage
from wsproto.utilities import generate_accept_token

from msd.backend_api.http.client import Answer, open_client
from msd.backend_api.http.guard import GuardedBackend
from msd.backend_api.http.websocket import WebSocket, open_websocket
from msd.errors import BadResponseError, TlsError, UnreachableError
from tests.backend_api.http.raw_server import RawServer, Seen, raw_server, reply
from tests.backend_api.http.test_guard import Network

pytestmark = pytest.mark.anyio

Talk = Callable[[ByteStream], Awaitable[None]]


def switch(seen: Seen) -> bytes:
    """The head of an answer that accepts an upgrade."""
    accept = generate_accept_token(seen.headers["sec-websocket-key"].encode()).decode()
    return (
        "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        f"Sec-WebSocket-Accept: {accept}\r\n\r\n"
    ).encode()


def talking(talk: Talk):
    async def handle(seen: Seen, stream: ByteStream) -> None:
        await stream.send(switch(seen))
        await talk(stream)

    return handle


def sending(*events: Event | bytes):
    """Accept, send these, and hang up."""

    async def talk(stream: ByteStream) -> None:
        protocol = Connection(ConnectionType.SERVER)
        for event in events:
            await stream.send(event if isinstance(event, bytes) else protocol.send(event))
        await stream.aclose()

    return talking(talk)


class Opened:
    """A socket to a server, within a block."""

    def __init__(self, server: RawServer, **options: int) -> None:
        self.client = open_client()
        request = self.client.build_request("GET", server.base_url + "/socket")
        self._context = open_websocket(self.client, request, **options)

    async def __aenter__(self) -> WebSocket:
        opened = await self._context.__aenter__()
        assert isinstance(opened, WebSocket)
        return opened

    async def __aexit__(self, *failure: object) -> None:
        await self._context.__aexit__(*failure)
        await self.client.aclose()


async def test_text_messages_arrive_whole_and_in_order():
    """Text messages arrive whole and in order (Y9).

    In fragments, with what msd does not use between them.
    """
    events = (
        TextMessage("in two ", message_finished=False),
        Pong(b"between"),
        TextMessage("parts"),
        BytesMessage(b"not text"),
        TextMessage("€" * 70_000),
    )
    async with raw_server(sending(*events)) as server, Opened(server) as socket:
        assert await socket.receive() == "in two parts"
        assert await socket.receive() == "€" * 70_000
        with pytest.raises(UnreachableError):
            await socket.receive()


async def test_a_ping_is_answered_and_messages_arrive_there():
    """RFC 6455: the answer carries what the ping carried."""
    heard: list[Event] = []

    async def talk(stream: ByteStream) -> None:
        protocol = Connection(ConnectionType.SERVER)
        await stream.send(protocol.send(Ping(b"are you there")))
        while len(heard) < 2:
            protocol.receive_data(await stream.receive())
            heard.extend(protocol.events())
        await stream.send(protocol.send(TextMessage("done")))

    async with raw_server(talking(talk)) as server, Opened(server) as socket:
        await socket.send("hello")
        assert await socket.receive() == "done"

    assert [type(event) for event in heard] in ([Pong, TextMessage], [TextMessage, Pong])


async def test_a_message_that_is_too_long_is_read_past_and_told_so():
    """Bounded: the next one arrives as if nothing had been."""
    events = (TextMessage("x" * 100_000), TextMessage("next"))
    async with raw_server(sending(*events)) as server, Opened(server, longest=50_000) as socket:
        assert await socket.receive() is None
        assert await socket.receive() == "next"


async def test_a_cancelled_call_loses_nothing():
    """A cancelled call loses nothing (Y12).

    Half of a message was read when the call was cancelled.
    """
    go_on = anyio.Event()
    frame = Connection(ConnectionType.SERVER).send(TextMessage("whole"))

    async def talk(stream: ByteStream) -> None:
        await stream.send(frame[:4])
        await go_on.wait()
        await stream.send(frame[4:])

    async with raw_server(talking(talk)) as server, Opened(server) as socket:
        with anyio.move_on_after(0.05):
            await socket.receive()
        go_on.set()
        assert await socket.receive() == "whole"


async def test_a_refused_upgrade_is_the_servers_answer():
    """Status and body say why; the connection is given back."""
    handle = answering_once(reply(403, b"Token is required", "text/plain"))
    async with raw_server(handle) as server, open_client() as client:
        request = client.build_request("GET", server.base_url + "/socket")
        async with open_websocket(client, request) as opened:
            assert isinstance(opened, Answer)
            assert (opened.status, opened.body) == (403, b"Token is required")
        assert server.seen[0].headers["upgrade"] == "websocket"


def answering_once(answer: bytes):
    async def handle(_seen: Seen, stream: ByteStream) -> None:
        await stream.send(answer)

    return handle


async def test_a_switch_to_something_else_is_no_websocket():
    """RFC 6455 4.1: a cache that replays an old answer is found out."""
    stale = (
        b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        b"Sec-WebSocket-Accept: c3RhbGU=\r\n\r\n"
    )
    async with raw_server(answering_once(stale)) as server:
        with pytest.raises(BadResponseError):
            async with Opened(server):
                pass


class InternetTransport(httpx.AsyncHTTPTransport):
    """The client's own way out, where every name leads to one public address."""

    def __init__(self) -> None:
        super().__init__()
        self.network = Network("8.8.8.8")
        backend = GuardedBackend(allow_public_http=False, inner=self.network)
        self._pool = httpcore.AsyncConnectionPool(network_backend=backend)


async def test_no_upgrade_is_asked_for_in_clear_at_a_public_address():
    """No upgrade is asked for in clear at a public address (K3).

    The socket stands on the same guard as every request.
    """
    transport = InternetTransport()
    async with httpx.AsyncClient(transport=transport) as client:
        request = client.build_request("GET", "http://media.example/socket")
        with pytest.raises(TlsError, match="allow_insecure"):
            async with open_websocket(client, request):
                pass
    assert transport.network.stream.sent == b""


@given(st.lists(st.binary(min_size=1, max_size=40), max_size=5))
def test_any_bytes_are_messages_or_an_end(parts: list[bytes]):
    """Hostile: nothing but texts and msd's own errors come of what a server sends."""

    async def read() -> None:
        socket = WebSocket(httpcore.AsyncMockStream(parts))
        while True:
            text = await socket.receive()
            assert text is None or isinstance(text, str)

    with pytest.raises(UnreachableError):
        anyio.run(read)


@pytest.mark.parametrize("kept", range(11))
async def test_a_connection_cut_at_any_byte_ends_with_one_error(kept: int):
    """A connection cut at any byte ends with one error (Y9).

    Within a frame's head, within its text, between two frames.
    """
    frames = Connection(ConnectionType.SERVER).send(TextMessage("complete"))
    async with raw_server(sending(frames[:kept])) as server, Opened(server) as socket:
        if kept == len(frames):
            assert await socket.receive() == "complete"
        with pytest.raises(UnreachableError):
            await socket.receive()
