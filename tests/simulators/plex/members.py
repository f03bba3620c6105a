"""Items as the JSON objects of a row or a detail."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .item import LEAF_KINDS, Item, Kind
from .media import media_members
from .query import Query
from .recorded_forms import recorded_members
from .world import World

_LIGHT_TAGS = 2
_ZERO_COUNTS = {"index", "parentIndex", "userRating"}
_TAG_TYPES = {"Genre": 1, "Producer": 7, "Director": 4, "Writer": 5, "Role": 6, "Country": 8}
BLUR_HASH = "L6PZfSi_.AyE_3t7t7R**0o#DgR4"


@dataclass(frozen=True, slots=True)
class Shape:
    """Which members a row has."""

    detail: bool = False
    section: bool = False  # details, and rows of lists that mix sections, name their own
    guids: bool = False
    markers: bool = False
    chapters: bool = False
    extras: bool = False
    blur_hashes: bool = False
    without: frozenset[str] = frozenset()

    @classmethod
    def asked(cls, query: Query, *, detail: bool = False, section: bool = False) -> Shape:
        """Return the shape a request asks for."""
        return cls(
            detail=detail,
            section=section,
            guids=query.flag("includeGuids", default=detail),
            markers=detail and query.flag("includeMarkers"),
            chapters=detail and query.flag("includeChapters"),
            extras=detail and query.flag("includeExtras"),
            blur_hashes="thumbBlurHash" in query.words("includeFields"),
            without=query.words("excludeElements") | query.words("excludeFields"),
        )


def item_members(world: World, item: Item, shape: Shape) -> dict[str, Any]:
    """Return the members that are the same for everybody."""
    members: dict[str, Any] = {
        "ratingKey": str(item.key),
        "key": item.path_key,
        "guid": item.guid,
        "type": item.kind.wire,
        "title": item.title,
    }
    _set(members, titleSort=item.sort_title, summary=item.summary)
    _set(members, addedAt=item.added_at, updatedAt=item.updated_at, year=item.year)
    _set(members, studio=item.studio, contentRating=item.content_rating, rating=item.rating)
    _set(members, originallyAvailableAt=item.released, duration=item.duration_ms)
    _set(members, index=item.index, parentIndex=item.parent_index, subtype=item.subtype)
    members |= _pictures(item)
    if shape.blur_hashes and item.kind in (Kind.MOVIE, Kind.SHOW, Kind.EPISODE):
        members["thumbBlurHash"] = BLUR_HASH
    members |= _above(world, item)
    members |= _KINDS.get(item.kind, _nothing)(world, item)
    members |= recorded_members(item)
    if item.kind in LEAF_KINDS:
        members["Media"] = media_members(item, streams=shape.detail)
    members |= _tags(item, shape)
    if shape.section or shape.detail:
        members |= _section(world, item)
    if shape.detail:
        members |= _details(world, item, shape)
    if (shape.guids or shape.detail) and item.external_ids:
        members["Guid"] = [{"id": each} for each in item.external_ids]
    members |= item.overrides
    for name in shape.without | item.omitted | _left_out(world, item):
        members.pop(name, None)
    return members


def state_members(world: World, item: Item, account_id: int) -> dict[str, Any]:
    """Return the members of one account; what never happened is absent, not zero."""
    members: dict[str, Any] = {}
    state = world.state(account_id, item.key)
    if state:
        _set(members, viewCount=state.view_count, viewOffset=state.view_offset)
        _set(members, lastViewedAt=state.last_viewed_at, userRating=state.user_rating)
        _set(members, lastRatedAt=state.last_rated_at)
    if item.kind in (Kind.SHOW, Kind.SEASON, Kind.ALBUM, Kind.ARTIST):
        leaves = world.leaves_below(item.key)
        states = [world.state(account_id, leaf.key) for leaf in leaves]
        seen = [each for each in states if each and each.view_count]
        if item.kind is not Kind.ARTIST:  # an artist is told of by views alone
            members["viewedLeafCount"] = len(seen)
        if seen:
            members["viewCount"] = sum(each.view_count for each in seen)
            members["lastViewedAt"] = max(each.last_viewed_at for each in seen)
    for name in item.omitted | item.overrides.keys() | _left_out(world, item):
        members.pop(name, None)
    return members


def _left_out(world: World, item: Item) -> frozenset[str]:
    return world.left_out.get(item.kind, frozenset())


def _set(members: dict[str, Any], **values: Any) -> None:
    """Add the values that there are; some count when they are zero."""
    members |= {
        name: value
        for name, value in values.items()
        if value or (value is not None and name in _ZERO_COUNTS)
    }


def _pictures(item: Item) -> dict[str, Any]:
    if item.kind in (Kind.PLAYLIST, Kind.COLLECTION):
        base = item.path_key.rpartition("/")[0]
        return {
            "composite"
            if item.kind is Kind.PLAYLIST
            else "thumb": f"{base}/composite/{item.added_at}"
        }
    base, moment = f"/library/metadata/{item.key}", item.updated_at or item.added_at
    found: dict[str, Any] = {"thumb": f"{base}/thumb/{moment}"}
    if item.kind in (Kind.MOVIE, Kind.SHOW, Kind.ARTIST):
        found["art"] = f"{base}/art/{moment}"
    kind = "snapshot" if item.kind is Kind.EPISODE else "coverPoster"
    found["Image"] = [{"alt": item.title, "type": kind, "url": found["thumb"]}]
    if item.kind in (Kind.MOVIE, Kind.SHOW):
        corners = ("topLeft", "topRight", "bottomRight", "bottomLeft")
        found["UltraBlurColors"] = {
            corner: f"{(item.key * 7919 * (place + 1)) % 0xFFFFFF:06x}"
            for place, corner in enumerate(corners)
        }
    return found


def _above(world: World, item: Item) -> dict[str, Any]:
    """Return what a row tells of its parent and grandparent."""
    found: dict[str, Any] = {}
    parent = world.items.get(item.parent or 0)
    grandparent = world.items.get(item.grandparent or 0)
    if grandparent and grandparent.hides_seasons:
        found["skipParent"] = True
        parent = None
    for prefix, above in (("parent", parent), ("grandparent", grandparent)):
        if above:
            found |= {
                f"{prefix}RatingKey": str(above.key),
                f"{prefix}Key": f"/library/metadata/{above.key}",
                f"{prefix}Guid": above.guid,
                f"{prefix}Title": above.title,
                f"{prefix}Thumb": f"/library/metadata/{above.key}/thumb/{above.added_at}",
            }
    if parent and parent.kind is Kind.SHOW and parent.year:
        found["parentYear"] = parent.year
    return found


def _show(world: World, item: Item) -> dict[str, Any]:
    seasons = world.children_of(item.key)
    found = {
        "leafCount": len(world.leaves_below(item.key)),
        "childCount": len(seasons),
        "seasonCount": len(seasons),
    }
    return found | ({"skipChildren": True} if item.hides_seasons else {})


def _season_or_album(world: World, item: Item) -> dict[str, Any]:
    return {"leafCount": len(world.children_of(item.key))}


def _collection(world: World, item: Item) -> dict[str, Any]:
    return {"childCount": len(item.members), "smart": item.smart, "collectionMode": -1}


def _playlist(world: World, item: Item) -> dict[str, Any]:
    total_ms = sum(each.duration_ms for each in world.children_of(item.key))
    return {
        "allowSync": True,
        "smart": item.smart,
        "playlistType": item.playlist_type,
        "leafCount": len(item.members),
        "duration": total_ms // 1000 * 1000,
    }


def _nothing(world: World, item: Item) -> dict[str, Any]:
    return {}


_KINDS = {
    Kind.SHOW: _show,
    Kind.SEASON: _season_or_album,
    Kind.ALBUM: _season_or_album,
    Kind.COLLECTION: _collection,
    Kind.PLAYLIST: _playlist,
}


def _tags(item: Item, shape: Shape) -> dict[str, Any]:
    """Return genres and people: names only in a row, with ids and roles in a detail."""
    words = {
        "Genre": item.genres,
        "Country": item.countries,
        "Director": item.directors,
        "Writer": item.writers,
        "Role": item.roles,
    }
    if not shape.detail:
        return {
            name: [{"tag": word} for word in values[:_LIGHT_TAGS]]
            for name, values in words.items()
            if values
        }
    return {
        name: [_full_tag(name, word, place) for place, word in enumerate(values)]
        for name, values in words.items()
        if values
    }


def _full_tag(name: str, word: str, place: int) -> dict[str, Any]:
    number = sum(word.encode()) * 10 + _TAG_TYPES[name]
    kind = "actor" if name == "Role" else name.lower()
    tag: dict[str, Any] = {"id": number, "filter": f"{kind}={number}", "tag": word}
    if name == "Role":
        tag |= {
            "tagKey": f"{number:024x}",
            "role": f"Part {place + 1}",
            "thumb": f"https://metadata-static.plex.tv/people/{number}.jpg",
        }
    return tag


def _section(world: World, item: Item) -> dict[str, Any]:
    section = world.sections.get(item.section_id or 0)
    if section is None:
        return {}
    return {
        "librarySectionTitle": section.title,
        "librarySectionID": section.id,
        "librarySectionKey": f"/library/sections/{section.id}",
    }


def _details(world: World, item: Item, shape: Shape) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if item.kind in (Kind.MOVIE, Kind.SHOW):
        found["Similar"] = [{"id": item.key * 10, "filter": "similar=1", "tag": "Another One"}]
        found["Location"] = [{"path": f"/media/{item.title}"}]
    if item.kind in (Kind.MOVIE, Kind.EPISODE):
        found["Producer"] = [_full_tag("Producer", "Paula Producer", 0)]
        found["Collection"] = [{"tag": "Group"}]
        if not item.roles:
            found["Role"] = [_full_tag("Role", "Rita Role", 0)]
    if item.rating is not None:
        found["Rating"] = [
            {"image": "imdb://image.rating", "value": item.rating, "type": "audience"}
        ]
    if shape.markers and item.kind is Kind.EPISODE:
        found["Marker"] = _markers(item)
    if shape.chapters and item.kind in (Kind.MOVIE, Kind.EPISODE):
        found["Chapter"] = _chapters(item)
    if shape.extras and item.extras:
        rows = [item_members(world, world.items[key], Shape()) for key in item.extras]
        found["Extras"] = {"size": len(rows), "Metadata": rows}
    elif shape.extras and item.kind is Kind.EPISODE:
        found["Extras"] = {"size": 0}
    return found


def _markers(item: Item) -> list[dict[str, Any]]:
    end = item.duration_ms
    spans = (("intro", 5_000, 65_000, False), ("credits", end - 60_000, end, True))
    return [
        {
            "id": item.key * 10 + place,
            "type": kind,
            "startTimeOffset": start,
            "endTimeOffset": stop,
            "final": final,
            "Attributes": {"id": item.key * 10 + place, "version": 4},
        }
        for place, (kind, start, stop, final) in enumerate(spans)
    ]


def _chapters(item: Item) -> list[dict[str, Any]]:
    step = item.duration_ms // 4
    return [
        {
            "id": item.key * 10 + place,
            "filter": "thumb=1",
            "index": place + 1,
            "startTimeOffset": place * step,
            "endTimeOffset": (place + 1) * step,
            "thumb": f"/library/media/{item.key * 10}/chapterImages/{place + 1}",
            "tag": f"Chapter {place + 1}",
        }
        for place in range(4)
    ]
