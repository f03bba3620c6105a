"""Plex's guids: other databases' ids of an item, and by what it is recognised (I2).

Today's agents write `plex://movie/5d77…` and list other databases' ids beside it; the agents
before them put one such id into the guid itself, with the place in the show behind it:
`com.plexapp.agents.thetvdb://74205/1/3?lang=en`.
"""

import re

from msd.backend_api.external_ids import external_ids, usual_id
from msd.backends.plex.parse.wire import Row, many
from msd.models import ItemType

_LONGEST = 4_000  # a path of Linux
_LEGACY = {"imdb": "imdb", "themoviedb": "tmdb", "thetvdb": "tvdb"}
_LEGACY_GUID = re.compile(r"com\.plexapp\.agents\.([a-z]+)://([A-Za-z0-9-]{1,64})(?=[/?]|$)")
_SCHEME = re.compile(r"(?:[a-z]+\.)*([a-z]{2,20})")
_PLEX_GUID = re.compile(r"plex://[a-z]+/([0-9a-f]{10,40})")
_OTHER_DATABASES = frozenset({"imdb", "tmdb", "tvdb", "anidb"})
_MUSICBRAINZ = {
    ItemType.ARTIST: "musicbrainz-artist",
    ItemType.ALBUM: "musicbrainz-album",
    ItemType.TRACK: "musicbrainz-track",
}
_IN_SHOW = frozenset({ItemType.SEASON, ItemType.EPISODE})
BY_FILE = frozenset({ItemType.VIDEO, ItemType.MUSIC_VIDEO})
# Made of the item's own key, or of nothing: another one after a rebuild.
_UNSPECIFIC = ("local://", "com.plexapp.agents.none://", "tv.plex.agents.none://")


def ids_in_databases(row: Row, item_type: ItemType) -> tuple[str, ...]:
    """Return the ids that other databases and Plex's own have for an item."""
    ids: dict[str, str] = {}
    for guid in many(row.guids):
        name, value = _other_id(guid.id or "", item_type)
        if name:
            ids.setdefault(name, value)
    guid_text = row.guid or ""
    if (plex := _PLEX_GUID.fullmatch(guid_text)) is not None:
        ids["plex"] = plex[1]
    # Of a season or an episode it is the show's id.
    elif item_type not in _IN_SHOW and (legacy := _LEGACY_GUID.match(guid_text)) is not None:
        name = _LEGACY.get(legacy[1], "")
        if name and (value := usual_id(name, legacy[2])):
            ids.setdefault(name, value)
    return external_ids(sorted(ids.items()), item_type)


def _other_id(guid: str, item_type: ItemType) -> tuple[str, str]:
    """The database and the id of a guid such as `imdb://tt0133093` or `tvdb://series/74205`."""
    scheme, _, text = guid.strip().partition("://")
    match = _SCHEME.fullmatch(scheme.lower())
    name = "" if match is None else match[1]
    if name == "mbid":
        name = _MUSICBRAINZ.get(item_type, "")
    elif name not in _OTHER_DATABASES:
        name = ""
    value = usual_id(name, text) if name else ""
    if name == "anidb" and not value.isdecimal():
        value = ""
    return (name, value) if value else ("", "")


def identity(row: Row, item_type: ItemType) -> str:
    """Return what stays when a rebuilt server gives its items new numbers, "" when nothing does.

    The same film in two libraries, or in two versions that are listed apart, shares it.
    """
    if item_type is ItemType.TRACK:  # a recording may be on many albums
        return _of(item_type, _specific(row.parent_guid), _specific(row.guid))
    if guid := _specific(row.guid):
        return _of(item_type, guid)
    if item_type is ItemType.SEASON and row.index is not None:
        return _of(item_type, _specific(row.parent_guid), str(row.index))
    if item_type in BY_FILE:
        return _of(item_type, file_of(row))
    return ""


def _specific(guid: str | None) -> str:
    """The guid without its language, "" when it says nothing of the item."""
    plain = (guid or "").partition("?")[0]
    return "" if "://" not in plain or plain.startswith(_UNSPECIFIC) else plain


def file_of(row: Row) -> str:
    """Return the path of the first file, "" where the server does not show it to the user."""
    files = (part.file for version in many(row.versions) for part in many(version.part))
    return next(filter(None, files), "")


def _of(item_type: ItemType, *parts: str) -> str:
    if not all(parts) or sum(map(len, parts)) > _LONGEST:
        return ""
    return ":".join((item_type, *parts))
