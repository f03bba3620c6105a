"""The encoder against an independent decoder: what goes in comes out, whatever it is."""

import logging
import math
import struct
from typing import Any

import pytest
from dbus_fast import Message
from dbus_fast._private.unmarshaller import Unmarshaller
from hypothesis import given, settings
from hypothesis import strategies as st

from msd.dbus.errors import LimitError
from msd.dbus.messages import wire
from msd.dbus.messages.marshal import cleaned, entries, marshal
from msd.dbus.messages.variant import Typed, Variant, complete_types, variants
from tests.dbus.client import plain

TEXT = st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\0"))
SIMPLE: dict[str, st.SearchStrategy[Any]] = {
    "y": st.integers(0, 2**8 - 1),
    "b": st.booleans(),
    "n": st.integers(-(2**15), 2**15 - 1),
    "q": st.integers(0, 2**16 - 1),
    "i": st.integers(-(2**31), 2**31 - 1),
    "u": st.integers(0, 2**32 - 1),
    "x": st.integers(-(2**63), 2**63 - 1),
    "t": st.integers(0, 2**64 - 1),
    "d": st.floats(allow_nan=False),
    "s": TEXT,
    "o": st.sampled_from(["/", "/a", "/a/b_1"]),
    "g": st.sampled_from(["", "s", "a{sv}"]),
}


