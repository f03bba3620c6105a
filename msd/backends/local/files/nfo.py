"""Kodi's NFO files: what somebody wrote down about a film, show, season, episode, album or artist.

Hostile like everything from outside: at most 1 MiB, no DTD, no entities of its own, and a URL in
it is never followed; only the ids that are in well-known URLs are taken. One flaw costs only
itself: a stray "&", a wrong declaration of the encoding or a broken element loses nothing else.
"""

import codecs
import html
import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import msgspec

from msd.backend_api.external_ids import usual_id
from msd.backends.local.files.text import MAX_TITLE, clean_text, clean_title
from msd.models import Person

MAX_NFO = 1 << 20
_ROOTS = frozenset(
    {"movie", "tvshow", "season", "episodedetails", "musicvideo", "album", "artist", "video"}
)
_MAX_LIST = 100
_NUMBER = re.compile(r"^\d{1,6}$")
_DATE = re.compile(r"^\d{4}-\d\d-\d\d$")
_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>", re.IGNORECASE)
_ENCODING = re.compile(
    rb"""^\s*<\?xml[^>]*?encoding\s*=\s*["']([\w.:-]{1,40})["']""", re.IGNORECASE
)
_STRAY_AMPERSAND = re.compile(r"&(?!(?:amp|lt|gt|quot|apos|#\d{1,7}|#x[0-9A-Fa-f]{1,6});)")
_NAMED_ENTITY = re.compile(r"&([A-Za-z][A-Za-z0-9]{1,30});")
_XML_ENTITIES = frozenset({"amp", "lt", "gt", "quot", "apos"})
_NOT_XML = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_ROOT = re.compile(rf"<({'|'.join(sorted(_ROOTS))})[\s>]", re.IGNORECASE)
_FLAT = re.compile(
    r"<(?P<tag>\w{1,40})(?P<attributes>(?:\s[^<>]*)?)>(?P<text>[^<]*)</(?P=tag)\s*>", re.DOTALL
)
_ATTRIBUTE = re.compile(r"""(\w{1,40})\s*=\s*["']([^"'<>]*)["']""")
_KNOWN_URLS = (
    ("imdb", re.compile(r"imdb\.com/title/(tt\d{5,10})")),
    ("tmdb", re.compile(r"themoviedb\.org/(?:movie|tv)/(\d{1,10})")),
    ("tvdb", re.compile(r"thetvdb\.com/[^\s<>]{0,200}?[?&/](?:id=|series/|movies/)(\d{1,10})")),
)
_PROVIDERS = {
    "themoviedb": "tmdb",
    "thetvdb": "tvdb",
    "tvdbid": "tvdb",
    "tmdbid": "tmdb",
    "imdbid": "imdb",
    "imdb_id": "imdb",
    "musicbrainzalbumid": "musicbrainz-album",
    "musicbrainzartistid": "musicbrainz-artist",
    "musicbrainzreleasegroupid": "musicbrainz-release-group",
}
_ID_TAGS = (
    *("imdbid", "tmdbid", "tvdbid", "imdb_id"),
    *("musicbrainzalbumid", "musicbrainzartistid", "musicBrainzArtistID"),
)
_PROVIDER = re.compile(r"^[a-z0-9_-]{1,40}$")
_VALUE = re.compile(r"^[A-Za-z0-9_-]{1,64}$")


class Nfo(msgspec.Struct, frozen=True, kw_only=True):
    """What an NFO file says; everything may be missing."""

    root: str = ""
    title: str = ""
    original_title: str = ""
    sort_title: str = ""
    show_title: str = ""
    overview: str = ""
    tagline: str = ""
    year: int | None = None
    released: str = ""
    ended: str = ""
    status: str = ""  # continuing, ended
    added_at: int = 0  # Unix seconds
    genres: tuple[str, ...] = ()
    studios: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    rating: float | None = None
    critic_rating: float | None = None
    content_rating: str = ""
    edition: str = ""
    artist: str = ""
    album: str = ""
    external_ids: tuple[tuple[str, str], ...] = ()
    season: int | None = None
    episode: int | None = None
    airs_before_season: int | None = None  # of a special
    airs_before_episode: int | None = None
    airs_after_season: int | None = None
    season_names: tuple[tuple[int, str], ...] = ()  # of a show
    people: tuple[Person, ...] = ()


EMPTY = Nfo()


