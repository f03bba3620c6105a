"""The connection against a real dbus-daemon that stops, dies or takes names away."""

import os
import socket
from contextlib import suppress
from pathlib import Path

import anyio
import anyio.abc
import pytest
from dbus_fast import Message as FastMessage
from dbus_fast import MessageType
from dbus_fast.aio import MessageBus

from msd.contract import BUS_NAME
from msd.dbus.binding import close_socket
from msd.dbus.connection import FLUSH_TIMEOUT_S, Connection
from msd.dbus.errors import BusLostError, BusUnavailableError, NameTakenError, RemoteError
from msd.dbus.messages.message import Message
from msd.dbus.messages.names import Address, SignalMatch
from msd.dbus.messages.wire import Descriptor, method_call
from msd.dbus.outbox import HIGH_WATER_BYTES
from tests.dbus.client import Client, ErrorReply
from tests.dbus.conftest import demo_server
from tests.dbus.demo import DEMO
from tests.support.session.bus import PrivateBus

pytestmark = pytest.mark.anyio

TICK = Address(path="/a", interface=DEMO, member="Ticked")
CALL_TIMEOUT_S = 0.05


async def test_a_burst_of_20000_signals_arrives_whole_and_in_order(
    bus: PrivateBus, library: str, client: Client
) -> None:
    """Defect 1, bar Q6: more than the socket takes at once."""
    await client.listen(f"interface='{DEMO}'")

    async with Connection(bus.address, library=library) as connection:
        for number in range(20_000):
            connection.emit(TICK, "u", [number])
        signals = await client.wait_for(20_000)

    assert list(range(20_000)) == [signal.body[0] for signal in signals]


async def test_nothing_is_lost_while_the_bus_daemon_is_frozen(
    bus: PrivateBus, library: str
) -> None:
    """Nothing is lost while the bus daemon is frozen.

    500 messages with descriptors and 1500 signals, queued while the daemon stops.
    """
    contents: list[str] = []
    ticks: list[int] = []
    done = anyio.Event()

    def take(message: FastMessage) -> bool | None:
        if message.message_type is not MessageType.SIGNAL or message.interface != DEMO:
            return None
        if message.unix_fds:
            (descriptor,) = message.unix_fds
            contents.append(os.pread(descriptor, 50, 0).decode())
            os.close(descriptor)
        else:
            ticks.append(message.body[0])
        if len(contents) == 500 and len(ticks) == 1500:
            done.set()
        return True

    receiver = await MessageBus(bus_address=bus.address, negotiate_unix_fd=True).connect()
    receiver.add_message_handler(take)
    unicast = {"path": "/a", "interface": DEMO, "destination": receiver.unique_name or ""}
    async with Connection(bus.address, library=library) as connection:
        bus.stop_for_a_while()
        for number in range(500):
            descriptor = os.memfd_create("content")
            os.pwrite(descriptor, f"content {number}".encode(), 0)
            gift = Address(member="Gift", **unicast)
            connection.emit(gift, "hs", [Descriptor(descriptor), "x" * 500])
            for tick in range(3):
                connection.emit(Address(member="Ticked", **unicast), "u", [number * 3 + tick])
            if number % 50 == 0:
                await anyio.lowlevel.checkpoint()
        is_crowded = connection.outbox.is_crowded
        bus.go_on()
        with anyio.fail_after(20):
            await done.wait()
            await connection.outbox.drain()
    receiver.disconnect()
    await receiver.wait_for_disconnect()

    assert is_crowded
    assert [f"content {number}" for number in range(500)] == contents
    assert list(range(1500)) == ticks


async def test_a_message_far_bigger_than_the_socket_buffer_arrives(
    bus: PrivateBus, library: str, client: Client
) -> None:
    """A message far bigger than the socket buffer arrives.

    The rest of a message waits for room.
    """
    await client.listen(f"interface='{DEMO}'")
    text = "ä" * 8_000_000

    async with Connection(bus.address, library=library) as connection:
        connection.emit(TICK, "s", [text])
        assert connection.outbox.is_crowded == (2 * len(text) > HIGH_WATER_BYTES)
        (signal,) = await client.wait_for(1)

    assert text == signal.body[0]


