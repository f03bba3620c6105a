"""The one place where values from a server are bounded before they are stored (K5)."""

import math
import re
from collections.abc import Iterable, Sequence
from typing import TypeGuard

from msd.models import RemoteId

TITLE = 1024  # bytes of UTF-8, as all limits of text
NAME = 256
REFERENCE = 2048
OVERVIEW = 64 * 1024
REMOTE_ID = 1024
MAX_ENTRIES = 200  # of any list that belongs to one item
MAX_COUNT = 2**31 - 1
MAX_TIME = 253_402_300_799  # the end of the year 9999
MAX_DURATION_MS = 10 * 365 * 24 * 3600 * 1000
MAX_SIZE = 2**63 - 1
MAX_NUMBER = 999_999  # of a season, an episode, a disc, a track
_MAX_YEAR = 9999
_MAX_RATING = 10.0
_CORNERS = 4
_COLOR = 0xFFFFFF
_BASE_83 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz#$%*+,-.:;=?@[]^_{|}~"
_MAX_COMPONENTS = 9  # of a blurhash, in each direction
_BLURHASH = re.compile(rf"[{re.escape(_BASE_83)}]{{6,166}}")
_DATE = re.compile(r"[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?")


def text(value: object, limit: int = TITLE) -> str:
    """Return text that fits, without NUL and lone surrogates; "" for anything but text."""
    if not isinstance(value, str):
        return ""
    if len(value) <= limit and value.isascii() and "\0" not in value:
        return value
    if len(value) <= limit and "\0" not in value and _fits(value, limit):
        return value
    encoded = value[:limit].encode(errors="replace")[:limit]
    return encoded.decode(errors="ignore").replace("\0", " ")


def _fits(value: str, limit: int) -> bool:
    try:
        return len(value.encode()) <= limit
    except UnicodeEncodeError:  # lone surrogates
        return False


def texts(values: Iterable[object], limit: int = NAME) -> list[str]:
    """Return the first entries that say something, each once."""
    found: dict[str, None] = {}
    for value in values:
        if len(found) == MAX_ENTRIES:
            break
        if cleaned := text(value, limit).strip():
            found[cleaned] = None
    return list(found)


def is_usable_id(value: object) -> TypeGuard[RemoteId]:
    """Tell whether a server's id can be stored as it is; a changed id would be another one."""
    if not isinstance(value, str) or not value or len(value) > REMOTE_ID or "\0" in value:
        return False
    return value.isascii() or text(value, REMOTE_ID) == value


def number(value: object, high: int, *, low: int = 0) -> int:
    """Return a whole number between two bounds, `low` for what is none."""
    if type(value) is int and low <= value <= high:  # nearly always
        return value
    if isinstance(value, float):
        value = int(value) if math.isfinite(value) else low
    if not isinstance(value, int):
        return low
    return min(max(int(value), low), high)


def number_or_none(value: object, high: int, *, low: int = 0) -> int | None:
    """Return a bounded whole number, None when there is none or it is below `low`."""
    if value is None:
        return None
    if type(value) is int and low <= value <= high:  # nearly always
        return value
    bounded = number(value, high, low=low - 1)
    return None if bounded < low else bounded


def signed_64(value: int) -> int:
    """Return the number that fits SQLite's integers; the low 64 bits of what does not."""
    return (value + 2**63) % 2**64 - 2**63


def year(value: object) -> int | None:
    """Return a year of four digits at most, None for anything else."""
    found = number_or_none(value, _MAX_YEAR + 1, low=1)
    return None if found is None or found > _MAX_YEAR else found


def date(value: object) -> str:
    """Return an ISO date (a year or a month will do), "" for anything else."""
    return value if isinstance(value, str) and _DATE.fullmatch(value) else ""


def blurhash(value: object) -> str:
    """Return a blurhash, "" for a text that is none.

    Its first letter says how many components it has, and so how long it is.
    """
    if not isinstance(value, str) or not _BLURHASH.fullmatch(value):
        return ""
    down, across = divmod(_BASE_83.index(value[0]), _MAX_COMPONENTS)
    is_whole = down < _MAX_COMPONENTS and len(value) == 4 + 2 * (down + 1) * (across + 1)
    return value if is_whole else ""


def colors(values: Sequence[object]) -> list[int]:
    """Return the four colours of a picture's corners, nothing when they are others."""
    found = [value for value in values if type(value) is int and 0 <= value <= _COLOR]
    return found if len(found) == len(values) == _CORNERS else []


def rating(value: object) -> float | None:
    """Return a rating between 0 and 10, None for anything that is no number."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return min(max(float(value), 0.0), _MAX_RATING)
