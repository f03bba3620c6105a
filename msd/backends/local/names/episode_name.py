"""What an episode's name says, and what all forms of it share: the show before, the title after."""

import re
from enum import IntEnum

import msgspec

from msd.backends.local.names.titles import spaced, split_year, take_ids
from msd.backends.local.names.words import is_strong

BEFORE = r"(?<![^\W_])"
AFTER = r"(?![^\W_])"
DASHES = r"[-–—~+&]"  # noqa: RUF001 - dashes
GROUP = re.compile(r"^\s*(?:\[[^\]]*\]|【[^】]*】)[ _.-]*(?=\S)")
BRACKETS = re.compile(r"\[[^\]]*\]|\{[^}]*\}|【[^】]*】|\([^)]*\)")
CHECKSUM = re.compile(r"[\[(][0-9A-Fa-f]{8}[\])]")
NUMBERS = re.compile(r"\d+")
YEARS = range(1900, 2100)


class Certainty(IntEnum):
    """How sure a name is that it is an episode's."""

    NONE = 0
    NUMBERED = 1
    WORDED = 2
    DATED = 3
    FANSUB = 4
    EXPLICIT = 5


class EpisodeName(msgspec.Struct, frozen=True, kw_only=True):
    """What an episode's file name says; show is empty when only the folders can tell."""

    show: str = ""
    show_year: int | None = None
    season: int | None = None
    episode: int | None = None
    last_episode: int | None = None  # of a file with several
    title: str = ""
    released: str = ""  # ISO date, of a programme that is numbered by days
    certainty: Certainty = Certainty.NONE
    is_combined: bool = False  # "103": season 1, episode 3, or episode 103 of a long show


def show_before(text: str) -> tuple[str, int | None]:
    """Return show and year from what stands before an episode's number."""
    text = GROUP.sub("", take_ids(text)[0] + " ").strip(" _-[(#–")  # noqa: RUF001
    text = text.removesuffix(".") if " " not in text else text
    year_in_brackets = re.match(r"^(.+?)[ ._]*[(\[]((?:19|20)\d\d)[)\]]", text)
    if year_in_brackets:
        return spaced(year_in_brackets[1]).strip(" -"), int(year_in_brackets[2])
    title, year = split_year(text.strip("."))
    return spaced(title).strip(" -"), year


def title_after(text: str) -> str:
    """Return an episode's title from what stands after its number."""
    text = BRACKETS.sub("", _cut_release(text))
    keep_dots = text.lstrip(" -").startswith("...")
    stripped = text.strip(" -–_")  # noqa: RUF001
    return stripped if keep_dots else spaced(stripped).strip(" -")


def _cut_release(text: str) -> str:
    for token in re.finditer(r"[^ ._\-\[\](){}]+", text):
        word = token[0].lower()
        following = text[token.end() : token.end() + 4].lower()
        if is_strong(word) or (word in ("web", "h", "dd") and following[1:3] in ("dl", "26")):
            return _without_weak_end(text[: token.start()])
    return text


def _without_weak_end(text: str) -> str:
    """Return a title without languages and the like that stood before the first strong word."""
    return re.sub(
        r"(?i)(?:^|[ ._\-\[(]+)(?:german|french|english|italian|spanish|multi|dubbed|subbed|dl|"
        r"proper|repack|internal|web|dual|ita|eng)*[ ._\-\[(]*$",
        "",
        text,
    )
