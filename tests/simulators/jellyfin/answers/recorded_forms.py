"""Members that recorded servers add to some rows and leave out of others.

Each member of a row that a server may leave out is left out of some rows here as well, and what
only some rows carry is carried by some: by the number of the item, so that a world stays the same.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.simulators.jellyfin.service.versions import ServerVersion
from tests.simulators.jellyfin.world.item import Item
from tests.simulators.jellyfin.world.media import picture_tag
from tests.simulators.jellyfin.world.wire import make_id, write_time
from tests.simulators.jellyfin.world.world import World

# Type of a row, the members that it may lack, and of how many rows one lacks them.
_MAY_BE_ABSENT: tuple[tuple[str, tuple[str, ...], int], ...] = (
    ("MusicArtist", ("Overview",), 3),
    ("MusicAlbum", ("AlbumArtist", "PremiereDate", "ProductionYear"), 4),
    ("Episode", ("CommunityRating", "OfficialRating"), 11),
    ("Episode", ("IndexNumber",), 19),
    ("Series", ("CommunityRating", "OfficialRating", "Overview", "RunTimeTicks"), 3),
    ("Movie", ("OfficialRating", "Overview"), 13),
    ("Audio", ("ImageTags", "ImageBlurHashes"), 3),
    ("MusicAlbum", ("ImageTags", "ImageBlurHashes"), 5),
)
_EMPTY_FILE = 29  # of so many films one has no content: no container and no length


def added(world: World, item: Item, version: ServerVersion) -> dict[str, Any]:
    """Return what a row of this kind carries besides, None for what this row does not."""
    form = _FORMS.get(item.type)
    return form(world, item, version) if form else {}


def _movie(_world: World, item: Item, _version: ServerVersion) -> dict[str, Any]:
    return {
        "CriticRating": 40 + item.number % 60 if item.number % 3 else None,
        "PartCount": 1 + len(item.part_ids) if item.part_ids else None,
    }


def _series(_world: World, item: Item, _version: ServerVersion) -> dict[str, Any]:
    return {
        "OriginalTitle": item.name if item.number % 2 else None,
        "EndDate": write_time(item.saved) if item.status == "Ended" else None,
    }


def _season(_world: World, item: Item, _version: ServerVersion) -> dict[str, Any]:
    return {
        "PremiereDate": write_time(item.created) if item.number % 2 else None,
        "Overview": f"Plot of {item.name}." if item.number % 3 == 0 else None,
        "PrimaryImageAspectRatio": 0.6666666666666666 if item.number % 2 else None,
    }


def _episode(world: World, item: Item, version: ServerVersion) -> dict[str, Any]:
    season = world.items.get(item.season_id or "")
    if season is None or version.rank < (12, 0):
        return {}
    return {
        "ParentPrimaryImageItemId": season.id,
        "ParentPrimaryImageTag": picture_tag("primary", season),
    }


def _box_set(world: World, item: Item, _version: ServerVersion) -> dict[str, Any]:
    films = [film for film in world.children_of(item.id) if film.premiere]
    first = min(films, key=lambda film: str(film.premiere), default=None)
    if first is None or first.premiere is None:
        return {"DisplayOrder": "PremiereDate"}
    return {
        "DisplayOrder": "PremiereDate",
        "PremiereDate": write_time(first.premiere),
        "ProductionYear": first.year,
        "OfficialRating": first.official_rating,
    }


def _playlist(world: World, item: Item, _version: ServerVersion) -> dict[str, Any]:
    inside = world.children_of(item.id)
    return {
        "RunTimeTicks": sum(member.runtime_ticks or 0 for member in inside),
        "ChildCount": len(inside) if item.number % 4 else None,
        "OfficialRating": next((each.official_rating for each in inside), None),
    }


def _artist(_world: World, _item: Item, _version: ServerVersion) -> dict[str, Any]:
    return {"RunTimeTicks": 0}


def _track(_world: World, item: Item, version: ServerVersion) -> dict[str, Any]:
    artist = next(iter(item.album_artist_ids), None)
    if artist is None or version.rank >= (12, 0) or item.number % 5 == 0:
        return {}
    return {
        "ParentBackdropItemId": artist,
        "ParentBackdropImageTags": [make_id("backdrop", artist)],
    }


_Form = Callable[[World, Item, ServerVersion], dict[str, Any]]
_FORMS: dict[str, _Form] = {
    "Movie": _movie,
    "Series": _series,
    "Season": _season,
    "Episode": _episode,
    "BoxSet": _box_set,
    "Playlist": _playlist,
    "MusicArtist": _artist,
    "Audio": _track,
}


def absent(item: Item) -> frozenset[str]:
    """Return the members that this row lacks, as rows of its kind may."""
    left_out: set[str] = set()
    for kind, members, every in _MAY_BE_ABSENT:
        if item.type == kind and item.number % every == 1:
            left_out.update(members)
    if item.type == "Movie" and item.number % _EMPTY_FILE == 1:
        left_out |= {"Container", "RunTimeTicks"}
    if item.type in {"Photo", "Book"}:
        left_out.add("IsFolder")
    return frozenset(left_out)


def has_subtitles(item: Item) -> bool | None:
    """Return True or nothing at all: the member is never false."""
    return True if item.number % 4 == 0 else None
