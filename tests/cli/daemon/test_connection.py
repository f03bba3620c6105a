"""The blocking connection of msdctl on a real bus, and what it does without one."""

import os
import socket
import threading

import pytest

from msd.cli.daemon.connection import (
    FREEDESKTOP,
    FREEDESKTOP_PATH,
    Call,
    Connection,
    EncodingError,
    NoBusError,
    escaped,
    plain,
)
from msd.dbus.messages.variant import Variant
from tests.support.session.bus import PrivateBus, bus

__all__ = ["bus"]

TIMEOUT_S = 5


def call(member, signature="", *body, **more):
    return Call(FREEDESKTOP, FREEDESKTOP_PATH, FREEDESKTOP, member, signature, body, **more)


@pytest.fixture
def connection(bus: PrivateBus):
    opened = Connection(bus.address)
    yield opened
    opened.close()


def test_a_call_is_answered_with_plain_values(connection):
    """GetConnectionCredentials answers with variants; they are unpacked."""
    reply = connection.call(
        call("GetConnectionCredentials", "s", connection.unique_name), timeout_s=TIMEOUT_S
    )

    (credentials,) = reply.values
    assert credentials["UnixUserID"] == os.geteuid()


def test_an_error_reply_is_no_exception(connection):
    """The client decides what an error means."""
    reply = connection.call(call("GetNameOwner", "s", "org.example"), timeout_s=TIMEOUT_S)

    assert reply.error_name == f"{FREEDESKTOP}.Error.NameHasNoOwner"


def test_signals_that_come_during_a_call_are_kept(connection):
    """NameAcquired is sent before the answer to RequestName."""
    connection.call(call("RequestName", "su", "org.example.One", 0), timeout_s=TIMEOUT_S)

    signals = [connection.next_signal(TIMEOUT_S) for _ in range(2)]

    assert ("NameAcquired", ("org.example.One",)) in [(one.member, one.args) for one in signals]


def test_signals_that_nobody_reads_are_bounded_and_their_loss_is_told(bus):
    """A stopped reader costs no memory without bound, and nothing is dropped silently."""
    connection = Connection(bus.address, buffered_signals=3)
    for number in range(6):
        connection.call(call("RequestName", "su", f"org.example.N{number}", 0), timeout_s=TIMEOUT_S)

    assert connection.overflowed
    assert sum(connection.next_signal(0) is not None for _ in range(9)) == 3
    connection.close()


def test_the_wait_for_a_signal_ends_with_the_time_or_a_wake_up(connection):
    """Ctrl-C is handled through a descriptor."""
    connection.next_signal(TIMEOUT_S)  # NameAcquired of the unique name
    reader, writer = os.pipe()
    os.write(writer, b"c")

    assert connection.next_signal(0.01) is None
    assert connection.next_signal(wake=reader) is None
    os.close(reader)
    os.close(writer)


def test_a_value_that_d_bus_has_no_form_for_is_an_error_of_its_own(connection):
    """A file name that is not UTF-8 must not end the connection."""
    with pytest.raises(EncodingError):
        connection.call(call("GetNameOwner", "s", "\udcff"), timeout_s=TIMEOUT_S)

    assert connection.call(call("GetId"), timeout_s=TIMEOUT_S).values


def test_the_end_of_the_bus_is_noticed(bus, connection):
    """A killed bus ends the wait."""
    connection.next_signal(TIMEOUT_S)
    bus.kill()

    with pytest.raises((EOFError, OSError)):
        connection.next_signal(TIMEOUT_S)


@pytest.mark.parametrize(
    "address", ["nonsense", "tcp:host=localhost,port=1", "unix:path=/nowhere", "unix:", ""]
)
def test_an_address_without_a_bus_is_one_sentence(address):
    """The sentence names the socket or says that the address is none."""
    with pytest.raises(NoBusError, match="can't connect to the session bus"):
        Connection(address)


def test_the_first_address_that_works_is_taken(bus):
    """An address may list several places."""
    Connection(f"unix:path=/nowhere;{bus.address}").close()


@pytest.mark.parametrize("answer", [b"", b"ERROR no\r\n", b"OK 1234\r\nmore\r\n", b"x" * 9000])
def test_a_socket_that_is_no_bus_is_refused(tmp_path, answer):
    """Whatever listens there, msdctl says so instead of hanging or crashing."""
    path = tmp_path / "no bus é"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        server.listen()

        def serve():
            peer, _ = server.accept()
            with peer:
                peer.recv(1024)
                peer.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        with pytest.raises(NoBusError):
            Connection(f"unix:path={escaped(str(path))}")
        thread.join()


@pytest.mark.parametrize(
    ("signature", "value", "expected"),
    [
        (
            "a{sv}",
            {"a": ("s", "x"), "b": ("a{sv}", {"c": ("d", 1.5)})},
            {"a": "x", "b": {"c": 1.5}},
        ),
        ("a(ssb)", [("s", "name", True)], [["s", "name", True]]),
        ("av", [("u", 1), ("as", ["x"])], [1, ["x"]]),
        ("d", float("nan"), None),
        ("ad", [float("inf"), 1.0], [None, 1.0]),
    ],
)
def test_values_are_plain_whatever_they_look_like(signature, value, expected):
    """A struct of two texts is no variant; numbers that JSON has no word for are None."""
    assert plain(signature, value) == expected


def test_a_descriptor_travels_beside_the_message(connection):
    """The bus closes what nobody is to receive; sending must not fail."""
    reader, writer = os.pipe()
    try:
        options = {"password-fd": Variant("h", 0)}
        reply = connection.call(
            call("NoSuchMethod", "a{sv}", options, descriptors=[reader]), timeout_s=TIMEOUT_S
        )
    finally:
        os.close(reader)
        os.close(writer)

    assert reply.error_name.endswith("UnknownMethod")


def test_a_path_with_spaces_and_letters_is_escaped():
    """D-Bus addresses allow few characters."""
    assert escaped("/run/My Films é/bus") == "/run/My%20Films%20%c3%a9/bus"