async def test_calls_wait_while_too_many_bytes_are_waiting_to_be_sent(
    bus: PrivateBus, library: str, client: Client
) -> None:
    """Calls wait while too many bytes are waiting to be sent (K6).

    Answers are not made faster than the bus takes them.
    """
    async with demo_server(bus, library) as (demo, server):
        outbox = server.connection.outbox
        bus.stop_for_a_while()
        while not outbox.is_crowded:
            server.emit("/a", DEMO, "Ticked", 1)
        server.connection.emit(TICK, "s", ["x" * HIGH_WATER_BYTES])
        server._take(_call_of_wait(client))
        await anyio.wait_all_tasks_blocked()
        was_held_back = not demo.waiting.is_set()
        bus.go_on()
        with anyio.fail_after(10):
            await demo.waiting.wait()

        assert was_held_back
        assert ["x"] == await client.call(DEMO, "Text", "s", "x")


def _call_of_wait(client: Client) -> Message:
    """Return a call as the bus hands it over, which knows its sender."""
    address = Address(path="/org/msd/Msd1", interface=DEMO, member="Wait")
    call = Message(bytearray(method_call(9, address, "", []).data), [])
    call.sender = client.unique_name
    return call


async def test_leaving_waits_for_a_bus_that_was_frozen_for_a_moment(
    bus: PrivateBus, library: str, client: Client
) -> None:
    """Leaving waits for a bus that was frozen for a moment.

    What waits is flushed before the connection ends.
    """
    await client.listen(f"interface='{DEMO}'")

    async def go_on_when_leaving() -> None:
        await leaving.wait()
        bus.go_on()

    leaving = anyio.Event()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(go_on_when_leaving)
        async with Connection(bus.address, library=library) as connection:
            bus.stop_for_a_while()
            for number in range(3000):
                connection.emit(TICK, "u", [number])
            leaving.set()

    signals = await client.wait_for(3000)
    assert list(range(3000)) == [signal.body[0] for signal in signals]


async def test_a_call_without_an_answer_ends_in_time_and_leaves_nothing_behind(
    bus: PrivateBus, library: str
) -> None:
    """A call without an answer ends in time and leaves nothing behind."""
    async with (
        Connection(bus.address, library=library) as connection,
        demo_server(bus, library),
    ):
        wait = Address(destination=BUS_NAME, path="/org/msd/Msd1", interface=DEMO, member="Wait")
        for _ in range(5):
            with pytest.raises(TimeoutError):
                await connection.call(wait, timeout_s=CALL_TIMEOUT_S)

        assert 0 == connection.calls_waiting


async def test_an_error_answer_is_raised_with_its_name(bus: PrivateBus, library: str) -> None:
    """Calls of ours that fail."""
    async with Connection(bus.address, library=library) as connection:
        with pytest.raises(RemoteError) as failure:
            await connection.call_bus("GetNameOwner", "s", "org.example.Nobody")

    assert "org.freedesktop.DBus.Error.NameHasNoOwner" == failure.value.name


async def test_serving_ends_with_an_error_when_the_bus_dies(bus: PrivateBus, library: str) -> None:
    """Serving ends with an error when the bus dies (O5).

    The process must end with a code that is not zero.
    """
    async with demo_server(bus, library) as (_, server):
        bus.kill()
        with anyio.fail_after(10), pytest.raises(BusLostError):
            await server.serve()
        with pytest.raises(BusLostError):
            await server.connection.call_bus("GetId")


async def test_a_call_in_progress_fails_when_the_bus_dies(bus: PrivateBus, library: str) -> None:
    """A call in progress fails when the bus dies."""
    async with Connection(bus.address, library=library) as connection:
        bus.stop_for_a_while()
        async with anyio.create_task_group() as tasks:

            async def kill() -> None:
                while not connection.calls_waiting:
                    await anyio.lowlevel.checkpoint()
                bus.kill()

            tasks.start_soon(kill)
            with anyio.fail_after(10), pytest.raises(BusLostError):
                await connection.call_bus("GetId")


async def test_serving_ends_with_an_error_when_the_name_is_lost(
    bus: PrivateBus, library: str
) -> None:
    """Serving ends with an error when the name is lost."""
    async with demo_server(bus, library) as (_, server):
        with suppress(BusLostError):
            await server.connection.call_bus("ReleaseName", "s", BUS_NAME)
        with anyio.fail_after(10), pytest.raises(BusLostError, match="took the name"):
            await server.serve()


