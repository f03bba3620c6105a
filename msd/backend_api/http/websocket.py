"""Websockets for backends, over the same guarded connections as every request (K3).

    open_websocket(client, request)  → WebSocket | Answer   an Answer where the server refused

The token travels in a header of the request. Compression is not offered, so that a message takes
no more memory than it was sent with; what is longer than asked for is read past and told so.
"""

from collections import deque
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import cast

import anyio
import httpcore
import httpx
from wsproto.connection import Connection, ConnectionType
from wsproto.events import CloseConnection, Event, Ping, Pong, TextMessage
from wsproto.utilities import ProtocolError, generate_accept_token, generate_nonce

from msd.backend_api.http.client import SMALL_BUDGET_S, Answer, read_answer
from msd.backend_api.http.errors import backend_errors
from msd.errors import BadResponseError, UnreachableError
from msd.models import StatusReason

MESSAGE_BYTES = 4 << 20
_READ_BYTES = 64 << 10
_SEND_S = 10.0
_CLOSE_S = 1.0


class WebSocket:
    """One open socket, used by one task at a time. Cancelling a call loses nothing."""

    def __init__(self, stream: httpcore.AsyncNetworkStream, longest: int = MESSAGE_BYTES) -> None:
        self._stream = stream
        self._longest = longest
        self._protocol = Connection(ConnectionType.CLIENT)
        self._events: deque[Event] = deque()
        self._parts: list[str] = []
        self._size = 0

    async def receive(self) -> str | None:
        """Return the next text message, None for one that is too long to be kept.

        Raises:
            UnreachableError: the connection ended, broke, or speaks something else.
        """
        while True:
            while self._events:
                event = self._events.popleft()
                if isinstance(event, TextMessage) and self._ends_with(event):
                    return self._taken()
                await self._answer(event)
            with _broken_streams():
                data = await self._stream.read(_READ_BYTES)
            if not data:
                raise _ended("the server ended the connection for live events")
            self._take(data)

    async def send(self, text: str) -> None:
        """Send a text message; once begun it is sent whole, or the connection is given up.

        Raises:
            UnreachableError: the connection is broken, or takes nothing any more.
        """
        await self._write(TextMessage(data=text))

    async def say_goodbye(self) -> None:
        """Send a close frame, best effort, within a second."""
        with anyio.move_on_after(_CLOSE_S, shield=True):
            try:
                await self._stream.write(self._protocol.send(CloseConnection(code=1000)))
            except (httpcore.NetworkError, httpcore.TimeoutException, ProtocolError):
                return

    def _take(self, data: bytes) -> None:
        try:
            self._protocol.receive_data(data)
            self._events.extend(self._protocol.events())
        except ProtocolError as error:
            raise _ended("the server does not keep to the websocket protocol") from error

    def _ends_with(self, event: TextMessage) -> bool:
        self._size += len(event.data)
        if self._size <= self._longest:
            self._parts.append(event.data)
        else:
            self._parts.clear()
        return event.message_finished

    def _taken(self) -> str | None:
        text = "".join(self._parts) if self._size <= self._longest else None
        self._parts, self._size = [], 0
        return text

    async def _answer(self, event: Event) -> None:
        match event:
            case Ping():
                await self._write(Pong(payload=event.payload))
            case CloseConnection():
                raise _ended("the server ended the connection for live events")
            case _:
                pass  # nothing that msd speaks to sends binary messages

    async def _write(self, event: Event) -> None:
        # Half a frame would spoil all that follow, so a frame is not cut short by a cancel.
        with anyio.CancelScope(shield=True), _broken_streams():
            try:
                await self._stream.write(self._protocol.send(event), timeout=_SEND_S)
            except ProtocolError as error:
                raise _ended("the connection for live events is closed") from error


@contextmanager
def _broken_streams() -> Iterator[None]:
    """Raise the error of msd for what goes wrong below a socket."""
    try:
        yield
    except (httpcore.NetworkError, httpcore.TimeoutException) as error:
        raise _ended("the connection for live events broke") from error


def _ended(message: str) -> UnreachableError:
    return UnreachableError(message, reason=StatusReason.SERVER_ERROR)


@asynccontextmanager
async def open_websocket(
    client: httpx.AsyncClient, request: httpx.Request, *, longest: int = MESSAGE_BYTES
) -> AsyncIterator[WebSocket | Answer]:
    """Ask for an upgrade; give the open socket, or the answer of a server that refused.

    Raises:
        UnreachableError, TlsError: as `backend_errors` says.
        BadResponseError: the server switched to something else than a websocket.
    """
    nonce = generate_nonce()
    request.headers.update(
        {
            "Connection": "Upgrade",
            "Upgrade": "websocket",
            "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Key": nonce.decode("ascii"),
        }
    )
    with backend_errors(), anyio.fail_after(SMALL_BUDGET_S):
        response = await client.send(request, stream=True)
    try:
        if response.status_code != httpx.codes.SWITCHING_PROTOCOLS:
            yield await read_answer(response)
            return
        accepted = response.headers.get("sec-websocket-accept", "").encode("ascii", "replace")
        if accepted != generate_accept_token(nonce):
            raise BadResponseError("the server switched to something else than a websocket")
        stream = cast("httpcore.AsyncNetworkStream", response.extensions["network_stream"])
        socket = WebSocket(stream, longest)
        try:
            yield socket
        finally:
            await socket.say_goodbye()
    finally:
        with anyio.move_on_after(_CLOSE_S, shield=True):
            await response.aclose()
