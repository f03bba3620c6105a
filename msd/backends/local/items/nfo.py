"""Kodi's NFO files: what somebody wrote down about a film, show, episode, album or artist.

Hostile like everything from outside: at most 1 MiB, no DTD, no entities, and a URL in it is
never followed; only the ids that are in well-known URLs are taken.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from msd.backends.local.files.text import MAX_TITLE, clean_text, clean_title
from msd.models import Person

MAX_NFO = 1 << 20
_ROOTS = frozenset({"movie", "tvshow", "episodedetails", "musicvideo", "album", "artist"})
_MAX_LIST = 100
_NUMBER = re.compile(r"^\d{1,6}$")
_DATE = re.compile(r"^\d{4}-\d\d-\d\d$")
_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>", re.IGNORECASE)
_ID = re.compile(r"^[A-Za-z0-9_-]{1,64}$")
_KNOWN_URLS = (
    ("imdb", re.compile(r"imdb\.com/title/(tt\d{5,10})")),
    ("tmdb", re.compile(r"themoviedb\.org/(?:movie|tv)/(\d{1,10})")),
    ("tvdb", re.compile(r"thetvdb\.com/[^\s<>]{0,200}?[?&]id=(\d{1,10})")),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Nfo:
    """What an NFO file says; everything may be missing."""

    root: str = ""
    title: str = ""
    original_title: str = ""
    sort_title: str = ""
    overview: str = ""
    tagline: str = ""
    year: int | None = None
    released: str = ""
    genres: tuple[str, ...] = ()
    studios: tuple[str, ...] = ()
    rating: float | None = None
    content_rating: str = ""
    external_ids: tuple[tuple[str, str], ...] = ()
    season: int | None = None
    episode: int | None = None
    people: tuple[Person, ...] = ()


EMPTY = Nfo()


def parse_nfo(content: bytes) -> Nfo:
    """Return what an NFO file says; one that can't be understood says nothing."""
    if len(content) > MAX_NFO:
        return EMPTY
    root = _root(content)
    if root is None:
        return Nfo(external_ids=_ids_in_text(content.decode("utf-8", "replace")))
    return _nfo(root)


def _root(content: bytes) -> Any:  # noqa: ANN401 - ElementTree is imported where used
    from xml.etree.ElementTree import ParseError  # noqa: PLC0415

    from defusedxml import DefusedXmlException  # noqa: PLC0415
    from defusedxml.ElementTree import fromstring  # noqa: PLC0415

    try:
        return _known(fromstring(content, forbid_dtd=True))
    except DefusedXmlException:
        return None
    except (ParseError, ValueError, LookupError):
        pass
    # Several roots in one file (a file with two episodes), or a URL after the XML: both are
    # Kodi's own customs.
    text = _DECLARATION.sub("", content.decode("utf-8-sig", "replace"))
    end = text.rfind(">") + 1
    try:
        wrapped = fromstring(f"<msd>{text[:end]}</msd>", forbid_dtd=True)
    except (DefusedXmlException, ParseError, ValueError, LookupError):
        return None
    return next((child for child in wrapped if _known(child) is not None), None)


def _known(root: Any) -> Any:  # noqa: ANN401
    return root if root.tag in _ROOTS else None


def _nfo(root: Any) -> Nfo:  # noqa: ANN401
    year = _number(_text(root, "year"))
    released = _first(root, "premiered", "releasedate", "aired", "formed")
    return Nfo(
        root=root.tag,
        title=clean_title(_first(root, "title", "name")),
        original_title=clean_title(_text(root, "originaltitle")),
        sort_title=clean_title(_text(root, "sorttitle")),
        overview=_first(root, "plot", "outline", "review", "biography"),
        tagline=clean_title(_text(root, "tagline")),
        year=year if year and 1800 < year < 3000 else None,  # noqa: PLR2004 - years of media
        released=released[:10] if _DATE.match(released[:10]) else "",
        genres=_list(root, "genre"),
        studios=_list(root, "studio"),
        rating=_rating(root),
        content_rating=clean_title(_text(root, "mpaa"))[:40],
        external_ids=_external_ids(root),
        season=_number(_text(root, "season")),
        episode=_number(_text(root, "episode")),
        people=tuple(_people(root)),
    )


def _text(element: Any, tag: str) -> str:  # noqa: ANN401
    return clean_text(element.findtext(tag) or "")


def _first(element: Any, *tags: str) -> str:  # noqa: ANN401
    return next((text for tag in tags if (text := _text(element, tag))), "")


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and _NUMBER.match(text) else None


def _list(root: Any, tag: str) -> tuple[str, ...]:  # noqa: ANN401
    parts = (
        part
        for element in root.findall(tag)[:_MAX_LIST]
        for part in (element.text or "").split("/")
    )
    named = dict.fromkeys(clean_title(part)[:100] for part in parts)
    return tuple(name for name in named if name)[:_MAX_LIST]


def _rating(root: Any) -> float | None:  # noqa: ANN401
    """The default one of Kodi's `<ratings>`, else `<rating>`, as 0 to 10."""
    ratings = root.findall("ratings/rating")[:_MAX_LIST]
    ratings.sort(key=lambda rating: rating.get("default") != "true")
    for text, best in [
        *((_text(rating, "value"), rating.get("max", "10")) for rating in ratings),
        (_text(root, "rating"), "10"),
    ]:
        value, top = _float(text), _float(best)
        if value is not None and top and 0 < value <= top:
            return round(10 * value / top, 2)
    return None


def _float(text: str) -> float | None:
    try:
        value = float(text.replace(",", "."))
    except ValueError:
        return None
    return value if 0 <= value <= 1000 else None  # noqa: PLR2004 - no rating has a larger scale


def _external_ids(root: Any) -> tuple[tuple[str, str], ...]:  # noqa: ANN401
    found: dict[str, str] = {}
    for element in root.findall("uniqueid")[:_MAX_LIST]:
        kind, value = clean_text(element.get("type", "")).lower(), clean_text(element.text or "")
        if _ID.match(kind) and _ID.match(value):
            found.setdefault(kind, value)
    for tag, kind in (
        ("imdbid", "imdb"),
        ("tmdbid", "tmdb"),
        ("imdb_id", "imdb"),
        ("musicbrainzalbumid", "musicbrainz-album"),
        ("musicbrainzartistid", "musicbrainz-artist"),
        ("musicBrainzArtistID", "musicbrainz-artist"),
    ):
        value = _text(root, tag)
        if _ID.match(value):
            found.setdefault(kind, value)
    return tuple(found.items())


def _ids_in_text(text: str) -> tuple[tuple[str, str], ...]:
    found = ((kind, url.search(text)) for kind, url in _KNOWN_URLS)
    return tuple((kind, match[1]) for kind, match in found if match)


def _people(root: Any) -> Iterator[Person]:  # noqa: ANN401
    for actor in root.findall("actor")[:_MAX_LIST]:
        name = clean_title(actor.findtext("name") or "")
        if name:
            yield Person(name=name, role=clean_title(actor.findtext("role") or ""))
    for tag, job in (("director", "director"), ("credits", "writer")):
        for element in root.findall(tag)[:_MAX_LIST]:
            name = clean_title(element.text or "")[:MAX_TITLE]
            if name:
                yield Person(name=name, job=job)
