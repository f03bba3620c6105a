"""Single values as servers send them, made bounded and plain."""

import codecs
import math
import re
from collections.abc import Iterable
from datetime import date

from msd.models import Milliseconds, UnixSeconds

LONGEST_NAME = 1_000
LONGEST_TEXT = 64_000
MOST_ENTRIES = 100
MOST_COUNT = 1_000_000
MOST_NUMBER = (1 << 31) - 1  # of an episode: some servers number by date, e.g. 20231225
MOST_SIZE = 1 << 60  # bytes, or bits per second
FIRST_YEAR, LAST_YEAR = 1800, 2200
_LONGEST_MS = 1_000 * 24 * 3600 * 1000
_LAST_SECOND = 7_258_118_400  # the year 2200 begins
_BEST = 10.0
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def text(value: str | None, longest: int) -> str:
    """Return a text of bounded length without NUL, which neither D-Bus nor SQLite carries."""
    if not value:
        return ""
    if len(value) > longest or "\0" in value:
        value = value.replace("\0", "")[:longest]
    return value.strip()


def decode_text(content: bytes) -> str:
    """Return the content of a text file that does not say its encoding."""
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return content.decode("utf-16", "replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", "replace")


def texts(values: Iterable[str | None] | None) -> tuple[str, ...]:
    """Return the texts that say something, at most a hundred, each once."""
    if not values:
        return ()
    found = dict.fromkeys([text(value, LONGEST_NAME) for value in values if value])
    found.pop("", None)
    return tuple(found)[:MOST_ENTRIES]


def length(value: int | None) -> Milliseconds:
    """Return a length; zero when it is unknown or absurd (negative, or over a thousand days)."""
    return Milliseconds(value if value and 0 <= value <= _LONGEST_MS else 0)


def seconds(value: int | None) -> UnixSeconds:
    """Return a moment; zero when it is unknown, before 1970 or absurdly late."""
    return UnixSeconds(value if value and 0 <= value < _LAST_SECOND else 0)


def day(value: str | None) -> str:
    """Return the ISO date that a text begins with, "" when it is unknown or absurd."""
    if not value or _DATE.match(value) is None:
        return ""
    try:
        found = date.fromisoformat(value[:10])
    except ValueError:
        return ""
    return found.isoformat() if FIRST_YEAR <= found.year <= LAST_YEAR else ""


def year(value: int | None) -> int | None:
    """Return a year in which something may have been made."""
    return value if value is not None and FIRST_YEAR <= value <= LAST_YEAR else None


def number(value: int | None) -> int | None:
    """Return a count or the number of an episode or track, None when it is absurd."""
    return value if value is not None and 0 <= value <= MOST_NUMBER else None


def position(value: int | None, duration_ms: int) -> Milliseconds:
    """Return a position in milliseconds, at most the length where that is known."""
    found = length(value)
    return Milliseconds(min(found, duration_ms)) if duration_ms > 0 else found


def size(value: int | None) -> int:
    """Return a size in bytes or a rate, zero when it is unknown or absurd."""
    return value if value is not None and 0 <= value <= MOST_SIZE else 0


def rating(value: float | None) -> float | None:
    """Return a rating from 0 to 10, None when it is unknown or of another scale."""
    if value is None or not math.isfinite(value) or not 0 <= value <= _BEST:
        return None
    return value


def percent_rating(value: float | None) -> float | None:
    """Return a rating of 0 to 100 on the scale from 0 to 10."""
    return None if value is None else rating(value / _BEST)
