"""Single values, whose types differ between releases (docs/protocols/plex.md, Types)."""

import re

_LONGEST_WORD = 200
_LONGEST_NUMBER = 18
_TOKEN = re.compile(r"[A-Za-z0-9_.~-]{1,4096}")  # 20 characters, or a JSON Web Token
_ID = re.compile(r"[A-Za-z0-9_-]{1,128}")


def flag(value: object) -> bool:
    """Whether a value means yes: true, 1, "1" or "true"."""
    return value in (True, "1", "true")


def word(value: object) -> str:
    """A name or version as it may be shown, "" when it is none."""
    if not isinstance(value, str):
        return ""
    return "".join(filter(str.isprintable, value))[:_LONGEST_WORD].strip()


def number(value: object) -> int | None:
    """A whole number, also one that was sent as text; None when it is none."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and value.isascii() and value.isdecimal():
        return int(value) if len(value) <= _LONGEST_NUMBER else None
    return None


def token(value: object) -> str:
    """A token that may stand in a header, "" when it is none."""
    return value if isinstance(value, str) and _TOKEN.fullmatch(value) else ""


def identifier(value: object) -> str:
    """An opaque id, "" when it is none."""
    return value if isinstance(value, str) and _ID.fullmatch(value) else ""
