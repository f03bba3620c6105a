"""What an episode's file name says: show, season, episodes, date, title.

The forms are tried in the order of their certainty:

explicit  S01E02, S01x02, 1x02-03, "Season 2 Episode 4"      can only be an episode
fansub    [Group] Show - 05 [1080p][ABCD1234]                the form of those who translate anime
dated     Show.2014.06.03, "5th Mar 2025"                    a programme that is numbered by days
worded    "Episode 5", "Folge 3", "3 of 4", 第3話             a number with a word for it
numbered  "1.02 Title", "05 - Title", "Show 05", "show.103"  only where episodes are expected

What none of them knows is left to parse-torrent-title, whose answer must be plausible.
"""

import re
from enum import IntEnum
from functools import lru_cache

import msgspec

from msd.backends.local.names.dates import date_in
from msd.backends.local.names.films import film_name
from msd.backends.local.names.guess import guessed_episode
from msd.backends.local.names.titles import MAX_NAME, spaced, split_year, take_ids, without_site
from msd.backends.local.names.words import EPISODE_WORD, SEASON_WORD, is_strong


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


_BEFORE = r"(?<![^\W_])"
_AFTER = r"(?![^\W_])"
_DASHES = r"[-–—~+&]"  # noqa: RUF001 - dashes
_SEASON_EPISODE = re.compile(
    rf"{_BEFORE}s(?:eason[ ._]?)?[ ._]?(?P<season>\d{{1,4}})[ ._]*(?:-[ ._]*)?"
    rf"(?:[ex]p?[ ._]?|xe|ep[ ._-]?|e[ ._-])(?P<episode>\d{{1,5}})(?P<letter>[a-d](?![^\W_]))?"
    rf"(?P<more>(?:[ ._]*{_DASHES}?[ ._]*(?:s\d{{1,4}}[ ._]?)?(?:e|ep|x)[ ._]?\d{{1,5}}"
    rf"|[ ._]?{_DASHES}[ ._]?\d{{1,4}}(?![\dpi])(?![ ._]?(?:bit|fps)))*){_AFTER}",
    re.IGNORECASE,
)
_CROSS = re.compile(
    rf"{_BEFORE}(?P<season>\d{{1,2}}|(?:19[5-9]|20\d)\d)x(?P<episode>\d{{1,4}})"
    rf"(?P<letter>[a-d](?![^\W_]))?"
    rf"(?P<more>(?:x\d{{2,3}}|[ ._]*{_DASHES}[ ._]*(?:\d{{1,4}}x|e)?\d{{2,3}}(?![\dpi]))*){_AFTER}",
    re.IGNORECASE,
)
_WORDS = re.compile(
    rf"{_BEFORE}(?:{SEASON_WORD})[ ._-]*(?P<season>\d{{1,4}})[ ._,-]*"
    rf"(?:{EPISODE_WORD})\.?[ ._#-]*(?P<episode>\d{{1,5}})"
    rf"(?P<more>(?:[ ._]*{_DASHES}[ ._]*\d{{1,4}}(?![\dpi]))?){_AFTER}"
    r"|第(?P<season_cjk>\d{1,3})[季期][ ._-]*第(?P<episode_cjk>\d{1,4})[集話话回]"
    rf"|{_BEFORE}t(?P<season_es>\d{{1,2}})[ ._]?e(?P<episode_es>\d{{1,3}}){_AFTER}",
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
_FANSUB_PLAIN = re.compile(
    r"^(?:\[[^\]]{1,60}\]|【[^】]{1,60}】)[ _.]*(?P<show>[^\[\]【】]+?)[ _.]+"
    r"(?:e|ep|#)?(?P<episode>\d{1,4})(?:v\d)?(?=[ _.]*(?:\[|【|\())",
    re.IGNORECASE,
)
_CHECKSUM = re.compile(r"[\[(][0-9A-Fa-f]{8}[\])]")
_GROUP = re.compile(r"^\s*(?:\[[^\]]*\]|【[^】]*】)[ _.-]*(?=\S)")
_BRACKETS = re.compile(r"\[[^\]]*\]|\{[^}]*\}|【[^】]*】|\([^)]*\)")
_WORD_NUMBER = re.compile(
    rf"{_BEFORE}(?:{EPISODE_WORD}|part|pt|e)\.?[ ._#-]{{0,3}}(?P<episode>\d{{1,4}})"
    rf"(?:[ ._]?{_DASHES}[ ._]?(?:e|ep)?(?P<last>\d{{1,4}})(?![\dpi]))?(?:v\d)?{_AFTER}"
    r"|第[ ]?(?P<episode_cjk>\d{1,4})[ ]?[集話话回]|(?<!\d)(?P<episode_ko>\d{1,4})[화회편]"
    r"|(?<![^\W_])#(?P<episode_hash>\d{1,4})(?![^\W_])",
    re.IGNORECASE,
)
_OF = re.compile(
    rf"{_BEFORE}[(\[]?(?:part[ ._]?)?(?P<episode>\d{{1,2}})[ ._]?(?:of|von|de|/)[ ._]?\d{{1,2}}"
    rf"[)\]]?{_AFTER}",
    re.IGNORECASE,
)
_NUMBER_WORDS = "one two three four five six seven eight nine ten eleven twelve"
_WORD_EPISODES = {word: number for number, word in enumerate(_NUMBER_WORDS.split(), start=1)}
_WRITTEN = re.compile(
    rf"{_BEFORE}(?:part|episode|chapter)[ ._-]+(?P<word>{'|'.join(_WORD_EPISODES)}){_AFTER}",
    re.IGNORECASE,
)
_PAIR = re.compile(
    r"^(?P<show>.*?(?:^|[ ._]-[ ._]|[ ._]))(?P<season>\d{1,2})(?P<mark>[.-])(?P<episode>\d{2})"
    r"(?=$|[ ._](?!\d)|[ ._-]+[^\W\d])",
)
_DASH_NUMBER = re.compile(
    r"^(?P<show>.+?)(?:[ _]+s(?P<season>\d{1,2}))?[ _]+[-–][ _]+(?:e|ep)?(?P<episode>\d{1,4})"  # noqa: RUF001
    r"(?:[-~](?P<last>\d{1,4}))?(?:v\d)?(?=[ _]*(?:$|[\[(]|[-–]))",  # noqa: RUF001
    re.IGNORECASE,
)
_NUMBER_FIRST = re.compile(
    r"^(?P<episode>\d{1,4})(?:[-~+](?P<last>\d{1,4}))?(?:v\d)?(?P<letter>[a-d](?=$|[ ._-]))?"
    r"(?P<more>[ ._-]+.*)?$",
    re.IGNORECASE,
)
_NUMBER_LAST = re.compile(
    r"^(?P<show>.*[^\W\d_].*?)(?P<mark>[ ._-]+)(?P<episode>\d{1,4})(?:v\d)?(?:[a-d])?$",
    re.IGNORECASE,
)
_NUMBER_BEFORE_RELEASE = re.compile(
    r"^(?P<show>[^\W_].*?)[ ._-]+(?P<episode>\d{1,4})(?P<rest>[ ._-]+(?P<word>[^ ._\-\[(]+).*)$"
)
_BRACKETED_NUMBER = re.compile(r"^(?P<show>[^\[]+?)[ ._]*\[(?P<episode>\d{1,4})(?:v\d)?\]")
_NUMBERS = re.compile(r"\d+")
_COMBINED = range(100, 10_000)
_MOST_OF_A_SEASON = 40
_YEARS = range(1900, 2100)


@lru_cache(maxsize=8192)
def explicit_episode(stem: str) -> EpisodeName | None:
    """Return what a name says that can only be an episode's, None for other names.

    Example: "Show.2013.S01E02-E03.Title.1080p" gives show "Show" of 2013, season 1, episodes 2
    to 3, "Title".
    """
    stem = without_site(stem[:MAX_NAME])
    match = _SEASON_EPISODE.search(stem)
    if match is None:
        match = next((m for m in _CROSS.finditer(stem) if not _is_resolution(m)), None)
        if match is not None and _is_title(stem, match):
            return None
    if match is not None:
        return _numbered(stem, match)
    words = _WORDS.search(stem)
    return None if words is None else _numbered_by_words(stem, words)


@lru_cache(maxsize=8192)
def fansub_episode(stem: str) -> EpisodeName | None:
    """Return what a name in the form of anime groups says, None for other names.

    A number alone does not make it: brackets with a group in front, and further brackets behind.
    """
    stem = stem[:MAX_NAME]
    if not stem.startswith(("[", "【")):
        return None
    bare = _CHECKSUM.sub("", stem)
    has_more = bare != stem or len(_BRACKETS.findall(stem)) > 1
    for form in (_FANSUB_DASH, _FANSUB_BRACKET, _FANSUB_PLAIN):
        match = form.match(bare)
        if match is None or not (has_more or form is _FANSUB_BRACKET):
            continue
        if int(match["episode"]) in _YEARS:
            continue
        return _fansub(match)
    return None


def episode_name(stem: str, *, season: int | None) -> EpisodeName:
    """Read a file name where an episode is expected; `season` is what its folder says."""
    return _episode_name(stem[:MAX_NAME], season)


@lru_cache(maxsize=8192)
def _episode_name(stem: str, season: int | None) -> EpisodeName:
    found = explicit_episode(stem) or fansub_episode(stem) or _dated(stem)
    if found is not None:
        return found
    plain = _plain(stem)
    for read in (_worded, _pair, _dashed, _leading, _trailing):
        found = read(plain, season)
        if found is not None:
            return found
    return _guessed(stem, season)


def _guessed(stem: str, season: int | None) -> EpisodeName:
    guess = guessed_episode(stem)
    if guess is None:
        return EpisodeName(season=season, title=_bare_title(stem))
    first, last = guess.episodes[0], max(guess.episodes)
    return EpisodeName(
        show=guess.show,
        season=season if guess.season is None else guess.season,
        episode=first,
        last_episode=last if last > first else None,
        title=guess.title,
        certainty=Certainty.NUMBERED,
    )


# --- explicit ---------------------------------------------------------------------------------


def _numbered(stem: str, match: re.Match[str]) -> EpisodeName:
    show, year = _show_before(stem[: match.start()])
    first = int(match["episode"])
    last = max(_later_numbers(match["more"], int(match["season"])), default=first)
    return EpisodeName(
        show=show,
        show_year=year,
        season=int(match["season"]),
        episode=first,
        last_episode=last if last > first else None,
        title=_title_after(stem[match.end() :]),
        certainty=Certainty.EXPLICIT,
    )


def _later_numbers(more: str, season: int) -> list[int]:
    """Return the further episodes in "-E03", "x04", "- S01E06" or "- 02x04"."""
    without_season = re.sub(rf"(?i)s0*{season}(?=[ ._]?[ex])|(?<!\d)0*{season}(?=x)", "", more)
    return [int(number) for number in _NUMBERS.findall(without_season)]


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
    show, year = _show_before(stem[: match.start()])
    last = max((int(number) for number in _NUMBERS.findall(match["more"] or "")), default=0)
    return EpisodeName(
        show=show,
        show_year=year,
        season=int(season),
        episode=int(episode),
        last_episode=last if last > int(episode) else None,
        title=_title_after(stem[match.end() :]),
        certainty=Certainty.EXPLICIT,
    )


def _fansub(match: re.Match[str]) -> EpisodeName:
    parts = match.groupdict()
    named = parts.get("boxed") or parts.get("show") or ""
    show, year = _show_before(named.replace("_", " "))
    first, last = int(match["episode"]), int(parts.get("last") or 0)
    season = parts.get("season") or parts.get("ordinal")
    return EpisodeName(
        show=show,
        show_year=year,
        season=int(season) if season else None,
        episode=first,
        last_episode=last if last > first else None,
        title=_title_after(parts.get("title") or ""),
        certainty=Certainty.FANSUB,
    )


# --- dates and words --------------------------------------------------------------------------


def _dated(stem: str) -> EpisodeName | None:
    """Show.2014.06.03.Guest: numbered by days, the year is its season."""
    found = date_in(stem)
    if found is None:
        return None
    show, year = _show_before(stem[: found.start])
    return EpisodeName(
        show=show,
        show_year=year,
        season=found.year,
        title=_title_after(stem[found.end :]),
        released=found.iso,
        certainty=Certainty.DATED,
    )


def _worded(plain: str, season: int | None) -> EpisodeName | None:
    match = _OF.search(plain) or _WORD_NUMBER.search(plain)
    if match is None:
        match = _WRITTEN.search(plain)
        if match is None:
            return None
        number = _WORD_EPISODES[match["word"].lower()]
        return _found(plain, match, number, season=season, certainty=Certainty.WORDED)
    number = int(next(text for key, text in match.groupdict().items() if text and key != "last"))
    last = int(match.groupdict().get("last") or 0)
    spanish = re.match(r"(?i)cap", match[0])
    if spanish and number in _COMBINED:
        return _found(
            *(plain, match, number % 100), season=number // 100, certainty=Certainty.WORDED
        )
    return _found(plain, match, number, season=season, certainty=Certainty.WORDED, last=last)


def _found(
    plain: str,
    match: re.Match[str],
    number: int,
    *,
    season: int | None,
    certainty: Certainty,
    last: int = 0,
) -> EpisodeName:
    show, year = _show_before(plain[: match.start()])
    return EpisodeName(
        show=show,
        show_year=year,
        season=season,
        episode=number,
        last_episode=last if last > number else None,
        title=_title_after(plain[match.end() :]),
        certainty=certainty,
    )


# --- bare numbers -----------------------------------------------------------------------------


def _pair(plain: str, season: int | None) -> EpisodeName | None:
    """1.02 and 01-02 are season and episode; in season 2, "03-04" are two episodes."""
    match = _PAIR.match(plain)
    if match is None or (match["mark"] == "-" and match["show"].strip(" ._-")):
        return None
    first, second = int(match["season"]), int(match["episode"])
    if season is not None and first != season:
        return None
    show, year = _show_before(match["show"])
    return EpisodeName(
        show=show,
        show_year=year,
        season=first,
        episode=second,
        title=_title_after(plain[match.end() :]),
        certainty=Certainty.NUMBERED,
    )


def _dashed(plain: str, season: int | None) -> EpisodeName | None:
    """Show - 05, Show S2 - 03 - Title: after a dash the number counts from the first episode."""
    match = _DASH_NUMBER.match(plain)
    if match is None or int(match["episode"]) in _YEARS or _has_number(match["show"], season):
        return None
    show, year = _show_before(match["show"])
    first, last = int(match["episode"]), int(match["last"] or 0)
    return EpisodeName(
        show=show,
        show_year=year,
        season=int(match["season"]) if match["season"] else season,
        episode=first,
        last_episode=last if last > first else None,
        title=_title_after(plain[match.end() :]),
        certainty=Certainty.NUMBERED,
    )


def _has_number(show: str, season: int | None) -> bool:
    """Say whether "05 - Ten" begins with the number: what follows the dash is the title."""
    return season is not None and re.fullmatch(r"\d{1,3}", show.strip()) is not None


def _leading(plain: str, season: int | None) -> EpisodeName | None:
    """05, "05 - Title", "05. Title", 0807, "01-02 Title"."""
    match = _NUMBER_FIRST.match(plain)
    if match is None:
        return None
    number, last = int(match["episode"]), int(match["last"] or 0)
    more = (match["more"] or "").strip(" ._-")
    if (number in _YEARS and len(match["episode"]) == 4) or is_strong(more.lower()):  # noqa: PLR2004
        return None
    return _counted("", match["episode"], more, season, last=last)


def _trailing(plain: str, season: int | None) -> EpisodeName | None:
    """Show 05, One Piece 1001, show.name.103.hdtv-lol, "Show [05]"."""
    name = take_ids(plain)[0]
    boxed = _BRACKETED_NUMBER.match(name)
    if boxed and int(boxed["episode"]) not in _YEARS:
        return _counted(boxed["show"], boxed["episode"], "", season)
    name = _BRACKETS.sub("", name).strip(" ._-")
    for match in _NUMBER_BEFORE_RELEASE.finditer(name):
        if is_strong(match["word"].lower()) and int(match["episode"]) not in _YEARS:
            return _counted(match["show"], match["episode"], "", season)
    last = _NUMBER_LAST.match(name)
    if last and not (int(last["episode"]) in _YEARS and len(last["episode"]) == 4):  # noqa: PLR2004
        return _counted(last["show"], last["episode"], "", season)
    return None


def _counted(
    show: str, digits: str, title: str, season: int | None, *, last: int = 0
) -> EpisodeName:
    number = int(digits)
    named, year = _show_before(show)
    first, combined = _split_combined(digits, season)
    found = EpisodeName(
        show=named,
        show_year=year,
        season=season,
        episode=number,
        last_episode=last if last > number else None,
        title=_title_after(title),
        certainty=Certainty.NUMBERED,
    )
    if first is None:
        return found
    return msgspec.structs.replace(
        found, season=first, episode=number % 100, last_episode=None, is_combined=not combined
    )


def _split_combined(digits: str, season: int | None) -> tuple[int | None, bool]:
    """Return the season in "103", None when the number is an episode's; and whether it is sure.

    With the folder's season in front ("103" in season 1) and with a zero in front ("0807") it is
    sure; of any other number with three digits the neighbours decide.
    """
    number = int(digits)
    first, rest = divmod(number, 100)
    if number not in _COMBINED or not 0 < rest <= _MOST_OF_A_SEASON:
        return None, False
    if season is not None:
        return (first, True) if first == season else (None, False)
    if len(digits) == 4:  # noqa: PLR2004 - season and episode with two digits each
        return (first, True) if digits[0] == "0" else (None, False)
    return first, False


# --- pieces -----------------------------------------------------------------------------------


def _plain(stem: str) -> str:
    """Return a name without group and checksum, as far as something is left."""
    bare = _CHECKSUM.sub("", without_site(stem)).strip(" ._-")
    return _GROUP.sub("", bare) or bare or stem


def _bare_title(stem: str) -> str:
    return spaced(_BRACKETS.sub("", stem).strip(" -_") or stem)


def _show_before(text: str) -> tuple[str, int | None]:
    """Return show and year from what stands before an episode's number."""
    text = _GROUP.sub("", take_ids(text)[0] + " ").strip(" _-[(#–")  # noqa: RUF001
    text = text.removesuffix(".") if " " not in text else text
    year_in_brackets = re.match(r"^(.+?)[ ._]*[(\[]((?:19|20)\d\d)[)\]]", text)
    if year_in_brackets:
        return spaced(year_in_brackets[1]).strip(" -"), int(year_in_brackets[2])
    title, year = split_year(text.strip("."))
    return spaced(title).strip(" -"), year


def _title_after(text: str) -> str:
    """Return an episode's title from what stands after its number."""
    text = _BRACKETS.sub("", _cut_release(text))
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