async def test_the_name_is_lost_only_when_the_bus_itself_says_so(
    bus: PrivateBus, library: str
) -> None:
    """The name is lost only when the bus itself says so (K6).

    Anybody can send a signal called NameLost to us.
    """
    async with (
        demo_server(bus, library) as (_, server),
        Connection(bus.address) as liar,
    ):
        lie = Address(
            destination=server.connection.unique_name,
            path="/org/freedesktop/DBus",
            interface="org.freedesktop.DBus",
            member="NameLost",
        )
        liar.emit(lie, "s", [BUS_NAME])
        ping = Address(
            destination=BUS_NAME, path="/", interface="org.freedesktop.DBus.Peer", member="Ping"
        )
        await liar.call(ping)
        with anyio.move_on_after(0) as still_serving:
            await server.serve()

    assert still_serving.cancelled_caught


async def test_a_second_instance_learns_who_owns_the_name(bus: PrivateBus, library: str) -> None:
    """A second instance learns who owns the name (O5).

    A clear message, and exit 78.
    """
    async with demo_server(bus, library) as (_, server):
        with pytest.raises(NameTakenError) as failure:
            async with Connection(bus.address, library=library) as second:
                await second.own_name(BUS_NAME)

        assert server.connection.unique_name == failure.value.owner
        assert os.getpid() == failure.value.pid
        assert f"process {os.getpid()}" in str(failure.value)


async def test_signals_of_others_are_heard_inside_the_block_only(
    bus: PrivateBus, library: str
) -> None:
    """Listening ends with its block."""
    heard: list[int] = []
    async with (
        Connection(bus.address, library=library) as listener,
        Connection(bus.address, library=library) as speaker,
    ):
        match = SignalMatch(interface=DEMO, member="Ticked", path="/a")
        async with listener.listening(match, lambda message: heard.append(message.body[0])):
            speaker.emit(TICK, "u", [1])
            speaker.emit(Address(path="/b", interface=DEMO, member="Ticked"), "u", [2])
            await speaker.call_bus("GetId")
            await listener.call_bus("GetId")
        speaker.emit(TICK, "u", [3])
        await speaker.call_bus("GetId")
        await listener.call_bus("GetId")

    assert [1] == heard


async def test_a_connection_that_serves_nothing_answers_calls_with_an_error(
    bus: PrivateBus, library: str, client: Client
) -> None:
    """Every call gets an answer."""
    async with Connection(bus.address, library=library) as connection:
        with pytest.raises(ErrorReply) as failure:
            await client.call(DEMO, "Text", destination=connection.unique_name)

    assert "org.freedesktop.DBus.Error.UnknownObject" == failure.value.name