def parse_nfo(content: bytes) -> Nfo:
    """Return what an NFO file says; one that can't be understood says nothing."""
    if len(content) > MAX_NFO:
        return EMPTY
    text = _decoded(content)
    root = _root(text)
    if root is None:
        return Nfo(external_ids=_ids_in_text(text))
    return _nfo(root, text)


def _decoded(content: bytes) -> str:
    """Return the text by its real encoding: the declared one only if the bytes fit it."""
    for mark, encoding in (
        (codecs.BOM_UTF8, "utf-8-sig"),
        (codecs.BOM_UTF16_LE, "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16"),
    ):
        if content.startswith(mark):
            return content.decode(encoding, "replace")
    declared = _ENCODING.match(content[:200])
    for name in (declared[1].decode("ascii") if declared else "utf-8", "utf-8"):
        try:
            return content.decode(name)
        except (UnicodeDecodeError, LookupError, ValueError):
            continue
    return content.decode("cp1252", "replace")


def _root(text: str) -> Any:  # noqa: ANN401 - ElementTree is imported where used
    """Return the element that describes the medium; None when there is none, or a DTD."""
    from xml.etree.ElementTree import ParseError  # noqa: PLC0415

    from defusedxml import DefusedXmlException  # noqa: PLC0415
    from defusedxml.ElementTree import fromstring  # noqa: PLC0415

    if "<!DOCTYPE" in text.upper() or "<!ENTITY" in text.upper():
        return None
    body = _DECLARATION.sub("", _NOT_XML.sub("", text).lstrip("\ufeff"))
    # A file may have several roots (two episodes), and an address behind the last of them.
    body = body[: body.rfind(">") + 1]
    try:
        wrapped = fromstring(f"<msd>{_with_entities(body)}</msd>", forbid_dtd=True)
    except DefusedXmlException:
        return None
    except (ParseError, ValueError, LookupError):
        return _flat_root(body)
    return next((child for child in wrapped if child.tag.lower() in _ROOTS), None)


def _with_entities(body: str) -> str:
    """Return XML whose ampersands are all entities that XML knows."""
    named = _NAMED_ENTITY.sub(
        lambda match: match[0] if match[1] in _XML_ENTITIES else html.unescape(match[0]), body
    )
    return _STRAY_AMPERSAND.sub("&amp;", named)


def _flat_root(body: str) -> Any:  # noqa: ANN401
    """Read what is whole in XML that is broken somewhere: elements that hold only text."""
    from xml.etree.ElementTree import Element, SubElement  # noqa: PLC0415

    found = _ROOT.search(body)
    if found is None:
        return None
    root = Element(found[1].lower())
    for match in _FLAT.finditer(body, found.start()):
        attributes = dict(_ATTRIBUTE.findall(match["attributes"])[:_MAX_LIST])
        SubElement(root, match["tag"], attributes).text = html.unescape(match["text"])
        if len(root) >= 10 * _MAX_LIST:
            break
    return root


def _nfo(root: Any, text: str) -> Nfo:  # noqa: ANN401
    year = _number(_text(root, "year"))
    released = _day(_first(root, "premiered", "releasedate", "aired", "formed"))
    return Nfo(
        root=root.tag.lower(),
        title=clean_title(_first(root, "title", "name", "localtitle")),
        original_title=clean_title(_text(root, "originaltitle")),
        sort_title=clean_title(_text(root, "sorttitle")),
        show_title=clean_title(_text(root, "showtitle")),
        overview=_first(root, "plot", "outline", "review", "biography"),
        tagline=clean_title(_text(root, "tagline")),
        year=year if year and 1800 < year < 3000 else None,  # noqa: PLR2004 - years of media
        released=released,
        ended=_day(_text(root, "enddate")),
        status=_status(_text(root, "status")),
        added_at=_moment(_text(root, "dateadded")),
        genres=_list(root, "genre"),
        studios=_list(root, "studio"),
        tags=_list(root, "tag"),
        rating=_rating(root),
        critic_rating=_critic_rating(root),
        content_rating=clean_title(_text(root, "mpaa"))[:40],
        edition=clean_title(_text(root, "edition"))[:100],
        artist=clean_title(_first(root, "albumartist", "artist")),
        album=clean_title(_text(root, "album")),
        external_ids=_external_ids(root, text),
        season=_number(_first(root, "season", "seasonnumber")),
        episode=_number(_text(root, "episode")),
        airs_before_season=_number(_first(root, "airsbefore_season", "displayseason")),
        airs_before_episode=_number(_first(root, "airsbefore_episode", "displayepisode")),
        airs_after_season=_number(_text(root, "airsafter_season")),
        season_names=tuple(_season_names(root)),
        people=tuple(_people(root)),
    )


