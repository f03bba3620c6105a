"""The server against a real bus: every call gets exactly one answer."""

import logging
import os
import xml.etree.ElementTree as ET
from pathlib import Path

import anyio
import pytest
from dbus_fast import Message, Variant

from msd.contract import ROOT_PATH
from msd.dbus.errors import CallError
from msd.dbus.messages.unmarshal import MAX_LIST_LENGTH, MAX_STRING_BYTES
from msd.dbus.serving.callers import MAX_CALLS_OF_A_CALLER
from msd.dbus.serving.standard import machine_id
from tests.dbus.client import Client, ErrorReply, connected_client, plain
from tests.dbus.conftest import demo_server
from tests.dbus.demo import DEMO, READS, READS_AT_ONCE, SECRET, Demo
from tests.support.session.bus import PrivateBus

pytestmark = pytest.mark.anyio

PROPERTIES = "org.freedesktop.DBus.Properties"
FREEDESKTOP_ERROR = "org.freedesktop.DBus.Error."


async def test_nul_and_lone_surrogates_are_replaced_and_the_connection_stays(
    demo: Demo, client: Client
) -> None:
    """Nul and lone surrogates are replaced and the connection stays.

    A NUL in a tag takes dbus-next off the bus.
    """
    nul = await client.call(DEMO, "Text", "s", "nul")
    surrogate = await client.call(DEMO, "Text", "s", "surrogate")

    assert ["a\ufffdb"] == nul
    assert ["a\ufffdb"] == surrogate


async def test_a_bad_object_path_is_an_internal_error_and_the_connection_stays(
    demo: Demo, client: Client
) -> None:
    """A bad object path is an internal error and the connection stays.

    Dbus-fast sends it, and the bus disconnects us.
    """
    with pytest.raises(ErrorReply) as failure:
        await client.call(DEMO, "Path", "s", "not/a path")

    assert "org.msd.Msd1.Error.Internal" == failure.value.name
    assert ["/good"] == await client.call(DEMO, "Path", "s", "/good")


async def test_an_answer_above_32_mib_is_refused_and_the_connection_stays(
    demo: Demo, client: Client
) -> None:
    """An answer above 32 mib is refused and the connection stays.

    The bus ends connections that send too much.
    """
    with pytest.raises(ErrorReply) as failure:
        await client.call(DEMO, "Bytes", "u", 33 * 2**20)

    assert "org.msd.Msd1.Error.LimitExceeded" == failure.value.name
    assert [bytes(2**20)] == await client.call(DEMO, "Bytes", "u", 2**20)


