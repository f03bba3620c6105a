"""Words for people and for scripts; everything that comes from a server is made harmless first.

A title can hold escape sequences that rewrite a terminal, line breaks that forge a row, and
direction marks that turn text round. They are shown as escapes, never obeyed.
"""

import re
import time
from collections.abc import Iterable, Mapping

# Controls (C0, DEL, C1), line and paragraph separators, direction marks, lone surrogates.
_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)
_UNSAFE_IN_JSON = re.compile(
    "[\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)
_HUMP = re.compile("(?<=[a-z0-9])(?=[A-Z])")
_MILLISECONDS = 1000
_MINUTE_S = 60
_HOUR_S = 3600
_UNITS = (("day", 86_400), ("hour", _HOUR_S), ("minute", _MINUTE_S))


def safe(text: str) -> str:
    """Return one line that a terminal only shows; dangerous characters become escapes."""
    return _UNSAFE.sub(lambda match: _escape(match.group()), text)


def json_text(value: object, *, indent: int | None = None) -> str:
    """Return JSON with the characters that a terminal would obey written as escapes."""
    import json  # noqa: PLC0415 - people need none

    text = json.dumps(value, ensure_ascii=False, indent=indent, default=_plain)
    return _UNSAFE_IN_JSON.sub(lambda match: f"\\u{ord(match.group()):04x}", text)


def cell(value: object) -> str:
    """Return any value of the bus as one safe line."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return safe(value)
    if isinstance(value, Mapping):
        return ", ".join(f"{cell(key)}={cell(item)}" for key, item in value.items())
    if isinstance(value, Iterable):
        return ", ".join(cell(item) for item in value)
    return safe(str(value))


def moment(seconds: object) -> str:
    """Return a local date and time for Unix seconds; nothing for 0 and for absurd times."""
    if not isinstance(seconds, int) or seconds <= 0:
        return ""
    try:
        return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(seconds))
    except (OverflowError, ValueError, OSError):
        return ""


def ago(seconds: object) -> str:
    """Return how long ago Unix seconds are: `just now`, `5 minutes ago`; nothing for 0."""
    if not isinstance(seconds, int) or seconds <= 0:
        return ""
    passed = int(time.time()) - seconds
    return "just now" if passed < _MINUTE_S else f"{span(passed)} ago"


def span(seconds: int) -> str:
    """Return a length of time in one unit: `20 seconds`, `1 minute`, `3 days`."""
    for name, length in _UNITS:
        if seconds >= length:
            return count(seconds // length, name)
    return count(max(seconds, 0), "second")


def count(number: object, noun: str) -> str:
    """Return a number with its noun: `1 item`, `2,075 items`, `3 libraries`."""
    amount = number if isinstance(number, int) else 0
    if amount == 1:
        return f"1 {noun}"
    is_ies = noun.endswith("y") and noun[-2:-1] not in "aeiou"
    return f"{amount:,} {noun[:-1] + 'ies' if is_ies else noun + 's'}"


def duration(milliseconds: object) -> str:
    """Return h:mm:ss, or m:ss below an hour; nothing for 0."""
    if not isinstance(milliseconds, int) or milliseconds <= 0:
        return ""
    seconds = milliseconds // _MILLISECONDS
    minutes, rest = seconds // _MINUTE_S, seconds % _MINUTE_S
    if seconds < _HOUR_S:
        return f"{minutes}:{rest:02}"
    return f"{minutes // _MINUTE_S}:{minutes % _MINUTE_S:02}:{rest:02}"


def snake_case(name: str) -> str:
    """Return a D-Bus member name as a key: `SourceId` → `source_id`."""
    return _HUMP.sub("_", name).lower()


def _escape(character: str) -> str:
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"  # noqa: PLR2004 - one byte


def _plain(value: object) -> object:
    return list(value) if isinstance(value, Iterable) else str(value)
