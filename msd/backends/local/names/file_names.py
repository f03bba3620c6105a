"""What the names of files and folders say: titles, years, seasons, episodes, dates.

The forms that media managers write ("Title (Year)", "S01E02", "1x02", "Season 1/02") are read
here, at a few microseconds each; everything else is left to parse-torrent-title, which takes a
thousand times as long and knows the names that release groups invent.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from msd.backends.local.files.text import clean_title

_MAX_NAME = 255


@dataclass(frozen=True, slots=True)
class TitleName:
    """What a film's or show's name says."""

    title: str
    year: int | None = None
    ids: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class EpisodeName:
    """What an episode's file name says; show is empty when only the folders can tell."""

    show: str = ""
    show_year: int | None = None
    season: int | None = None
    episode: int | None = None
    last_episode: int | None = None  # of a file with several
    title: str = ""
    released: str = ""  # ISO date, of a programme that is numbered by days


_YEAR = r"(?:18[89]\d|19\d\d|20\d\d)"
_IDS = re.compile(
    r"[\[{(]\s*(tmdb|tvdb|imdb)(?:id)?\s*[-=:]\s*(tt\d{5,10}|\d{1,10})\s*[\]})]", re.IGNORECASE
)
_TITLE_YEAR = re.compile(rf"^(?P<title>.+?)[ ._]*[(\[](?P<year>{_YEAR})[)\]](?P<rest>.*)$")
_RELEASE_WORDS = (
    r"(?:\d{3,4}[pi]|4k|uhd|hdtv|web(?:[ ._-]?dl|rip)?|blu-?ray|bd(?:rip)?|dvd(?:rip|scr|r)?|"
    r"hd(?:rip|r)|remux|[xh][ ._]?26[45]|hevc|xvid|divx|av1|aac|ac3|dts|proper|repack|internal|"
    r"german|multi|dual|subbed|dubbed|extended|unrated|remastered|amzn|nf)"
)
_RELEASE = re.compile(rf"(?:^|[ ._\[(-]){_RELEASE_WORDS}(?=$|[ ._\])-])", re.IGNORECASE)
_LOOSE_YEAR = re.compile(rf"(?<!\d){_YEAR}(?!\d)")
_TRAILING_YEAR = re.compile(rf"^(.+?)[ ._]+[(\[]?({_YEAR})[)\]]?$")

_SEASON_EPISODE = re.compile(
    r"(?<![^\W_])s(?P<season>\d{1,4})[ ._-]*e(?:p[ ._]?)?(?P<episode>\d{1,4})"
    r"(?P<more>(?:[ ._-]?e\d{1,4}|-\d{2,3}(?![\dpi]))*)(?![^\W_])",
    re.IGNORECASE,
)
_CROSS = re.compile(
    r"(?<![^\W_])(?P<season>\d{1,2})x(?P<episode>\d{2,3})"
    r"(?P<more>(?:-(?:\d{1,2}x)?\d{2,3})?)(?![^\W_])",
    re.IGNORECASE,
)
_DATE = re.compile(
    r"(?<!\d)(?P<year>(?:19|20)\d\d)[ ._-](?P<month>0[1-9]|1[0-2])[ ._-]"
    r"(?P<day>0[1-9]|[12]\d|3[01])(?!\d)"
)
_WORD_NUMBER = re.compile(
    r"(?<![^\W_])(?:episode|ep|folge|teil|part|серия|e)[ ._-]{0,3}(?P<episode>\d{1,4})(?![^\W_])",
    re.IGNORECASE,
)
_DASH_NUMBER = re.compile(
    r"^(?P<show>.+?)(?:[ _]+s(?P<season>\d{1,2}))?[ _]+-[ _]+(?P<episode>\d{1,4})(?:v\d)?"
    r"(?=[ _]*(?:$|[\[(]|-))",
    re.IGNORECASE,
)
_NUMBER_FIRST = re.compile(r"^(?P<episode>\d{1,3})(?:[ ._-]+(?P<title>.*))?$")
_GROUP_TAG = re.compile(r"^\s*\[[^\]]*\][ _.]*")
_BRACKETS = re.compile(r"\[[^\]]*\]|\{[^}]*\}")
_NUMBERS = re.compile(r"\d+")

