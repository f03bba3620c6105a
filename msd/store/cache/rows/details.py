"""The stored form of what is fetched for one item: people, media sources, markers, extras.

It is the JSON of `msd.models.ItemDetails`, with every text, number and list bounded, e.g.
{"people": [{"name": "Ada", "job": "director"}], "markers": [{"kind": "intro", "start_ms": 0}]}.
What is unknown is absent.
"""

import math
from collections.abc import Mapping

import msgspec

from msd.models import ItemDetails
from msd.store.cache.rows import normalise

_REFERENCES = frozenset({"remote_id", "image", "url"})  # cut, they would lead nowhere
_PATH = 2 * normalise.REFERENCE
_LIMITS = {"path": _PATH, "url": normalise.REFERENCE, "image": normalise.REFERENCE}
_UNKNOWN: tuple[object, ...] = ("", None, [], {})


def encode_details(details: ItemDetails) -> bytes:
    """Return bounded JSON of an item's details."""
    return msgspec.json.encode(_bounded("", msgspec.to_builtins(details)))


def _bounded(key: str, value: object) -> object:
    match value:
        case str():
            return _text(key, value)
        case bool() | int() | float():
            return _number(value)
        case list() | tuple():
            return [_bounded(key, entry) for entry in value[: normalise.MAX_ENTRIES]]
        case Mapping():
            entries = {name: _bounded(name, entry) for name, entry in value.items()}
            return {name: entry for name, entry in entries.items() if entry not in _UNKNOWN}
        case _:
            return None


def _number(value: float) -> float | None:
    if isinstance(value, bool):
        return value
    if isinstance(value, int):
        return normalise.number(value, normalise.MAX_SIZE)
    return value if math.isfinite(value) else None


def _text(key: str, value: str) -> str:
    bounded = normalise.text(value, _LIMITS.get(key, normalise.TITLE))
    return "" if key in _REFERENCES and bounded != value else bounded
