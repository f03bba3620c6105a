"""Names that can only be an episode's: S01E02, 1x02, and the form of those who translate anime."""

import re
from functools import lru_cache

from msd.backends.local.names.episode_name import (
    AFTER,
    BEFORE,
    BRACKETS,
    CHECKSUM,
    DASHES,
    NUMBERS,
    YEARS,
    Certainty,
    EpisodeName,
    show_before,
    title_after,
)
from msd.backends.local.names.films import film_name
from msd.backends.local.names.titles import MAX_NAME, without_site
from msd.backends.local.names.words import EPISODE_WORD, SEASON_WORD

_SEASON_EPISODE = re.compile(
    rf"{BEFORE}s(?:eason[ ._]?)?[ ._]?(?P<season>\d{{1,4}})[ ._]*(?:-[ ._]*)?"
    rf"(?:[ex]p?[ ._]?|xe|ep[ ._-]?|e[ ._-])(?P<episode>\d{{1,5}})(?P<letter>[a-d](?![^\W_]))?"
    rf"(?P<more>(?:[ ._]*{DASHES}?[ ._]*(?:s\d{{1,4}}[ ._]?)?(?:e|ep|x)[ ._]?\d{{1,5}}"
    rf"|{DASHES}\d{{1,3}}(?![\dpi]))*){AFTER}",
    re.IGNORECASE,
)
_CROSS = re.compile(
    rf"{BEFORE}(?P<season>\d{{1,2}}|(?:19[5-9]|20\d)\d)x(?P<episode>\d{{1,4}})"
    rf"(?P<letter>[a-d](?![^\W_]))?"
    rf"(?P<more>(?:x\d{{2,3}}|[ ._]*{DASHES}[ ._]*(?:\d{{1,4}}x|e)\d{{2,3}}"
    rf"|{DASHES}\d{{2,3}}(?![\dpi]))*){AFTER}",
    re.IGNORECASE,
)
_WORDS = re.compile(
    rf"{BEFORE}(?:{SEASON_WORD})[ ._-]*(?P<season>\d{{1,4}})[ ._,-]*"
    rf"(?:{EPISODE_WORD})\.?[ ._#-]*(?P<episode>\d{{1,5}})"
    rf"(?P<more>(?:[ ._]*{DASHES}[ ._]*\d{{1,4}}(?![\dpi]))?){AFTER}"
    r"|第(?P<season_cjk>\d{1,3})[季期][ ._-]*第(?P<episode_cjk>\d{1,4})[集話话回]"
    rf"|{BEFORE}t(?P<season_es>\d{{1,2}})[ ._]?e(?P<episode_es>\d{{1,3}}){AFTER}",
    re.IGNORECASE,
)
_RESOLUTIONS = frozenset({240, 288, 352, 360, 384, 396, 480, 540, 576, 600, 640, 720, 768, 800})
_FANSUB_DASH = re.compile(
    r"^(?:\[[^\]]{1,60}\]|【[^】]{1,60}】)[ _.]*(?P<show>[^\[\]【】]+?)"
    r"(?:[ _.]+s(?P<season>\d{1,2})|[ _.]+(?P<ordinal>\d)(?:st|nd|rd|th)[ _.]season)?"
    r"[ _.]+-[ _.]+(?:e|ep|#)?(?P<episode>\d{1,4})(?:v\d)?(?:[ _.]*[-~][ _.]*(?P<last>\d{1,4}))?"
    r"(?:[ _.]+-[ _.]+(?P<title>[^\[\](]+?))?(?=[ _.]*(?:$|[\[(【]|v\d))",
    re.IGNORECASE,
)
_FANSUB_BRACKET = re.compile(
    r"^(?:\[[^\]]{1,60}\]|【[^】]{1,60}】)[ _.]*"
    r"(?:[\[【](?P<boxed>[^\]】]{2,120})[\]】]|(?P<show>[^\[\]【】]{2,120}?))[ _.]*"
    r"[\[【](?:e|ep|第|#)?(?P<episode>\d{1,4})(?:[-~](?P<last>\d{1,4}))?(?:v\d)?"
    r"(?:[話话集回])?(?:[ _]?end)?[\]】]",
    re.IGNORECASE,
)
_EPISODE_AT_END = re.compile(rf"(?i)[ ._-]+(?:{EPISODE_WORD})\.?$")
_SPECIAL_AT_END = re.compile(r"[ ._-]+(?:ova|oad|special|sp)s?$", re.IGNORECASE)
_REVERSED = re.compile(r"(?:^|[ ._])(?:p\d{3,4}|\d{2}E\d{1,2}S)(?=$|[ ._])")
_GLUED = re.compile(
    r"(?<=[^\W\d_])(?P<season>\d{1,2})x(?P<episode>\d{2,3})(?P<more>)(?![^\W_])", re.IGNORECASE
)
_FANSUB_PLAIN = re.compile(
    r"^(?:\[[^\]]{1,60}\]|【[^】]{1,60}】)[ _.]*(?P<show>[^\[\]【】]+?)[ _.]+"
    r"(?:e|ep|#)?(?P<episode>\d{1,4})(?:v\d)?(?=[ _.]*(?:\[|【|\())",
    re.IGNORECASE,
)


