"""Lengths and moments as Jellyfin writes them."""

import re
from datetime import UTC, datetime

from msd.backend_api.values import FIRST_YEAR, LAST_YEAR, day, length
from msd.backends.jellyfin.parse.wire import TICKS_PER_MS
from msd.models import Milliseconds, UnixSeconds

_GUID = re.compile(r"[0-9a-f]{32}").fullmatch
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}T", re.ASCII)


def guid(value: object) -> str | None:
    """Return an id as Jellyfin writes it, 32 hex digits; None when it is none."""
    if not isinstance(value, str) or len(value) > len("00000000-0000-0000-0000-000000000000"):
        return None
    if _GUID(value):
        return value
    plain = value.replace("-", "").lower()
    return plain if _GUID(plain) else None


def ms(ticks: int | None) -> Milliseconds:
    """Return a length; zero when it is unknown or absurd."""
    return length((ticks or 0) // TICKS_PER_MS)


def moment(value: str | None) -> UnixSeconds:
    """Return a date and time; zero when it is unknown or absurd."""
    when = _datetime(value)
    if when is None or not FIRST_YEAR < when.year < LAST_YEAR:
        return UnixSeconds(0)
    # The server means UTC also where it does not say so.
    return UnixSeconds(max(int((when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp()), 0))


def released(value: str | None) -> str:
    """Return the ISO date of a moment, "" when it is unknown or absurd."""
    return "" if _datetime(value) is None else day(value)


def _datetime(value: str | None) -> datetime | None:
    if not value or _MOMENT.match(value) is None:
        return None
    try:
        return datetime.fromisoformat(value)
    except ValueError:
        return None