def _text(element: Any, tag: str) -> str:  # noqa: ANN401
    return clean_text(element.findtext(tag) or "")


def _first(element: Any, *tags: str) -> str:  # noqa: ANN401
    return next((text for tag in tags if (text := _text(element, tag))), "")


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and _NUMBER.match(text) else None


def _day(text: str) -> str:
    day = text[:10]
    try:
        return datetime.fromisoformat(day).date().isoformat() if _DATE.match(day) else ""
    except ValueError:
        return ""


def _moment(text: str) -> int:
    """Return local time, as Kodi and Jellyfin write it, as Unix seconds."""
    try:
        return max(0, int(datetime.fromisoformat(text[:30]).timestamp())) if text else 0
    except (ValueError, OverflowError, OSError):
        return 0


def _status(text: str) -> str:
    lower = text.lower()
    if lower in ("ended", "canceled", "cancelled"):
        return "ended"
    return "continuing" if lower in ("continuing", "returning series", "in production") else ""


def _list(root: Any, tag: str) -> tuple[str, ...]:  # noqa: ANN401
    parts = (
        part
        for element in root.findall(tag)[:_MAX_LIST]
        for part in re.split(r"\s*/\s+|\s+/\s*|[;|]|(?<=\w)/(?=\w)", element.text or "")
    )
    named = dict.fromkeys(clean_title(part)[:100] for part in parts)
    return tuple(name for name in named if name)[:_MAX_LIST]


def _rating(root: Any) -> float | None:  # noqa: ANN401
    """Return the default one of Kodi's `<ratings>`, else `<rating>`, as 0 to 10."""
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


def _critic_rating(root: Any) -> float | None:  # noqa: ANN401
    value = _float(_text(root, "criticrating"))
    return round(value / 10, 2) if value is not None and 0 < value <= 100 else None  # noqa: PLR2004


def _float(text: str) -> float | None:
    try:
        value = float(text.replace(",", "."))
    except ValueError:
        return None
    return value if 0 <= value <= 1000 else None  # noqa: PLR2004 - no rating has a larger scale


def _external_ids(root: Any, text: str) -> tuple[tuple[str, str], ...]:  # noqa: ANN401
    found: dict[str, str] = {}
    for provider, value in _written_ids(root):
        known = _PROVIDERS.get(provider, provider)
        usual = usual_id(known, value)
        if _PROVIDER.match(known) and _VALUE.match(usual):
            found.setdefault(known, usual)
    end = text.rfind(">") + 1
    for provider, value in _ids_in_text(text[end:]):
        found.setdefault(provider, value)
    return tuple(found.items())


def _written_ids(root: Any) -> Iterator[tuple[str, str]]:  # noqa: ANN401
    """Yield provider and value in all the ways to write an id, the newest way first."""
    for element in root.findall("uniqueid")[:_MAX_LIST]:
        yield clean_text(element.get("type", "")).lower(), clean_text(element.text or "")
    for tag in _ID_TAGS:
        yield tag.lower(), _text(root, tag)
    for element in root.findall("id")[:_MAX_LIST]:
        for provider, value in element.attrib.items():
            yield clean_text(provider).lower(), clean_text(value)
        value = clean_text(element.text or "")
        if value.startswith("tt"):
            yield "imdb", value
        elif root.tag.lower() in ("tvshow", "episodedetails"):
            yield "tvdb", value


def _ids_in_text(text: str) -> tuple[tuple[str, str], ...]:
    found = ((kind, url.search(text)) for kind, url in _KNOWN_URLS)
    return tuple((kind, match[1]) for kind, match in found if match)


def _season_names(root: Any) -> Iterator[tuple[int, str]]:  # noqa: ANN401
    for element in root.findall("namedseason")[:_MAX_LIST]:
        number, name = _number(element.get("number", "")), clean_title(element.text or "")
        if number is not None and name:
            yield number, name


def _people(root: Any) -> Iterator[Person]:  # noqa: ANN401
    for actor in root.findall("actor")[:_MAX_LIST]:
        name = clean_title(actor.findtext("name") or "")
        if name:
            yield Person(name=name, role=clean_title(actor.findtext("role") or ""))
    for tag, job in (("director", "director"), ("credits", "writer"), ("writer", "writer")):
        for element in root.findall(tag)[:_MAX_LIST]:
            name = clean_title(element.text or "")[:MAX_TITLE]
            if name:
                yield Person(name=name, job=job)