@lru_cache(maxsize=8192)
def explicit_episode(stem: str) -> EpisodeName | None:
    """Return what a name says that can only be an episode's, None for other names.

    Example: "Show.2013.S01E02-E03.Title.1080p" gives show "Show" of 2013, season 1, episodes 2
    to 3, "Title".
    """
    stem = without_site(stem[:MAX_NAME])
    if len(_REVERSED.findall(stem)) > 1:  # some groups write names from right to left
        stem = stem[::-1]
    match = _SEASON_EPISODE.search(stem)
    if match is None:
        match = next((m for m in _CROSS.finditer(stem) if not _is_resolution(m)), None)
        if match is not None and _is_title(stem, match):
            return None
    if match is not None:
        return _numbered(stem, match)
    words = _WORDS.search(stem)
    if words is not None:
        return _numbered_by_words(stem, words)
    glued = _GLUED.search(stem)
    return None if glued is None else _numbered(stem, glued)


@lru_cache(maxsize=8192)
def fansub_episode(stem: str) -> EpisodeName | None:
    """Return what a name in the form of anime groups says, None for other names.

    A number alone does not make it: brackets with a group in front, and further brackets behind.
    """
    stem = stem[:MAX_NAME]
    if not stem.startswith(("[", "【")):
        return None
    bare = CHECKSUM.sub("", stem)
    has_more = bare != stem or len(BRACKETS.findall(stem)) > 1
    for form in (_FANSUB_DASH, _FANSUB_BRACKET, _FANSUB_PLAIN):
        match = form.match(bare)
        if match is None or not (has_more or form is _FANSUB_BRACKET):
            continue
        if int(match["episode"]) in YEARS:
            continue
        return _fansub(match)
    return None


def _numbered(stem: str, match: re.Match[str]) -> EpisodeName:
    show, year = show_before(stem[: match.start()])
    first = int(match["episode"])
    last = max(_later_numbers(match["more"], int(match["season"])), default=first)
    return EpisodeName(
        show=show,
        show_year=year,
        season=int(match["season"]),
        episode=first,
        last_episode=last if last > first else None,
        title=title_after(stem[match.end() :]),
        certainty=Certainty.EXPLICIT,
    )


def _later_numbers(more: str, season: int) -> list[int]:
    """Return the further episodes in "-E03", "x04", "- S01E06" or "- 02x04"."""
    without_season = re.sub(rf"(?i)s0*{season}(?=[ ._]?[ex])|(?<!\d)0*{season}(?=x)", "", more)
    return [int(number) for number in NUMBERS.findall(without_season)]


def _is_resolution(match: re.Match[str]) -> bool:
    """Say whether "640x480" is a size of pictures."""
    season, episode = int(match["season"]), int(match["episode"])
    return season > 99 and (episode in _RESOLUTIONS or episode > 999)  # noqa: PLR2004


def _is_title(stem: str, match: re.Match[str]) -> bool:
    """Say whether "10x10 (2018)" is a film."""
    name = film_name(stem)
    before = stem[: match.start()].strip(" ._-[(")
    return name.year is not None and not before and stem[match.end() :].strip().startswith("(")


def _numbered_by_words(stem: str, match: re.Match[str]) -> EpisodeName:
    season = match["season"] or match["season_cjk"] or match["season_es"]
    episode = match["episode"] or match["episode_cjk"] or match["episode_es"]
    show, year = show_before(stem[: match.start()])
    last = max((int(number) for number in NUMBERS.findall(match["more"] or "")), default=0)
    return EpisodeName(
        show=show,
        show_year=year,
        season=int(season),
        episode=int(episode),
        last_episode=last if last > int(episode) else None,
        title=title_after(stem[match.end() :]),
        certainty=Certainty.EXPLICIT,
    )


def _fansub(match: re.Match[str]) -> EpisodeName:
    parts = match.groupdict()
    named = _EPISODE_AT_END.sub("", parts.get("boxed") or parts.get("show") or "")
    special = _SPECIAL_AT_END.search(named)
    show, year = show_before(named[: special.start() if special else None].replace("_", " "))
    first, last = int(match["episode"]), int(parts.get("last") or 0)
    season = "0" if special else parts.get("season") or parts.get("ordinal")
    return EpisodeName(
        show=show,
        show_year=year,
        season=int(season) if season else None,
        episode=first,
        last_episode=last if last > first else None,
        title=title_after(parts.get("title") or ""),
        certainty=Certainty.FANSUB,
    )
