"""A D-Bus variant as msd's own value: a type and a value."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple


class Variant(NamedTuple):
    """A value with its D-Bus type; in arguments a descriptor (h) is the descriptor's number."""

    signature: str
    value: object


class Typed(NamedTuple):
    """An `a{sv}` whose keys say the types: pages hold thousands of values, so none is a variant."""

    entries: Mapping[str, Callable[[Any], bytes]]  # of `msd.bus.marshal.entries`
    values: Mapping[str, object]  # a key without an entry is left out


def variants(types: Mapping[str, str], values: Mapping[str, object]) -> dict[str, Variant]:
    """Type the values of a dictionary by their keys; a key without a type is left out."""
    return {key: Variant(types[key], value) for key, value in values.items() if key in types}
