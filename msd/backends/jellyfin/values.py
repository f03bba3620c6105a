"""Single values as a server sends them, made bounded and plain."""

import math
import re
from collections.abc import Iterable
from datetime import UTC, datetime

from msd.backends.jellyfin.wire import TICKS_PER_MS
from msd.models import Milliseconds, UnixSeconds

LONGEST_NAME = 1_000
MOST_ENTRIES = 100
MOST_COUNT = 1_000_000
_LONGEST_MS = 1_000 * 24 * 3600 * 1000
_FIRST_YEAR, _LAST_YEAR = 1800, 2200
_BEST = 10.0
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}T", re.ASCII)


def text(value: str | None, longest: int) -> str:
    """Return a text of bounded length without NUL, which neither D-Bus nor SQLite carries."""
    if not value:
        return ""
    if len(value) > longest or "\0" in value:
        value = value.replace("\0", "")[:longest]
    return value.strip()


def texts(values: Iterable[str | None] | None) -> tuple[str, ...]:
    """Return the texts that say something, at most a hundred, each once."""
    if not values:
        return ()
    found = dict.fromkeys([text(value, LONGEST_NAME) for value in values if value])
    found.pop("", None)
    return tuple(found)[:MOST_ENTRIES]


def ms(ticks: int | None) -> Milliseconds:
    """Return a length; zero when it is unknown or absurd (negative, or over a thousand days)."""
    value = (ticks or 0) // TICKS_PER_MS
    return Milliseconds(value if 0 <= value <= _LONGEST_MS else 0)


def moment(value: str | None) -> UnixSeconds:
    """Return a date and time; zero when it is unknown or absurd."""
    if not value or _DATE.match(value) is None:
        return UnixSeconds(0)
    try:
        when = datetime.fromisoformat(value)
    except ValueError:
        return UnixSeconds(0)
    if not _FIRST_YEAR < when.year < _LAST_YEAR:
        return UnixSeconds(0)
    # The server means UTC also where it does not say so.
    return UnixSeconds(max(int((when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp()), 0))


def released(value: str | None) -> str:
    """Return the ISO date of a moment, "" when it is unknown or absurd."""
    if not value or _DATE.match(value) is None:
        return ""
    try:
        day = datetime.fromisoformat(value).date()
    except ValueError:
        return ""
    return day.isoformat() if _FIRST_YEAR <= day.year <= _LAST_YEAR else ""


def year(value: int | None) -> int | None:
    """Return a year in which something may have been made."""
    return value if value is not None and _FIRST_YEAR <= value <= _LAST_YEAR else None


def number(value: int | None) -> int | None:
    """Return a count or an index that is not absurd."""
    return value if value is not None and 0 <= value <= MOST_COUNT else None


def rating(value: float | None) -> float | None:
    """Return a rating from 0 to 10."""
    if value is None or not math.isfinite(value) or not 0 <= value <= _BEST:
        return None
    return value