async def test_messages_of_a_kind_that_nobody_expects_are_passed_over(
    bus: PrivateBus, library: str, client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    """Messages of a kind that nobody expects are passed over (K6).

    A stray answer, a malformed NameLost, a signal for nobody; and calls go on.
    """
    async with (
        demo_server(bus, library) as (_, server),
        Connection(bus.address, library=library) as stranger,
    ):
        to = server.connection.unique_name
        for signature, values in (("", []), ("su", ["x", 1])):
            address = Address(path="/", interface=DEMO, member="NameLost", destination=to)
            stranger.emit(address, signature, values)
        await stranger.call_bus("GetId")

        assert ["x"] == await client.call(DEMO, "Text", "s", "x")
    assert "Traceback" not in caplog.text


async def test_a_listener_that_fails_is_logged_and_the_connection_lives(
    bus: PrivateBus, library: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Containment at the border: the library must never answer by itself."""

    def fail(_: object) -> None:
        raise RuntimeError("a defect")

    async with (
        Connection(bus.address, library=library) as connection,
        connection.listening(SignalMatch(interface=DEMO), fail),
    ):
        connection.emit(TICK, "u", [1])
        await connection.call_bus("GetId")
        await connection.call_bus("GetId")

    assert 1 == caplog.text.count("Traceback")


async def test_what_is_sent_after_the_end_is_dropped_and_its_descriptors_are_closed(
    bus: PrivateBus, library: str
) -> None:
    """A late signal must not raise, nor leak."""
    descriptor = os.memfd_create("late")
    async with Connection(bus.address, library=library) as connection:
        bus.kill()
        with pytest.raises(BusLostError):
            await connection.wait_until_lost()
        with anyio.fail_after(5):
            await connection.outbox.drain()
        connection.emit(TICK, "h", [Descriptor(descriptor)])

    with pytest.raises(OSError):
        os.fstat(descriptor)


@pytest.mark.parametrize("last", [b"AUTH", b"BEGIN"])
async def test_a_bus_that_dies_while_it_is_connected_to_is_no_bus(
    tmp_path: Path, library: str, last: bytes
) -> None:
    """A bus that dies while it is connected to is no bus (O5).

    One error says so; in the handshake, and after it before the answer to Hello.
    """

    async def die_early(stream: anyio.abc.SocketStream) -> None:
        async with stream:
            heard = b""
            while last not in heard:
                heard = await stream.receive()
                if b"AUTH" in heard and last != b"AUTH":
                    await stream.send(b"OK 0123456789abcdef0123456789abcdef\r\n")
                if b"NEGOTIATE" in heard:
                    await stream.send(b"AGREE_UNIX_FD\r\n")

    listener = await anyio.create_unix_listener(tmp_path / "bus")
    async with listener, anyio.create_task_group() as group:
        group.start_soon(listener.serve, die_early)
        with pytest.raises(BusUnavailableError, match="can't connect to the bus at unix:"):
            async with Connection(f"unix:path={tmp_path / 'bus'}", library=library):
                pytest.fail("there is no bus")
        group.cancel_scope.cancel()


async def test_closing_what_a_dead_bus_left_never_raises_and_closes_all(library: str) -> None:
    """Closing what a dead bus left never raises and closes all (O5).

    Bytes that were not taken must not hide why there is no bus.
    """

    class Bus:
        def __init__(self) -> None:
            self._sock, other = socket.socketpair()
            self._stream = self._sock.makefile("wb")
            self._stream.write(b"waiting")
            other.close()

    bus = Bus()

    close_socket(bus)  # type: ignore[arg-type]

    assert bus._sock._closed  # type: ignore[attr-defined]
    assert -1 == bus._sock.fileno()


async def test_a_connection_of_a_cancelled_task_ends_at_once_and_says_its_last(
    bus: PrivateBus, library: str, client: Client
) -> None:
    """A connection of a cancelled task ends at once and says its last (O5).

    An orderly stop takes no deadline; what was said is sent first.
    """
    await client.listen(f"interface='{DEMO}'")
    began = 0.0

    async with (
        anyio.create_task_group() as group,
        Connection(bus.address, library=library) as connection,
    ):
        connection.emit(TICK, "u", [7])
        group.cancel_scope.cancel()
        began = anyio.current_time()
    took = anyio.current_time() - began
    (signal,) = await client.wait_for(1)

    assert [7] == signal.body
    assert took < FLUSH_TIMEOUT_S / 2


async def test_a_broken_connection_is_noticed_while_writing(bus: PrivateBus, library: str) -> None:
    """A broken connection is noticed while writing (O5).

    Whoever notices first, reader or writer.
    """
    async with Connection(bus.address, library=library) as connection:
        bus.kill()
        connection.emit(TICK, "u", [1])
        connection.emit(TICK, "u", [2])
        with anyio.fail_after(5), pytest.raises(BusLostError):
            await connection.wait_until_lost()


async def test_what_waits_when_the_bus_dies_is_dropped(bus: PrivateBus, library: str) -> None:
    """Defect 1, the other way: a broken connection is noticed while writing."""
    descriptor = os.memfd_create("waiting")
    async with Connection(bus.address, library=library) as connection:
        bus.stop_for_a_while()
        while not connection.outbox.is_crowded:
            connection.emit(TICK, "u", [1])
        connection.emit(TICK, "h", [Descriptor(descriptor)])
        bus.kill()
        connection.emit(TICK, "u", [1])
        with anyio.fail_after(5), pytest.raises(BusLostError):
            await connection.wait_until_lost()

    with pytest.raises(OSError):
        os.fstat(descriptor)