_SEASON_WORD = (
    "season|series|staffel|saison|temporada|stagione|seizoen|säsong|sasong|sæson|sezon|сезон"
)
_SEASON_FOLDER = re.compile(
    rf"^(?:(?:{_SEASON_WORD})[ ._-]*(\d{{1,4}})|s(\d{{1,2}})"
    rf"|(\d{{1,2}})\.?[ ._-]*(?:{_SEASON_WORD}))"
    r"(?![^\W_])",
    re.IGNORECASE,
)
_SPECIALS_FOLDER = re.compile(r"^(?:specials?|spezial|ova|ovas|bonus)$", re.IGNORECASE)
_RELEASE_SEASON = re.compile(
    rf"^(?P<show>.+?)[ ._-]+(?:s(?P<short>\d{{1,2}})|(?:{_SEASON_WORD})[ ._-]*(?P<long>\d{{1,2}}))"
    r"(?![^\W_])",
    re.IGNORECASE,
)
_DISC_FOLDER = re.compile(r"^(?:cd|dis[ck]|part|vol(?:ume)?)[ ._-]*\d{1,2}$", re.IGNORECASE)
_PART = re.compile(r"[ ._-]+(?:cd|dis[ck]|part|pt)[ ._-]*([1-9])(?=$|[ ._-])", re.IGNORECASE)
_SAYS_NOTHING = re.compile(
    r"^(?:movie|film|video|index|title[ _]?\d*|vts_\d+_\d+|video_ts|\d{5})$", re.IGNORECASE
)
_ONLY_TRACK_NUMBER = re.compile(
    r"^(?:audio ?)?(?:track|titel|piste|pista)[ ._-]*(\d{1,3})$", re.IGNORECASE
)
_TRACK_NUMBER = re.compile(r"^(?:(?P<disc>\d)-)?(?P<track>\d{1,3})(?:[ _]*[.)_-][ _]*|[ _]+)(?=\S)")


def title_name(text: str) -> TitleName:
    """Read the name of a film or show."""
    text, ids = _take_ids(text[:_MAX_NAME])
    canonical = _TITLE_YEAR.match(text)
    if canonical:
        return TitleName(_spaced(canonical["title"]), int(canonical["year"]), ids)
    if not (_RELEASE.search(text) or _LOOSE_YEAR.search(text)):
        return TitleName(_spaced(text), None, ids)
    guess = _guess(text)
    title, year = guess.get("title"), guess.get("year")
    named = clean_title(title) if isinstance(title, str) else ""
    return TitleName(named or _spaced(text), year if isinstance(year, int) else None, ids)


def movie_name(stem: str, own_folder: str | None) -> TitleName:
    """Read the name of a film's file, helped by the folder that is the film's own, if any."""
    from_file = title_name(stem)
    if own_folder is None:
        return from_file
    from_folder = title_name(own_folder)
    ids = from_file.ids or from_folder.ids
    says_nothing = _SAYS_NOTHING.match(stem) is not None
    if says_nothing or (from_folder.year is not None and not _TITLE_YEAR.match(stem)):
        return TitleName(from_folder.title, from_folder.year, ids)
    return TitleName(from_file.title, from_file.year, ids)


def show_name(folder: str) -> TitleName:
    """Read the name of a show's folder; a season in it ("Show.S01.1080p") is left out."""
    text, ids = _take_ids(folder[:_MAX_NAME])
    release = _SEASON_EPISODE.search(text)
    if release and release.start():
        text = text[: release.start()]
    elif season := _RELEASE_SEASON.match(text):
        text = season["show"]
    name = title_name(_GROUP_TAG.sub("", text) or text)
    if name.year is None and (trailing := _TRAILING_YEAR.match(name.title)):
        return TitleName(clean_title(trailing[1]), int(trailing[2]), ids)
    return TitleName(name.title, name.year, ids)


def season_of(folder: str) -> int | None:
    """Return the season that a folder name stands for, 0 for specials, None for no season."""
    if _SPECIALS_FOLDER.match(folder):
        return 0
    match = _SEASON_FOLDER.match(folder)
    return int(next(filter(None, match.groups()))) if match else None


def release_season(folder: str) -> int | None:
    """Return the season in a folder name that also names its show ("Show.S01.1080p")."""
    match = _RELEASE_SEASON.match(folder)
    return int(match["short"] or match["long"]) if match else None


def is_disc_folder(folder: str) -> bool:
    """Say whether a folder is one disc or part of what its parent folder holds."""
    return _DISC_FOLDER.match(folder) is not None


def is_episode(stem: str) -> bool:
    """Say whether a file name can only be an episode's."""
    if _SEASON_EPISODE.search(stem):
        return True
    return _CROSS.search(stem) is not None and not _TITLE_YEAR.match(stem)  # "10x10 (2018)"


def is_movie(name: str) -> bool:
    """Say whether a file or folder name looks like a film's: a year or a release's words."""
    return bool(_TITLE_YEAR.match(name) or _RELEASE.search(name) or _IDS.search(name))


def episode_name(stem: str, *, season: int | None) -> EpisodeName:
    """Read an episode's file name; `season` is what its folder says."""
    stem = stem[:_MAX_NAME]
    for read in (_numbered, _dated, _counted):
        found = read(stem, season)
        if found is not None:
            return found
    return _guessed(stem, season)


def movie_key(stem: str) -> str:
    """Return what the files of one film in one folder share: its versions and its parts."""
    canonical = _TITLE_YEAR.match(stem)
    if canonical:
        return f"{canonical['title'].casefold()} {canonical['year']}"
    part = _PART.search(stem)
    return (stem[: part.start()] if part else stem).casefold()


def part_of(stem: str) -> int | None:
    """Return which part of a film a file is, None for a whole one."""
    match = _PART.search(stem)
    return int(match[1]) if match else None


