"""A D-Bus variant as msd's own value: a type and a value."""

from collections.abc import Mapping
from typing import NamedTuple


class Variant(NamedTuple):
    """A value with its D-Bus type; in arguments a descriptor (h) is the descriptor's number."""

    signature: str
    value: object


def variants(types: Mapping[str, str], values: Mapping[str, object]) -> dict[str, Variant]:
    """Type the values of a dictionary by their keys; a key without a type is left out."""
    return {key: Variant(types[key], value) for key, value in values.items() if key in types}
