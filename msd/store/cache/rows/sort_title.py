"""The order of titles: without case, accents and leading articles, numbers by their value.

"The Éclair 2" is sorted by "eclair 000002", is shown as "Éclair 2" where somebody asks for its
sort title, and stands under the letter E; "8½" stands after "8" and before "9".
"""

import re
from itertools import filterfalse
from unicodedata import combining, normalize

MAX_LENGTH = 120
NO_LETTER = "#"
_ARTICLE = re.compile(r"\A(?:the|an|a)\s+(?=\S)", re.IGNORECASE)
_NUMBER = re.compile(r"\d+")
_DIGITS = 6  # numbers are padded to this width, so that 2 stands before 10


def sort_title(title: str) -> str:
    """Return what a title is sorted by."""
    return _ARTICLE.sub("", _natural(title), count=1)[:MAX_LENGTH]


def given_sort_title(text: str) -> str:
    """Return the order that a server gives for a title: its articles are meant."""
    return _natural(text)[:MAX_LENGTH]


def plain_sort_title(title: str) -> str:
    """Return a title without its leading article, for people."""
    return _ARTICLE.sub("", title.strip(), count=1)


def letter_of(sort_key: str) -> str:
    """Return the letter under which an order of titles has an item: A, Ж, 葉, or "#".

    Args:
        sort_key: what `sort_title` or `given_sort_title` returned.
    """
    if sort_key < "a":
        return NO_LETTER
    upper = sort_key[0].upper()
    return upper if fold(upper) == sort_key[0] else sort_key[0]  # not I for the dotless one


def fold(text: str) -> str:
    """Return text without case and accents."""
    if text.isascii():
        return text.lower()
    return "".join(filterfalse(combining, normalize("NFKD", text.casefold())))


def _natural(text: str) -> str:
    """Return folded text with its numbers padded.

    Numbers are padded before compatibility forms are taken apart: the half of "8½" is a number
    of its own, not a digit of 81.
    """
    cut = text[: 2 * MAX_LENGTH]
    if cut.isascii():
        return _NUMBER.sub(_padded, cut.lower().strip())
    return fold("".join(map(_apart, _NUMBER.sub(_padded, cut)))).strip()


def _apart(character: str) -> str:
    """Return a character; numbers in a compatibility form (½, ²) are words of their own."""
    if character.isascii() or character.isdecimal():
        return character
    plain = normalize("NFKD", character)
    return f" {_NUMBER.sub(_padded, plain)} " if _NUMBER.search(plain) else character


def _padded(match: re.Match[str]) -> str:
    # As ASCII: other scripts have digits of their own.
    digits = "".join(str(int(digit)) for digit in match[0]).lstrip("0")
    return digits.zfill(_DIGITS)