def track_name(stem: str) -> tuple[int | None, int | None, str, str]:
    """Return disc, track number, artist and title of an untagged music file."""
    if only_number := _ONLY_TRACK_NUMBER.match(stem):
        return None, int(only_number[1]), "", clean_title(stem)
    match = _TRACK_NUMBER.match(stem)
    rest = stem[match.end() :] if match else stem
    artist, dash, title = rest.partition(" - ")
    if not dash:
        artist, title = "", rest
    if not match:
        return None, None, clean_title(artist), clean_title(title.replace("_", " "))
    disc = int(match["disc"]) if match["disc"] else None
    return disc, int(match["track"]), clean_title(artist), clean_title(title.replace("_", " "))


# --- the forms ------------------------------------------------------------------------------


def _numbered(stem: str, _season: int | None) -> EpisodeName | None:
    """S01E02, S01E01E02, S01E01-E02, 1x02, 1x02-03."""
    match = _SEASON_EPISODE.search(stem) or _CROSS.search(stem)
    if match is None:
        return None
    first = int(match["episode"])
    later = [int(n) for n in _NUMBERS.findall(match["more"])]
    last = max(later, default=first)
    show, year = _show_before(stem[: match.start()])
    return EpisodeName(
        show=show,
        show_year=year,
        season=int(match["season"]),
        episode=first,
        last_episode=last if last > first else None,
        title=_title_after(stem[match.end() :]),
    )


def _dated(stem: str, _season: int | None) -> EpisodeName | None:
    """Show.2014.06.03.Guest: numbered by days, the year is its season."""
    match = _DATE.search(stem)
    if match is None:
        return None
    show, year = _show_before(stem[: match.start()])
    return EpisodeName(
        show=show,
        show_year=year,
        season=int(match["year"]),
        title=_title_after(stem[match.end() :]),
        released=f"{match['year']}-{match['month']}-{match['day']}",
    )


def _counted(stem: str, season: int | None) -> EpisodeName | None:
    """Episode 4, "[Group] Show - 05 [1080p]", "02 - Title" in a season's folder."""
    plain = _GROUP_TAG.sub("", stem)
    if match := _WORD_NUMBER.search(plain):
        show, year = _show_before(plain[: match.start()])
        title = _title_after(plain[match.end() :])
        return EpisodeName(show, year, season, int(match["episode"]), title=title)
    if match := _DASH_NUMBER.match(plain):
        show, year = _show_before(match["show"])
        number = int(match["season"]) if match["season"] else season
        title = _title_after(_BRACKETS.sub("", plain[match.end() :]))
        return EpisodeName(show, year, number, int(match["episode"]), title=title)
    if season is not None and (match := _NUMBER_FIRST.match(plain)):
        title = _title_after(match["title"] or "")
        return EpisodeName("", None, season, int(match["episode"]), title=title)
    return None


def _guessed(stem: str, season: int | None) -> EpisodeName:
    """Everything else, by parse-torrent-title."""
    if not _NUMBERS.search(stem):
        return EpisodeName(season=season, title=_spaced(stem))
    guess = _guess(stem)
    numbers = _as_numbers(guess.get("episode"))
    if not numbers:
        return EpisodeName(season=season, title=_spaced(stem))
    seasons = _as_numbers(guess.get("season"))
    name = guess.get("episodeName")
    last = max(numbers)
    return EpisodeName(
        show=clean_title(str(guess.get("title", ""))),
        season=seasons[0] if seasons else season,
        episode=numbers[0],
        last_episode=last if last > numbers[0] else None,
        title=clean_title(name) if isinstance(name, str) else "",
    )


# --- pieces ---------------------------------------------------------------------------------


def _guess(text: str) -> Mapping[str, Any]:
    import PTN  # noqa: PLC0415 - imported when a name needs it

    try:
        return PTN.parse(text, coherent_types=False)  # type: ignore[no-any-return]
    except (ValueError, LookupError, TypeError, AttributeError):
        return {}  # no name is worth a failed sync


def _as_numbers(value: object) -> list[int]:
    values = value if isinstance(value, list) else [value]
    return [number for number in values if isinstance(number, int)]


def _take_ids(text: str) -> tuple[str, tuple[tuple[str, str], ...]]:
    ids = tuple((match[1].lower(), match[2].lower()) for match in _IDS.finditer(text))
    return (_IDS.sub("", text).strip(" ._-") or text, ids) if ids else (text, ())


def _spaced(text: str) -> str:
    """Return a title whose words are separated by dots or underscores with spaces instead."""
    text = text.strip(" ._-")
    if " " not in text:
        text = text.replace("_", " ").replace(".", " ")
    return clean_title(text)


def _show_before(text: str) -> tuple[str, int | None]:
    """Return show and year from what stands before an episode's number."""
    text = _GROUP_TAG.sub("", _take_ids(text)[0]).strip(" ._-[(")
    trailing = _TRAILING_YEAR.match(text)
    if trailing:
        return _spaced(trailing[1]), int(trailing[2])
    return _spaced(text), None


def _title_after(text: str) -> str:
    """Return an episode's title from what stands after its number."""
    release = _RELEASE.search(text)
    text = _BRACKETS.sub("", text[: release.start()] if release else text)
    keep_dots = text.lstrip(" -").startswith("...")
    return clean_title(text.strip(" -")) if keep_dots else _spaced(text)
