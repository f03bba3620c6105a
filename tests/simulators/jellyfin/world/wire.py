"""How the server writes ids, times and JSON."""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, datetime
from typing import Any

TICKS_PER_SECOND = 10_000_000
_DOTNET_EPOCH = datetime(1, 1, 1, tzinfo=UTC)
_GUID = re.compile(
    r"[{(]?([0-9a-fA-F]{8})-?([0-9a-fA-F]{4})-?([0-9a-fA-F]{4})-?([0-9a-fA-F]{4})-?([0-9a-fA-F]{12})[)}]?"
)
EMPTY_GUID = "0" * 32


def make_id(*parts: object) -> str:
    """Return the 32 hex digits the server would derive from type and path."""
    return hashlib.md5("|".join(map(str, parts)).encode("utf-8", "surrogatepass")).hexdigest()


def read_guid(text: str) -> str | None:
    """Return a GUID in any .NET form as 32 lowercase hex digits, or None."""
    match = _GUID.fullmatch(text.strip())
    return "".join(match.groups()).lower() if match else None


def write_time(moment: datetime) -> str:
    """Return a UTC time with the seven fractional digits .NET writes, trailing zeros trimmed."""
    utc = moment.astimezone(UTC)
    digits = f"{utc.microsecond:06d}0"
    if utc.microsecond >= 1000:
        digits = digits.rstrip("0")
    return f"{utc:%Y-%m-%dT%H:%M:%S}.{digits}Z" if utc.year > 999 else _early(utc, digits)


def _early(utc: datetime, digits: str) -> str:
    return f"{utc.year:04d}-{utc:%m-%dT%H:%M:%S}.{digits}Z"


def dotnet_ticks(moment: datetime) -> int:
    """Return the .NET ticks of a moment, which is what an Etag is derived from."""
    delta = moment - _DOTNET_EPOCH
    return (delta.days * 86_400 + delta.seconds) * TICKS_PER_SECOND + delta.microseconds * 10


def camel_case(value: Any) -> Any:
    """Return a JSON value with every member name starting in lower case."""
    if isinstance(value, dict):
        return {key[:1].lower() + key[1:]: camel_case(member) for key, member in value.items()}
    if isinstance(value, list):
        return [camel_case(member) for member in value]
    return value
