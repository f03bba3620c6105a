"""Titles in file names: ids, years, scene spelling, and when two titles are the same."""

import re
import unicodedata
from functools import lru_cache

import msgspec

from msd.backends.local.files.text import clean_title, title_key
from msd.backends.local.names.words import COUNTRIES

MAX_NAME = 255
YEAR = r"(?:18[89]\d|19\d\d|20\d\d)"
LAST_LOOSE_YEAR = 2035  # a bare number above is part of a title ("Blade Runner 2049")

Ids = tuple[tuple[str, str], ...]  # (("tmdb", "949"),)

_IDS = re.compile(
    r"[\[{(]\s*(tmdb|tvdb|imdb)(?:id)?\s*[-=:_ ]\s*(tt\d{5,10}|\d{1,10})\s*[\]})]"
    r"|[\[{(]\s*(tt\d{7,10})\s*[\]})]",
    re.IGNORECASE,
)
_EDITION_TAG = re.compile(r"\{\s*edition-([^}]{1,60})\}", re.IGNORECASE)
_SITE = re.compile(
    r"^\s*[\[({]?\s*(?:https?://)?(?:www\.[\w-]+\.[a-z]{2,6}|[\w-]+\.(?:com|org|net|info))"
    r"\s*(?:[\])}]\s*[-–_. ]*|\s+[-–_]+\s*|\s*[-–_]+\s+)(?=\S)",  # noqa: RUF001 - a dash
    re.IGNORECASE,
)
_TRAILING_YEAR = re.compile(rf"^(.+?)[ ._]+[(\[]?({YEAR})[)\]]?$")
_DOTS = re.compile(r"[._]+")
_NOT_WORD = re.compile(r"[\W_]+")
_APOSTROPHE = re.compile(r"['’ʼ`]")  # noqa: RUF001 - the typographic ones
_ARTICLES = frozenset({"the", "a", "an"})


class TitleName(msgspec.Struct, frozen=True, kw_only=True):
    """What the name of a film, show or folder says of its title."""

    title: str
    year: int | None = None
    ids: Ids = ()


def take_ids(text: str) -> tuple[str, Ids]:
    """Return a name without the ids of databases in it, and those ids.

    Example: "Heat (1995) {tmdb-949}" gives "Heat (1995)" and (("tmdb", "949"),).
    """
    if not any(bracket in text for bracket in "[{("):
        return text, ()
    ids = tuple(
        ("imdb", match[3].lower())
        if match[3]
        else _matching_kind(match[1].lower(), match[2].lower())
        for match in _IDS.finditer(text)
    )
    return (_IDS.sub("", text).strip(" ._-") or text, ids) if ids else (text, ())


def take_edition_tag(text: str) -> tuple[str, str]:
    """Return a name without Plex's `{edition-…}`, and the edition."""
    match = _EDITION_TAG.search(text)
    if match is None:
        return text, ""
    return _EDITION_TAG.sub("", text).strip(), clean_title(match[1])


def without_site(text: str) -> str:
    """Return a name without the address of a web site in front ("www.site.org - Film")."""
    return _SITE.sub("", text) or text


def spaced(text: str) -> str:
    """Return a title whose words are separated by dots or underscores with spaces instead.

    Full stops stay in a title that has spaces, and in acronyms: "S.W.A.T".
    """
    text = text.strip(" _-")
    if " " in text:
        return clean_title(text.lstrip("."))
    return clean_title(" ".join(_with_acronyms(_DOTS.split(text.strip("._")))))


def split_year(title: str) -> tuple[str, int | None]:
    """Return a title and the year at its end ("House of Cards 2013")."""
    match = _TRAILING_YEAR.match(title)
    if match is None or int(match[2]) > LAST_LOOSE_YEAR:
        return title, None
    return match[1].rstrip(" ._-(["), int(match[2])


@lru_cache(maxsize=32_768)
def comparable(title: str) -> str:
    """Return what is equal for two spellings of a title: no accents, articles or punctuation."""
    decomposed = unicodedata.normalize("NFKD", _APOSTROPHE.sub("", title).replace("&", " and "))
    plain = "".join(char for char in decomposed if not unicodedata.combining(char))
    return title_key(plain)


def agrees(from_file: str, from_folder: str) -> bool:
    """Say whether a file's title is that of its folder.

    A country or year that only one of them has makes no difference, and a file may say less
    than its folder ("Daredevil" in "Marvel's Daredevil"), but not more.
    """
    if comparable(from_file) == comparable(from_folder):
        return True
    mine, other = _words(from_file), _words(from_folder)
    if not mine or not other:
        return False
    bare_mine, bare_other = _without_suffix(mine), _without_suffix(other)
    if bare_mine == bare_other:
        return True
    size = len(bare_mine)
    return size < len(bare_other) and bare_other[-size:] == bare_mine


def _matching_kind(kind: str, value: str) -> tuple[str, str]:
    return ("imdb" if value.startswith("tt") else kind), value


def _with_acronyms(words: list[str]) -> list[str]:
    """Join capitals that stood alone between full stops: S, W, A, T is "S.W.A.T"."""
    found: list[str] = []
    letters: list[str] = []
    for word in [*words, ""]:
        if len(word) == 1 and word.isupper():
            letters.append(word)
            continue
        if len(letters) > 1:
            found.append(".".join(letters) + ("." if word else ""))
        else:
            found += letters
        letters = []
        found += [word] if word else []
    return found


def _words(title: str) -> list[str]:
    decomposed = unicodedata.normalize("NFKD", _APOSTROPHE.sub("", title).replace("&", " and "))
    plain = "".join(char for char in decomposed if not unicodedata.combining(char)).casefold()
    words = [word for word in _NOT_WORD.split(plain) if word]
    return words[1:] if len(words) > 1 and words[0] in _ARTICLES else words


def _without_suffix(words: list[str]) -> list[str]:
    """Return words without the year and the country at the end."""
    end = len(words)
    while end > 1 and (words[end - 1] in COUNTRIES or re.fullmatch(YEAR, words[end - 1])):
        end -= 1
    return words[:end]
