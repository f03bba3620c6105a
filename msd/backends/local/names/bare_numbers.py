"""Bare numbers as episodes, where episodes are expected: "05 - Title", "Show 05", "show.103"."""

import re

import msgspec

from msd.backends.local.names.episode_name import (
    BRACKETS,
    YEARS,
    Certainty,
    EpisodeName,
    show_before,
    title_after,
)
from msd.backends.local.names.titles import take_ids
from msd.backends.local.names.words import is_strong

_PAIR = re.compile(
    r"^(?P<show>.*?(?:^|[ ._]-[ ._]|(?<!\d)[ ._]))"
    r"(?P<season>\d{1,2})(?P<mark>[.-])(?P<episode>\d{2})"
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
_GLUED_LAST = re.compile(r"^(?P<show>[^\W\d_]{2,})(?P<episode>\d{3})$")
_NUMBER_IN_MIDDLE = re.compile(
    r"^(?P<show>\S.*?[^\W\d_].*?) (?P<episode>\d{1,4}) - (?P<title>[^\W\d].*)$"
)
_NUMBER_BEFORE_RELEASE = re.compile(
    r"^(?P<show>[^\W_].*?)[ ._-]+(?P<episode>\d{1,4})(?P<rest>[ ._-]+(?P<word>[^ ._\-\[(]+).*)$"
)
_BRACKETED_NUMBER = re.compile(r"^(?P<show>[^\[]+?)[ ._]*\[(?P<episode>\d{1,4})(?:v\d)?\]")
_COMBINED = range(100, 10_000)
_MOST_OF_A_SEASON = 40


def season_and_episode(plain: str, season: int | None) -> EpisodeName | None:
    """1.02 and 01-02 are season and episode; in season 2, "03-04" are two episodes."""
    match = _PAIR.match(plain)
    if match is None or (match["mark"] == "-" and match["show"].strip(" ._-")):
        return None
    first, second = int(match["season"]), int(match["episode"])
    if season is not None and first != season:
        return None
    show, year = show_before(match["show"])
    return EpisodeName(
        show=show,
        show_year=year,
        season=first,
        episode=second,
        title=title_after(plain[match.end() :]),
        certainty=Certainty.NUMBERED,
    )


def number_after_dash(plain: str, season: int | None) -> EpisodeName | None:
    """Show - 05, Show S2 - 03 - Title: after a dash the number counts from the first episode."""
    match = _DASH_NUMBER.match(plain)
    if match is None or int(match["episode"]) in YEARS or _has_number(match["show"], season):
        return None
    show, year = show_before(match["show"])
    first, last = int(match["episode"]), int(match["last"] or 0)
    return EpisodeName(
        show=show,
        show_year=year,
        season=int(match["season"]) if match["season"] else season,
        episode=first,
        last_episode=last if last > first else None,
        title=title_after(plain[match.end() :]),
        certainty=Certainty.NUMBERED,
    )


def _has_number(show: str, season: int | None) -> bool:
    """Say whether "05 - Ten" begins with the number: what follows the dash is the title."""
    return season is not None and re.fullmatch(r"\d{1,3}", show.strip()) is not None


def leading_number(plain: str, season: int | None) -> EpisodeName | None:
    """05, "05 - Title", "05. Title", 0807, "01-02 Title"."""
    match = _NUMBER_FIRST.match(plain)
    if match is None:
        return None
    number, last = int(match["episode"]), int(match["last"] or 0)
    more = (match["more"] or "").strip(" ._-")
    if number in YEARS and len(match["episode"]) == 4:  # noqa: PLR2004
        return None
    return _counted("", match["episode"], more, season, last=last)


def trailing_number(plain: str, season: int | None) -> EpisodeName | None:
    """Show 05, One Piece 1001, show.name.103.hdtv-lol, "Show [05]"."""
    name = take_ids(plain)[0]
    boxed = _BRACKETED_NUMBER.match(name)
    if boxed and int(boxed["episode"]) not in YEARS:
        return _counted(boxed["show"], boxed["episode"], "", season)
    name = BRACKETS.sub("", name).strip(" ._-")
    for match in _NUMBER_BEFORE_RELEASE.finditer(name):
        if is_strong(match["word"].lower()) and int(match["episode"]) not in YEARS:
            return _counted(match["show"], match["episode"], "", season)
    middle = _NUMBER_IN_MIDDLE.match(name)
    if middle and int(middle["episode"]) not in YEARS:
        return _counted(middle["show"], middle["episode"], middle["title"], season)
    last = _NUMBER_LAST.match(name) or _GLUED_LAST.match(name)
    if last and not (int(last["episode"]) in YEARS and len(last["episode"]) == 4):  # noqa: PLR2004
        return _counted(last["show"], last["episode"], "", season)
    return None


def _counted(
    show: str, digits: str, title: str, season: int | None, *, last: int = 0
) -> EpisodeName:
    number = int(digits)
    named, year = show_before(show)
    first, combined = _split_combined(digits, season)
    found = EpisodeName(
        show=named,
        show_year=year,
        season=season,
        episode=number,
        last_episode=last if last > number else None,
        title=title_after(title),
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
