"""The filters and sorts a list advertises."""

from __future__ import annotations

from typing import Any

from tests.simulators.plex.item import Kind, Section

_LEVELS = {
    "movie": (Kind.MOVIE,),
    "show": (Kind.SHOW, Kind.SEASON, Kind.EPISODE),
    "artist": (Kind.ARTIST, Kind.ALBUM, Kind.TRACK),
    "photo": (Kind.PHOTO_ALBUM, Kind.PHOTO),
}
_FILTERS = {"genre": "string", "year": "integer", "unwatched": "boolean", "inProgress": "boolean"}
_SORTS = {"titleSort": "Title", "addedAt": "Date Added", "lastViewedAt": "Date Viewed"}
_FIELDS = {
    "title": "string",
    "addedAt": "date",
    "lastViewedAt": "date",
    "viewCount": "integer",
    "year": "integer",
    "userRating": "integer",
    "unwatched": "boolean",
    "inProgress": "boolean",
    "genre": "tag",
}
_OPERATORS = {
    "integer": ("=", "!=", ">>=", "<<="),
    "string": ("=", "!=", "==", "!==", "<=", ">="),
    "boolean": ("=", "!="),
    "tag": ("=", "!="),
    "date": ("<<=", ">>="),
}


def meta_members(section: Section, active: Kind) -> dict[str, Any]:
    """Return what can be asked of each type of a library."""
    return {
        "Type": [_type(section, kind, kind is active) for kind in _LEVELS[section.type]],
        "FieldType": [
            {"type": kind, "Operator": [{"key": sign, "title": sign} for sign in signs]}
            for kind, signs in _OPERATORS.items()
        ],
    }


def _type(section: Section, kind: Kind, active: bool) -> dict[str, Any]:
    base = f"/library/sections/{section.id}"
    return {
        "key": f"{base}/all?type={int(kind)}",
        "type": kind.wire,
        "title": f"{kind.wire.title()}s",
        "active": active,
        "Filter": [
            {
                "filter": name,
                "filterType": of,
                "key": f"{base}/{name}",
                "title": name,
                "type": "filter",
            }
            for name, of in _FILTERS.items()
        ],
        "Sort": [
            {
                "key": name,
                "descKey": f"{name}:desc",
                "title": title,
                "defaultDirection": "asc",
                "firstCharacterKey": f"{base}/firstCharacter",
            }
            for name, title in _SORTS.items()
        ],
        "Field": [
            {"key": f"{kind.wire}.{name}", "title": name, "type": of}
            for name, of in _FIELDS.items()
        ],
    }
