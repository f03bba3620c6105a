"""What the name of a film's file or folder says: title, year, ids, edition, version, part.

The title ends at the year, or at the first word that only releases have ("1080p", "BluRay"). A
number of a part ("cd1") is no part of the title; of "part 1" the name alone can't tell, so both
readings are kept and the film's neighbours decide.
"""

import re
from functools import lru_cache

import msgspec

from msd.backends.local.names.titles import (
    LAST_LOOSE_YEAR,
    MAX_NAME,
    YEAR,
    Ids,
    spaced,
    take_edition_tag,
    take_ids,
    without_site,
)
from msd.backends.local.names.words import (
    EDITION,
    EDITION_AND_TITLE,
    EDITION_NAMES,
    is_strong,
    is_weak,
)

_TITLE_YEAR = re.compile(
    rf"^(?P<title>.+?)[ _-]*[(\[](?P<year>{YEAR})(?:[-–](?:{YEAR})?)?[)\]](?P<rest>.*)$"  # noqa: RUF001
)
_YEAR_FIRST = re.compile(
    rf"^(?:[(\[](?P<year>{YEAR})[)\]][ ._-]*|(?P<bare>{YEAR}) - )(?P<title>\S.*)$"
)
_TOKEN = re.compile(r"[^ ._\-\[\](){}+]+")
_GROUP_IN_FRONT = re.compile(r"^\s*(?:\[[^\]]*\]|【[^】]*】|「[^」]*」)[ _.-]*(?=\S)")
_BRACKETS = re.compile(r"\[[^\]]*\]|\{[^}]*\}|【[^】]*】")
_CHECKSUM = re.compile(r"[\[(][0-9A-Fa-f]{8}[\])]")
_PART = re.compile(
    r"[ ._([-]+(?:cd|dvd|dis[ck])[ ._-]*(?P<number>[1-9a-d])(?=$|[ ._)\]-])",
    re.IGNORECASE,
)
_PART_WORD = re.compile(
    r"[ ._([-]+(?:part|pt|teil)[ ._-]*(?P<number>[1-9]\d?|[a-d])(?=$|[ ._)\]-])", re.IGNORECASE
)
_SAYS_NOTHING = re.compile(
    r"^(?:movie|film|video|index|title[ _]?\d*|vts_\d+_\d+|video_ts|\d{5}|main|feature|"
    r"[0-9a-f]{8,64}|[a-z0-9]{24,64})$",
    re.IGNORECASE,
)
_3D = re.compile(r"(?<![^\W_])3d(?![^\W_])", re.IGNORECASE)
_IS_PART = re.compile(r"^(?:(?:cd|dvd|dis[ck]|part|pt|teil)\d?|\d|[a-d])$")
_LETTERS = {"a": 1, "b": 2, "c": 3, "d": 4}


class FilmName(msgspec.Struct, frozen=True, kw_only=True):
    """What the name of a film says."""

    title: str
    year: int | None = None
    ids: Ids = ()
    edition: str = ""
    version: str = ""  # what else distinguishes the file: "2160p UHD BluRay"
    part: int | None = None  # 1 of "cd1"
    is_3d: bool = False
    is_release: bool = False  # it has a year in brackets, or words that only releases have
    word_part: int | None = None  # 1 of "part 1", which may be a part or belong to the title
    word_title: str = ""  # the title without "part 1"
    is_part_after_year: bool = False


@lru_cache(maxsize=8192)
def film_name(text: str) -> FilmName:
    """Read the name of a film, without its suffix."""
    text, ids = take_ids(without_site(text[:MAX_NAME]))
    text, tagged_edition = take_edition_tag(text)
    text, part = _take_part(text)
    head, year, rest, is_release = _split(text)
    title, editions = _without_edition(head, is_certain=bool(year or is_release))
    # "Dune - 1080p" ends at a strong word, "Blade Runner - [Final Cut]" at a bracket.
    editions += _editions(rest)
    word = _PART_WORD.search(head)
    after = _PART_WORD.search(rest)
    name = _title(title) or _title(head) or spaced(text)
    return FilmName(
        title=name,
        year=year,
        ids=ids,
        edition=tagged_edition or ", ".join(dict.fromkeys(editions)),
        version=_version(_PART_WORD.sub(" ", rest)),
        part=part,
        is_3d=_3D.search(rest) is not None,
        is_release=is_release or bool(ids),
        word_part=_number(word or after),
        word_title=_title(head[: word.start()] + head[word.end() :]) if word else name,
        is_part_after_year=after is not None and word is None,
    )


def says_nothing(stem: str) -> bool:
    """Say whether a file name tells nothing of what is in the file ("movie", a hash)."""
    return _SAYS_NOTHING.match(stem) is not None


def is_movie(name: str) -> bool:
    """Say whether a file or folder name looks like a film's: a year or a release's words."""
    return film_name(name).is_release


