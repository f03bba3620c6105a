"""The order of titles: without case, accents and leading articles, numbers by their value."""

import re
from itertools import filterfalse
from unicodedata import combining, normalize

MAX_LENGTH = 120
_ARTICLE = re.compile(r"\A(?:the|an|a)\s+(?=\S)")
_NUMBER = re.compile(r"\d+")
_DIGITS = 6  # numbers are padded to this width, so that 2 stands before 10


def sort_title(title: str) -> str:
    """Return what a title is sorted by."""
    return _natural(_ARTICLE.sub("", _folded(title), count=1))


def given_sort_title(text: str) -> str:
    """Return the order that a server gives for a title: its articles are meant."""
    return _natural(_folded(text))


def fold(text: str) -> str:
    """Return text without case and accents."""
    if text.isascii():
        return text.lower()
    return "".join(filterfalse(combining, normalize("NFKD", text.casefold())))


def _folded(text: str) -> str:
    return fold(text[: 2 * MAX_LENGTH]).strip()


def _natural(folded: str) -> str:
    return _NUMBER.sub(_padded, folded)[:MAX_LENGTH]


def _padded(match: re.Match[str]) -> str:
    digits = match[0].lstrip("0")
    return digits.zfill(_DIGITS)
