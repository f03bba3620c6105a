"""The stored form of what is fetched for one item: people, media sources, markers, lyrics, extras.

It is the JSON of `msd.models.ItemDetails`, with every text, number and list bounded, and all texts
together, e.g. {"people": [{"name": "Ada", "job": "director"}], "markers": [{"kind": "intro", …}]}.
What is unknown is absent; paths are URIs.
"""

import math
from collections.abc import Mapping, Sequence

import msgspec

from msd.models import ItemDetails
from msd.store.cache.rows import normalise
from msd.store.cache.rows.media_facts import LONGEST_PATH, file_uri

MAX_DETAILS = 1 << 20  # bytes of all texts of one item; a cast of a thousand has 50 KB
_LEAST_ENTRY = 32  # bytes that an entry of a list counts at least
_REFERENCES = frozenset({"remote_id", "image", "url", "path"})  # cut, they would lead nowhere
_LIMITS = {"path": LONGEST_PATH, "url": normalise.REFERENCE}
_LIMITS |= {"image": normalise.REFERENCE}
_MOST = {"people": 1_000, "markers": 2_000, "streams": 500, "lyrics": 5_000}
_UNKNOWN: tuple[object, ...] = ("", None, [], {})
_ZERO_IS_UNKNOWN = frozenset(
    {
        *("size", "bitrate", "duration_ms", "position_ms", "end_ms"),
        *("channels", "width", "height"),
    }
)


def encode_details(details: ItemDetails) -> bytes:
    """Return bounded JSON of an item's details; what is too much is left out at the end."""
    return msgspec.json.encode(_Bounds().value("", msgspec.to_builtins(details)))


class _Bounds:
    """Bounds the details of one item, and their texts together."""

    def __init__(self) -> None:
        self._left = MAX_DETAILS

    def value(self, key: str, value: object) -> object:
        match value:
            case str():
                return self._text(key, value)
            case bool():
                return value
            case int() | float():
                return _number(key, value)
            case list() | tuple():
                return self._list(key, value)
            case Mapping():
                entries = {name: self.value(name, entry) for name, entry in value.items()}
                return {name: entry for name, entry in entries.items() if entry not in _UNKNOWN}
            case _:
                return None

    def _list(self, key: str, values: Sequence[object]) -> list[object]:
        found = []
        for value in values[: _MOST.get(key, normalise.MAX_ENTRIES)]:
            self._left -= _LEAST_ENTRY
            entry = self.value(key, value)
            if self._left < 0:
                break
            found.append(entry)
        return found

    def _text(self, key: str, value: str) -> str:
        bounded = normalise.text(value, _LIMITS.get(key, normalise.TITLE))
        if key in _REFERENCES and bounded != value:
            return ""
        if key == "path" and bounded:
            bounded = file_uri(bounded)
        self._left -= len(bounded.encode())
        return bounded if self._left >= 0 else ""


def _number(key: str, value: float) -> float | None:
    if not isinstance(value, int):
        return value if math.isfinite(value) else None
    bounded = normalise.number(value, normalise.MAX_SIZE)
    return None if bounded == 0 and key in _ZERO_IS_UNKNOWN else bounded


class _Named(msgspec.Struct):
    name: str = ""


class _WithPeople(msgspec.Struct):
    people: list[_Named] = []


_decode_people = msgspec.json.Decoder(_WithPeople).decode


def people_names(body: bytes) -> list[str]:
    """Return the names of the people in stored details; none when one is no text."""
    try:
        return [person.name for person in _decode_people(body).people]
    except msgspec.ValidationError:
        return []
