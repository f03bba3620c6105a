"""Values with their D-Bus types, and type signatures taken apart."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

_ALIGNMENT = {"y": 1, "g": 1, "v": 1, "n": 2, "q": 2, "x": 8, "t": 8, "d": 8, "(": 8, "{": 8}
_CLOSING = {"(": ")", "{": "}"}


class Variant(NamedTuple):
    """A value with its D-Bus type; in arguments a descriptor (h) is the descriptor's number."""

    signature: str
    value: object


Entry = Callable[[Any], bytes]  # value → key, type and value, for a multiple of 8


class Entries(dict[str, Entry]):
    """What encodes the entries of an `a{sv}`, by key, and the types of the keys."""

    types: Mapping[str, str]


class Typed(NamedTuple):
    """An `a{sv}` whose keys say the types: pages hold thousands of values, so none is a variant."""

    entries: Entries  # of `msd.dbus.messages.marshal.entries`
    values: Mapping[str, object]  # a key without an entry is left out


def variants(types: Mapping[str, str], values: Mapping[str, object]) -> dict[str, Variant]:
    """Type the values of a dictionary by their keys; a key without a type is left out."""
    return {key: Variant(types[key], value) for key, value in values.items() if key in types}


def alignment(signature: str) -> int:
    """Return the alignment of a type by the first character of its signature."""
    return _ALIGNMENT.get(signature[0], 4)


def complete_types(signature: str) -> Iterator[str]:
    """Split a signature into its complete types: `sa{sv}o` → `s`, `a{sv}`, `o`."""
    start = 0
    while start < len(signature):
        end = _end(signature, start)
        yield signature[start:end]
        start = end


def _end(signature: str, start: int) -> int:
    if signature[start] == "a":
        return _end(signature, start + 1)
    closing = _CLOSING.get(signature[start])
    if closing is None:
        return start + 1
    position = start + 1
    while signature[position] != closing:
        position = _end(signature, position)
    return position + 1
