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
from functools import lru_cache

from msd.backends.local.names.bare_numbers import (
    leading_number,
    number_after_dash,
    season_and_episode,
    trailing_number,
)
from msd.backends.local.names.dates import date_in
from msd.backends.local.names.episode_name import (
    AFTER,
    BEFORE,
    BRACKETS,
    CHECKSUM,
    DASHES,
    GROUP,
    Certainty,
    EpisodeName,
    show_before,
    title_after,
)
from msd.backends.local.names.explicit_episodes import explicit_episode, fansub_episode
from msd.backends.local.names.guess import guessed_episode
from msd.backends.local.names.titles import MAX_NAME, spaced, without_site
from msd.backends.local.names.words import EPISODE_WORD

_WORD_NUMBER = re.compile(
    rf"{BEFORE}(?:{EPISODE_WORD}|part|pt|e)\.?[ ._#-]{{0,3}}(?P<episode>\d{{1,4}})"
    rf"(?:[ ._]?{DASHES}[ ._]?(?:e|ep)?(?P<last>\d{{1,4}})(?![\dpi]))?(?:v\d)?{AFTER}"
    r"|(?<![^\W_])(?P<episode_before>\d{1,3})\.?[ ._]"
    r"(?:folge|teil|серия|odcinek|rész|bölüm|jakso)(?![^\W_])"
    r"|第[ ]?(?P<episode_cjk>\d{1,4})[ ]?[集話话回]|(?<!\d)(?P<episode_ko>\d{1,4})[화회편]"
    r"|(?<![^\W_])#(?P<episode_hash>\d{1,4})(?![^\W_])",
    re.IGNORECASE,
)
_OF = re.compile(
    rf"{BEFORE}[(\[]?(?:part[ ._]?)?(?P<episode>\d{{1,2}})[ ._]?(?:of|von|de|/)[ ._]?\d{{1,2}}"
    rf"[)\]]?{AFTER}",
    re.IGNORECASE,
)
_NUMBER_WORDS = "one two three four five six seven eight nine ten eleven twelve"
_ROMAN_NUMBERS = "i ii iii iv v vi vii viii ix x xi xii"
_WORD_EPISODES = {
    word: number
    for words in (_NUMBER_WORDS, _ROMAN_NUMBERS)
    for number, word in enumerate(words.split(), start=1)
}
_SPECIAL_NUMBER = re.compile(
    rf"{BEFORE}(?:specials?|spezial|ovas?|oads?|sp)[ ._#-]*(?P<episode>\d{{1,3}}){AFTER}",
    re.IGNORECASE,
)
_WRITTEN = re.compile(
    rf"{BEFORE}(?:part|episode|chapter)[ ._-]+(?P<word>{'|'.join(_WORD_EPISODES)}){AFTER}",
    re.IGNORECASE,
)
_COMBINED = range(100, 10_000)


def episode_name(stem: str, *, season: int | None) -> EpisodeName:
    """Read a file name where an episode is expected; `season` is what its folder says."""
    return _episode_name(stem[:MAX_NAME], season)


@lru_cache(maxsize=8192)
def _episode_name(stem: str, season: int | None) -> EpisodeName:
    found = explicit_episode(stem) or fansub_episode(stem) or _dated(stem)
    if found is not None:
        return found
    plain = _plain(stem)
    for read in (_worded, season_and_episode, number_after_dash, leading_number, trailing_number):
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


def _dated(stem: str) -> EpisodeName | None:
    """Show.2014.06.03.Guest: numbered by days, the year is its season."""
    found = date_in(stem)
    if found is None:
        return None
    show, year = show_before(stem[: found.start])
    return EpisodeName(
        show=show,
        show_year=year,
        season=found.year,
        title=title_after(stem[found.end :]),
        released=found.iso,
        certainty=Certainty.DATED,
    )


def _worded(plain: str, season: int | None) -> EpisodeName | None:
    special = _SPECIAL_NUMBER.search(plain)
    if special is not None and season in (None, 0):
        number = int(special["episode"])
        return _found(plain, special, number, season=0, certainty=Certainty.WORDED)
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
    show, year = show_before(plain[: match.start()])
    return EpisodeName(
        show=show,
        show_year=year,
        season=season,
        episode=number,
        last_episode=last if last > number else None,
        title=title_after(plain[match.end() :]),
        certainty=certainty,
    )


def _plain(stem: str) -> str:
    """Return a name without group and checksum, as far as something is left."""
    bare = CHECKSUM.sub("", without_site(stem)).strip(" ._-")
    return GROUP.sub("", bare) or bare or stem


def _bare_title(stem: str) -> str:
    return spaced(BRACKETS.sub("", stem).strip(" -_") or stem)
