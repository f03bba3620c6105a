"""Clear text stays at home, and no socket is forgotten."""

import anyio
import httpcore
import pytest

from msd.backend_api.http.guard import GuardedBackend
from msd.errors import TlsError

pytestmark = pytest.mark.anyio

ANSWER = [b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"]


class ConnectedTo(httpcore.AsyncMockStream):
    """A stream that says whom it reached and keeps what it was given."""

    def __init__(self, peer):
        super().__init__(list(ANSWER))
        self.peer = peer
        self.sent = b""

    async def write(self, buffer, *_args, **_kwargs):
        self.sent += bytes(buffer)

    async def start_tls(self, _context, *_args, **_kwargs):
        return self

    def get_extra_info(self, info):
        return (self.peer, 80) if info == "server_addr" and self.peer else None


class Network(httpcore.AsyncMockBackend):
    """A network in which every name leads to one address."""

    def __init__(self, peer):
        super().__init__([])
        self.stream = ConnectedTo(peer)

    async def connect_tcp(self, *_args, **_kwargs):
        return self.stream


async def asked(url, peer, *, allow=False):
    """What a request to `url` sends when its name leads to `peer`."""
    network = Network(peer)
    backend = GuardedBackend(allow_public_http=allow, inner=network)
    async with httpcore.AsyncConnectionPool(network_backend=backend) as pool:
        try:
            await pool.request("GET", url, headers={"Authorization": "canary"})
        except TlsError:
            assert network.stream.sent == b""
            raise
    return network.stream.sent


@pytest.mark.parametrize(
    ("url", "peer"),
    [
        ("http://8.8.8.8/", "8.8.8.8"),
        ("http://media.example/", "8.8.8.8"),
        ("http://192.168.1.5/", "8.8.8.8"),
        ("http://nas.local/", "2606:4700::1"),
        ("http://media.example/", None),
    ],
)
async def test_not_a_byte_goes_in_clear_to_a_public_address(url, peer):
    """Not a byte goes in clear to a public address (K3).

    The address that was reached decides, whatever its name says.
    """
    with pytest.raises(TlsError, match="allow_insecure"):
        await asked(url, peer)


@pytest.mark.parametrize(
    ("url", "peer"),
    [
        ("http://media.example/", "192.168.1.5"),
        ("http://[fd00::5]/", "fd00::5"),
        ("http://nas.local/", None),
        ("https://media.example/", "8.8.8.8"),
    ],
)
async def test_private_addresses_and_encrypted_connections_are_free(url, peer):
    """Private addresses and encrypted connections are free (K3).

    Plain http to a private address is allowed.
    """
    assert b"canary" in await asked(url, peer)


async def test_the_user_may_ask_for_clear_text():
    """The user may ask for clear text (K3).

    To a public address it must be asked for explicitly.
    """
    assert b"canary" in await asked("http://media.example/", "8.8.8.8", allow=True)


async def test_a_handshake_that_is_cancelled_closes_its_socket():
    """A handshake that is cancelled closes its socket (O4).

    Nothing is left open behind a cancelled call.
    """
    closed = anyio.Event()

    async def deaf(stream):
        async with stream:
            try:
                while True:
                    await stream.receive()
            except (anyio.EndOfStream, anyio.BrokenResourceError):
                closed.set()

    listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
    port = listener.extra(anyio.abc.SocketAttribute.local_port)
    async with listener, anyio.create_task_group() as group:
        group.start_soon(listener.serve, deaf)
        backend = GuardedBackend(allow_public_http=False)
        stream = await backend.connect_tcp("127.0.0.1", port)
        with anyio.move_on_after(0.1):
            await stream.start_tls(httpcore.default_ssl_context(), "localhost")
        with anyio.fail_after(5):
            await closed.wait()
        group.cancel_scope.cancel()