async def test_an_unexpected_exception_is_one_traceback_in_the_log_and_none_for_the_caller(
    demo: Demo, client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    """An unexpected exception is one traceback in the log and none for the caller."""
    with caplog.at_level(logging.DEBUG), pytest.raises(ErrorReply) as failure:
        await client.call(DEMO, "Crash")

    assert "org.msd.Msd1.Error.Internal" == failure.value.name
    assert "internal error; the journal of msd.service has the details" == failure.value.text
    assert 1 == caplog.text.count("Traceback")
    assert SECRET not in str(failure.value)


async def test_an_expected_error_leaves_no_traceback(
    demo: Demo, client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    """An expected error leaves no traceback."""
    with caplog.at_level(logging.DEBUG), pytest.raises(ErrorReply) as failure:
        await client.call(DEMO, "Fail")

    assert "org.msd.Msd1.Error.UnknownItem" == failure.value.name
    assert "no such item" == failure.value.text
    assert "Traceback" not in caplog.text


async def test_a_call_in_progress_is_answered_when_the_server_stops(
    bus: PrivateBus, library: str, client: Client
) -> None:
    """Defects 6 and 13: a cancelled handler answers, and the answer is flushed."""
    failures: list[ErrorReply] = []

    async def call() -> None:
        try:
            await client.call(DEMO, "Wait")
        except ErrorReply as error:
            failures.append(error)

    async with anyio.create_task_group() as tasks, demo_server(bus, library) as (demo, _):
        tasks.start_soon(call)
        with anyio.fail_after(10):
            await demo.waiting.wait()

    assert ["org.msd.Msd1.Error.Failed"] == [failure.name for failure in failures]
    assert 1 == demo.cancelled


async def test_a_call_that_comes_while_the_server_stops_is_refused(
    bus: PrivateBus, library: str, client: Client
) -> None:
    """A call that comes while the server stops is refused.

    No caller waits 25 s for a daemon that is leaving.
    """
    failures: list[ErrorReply] = []

    async def call_late() -> None:
        client.post(DEMO, "Linger")
        await demo.lingering.wait()
        with pytest.raises(ErrorReply) as failure:
            await client.call(DEMO, "Text", "s", "x")
        failures.append(failure.value)
        demo.released.set()

    async with anyio.create_task_group() as tasks, demo_server(bus, library) as (demo, _):
        tasks.start_soon(call_late)
        with anyio.fail_after(10):
            await demo.waiting.wait()

    assert ["msd is stopping"] == [failure.text for failure in failures]


async def test_results_of_the_wrong_shape_are_an_internal_error(demo: Demo, client: Client) -> None:
    """A defect of an adapter is not a wrong message."""
    with pytest.raises(ErrorReply) as failure:
        await client.call(DEMO, "Pair")

    assert "Internal" == failure.value.code


async def test_what_was_sent_last_arrives_although_the_server_leaves_at_once(
    bus: PrivateBus, library: str, client: Client
) -> None:
    """What was sent last arrives although the server leaves at once."""
    await client.listen(f"interface='{DEMO}'")

    async with demo_server(bus, library) as (_, server):
        for number in range(2000):
            server.emit(ROOT_PATH, DEMO, "Ticked", number)

    signals = await client.wait_for(2000, "Ticked")
    assert list(range(2000)) == [signal.body[0] for signal in signals]


async def test_the_caller_is_known(demo: Demo, client: Client) -> None:
    """The caller is known."""
    assert [client.unique_name] == await client.call(DEMO, "WhoAmI")


@pytest.mark.parametrize(
    ("path", "interface", "member", "signature", "values", "error"),
    [
        ("/nothing", DEMO, "Fail", "", [], "UnknownObject"),
        (ROOT_PATH, "org.msd.Other", "Fail", "", [], "UnknownMethod"),
        (ROOT_PATH, DEMO, "Nothing", "", [], "UnknownMethod"),
        (ROOT_PATH, DEMO, "Text", "u", [1], "InvalidArgs"),
        (ROOT_PATH, DEMO, "Text", "", [], "InvalidArgs"),
        (ROOT_PATH, PROPERTIES, "Get", "ss", [DEMO, "Nothing"], "UnknownProperty"),
        (ROOT_PATH, PROPERTIES, "Get", "ss", ["org.msd.Other", "Good"], "UnknownInterface"),
        (ROOT_PATH, PROPERTIES, "GetAll", "s", ["org.msd.Other"], "UnknownInterface"),
        (
            ROOT_PATH,
            PROPERTIES,
            "Set",
            "ssv",
            [DEMO, "Good", Variant("s", "x")],
            "PropertyReadOnly",
        ),
        (
            ROOT_PATH,
            PROPERTIES,
            "Set",
            "ssv",
            [DEMO, "Nothing", Variant("s", "x")],
            "UnknownProperty",
        ),
        (ROOT_PATH, PROPERTIES, "Set", "ssv", [DEMO, "Volume", Variant("s", "x")], "InvalidArgs"),
    ],
)
async def test_a_wrong_call_gets_the_error_that_dbus_defines(
    demo: Demo,
    client: Client,
    path: str,
    interface: str,
    member: str,
    signature: str,
    values: list[object],
    error: str,
) -> None:
    """A wrong call gets the error that dbus defines."""
    with pytest.raises(ErrorReply) as failure:
        await client.call(interface, member, signature, *values, path=path)

    assert FREEDESKTOP_ERROR + error == failure.value.name


async def test_a_call_without_interface_finds_its_method(demo: Demo, client: Client) -> None:
    """A call without interface finds its method.

    The interface field is optional.
    """
    reply = await client.reply_to(
        Message(
            destination="org.msd.Msd1", path=ROOT_PATH, member="Text", signature="s", body=["x"]
        )
    )

    assert ["x"] == reply.body


async def test_one_property_that_fails_does_not_take_the_others_with_it(
    demo: Demo, client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    """One property that fails does not take the others with it."""
    (values,) = await client.call(PROPERTIES, "GetAll", "s", DEMO)
    with pytest.raises(ErrorReply) as failure:
        await client.get(DEMO, "Bad")

    assert {"Good", "Volume"} == set(values)
    assert "org.msd.Msd1.Error.Internal" == failure.value.name


async def test_a_property_can_be_set_and_read_back(demo: Demo, client: Client) -> None:
    """Properties.Set."""
    await client.call(PROPERTIES, "Set", "ssv", DEMO, "Volume", Variant("u", 9))

    assert 9 == await client.get(DEMO, "Volume")
    assert 9 == demo.volume


async def test_descriptors_that_are_handed_out_are_closed_here(demo: Demo, client: Client) -> None:
    """Descriptors that are handed out are closed here.

    Fifty replies leak fifty descriptors.
    """
    for number in range(50):
        reply = await client.reply_to(
            Message(
                destination="org.msd.Msd1",
                path=ROOT_PATH,
                interface=DEMO,
                member="Open",
                signature="s",
                body=[f"content {number}"],
            )
        )
        (descriptor,) = reply.unix_fds
        with os.fdopen(descriptor) as file:
            assert f"content {number}" == file.read()

    assert len(demo.opened) == 50
    assert not [number for number in set(demo.opened) if _links_to_memfd(number)]


def _links_to_memfd(descriptor: int) -> bool:
    try:
        return "memfd:demo" in os.readlink(f"/proc/self/fd/{descriptor}")
    except OSError:
        return False


async def test_descriptors_that_come_in_are_closed_whatever_the_call_was(
    demo: Demo, client: Client
) -> None:
    """Defect 12, the other way: a caller can't use up our descriptors."""
    with os.fdopen(os.memfd_create("gift"), "w") as gift:
        before = _gifts()
        for member, signature in (("Options", "a{sv}"), ("Nothing", "a{sv}")):
            options = {"gift": Variant("h", 0)}
            with pytest.raises(ErrorReply):
                await client.call(
                    DEMO, member, signature, options, unix_fds=[gift.fileno()], path="/nothing"
                )
        await client.settle()

        assert before == _gifts()


def _gifts() -> int:
    numbers = os.listdir("/proc/self/fd")
    return sum("memfd:gift" in os.readlink(f"/proc/self/fd/{n}") for n in numbers if _exists(n))


def _exists(number: str) -> bool:
    return os.path.islink(f"/proc/self/fd/{number}")


async def test_a_descriptor_that_did_not_come_is_invalid(demo: Demo, client: Client) -> None:
    """A descriptor that did not come is invalid (K6).

    An index beyond the descriptors of the message.
    """
    with pytest.raises(ErrorReply) as failure:
        await client.call(DEMO, "Options", "a{sv}", {"gift": Variant("h", 3)})

    assert FREEDESKTOP_ERROR + "InvalidArgs" == failure.value.name


@pytest.mark.parametrize(
    ("member", "signature", "value"),
    [
        ("Text", "s", "x" * (MAX_STRING_BYTES + 1)),
        ("Text", "s", "ä" * (MAX_STRING_BYTES // 2 + 1)),
        ("Texts", "as", ["x"] * (MAX_LIST_LENGTH + 1)),
        ("Texts", "as", ["x" * (MAX_STRING_BYTES + 1)]),
        ("Options", "a{sv}", {"x": Variant("s", "x" * (MAX_STRING_BYTES + 1))}),
        ("Options", "a{sv}", {"x": Variant("ay", bytes(MAX_STRING_BYTES + 1))}),
        ("Options", "a{sv}", {str(n): Variant("u", n) for n in range(MAX_LIST_LENGTH + 1)}),
    ],
)
async def test_an_oversized_argument_is_refused(
    demo: Demo, client: Client, member: str, signature: str, value: object
) -> None:
    """An oversized argument is refused (K6).

    Strings of 64 KiB and lists of 1000 are the limit.
    """
    with pytest.raises(ErrorReply) as failure:
        await client.call(DEMO, member, signature, value)

    assert "org.msd.Msd1.Error.LimitExceeded" == failure.value.name


async def test_arguments_of_the_largest_size_are_taken(demo: Demo, client: Client) -> None:
    """Arguments of the largest size are taken (K6).

    The limits are inclusive.
    """
    text = "x" * MAX_STRING_BYTES

    assert [text] == await client.call(DEMO, "Text", "s", text)
    assert [MAX_LIST_LENGTH] == await client.call(DEMO, "Texts", "as", ["x"] * MAX_LIST_LENGTH)


async def test_values_of_every_type_come_back_as_they_went(demo: Demo, client: Client) -> None:
    """Encoding and decoding agree with an independent library."""
    options = {
        "text": Variant("s", "ä"),
        "flag": Variant("b", True),
        "number": Variant("x", -5),
        "real": Variant("d", 0.5),
        "list": Variant("as", ["a", "b"]),
        "path": Variant("o", "/a"),
        "deep": Variant("a{sv}", {"v": Variant("v", Variant("(us)", [7, "x"]))}),
        "bytes": Variant("ay", b"xyz"),
        "signature": Variant("g", "a{sv}"),
    }

    (answer,) = await client.call(DEMO, "Options", "a{sv}", options)

    assert options.keys() == answer.keys()
    for key, value in options.items():
        assert (value.signature, plain(value)) == (answer[key].signature, plain(answer[key]))


async def test_too_many_calls_at_a_time_are_refused_at_once(
    demo: Demo, client: Client, bus: PrivateBus
) -> None:
    """Too many calls at a time are refused at once (K6).

    Nobody makes msd grow without bound.
    """
    async with connected_client(bus.address) as greedy:
        for number in range(MAX_CALLS_OF_A_CALLER):
            greedy.post(DEMO, "Wait")
            if number % 100 == 99:  # dbus-fast's own writer fails when its socket is full
                await greedy.ask_the_bus()
        with pytest.raises(ErrorReply) as failure:
            await greedy.call(DEMO, "Wait")
        assert ["x"] == await client.call(DEMO, "Text", "s", "x")
        demo.released.set()

    assert "org.msd.Msd1.Error.LimitExceeded" == failure.value.name


async def test_a_caller_that_vanishes_leaves_the_server_well(
    demo: Demo, client: Client, bus: PrivateBus
) -> None:
    """Callers vanish mid-call."""
    async with connected_client(bus.address) as leaver:
        leaver.post(DEMO, "Wait")
        with anyio.fail_after(10):
            await demo.waiting.wait()
    demo.released.set()

    assert ["x"] == await client.call(DEMO, "Text", "s", "x")


async def test_a_call_that_wants_no_answer_gets_none(demo: Demo, client: Client) -> None:
    """The flag NO_REPLY_EXPECTED, for answers and for errors."""
    await client.send_without_reply(DEMO, "WhoAmI")
    await client.send_without_reply(DEMO, "Nothing")
    await client.send_without_reply(DEMO, "Open", "s", "x")

    assert ["x"] == await client.call(DEMO, "Text", "s", "x")
    assert not [number for number in demo.opened if _links_to_memfd(number)]


def test_a_machine_without_an_id_is_an_error(tmp_path: Path) -> None:
    """Peer.GetMachineId: /etc/machine-id first, then dbus's own file."""
    (tmp_path / "id").write_text("abc\n")

    assert "abc" == machine_id(["/nowhere", str(tmp_path / "id")])
    with pytest.raises(CallError):
        machine_id(["/nowhere"])


async def test_peer_answers_on_every_path(demo: Demo, client: Client) -> None:
    """org.freedesktop.DBus.Peer."""
    await client.call("org.freedesktop.DBus.Peer", "Ping", path="/not/served")
    (machine,) = await client.call("org.freedesktop.DBus.Peer", "GetMachineId")

    assert 32 == len(machine)


async def test_introspection_shows_interfaces_and_the_way_to_them(
    demo: Demo, client: Client
) -> None:
    """Introspection shows interfaces and the way to them.

    Children under their parents, ObjectManager at the root object alone.
    """
    introspectable = "org.freedesktop.DBus.Introspectable"
    (top,) = await client.call(introspectable, "Introspect", path="/")
    (root,) = await client.call(introspectable, "Introspect", path=ROOT_PATH)

    names = [node.get("name") for node in ET.fromstring(top).findall("node")]
    interfaces = {node.get("name") for node in ET.fromstring(root).findall("interface")}
    assert ["org"] == names
    assert {DEMO, "org.freedesktop.DBus.ObjectManager", PROPERTIES} < interfaces
    assert "ObjectManager" not in top


async def test_a_caller_with_many_reads_does_not_keep_another_waiting(
    demo: Demo, client: Client, bus: PrivateBus
) -> None:
    """One caller has a few reads at once; its other calls wait in its own queue (K6)."""
    async with connected_client(bus.address) as greedy:
        for _ in range(50):
            greedy.post(READS, "Read")
        with anyio.fail_after(10):
            while demo.reading < READS_AT_ONCE:
                await anyio.lowlevel.checkpoint()
        await greedy.ask_the_bus()
        await anyio.wait_all_tasks_blocked()
        reading_of_one = demo.reading
        client.post(READS, "Read")
        with anyio.fail_after(10):
            while demo.reading == reading_of_one:
                await anyio.lowlevel.checkpoint()
        demo.released.set()
        await greedy.settle()

    assert READS_AT_ONCE == reading_of_one


async def test_reads_of_a_caller_that_left_are_not_done(
    demo: Demo, client: Client, bus: PrivateBus
) -> None:
    """What waits in its queue goes with it, and so does what it had begun."""
    async with connected_client(bus.address) as leaver:
        for _ in range(50):
            leaver.post(READS, "Read")
        with anyio.fail_after(10):
            while demo.reading < READS_AT_ONCE:
                await anyio.lowlevel.checkpoint()
    with anyio.fail_after(10):
        while demo.cancelled < READS_AT_ONCE:
            await client.settle()
    demo.released.set()
    await client.settle()

    assert READS_AT_ONCE == demo.reads_begun


async def test_an_empty_interface_name_means_any_interface(demo: Demo, client: Client) -> None:
    """As the D-Bus specification allows for Get, GetAll and Set."""
    (one,) = await client.call(PROPERTIES, "Get", "ss", "", "Good")
    (every,) = await client.call(PROPERTIES, "GetAll", "s", "")
    await client.call(PROPERTIES, "Set", "ssv", "", "Volume", Variant("u", 7))
    with pytest.raises(ErrorReply) as failure:
        await client.call(PROPERTIES, "Get", "ss", "", "Unheard")

    assert ("fine", 7) == (one.value, demo.volume)
    assert {"Good", "Volume"} == every.keys()
    assert "UnknownInterface" == failure.value.code