def _take_part(text: str) -> tuple[str, int | None]:
    match = _PART.search(text)
    if match is None or not match.start():
        return text, None
    return (text[: match.start()] + " " + text[match.end() :]).strip(" _-"), _number(match)


def _number(match: re.Match[str] | None) -> int | None:
    if match is None:
        return None
    text = match["number"].lower()
    return _LETTERS.get(text) or int(text)


def _split(text: str) -> tuple[str, int | None, str, bool]:
    """Return what is before the year or the release's words, the year, the rest; is it certain."""
    bare = _without_group(text)
    canonical = _TITLE_YEAR.match(bare)
    if canonical is None and bare is not text:
        canonical = _TITLE_YEAR.match(text)  # "[REC] (2007)": the brackets are the title
    if canonical:
        return canonical["title"], int(canonical["year"]), canonical["rest"], True
    first = _YEAR_FIRST.match(text)
    if first:
        title, year, rest, _certain = _split_loose(first["title"])
        if first["year"] or year is None:  # "2001 - A Voyage 1968" has its year behind
            return title, int(first["year"] or first["bare"]), rest, True
    return _split_loose(bare)


def _split_loose(text: str) -> tuple[str, int | None, str, bool]:
    tokens = list(_TOKEN.finditer(_CHECKSUM.sub(lambda m: " " * len(m[0]), text)))
    words = [token[0].lower() for token in tokens]
    strong = next((i for i in range(1, len(words)) if _is_strong_at(text, tokens, words, i)), None)
    end = len(words) if strong is None else strong
    while strong is not None and end > 1 and is_weak(words[end - 1]):
        end -= 1
    year_at = _year_at(words, end, is_cut=strong is not None)
    cut = end if year_at is None else year_at
    if cut >= len(tokens):
        return _before_brackets(text)
    year = None if year_at is None else int(words[year_at])
    start = tokens[cut].start()
    return text[:start].rstrip(" ._-([{"), year, text[start:], strong is not None


def _is_strong_at(text: str, tokens: list[re.Match[str]], words: list[str], index: int) -> bool:
    if is_strong(words[index]):
        return True
    if index + 1 < len(words):  # "WEB-DL", "Blu-ray", "H.264" are two tokens
        between = text[tokens[index].end() : tokens[index + 1].start()]
        joined = words[index] + words[index + 1]
        return between in ("-", ".", " ", "_") and joined in _TWO_WORDS
    return False


_TWO_WORDS = frozenset({"webdl", "webrip", "bluray", "h264", "h265", "x264", "dvdrip", "bdrip"})


def _year_at(words: list[str], end: int, *, is_cut: bool) -> int | None:
    """Return where the year is: the last one before the release's words, never the first word."""
    years = [i for i in range(1, min(end + 1, len(words))) if _is_year(words[i])]
    if not years:
        return None
    last = years[-1]
    if is_cut or all(is_weak(word) or _IS_PART.match(word) for word in words[last + 1 :]):
        return last
    return None


def _is_year(word: str) -> bool:
    return re.fullmatch(YEAR, word) is not None and int(word) <= LAST_LOOSE_YEAR


def _before_brackets(text: str) -> tuple[str, None, str, bool]:
    """Cut at square brackets and at an edition behind a dash: "Donnie Darko - [Theatrical]"."""
    bracket = _BRACKETS.search(text)
    if bracket and bracket.start() and text[: bracket.start()].strip(" ._-"):
        return text[: bracket.start()].rstrip(" ._-"), None, text[bracket.start() :], False
    head, dash, rest = text.rpartition(" - ")
    if dash and EDITION.fullmatch(rest.strip()):
        return head, None, rest, False
    return text, None, "", False


def _without_group(text: str) -> str:
    """Return a name without the release group in front, unless that is the title."""
    rest = _GROUP_IN_FRONT.sub("", text)
    while rest != (shorter := _GROUP_IN_FRONT.sub("", rest)):
        rest = shorter
    is_title = not rest or rest[0] in "([{" or rest[0].isdigit()
    return text if is_title else rest


def _without_edition(head: str, *, is_certain: bool) -> tuple[str, list[str]]:
    """Return a title without the edition at its end, which stood before the year."""
    if not is_certain:
        return head, []
    for match in EDITION.finditer(head):
        name = EDITION_NAMES[match.lastgroup or "e0"]
        before = head[: match.start()].strip(" ._-([")
        is_end = not head[match.end() :].strip(" ._-)]")
        if is_end and before and not (name in EDITION_AND_TITLE and len(before.split()) <= 1):
            return before, [name]
    return head, []


def _editions(rest: str) -> list[str]:
    return [EDITION_NAMES[match.lastgroup or "e0"] for match in EDITION.finditer(rest)]


def _version(rest: str) -> str:
    words = _TOKEN.findall(_CHECKSUM.sub("", rest))
    return " ".join(word for word in words if not re.fullmatch(YEAR, word))[:100]


def _title(text: str) -> str:
    return spaced(text.strip(" _-")).strip(" -_")
