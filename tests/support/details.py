"""What must hold of any details that a parser made, whatever the source sent."""

from __future__ import annotations

from typing import Any

import msgspec

from msd.item_keys import DETAIL_LISTS, STREAM_KEYS
from msd.models import ItemDetails
from msd.store.cache.reads.details import shown_details
from msd.store.cache.rows.details import MAX_DETAILS, encode_details

_BOUNDS = {"u": (0, 2**32), "x": (0, 2**63)}
_PYTHON = {"s": str, "u": int, "x": int, "b": bool, "aa{sv}": list}


def check_details(details: ItemDetails) -> dict[str, Any]:
    """Check that details fit the store and the bus; return what the bus shows of them."""
    body = encode_details(details)
    assert len(body) < 4 * MAX_DETAILS
    shown: dict[str, Any] = shown_details(msgspec.json.decode(body), "i")
    for key, entries in shown.items():
        for entry in entries:
            _check(entry, DETAIL_LISTS[key])
    assert all(person["name"] and person["job"] for person in shown.get("people", ()))
    for marker in shown.get("markers", ()):
        assert marker["end_ms"] > marker["start_ms"]
    return shown


def _check(entry: dict[str, Any], types: Any) -> None:
    for key in entry.keys() & types.keys():
        value, kind = entry[key], types[key]
        assert type(value) is _PYTHON[kind], (key, value)
        if kind in _BOUNDS:
            low, high = _BOUNDS[kind]
            assert low <= value < high, (key, value)
        if kind == "s":
            assert len(value.encode()) < 64 * 1024
            assert "\0" not in value
    for stream in entry.get("streams", ()):
        _check(stream, STREAM_KEYS)