def arrays(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Return lists, structures and dictionaries of what `inner` gives: (signature, value)."""
    array = inner.filter(lambda p: p[0] != "y").flatmap(
        lambda pair: st.tuples(st.just("a" + pair[0]), st.just([pair[1]]) | st.just([pair[1]] * 3))
    )
    structure = st.lists(inner, min_size=1, max_size=4).map(
        lambda pairs: ("(" + "".join(p[0] for p in pairs) + ")", [p[1] for p in pairs])
    )
    dictionary = st.tuples(TEXT, inner).map(
        lambda pair: ("a{s" + pair[1][0] + "}", {pair[0]: pair[1][1]})
    )
    variant = inner.map(lambda pair: ("v", Variant(*pair)))
    options = st.dictionaries(TEXT, inner, max_size=3).map(
        lambda entries: ("a{sv}", {key: Variant(*pair) for key, pair in entries.items()})
    )
    return array | structure | dictionary | variant | options


PAIRS = st.recursive(
    st.one_of([st.tuples(st.just(token), values) for token, values in SIMPLE.items()]),
    arrays,
    max_leaves=8,
)


class Buffer:
    """What dbus-fast reads from."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def read(self, size: int) -> bytes:
        taken, self._data = self._data[:size], self._data[size:]
        return taken


def decoded(data: bytes | memoryview) -> Message:
    """Return the message that dbus-fast reads."""
    message = Unmarshaller(Buffer(bytes(data))).unmarshall()
    assert message is not None
    return message


def without_variants(value: Any) -> Any:
    """Return what `plain` makes of the same value when it is decoded."""
    if isinstance(value, Variant):
        return without_variants(value.value)
    if isinstance(value, dict):
        return {key: without_variants(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [without_variants(entry) for entry in value]
    return value


@settings(max_examples=200, deadline=None)
@given(pairs=st.lists(PAIRS, max_size=4))
def test_an_independent_decoder_reads_what_was_encoded(pairs: list[tuple[str, Any]]) -> None:
    """Every type, every nesting, every alignment."""
    signature = "".join(pair[0] for pair in pairs)
    values = [pair[1] for pair in pairs]
    address = wire.Address(path="/a", interface="a.b", member="C")

    message = decoded(wire.signal(7, address, signature, values).data)

    assert signature == message.signature
    assert [without_variants(value) for value in values] == plain(message.body)
    assert ("/a", "a.b", "C", 7) == (
        message.path,
        message.interface,
        message.member,
        message.serial,
    )


@settings(max_examples=100, deadline=None)
@given(text=st.text())
def test_any_text_becomes_what_dbus_accepts(text: str) -> None:
    """Any text becomes what dbus accepts.

    NUL and lone surrogates are replaced, everything else stays.
    """
    data = cleaned(text)

    assert b"\0" not in data
    expected = "".join("\ufffd" if c == "\0" or "\ud800" <= c <= "\udfff" else c for c in text)
    assert expected == data.decode()


@pytest.mark.parametrize(
    ("signature", "value"),
    [
        ("u", -1),
        ("y", 256),
        ("x", 2**63),
        ("i", "1"),
        ("u", None),
        ("s", None),
        ("s", 5),
        ("o", "a/b"),
        ("o", "/a/"),
        ("o", "/ä"),
        ("o", ""),
        ("as", "text"),
        ("as", None),
        ("(ss)", ["a"]),
        ("(ss)", ["a", "b", "c"]),
        ("a{sv}", []),
        ("v", "text"),
        ("d", "1"),
        ("o", "/a\n"),
    ],
)
def test_a_value_that_does_not_fit_is_refused(signature: str, value: object) -> None:
    """Defect 3 and its like: nothing wrong is ever sent."""
    with pytest.raises((ValueError, TypeError, AttributeError, struct.error)):
        marshal(signature, [value])


def test_the_number_of_values_is_that_of_the_signature() -> None:
    """A method that returns too few results is a defect, not a short message."""
    with pytest.raises(ValueError, match="argument"):
        marshal("ss", ["a"])


def test_an_entry_that_does_not_fit_is_left_out_and_the_others_stay(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """One absurd year must not take a page down; its value is not logged."""
    entries = {
        "before": Variant("s", "a"),
        "year": Variant("i", 10**12),
        "list": Variant("as", [1]),
        "none": Variant("s", None),
        "after": Variant("x", 5),
        "nan": Variant("d", math.nan),
    }
    address = wire.Address(path="/a", interface="a.b", member="C")

    with caplog.at_level(logging.WARNING):
        message = decoded(wire.signal(1, address, "a{sv}", [entries]).data)

    assert ["before", "after", "nan"] == list(message.body[0])
    assert "'year'" in caplog.text
    assert str(10**12) not in caplog.text


@pytest.mark.parametrize(
    ("signature", "value"),
    [
        ("ay", bytes(33 * 2**20)),
        ("s", "x" * 33 * 2**20),
        ("as", ["x" * 2**20] * 33),
        ("aa{sv}", [{"x": Variant("s", "x" * 2**20)}] * 33),
        ("v", Variant("s", "x" * 33 * 2**20)),
    ],
)
def test_more_than_32_mib_are_refused(signature: str, value: object) -> None:
    """More than 32 mib are refused."""
    with pytest.raises(LimitError):
        marshal(signature, [value])


@pytest.mark.parametrize(
    ("signature", "types"),
    [
        ("", []),
        ("sa{sv}o", ["s", "a{sv}", "o"]),
        ("a(sa{s(ii)})v", ["a(sa{s(ii)})", "v"]),
        ("aaas(u(y))", ["aaas", "(u(y))"]),
    ],
)
def test_a_signature_is_split_into_complete_types(signature: str, types: list[str]) -> None:
    """D-Bus signatures nest."""
    assert types == list(complete_types(signature))


KEYED = {"s": TEXT, "as": st.lists(TEXT, max_size=6)} | {k: SIMPLE[k] for k in "ybnqiuxtd"}


@settings(max_examples=200, deadline=None)
@given(
    rows=st.lists(
        st.fixed_dictionaries({}, optional={f"key {t}": values for t, values in KEYED.items()}),
        max_size=4,
    )
)
def test_dictionaries_whose_keys_say_the_types_are_the_same_bytes(rows: list[dict]) -> None:
    """A page of items is encoded without a variant for each value."""
    types = {f"key {t}": t for t in KEYED}
    of_keys = entries(types)

    typed = marshal("saa{sv}", ["x", [Typed(of_keys, row) for row in rows]])

    assert marshal("saa{sv}", ["x", [variants(types, row) for row in rows]]) == typed


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("year", 2**31),
        ("year", "1999"),
        ("added", 2**63),
        ("rating", "good"),
        ("title", 7),
        ("title", None),
        ("genres", "Drama"),
        ("genres", [["Drama"]]),
        ("genres", [1]),
        ("genres", None),
        ("colour", "a key without a type"),
    ],
)
def test_a_value_that_does_not_fit_its_key_is_left_out_of_the_page(key: str, value: Any) -> None:
    """One absurd value must not take a page of items down."""
    types = {"year": "i", "added": "x", "rating": "d", "title": "s", "genres": "as", "id": "s"}
    row = {"id": "1", key: value, "last": 1}

    typed = marshal("aa{sv}", [[Typed(entries({**types, "last": "u"}), row)]])

    assert marshal("aa{sv}", [[{"id": Variant("s", "1"), "last": Variant("u", 1)}]]) == typed


def test_hostile_text_in_a_page_is_cleaned() -> None:
    """Defect 2, also on the short way: NUL and lone surrogates are replaced."""
    row = {"title": "a\0b\ud800", "genres": ["\udfff"]}

    typed = marshal("a{sv}", [Typed(entries({"title": "s", "genres": "as"}), row)])

    clean = {"title": Variant("s", "a\ufffdb\ufffd"), "genres": Variant("as", ["\ufffd"])}
    assert marshal("a{sv}", [clean]) == typed
