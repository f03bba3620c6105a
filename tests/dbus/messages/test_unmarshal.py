"""D-Bus bytes become values, and bounds hold before a value is built."""

import struct

import pytest

from msd.dbus.errors import CallError, LimitError
from msd.dbus.messages.marshal import marshal
from msd.dbus.messages.unmarshal import MAX_LIST_LENGTH, MAX_STRING_BYTES, Bytes, unmarshal
from msd.dbus.messages.variant import Variant

SAMPLES = [
    ("ybnqiuxtd", [200, True, -3, 3, -70_000, 70_000, -(2**40), 2**63, 0.5]),
    ("sog", ["Ünï", "/a/b_1", "a{sv}"]),
    ("as", [["a", "", "bcd"]]),
    ("ay", [b"\0\1\2"]),
    ("a{sv}", [{"a": Variant("s", "x"), "b": Variant("ax", [1, 2])}]),
    ("(s(ib))a(sd)", [["x", [1, False]], [["y", 1.5], ["z", -0.0]]]),
    ("yv", [7, Variant("(sas)", ["a", ["b"]])]),
    ("a{s(sssx)}", [{"k": ["a", "b", "c", 5]}]),
    ("aa{sv}as", [[{}, {"k": Variant("v", Variant("u", 1))}], []]),
]


@pytest.mark.parametrize(("signature", "values"), SAMPLES, ids=[s for s, _ in SAMPLES])
def test_what_was_encoded_is_decoded(signature: str, values: list[object]) -> None:
    """Alignment, nesting and variants."""
    assert values == unmarshal(signature, Bytes(marshal(signature, values)))


def test_the_other_byte_order_is_understood() -> None:
    """A caller on a big-endian machine, or one that just writes so."""
    data = struct.pack(">I2sxxq", 1, b"a\0", -5)

    assert ["a", -5] == unmarshal("sx", Bytes(data, big_endian=True))


@pytest.mark.parametrize(
    ("signature", "value"),
    [
        ("s", "x" * (MAX_STRING_BYTES + 1)),
        ("s", "ü" * (MAX_STRING_BYTES // 2 + 1)),
        ("ay", b"x" * (MAX_STRING_BYTES + 1)),
        ("as", ["x"] * (MAX_LIST_LENGTH + 1)),
        ("an", [1] * (MAX_LIST_LENGTH + 1)),
        ("a{sv}", {str(n): Variant("b", value=True) for n in range(MAX_LIST_LENGTH + 1)}),
        ("v", Variant("as", ["x"] * (MAX_LIST_LENGTH + 1))),
        ("a(s)", [["x" * (MAX_STRING_BYTES + 1)]]),
    ],
)
def test_what_is_too_long_from_a_caller_is_refused(signature: str, value: object) -> None:
    """At each depth; what msd asked for itself may be as long as it is."""
    data = marshal(signature, [value])

    with pytest.raises(LimitError, match=r"64 KiB|1000 elements"):
        unmarshal(signature, Bytes(data, bounded=True))
    assert [value] == unmarshal(signature, Bytes(data))


@pytest.mark.parametrize(
    ("signature", "value"),
    [("s", "x" * MAX_STRING_BYTES), ("as", ["x"] * MAX_LIST_LENGTH)],
)
def test_what_is_just_short_enough_is_taken(signature: str, value: object) -> None:
    """The limits are those of the XML, not one less."""
    assert [value] == unmarshal(signature, Bytes(marshal(signature, [value]), bounded=True))


def test_a_key_given_a_thousand_times_counts_each_time() -> None:
    """Equal keys make a small dictionary of a long message."""
    entry = marshal("(sy)", [["k", 1]])
    padded = entry + bytes(-len(entry) % 8)
    data = struct.pack("<Ixxxx", len(padded) * (MAX_LIST_LENGTH + 1)) + padded * (
        MAX_LIST_LENGTH + 1
    )

    with pytest.raises(LimitError):
        unmarshal("a{sy}", Bytes(data, bounded=True))


def test_descriptors_are_given_by_their_numbers() -> None:
    """The message holds places in a list; one that is not there is the caller's fault."""
    data = marshal("h", [1])

    assert [42] == unmarshal("h", Bytes(data, descriptors=[41, 42]))
    with pytest.raises(CallError, match="descriptor"):
        unmarshal("h", Bytes(data, descriptors=[41]))
