"""Options of AddSource that come through a file descriptor."""

import os
from collections.abc import Iterator

import anyio
import pytest
from dbus_fast import Variant

from msd.bus.descriptor import MAX_DESCRIPTOR_BYTES, add_options
from msd.contract import SOURCE_COORDINATOR
from msd.dbus.messages.variant import Variant as MsdVariant
from msd.dbus.serving.server import BusServer
from msd.errors import InvalidArgumentError
from tests.dbus.client import Client, ErrorReply, connected_client
from tests.support.fakes.fake_coordinator import FakeCoordinator
from tests.support.session.bus import PrivateBus

pytestmark = pytest.mark.anyio


def pipe_with(content: bytes) -> int:
    """Return the reading end of a pipe that holds the content and then ends."""
    reading, writing = os.pipe()
    os.write(writing, content)
    os.close(writing)
    return reading


@pytest.fixture
def no_leak() -> Iterator[None]:
    """Descriptors are closed, whatever happened."""
    before = len(os.listdir("/proc/self/fd"))
    yield
    assert before == len(os.listdir("/proc/self/fd"))


async def add(client: Client, options: dict[str, Variant], *descriptors: int) -> list[object]:
    try:
        return await client.call(
            SOURCE_COORDINATOR, "AddSource", "sa{sv}", "jellyfin", options, unix_fds=[*descriptors]
        )
    finally:
        for number in descriptors:
            os.close(number)


@pytest.mark.parametrize(
    ("content", "password"),
    [
        (b"secret", "secret"),
        (b"secret\n", "secret"),
        (b"a\nb\n\n", "a\nb\n"),
        (b"", ""),
        ("ä".encode(), "ä"),
    ],
)
async def test_a_password_is_read_from_a_descriptor(
    msd: BusServer, coordinator: FakeCoordinator, client: Client, content: bytes, password: str
) -> None:
    """One trailing newline is removed; nothing shows in a bus monitor."""
    options = {
        "url": Variant("s", "u"),
        "port": Variant("u", 8),
        "quick": Variant("b", True),
        "password-fd": Variant("h", 0),
    }

    await add(client, options, pipe_with(content))

    wanted = {"url": "u", "port": 8, "quick": True, "password": password}
    assert [("add_source", "jellyfin", wanted)] == coordinator.calls


async def test_a_file_is_read_from_where_its_descriptor_stands(
    msd: BusServer, coordinator: FakeCoordinator, client: Client, no_leak: None
) -> None:
    """A memfd or a file, not only a pipe."""
    file = os.memfd_create("secret")
    os.write(file, b"before secret")
    os.lseek(file, 7, os.SEEK_SET)

    await add(client, {"password-fd": Variant("h", 0)}, file)

    assert [("add_source", "jellyfin", {"password": "secret"})] == coordinator.calls


@pytest.mark.parametrize(
    ("options", "content", "code"),
    [
        ({"password-fd": Variant("h", 0)}, b"x" * (MAX_DESCRIPTOR_BYTES - 4096), None),
        ({"password-fd": Variant("h", 0)}, b"\xff", "InvalidArgument"),
        ({"password-fd": Variant("h", 0)}, b"a\0b", "InvalidArgument"),
        ({"password": Variant("h", 0)}, b"x", "InvalidArgument"),
        (
            {"password": Variant("s", "x"), "password-fd": Variant("h", 0)},
            b"x",
            "InvalidArgument",
        ),
        ({"password": Variant("as", ["x"])}, b"x", "InvalidArgument"),
        ({"password": Variant("d", 1.5)}, b"x", "InvalidArgument"),
    ],
)
async def test_what_no_option_can_be_is_refused(
    msd: BusServer,
    coordinator: FakeCoordinator,
    client: Client,
    no_leak: None,
    options: dict[str, Variant],
    content: bytes,
    code: str | None,
) -> None:
    """Bad input; the descriptor is closed all the same."""
    if code is None:
        await add(client, options, pipe_with(content))
        return
    with pytest.raises(ErrorReply) as failure:
        await add(client, options, pipe_with(content))

    assert code == failure.value.code
    assert "password" in failure.value.text
    assert [] == coordinator.calls


async def test_more_than_64_kib_are_refused(
    msd: BusServer, coordinator: FakeCoordinator, client: Client, no_leak: None
) -> None:
    """More than 64 kib are refused (K6).

    /dev/zero never ends.
    """
    zero = os.open("/dev/zero", os.O_RDONLY)

    with pytest.raises(ErrorReply) as failure:
        await add(client, {"password-fd": Variant("h", 0)}, zero)

    assert "LimitExceeded" == failure.value.code


async def test_a_descriptor_that_never_ends_is_given_up() -> None:
    """A descriptor that never ends is given up (K6).

    A pipe that nobody writes to.
    """
    reading, writing = os.pipe()

    with pytest.raises(InvalidArgumentError, match="password-fd"):
        await add_options({"password-fd": MsdVariant("h", reading)}, deadline_s=0.05)

    os.close(writing)
    os.close(reading)


async def test_writers_that_never_write_hold_up_nobody_else(
    msd: BusServer, bus: PrivateBus, client: Client, coordinator: FakeCoordinator
) -> None:
    """Many hung pipes of one caller: another caller's password is read at once (K6)."""
    reading, writing = os.pipe()
    before = len(os.listdir("/proc/self/fd"))
    async with connected_client(bus.address) as greedy:
        for _ in range(40):
            options = {"password-fd": Variant("h", 0)}
            greedy.post(
                SOURCE_COORDINATOR, "AddSource", "sa{sv}", "jellyfin", options, unix_fds=[reading]
            )
        await greedy.ask_the_bus()

        await add(client, {"password-fd": Variant("h", 0)}, pipe_with(b"secret"))

        assert [("add_source", "jellyfin", {"password": "secret"})] == coordinator.calls
        os.close(writing)
        await greedy.settle()
    os.close(reading)
    with anyio.fail_after(10):
        while len(os.listdir("/proc/self/fd")) > before - 2:
            await client.settle()


async def test_pipes_of_a_caller_that_left_are_closed(
    msd: BusServer, bus: PrivateBus, client: Client
) -> None:
    """Those that were being read, and those that waited for their turn."""
    before = len(os.listdir("/proc/self/fd"))
    reading, writing = os.pipe()
    async with connected_client(bus.address) as leaver:
        for _ in range(40):
            options = {"password-fd": Variant("h", 0)}
            leaver.post(
                SOURCE_COORDINATOR, "AddSource", "sa{sv}", "jellyfin", options, unix_fds=[reading]
            )
        await leaver.ask_the_bus()
    os.close(reading)
    os.close(writing)

    with anyio.fail_after(10):
        while len(os.listdir("/proc/self/fd")) > before:
            await client.settle()
