"""What the name of a folder says of what is in it: a season, a disc, a quality, a heap."""

import re
from functools import lru_cache

import msgspec

from msd.backends.local.names.films import film_name, says_nothing
from msd.backends.local.names.titles import (
    TitleName,
    spaced,
    split_year,
    take_ids,
    without_site,
)
from msd.backends.local.names.words import (
    EXTRA_FOLDERS,
    HEAP,
    SEASON_WORD,
    SPECIALS,
    is_strong,
    is_weak,
)

_WRITTEN = {
    word: number
    for number, words in enumerate(
        (
            "zero null",
            "one i eins first 一",
            "two ii zwei second 二",
            "three iii drei third 三",
            "four iv vier fourth 四",
            "five v fünf fifth 五",
            "six vi sechs sixth 六",
            "seven vii sieben seventh 七",
            "eight viii acht eighth 八",
            "nine ix neun ninth 九",
            "ten x zehn tenth 十",
        )
    )
    for word in words.split()
}
_NUMBER_WORD = "|".join(sorted(_WRITTEN, key=len, reverse=True))
_SEASON = re.compile(
    rf"^(?:{SEASON_WORD})[ ._-]*(?:(?P<after>\d{{1,4}})|(?P<word>{_NUMBER_WORD}))(?![^\W_])"
    rf"|^s(?P<short>\d{{1,2}}|(?:19|20)\d\d)(?![^\W_])"
    rf"|^(?P<before>\d{{1,4}})(?:st|nd|rd|th|er|e|ª|º|ma|\.)?[ ._-]*(?:{SEASON_WORD})(?![^\W_])"
    rf"|^(?P<ordinal>{_NUMBER_WORD})[ ._-]+(?:{SEASON_WORD})(?![^\W_])"
    r"|^第(?P<cjk>\d{1,3}|[一二三四五六七八九十])[季期部](?![^\W_])"
    r"|^(?P<cjk_bare>\d{1,3})[季期]",
    re.IGNORECASE,
)
_RANGE = re.compile(r"^\D*\d{1,2}[ ._]*[-–+&][ ._]*\d{1,2}(?!\d|[pi])", re.IGNORECASE)  # noqa: RUF001
_ANY_SEASON = re.compile(r"^(?:[^\W\d_]{2,16}[ ._-]*(\d{1,3})|第?(\d{1,3})[^\W\d_]{1,4})$")
_BARE = re.compile(r"^(?:0*(\d{1,2})|((?:19[5-9]|20\d)\d))$")
_RELEASE_SEASON = re.compile(
    rf"^(?P<show>.+?)[ ._-]+[(\[]?(?:s(?P<short>\d{{1,2}}|(?:19|20)\d\d)"
    rf"|(?:{SEASON_WORD})[ ._-]*(?P<long>\d{{1,4}})"
    rf"|(?P<ordinal>\d{{1,2}})(?:st|nd|rd|th|\.)[ ._-]?(?:{SEASON_WORD}))(?![^\W_])",
    re.IGNORECASE,
)
_DISC = re.compile(
    r"^(?:cd|dvd|bd|dis[ckq](?:que)?|disco|disk|platte|диск)[ ._-]*"
    rf"0*(?P<number>\d{{1,2}}|(?:{_NUMBER_WORD})(?![^\W_]))"
    r"(?P<rest>[ ._-]+[(\[]?.*|[ ._-]*[(\[].*)?$",
    re.IGNORECASE,
)
_SEPARATORS = re.compile(r"[\W_]+")
_LARGEST_SEASON = 60


class Season(msgspec.Struct, frozen=True, kw_only=True):
    """What a folder between a show and its episodes says."""

    number: int
    is_certain: bool  # a word for a season is in it, not just a number


@lru_cache(maxsize=4096)
def season_of(folder: str) -> int | None:
    """Return the season that a folder name stands for, 0 for specials, None for no season."""
    if _key(folder) in _SPECIALS:
        return 0
    match = _SEASON.match(folder)
    if match is None or _RANGE.match(folder):
        return None
    text = next(filter(None, match.groups()))
    number = _WRITTEN.get(text.lower())
    return int(text) if number is None else number


@lru_cache(maxsize=4096)
def possible_season(folder: str) -> int | None:
    """Return the season of a folder that carries one number and no word that msd knows.

    Only a folder between a show and its episodes is one: "Volume 2", "3", "2009".
    """
    bare = _BARE.match(folder)
    if bare:
        return int(bare[1] or bare[2])
    match = _ANY_SEASON.match(folder)
    if match is None or disc_number(folder) is not None:
        return None
    number = int(match[1] or match[2])
    return number if number <= _LARGEST_SEASON else None


@lru_cache(maxsize=4096)
def release_season(folder: str) -> int | None:
    """Return the season in a folder name that also names its show ("Show.S01.1080p")."""
    match = _RELEASE_SEASON.match(folder)
    if match is None or _RANGE.match(folder[match.start("show") + len(match["show"]) :].strip()):
        return None
    return int(match["short"] or match["long"] or match["ordinal"])


@lru_cache(maxsize=4096)
def show_name(folder: str) -> TitleName:
    """Read the name of a show's folder; a season in it ("Show.S01.1080p") is left out."""
    text, ids = take_ids(without_site(folder))
    if (season := _RELEASE_SEASON.match(text)) and not (season["long"] and season["long"] == "0"):
        text = season["show"]
    name = film_name(text)
    title, year = name.title, name.year
    if year is None and " " not in text:
        title, year = split_year(name.title)  # "Show.2013"; of "Space 1999" it is the title
    elif year is not None and not name.is_release:
        title, year = spaced(text), None
    return TitleName(title=title or spaced(text), year=year, ids=ids or name.ids)


@lru_cache(maxsize=4096)
def disc_number(folder: str) -> int | None:
    """Return which disc or part of its parent's content a folder is ("CD1", "Disc 2 (Live)")."""
    match = _DISC.match(folder)
    if match is None:
        return None
    return _WRITTEN.get(match["number"].lower()) or int(match["number"])


@lru_cache(maxsize=4096)
def is_quality(folder: str) -> bool:
    """Say whether a folder is named by nothing but a quality ("1080p", "4K HDR")."""
    words = [word for word in re.split(r"[ ._\-\[\](){}]+", folder.lower()) if word]
    known = [is_strong(word) or is_weak(word) for word in words]
    return bool(words) and all(known) and any(is_strong(w) or w in _QUALITY for w in words)


@lru_cache(maxsize=4096)
def is_heap(folder: str) -> bool:
    """Say whether a folder's name is one for whatever somebody got ("downloads")."""
    return _key(folder) in HEAP


@lru_cache(maxsize=4096)
def is_extras(folder: str) -> bool:
    """Say whether a folder's name is one for extras, if it is beside something."""
    return _key(folder) in EXTRA_FOLDERS


def names_nothing(folder: str) -> bool:
    """Say whether a folder's name tells nothing of a title in it."""
    return is_heap(folder) or is_quality(folder) or says_nothing(folder)


_QUALITY = frozenset({"dvd", "hd", "sd", "bd", "web", "3d", "remux", "hdr"})
_SPECIALS = SPECIALS


def _key(folder: str) -> str:
    return _SEPARATORS.sub("", folder).casefold()
