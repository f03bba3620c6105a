"""Messages are read whole, in order, a bounded number at a time, and none too big is kept."""

import os
import socket
from collections.abc import Iterator

import anyio
import pytest

from msd.dbus.errors import LimitError
from msd.dbus.messages.message import Message
from msd.dbus.messages.names import Address
from msd.dbus.messages.wire import method_call
from msd.dbus.receiver import MAX_BODY_BYTES, Receiver

pytestmark = pytest.mark.anyio

ECHO = Address(path="/a", interface="org.msd.Demo1", member="Echo")


class Pipe:
    """Stands where the library's bus stands: a socket, and what ends it."""

    unique_name = ":1.1"
    _stream = None

    def __init__(self) -> None:
        self._sock, self.sender = socket.socketpair()
        self._sock.setblocking(False)
        self.sender.setblocking(False)
        self.ended_by: Exception | None = None

    def _finalize(self, error: Exception) -> None:
        self.ended_by = error


@pytest.fixture
async def pipe() -> Iterator[Pipe]:
    pipe = Pipe()
    yield pipe
    pipe.sender.close()
    pipe._sock.close()


def call(serial: int, text: str) -> bytes:
    return bytes(method_call(serial, ECHO, "s", [text]).data)


async def received(pipe: Pipe, count: int, *parts: bytes) -> list[Message]:
    """Send bytes in these parts and return the messages that came of them."""
    messages: list[Message] = []
    receiver = Receiver(pipe, messages.append)  # type: ignore[arg-type]
    receiver.start()
    for part in parts:
        left = memoryview(part)
        while left:
            await anyio.wait_writable(pipe.sender)
            left = left[pipe.sender.send(left) :]
        await anyio.lowlevel.checkpoint()
    with anyio.fail_after(20):
        while len(messages) < count and pipe.ended_by is None:
            await anyio.lowlevel.checkpoint()
    return messages


async def test_messages_in_any_pieces_are_the_same_messages(pipe: Pipe) -> None:
    """One byte at a time, and many at once."""
    stream = b"".join(call(number, f"text {number}") for number in range(1, 4))

    messages = await received(pipe, 6, *(bytes([byte]) for byte in stream), stream)

    assert [(n, [f"text {n}"]) for n in (1, 2, 3)] * 2 == [(m.serial, m.body) for m in messages]
    assert {("/a", "org.msd.Demo1", "Echo", "s")} == {
        (m.path, m.interface, m.member, m.signature) for m in messages
    }


async def test_a_body_that_is_too_long_is_not_kept(pipe: Pipe) -> None:
    """The call is known and can be refused; the next message is read as ever."""
    long, short = call(1, "x" * (MAX_BODY_BYTES + 1)), call(2, "short")

    first, second = await received(pipe, 2, long, short)

    assert (1, "Echo") == (first.serial, first.member)
    with pytest.raises(LimitError):
        first.arguments()
    assert ["short"] == second.arguments()


async def test_others_have_their_turn_during_a_flood(pipe: Pipe) -> None:
    """However many messages wait, the event loop runs after a bounded number."""
    messages: list[Message] = []
    receiver = Receiver(pipe, messages.append)  # type: ignore[arg-type]
    for number in range(1, 200):
        pipe.sender.send(call(number, "x"))

    receiver._read()

    assert 64 == len(messages)


async def test_descriptors_belong_to_the_message_that_they_came_with(pipe: Pipe) -> None:
    """Closing the message closes them."""
    descriptor = os.memfd_create("content")
    os.write(descriptor, b"content")
    pipe.sender.send(call(1, "none"))
    socket.send_fds(pipe.sender, [call(2, "one")], [descriptor])
    os.close(descriptor)

    first, second = await received(pipe, 2)

    assert [] == first.descriptors
    (own,) = second.descriptors
    assert b"content" == os.pread(own, 10, 0)
    second.close()
    with pytest.raises(OSError, match="Bad file"):
        os.fstat(own)


async def test_the_end_of_the_bus_is_noticed(pipe: Pipe) -> None:
    """The library is told, and with it whoever waits for the connection."""
    pipe.sender.close()

    assert [] == await received(pipe, 1)
    assert isinstance(pipe.ended_by, EOFError)
