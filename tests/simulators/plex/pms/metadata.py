"""Routes of single items and what is below them."""

from __future__ import annotations

from typing import Any

from tests.simulators.http.message import Response
from tests.simulators.plex.errors import refuse
from tests.simulators.plex.item import Item, Kind

from .call import LIBRARY, Call, route

_DETAIL = {
    "allowSync": True,
    "identifier": LIBRARY,
    "mediaTagPrefix": "/system/bundle/media/flags/",
}


@route("GET", "/library/metadata/{keys}")
def details(call: Call) -> Response:
    """The details of one item or of several; unknown ones of several are left out."""
    keys = [int(key) for key in call.parts["keys"].split(",") if key.isdigit()]
    items = call.visible(call.world.items[key] for key in keys if key in call.world.items)
    if not items:
        refuse(404)
    return call.list_reply(items, _DETAIL | _section_of(call, items[0]), detail=True)


@route("DELETE", "/library/metadata/{key}")
def delete(call: Call) -> Response:
    """Delete an item, as the owner of a server that allows it."""
    call.needs_owner()
    item = call.item()
    if not call.state.allows_deletion:
        refuse(403)
    call.world.delete(item.key)
    return Response(content_type="text/html")


@route("GET", "/library/metadata/{key}/children")
def children(call: Call) -> Response:
    """The direct children of an item."""
    item = call.item()
    below = call.world.children_of(item.key)
    return call.list_reply(call.visible(below), _parent(call, item))


@route("GET", "/library/metadata/{key}/grandchildren")
@route("GET", "/library/metadata/{key}/allLeaves")
def leaves(call: Call) -> Response:
    """Every playable item below an item."""
    item = call.item()
    return call.list_reply(call.visible(call.world.leaves_below(item.key)), _parent(call, item))


@route("GET", "/library/metadata/{key}/extras")
def extras(call: Call) -> Response:
    """Trailers, music videos and the like of an item."""
    item = call.item()
    found = [call.world.items[key] for key in item.extras if key in call.world.items]
    return call.list_reply(found, _parent(call, item))


@route("GET", "/library/streams/{stream}")
def stream(call: Call) -> Response:
    """The words of a track, as they lie beside it; 404 for every other stream."""
    number = int(call.parts["stream"]) if call.parts["stream"].isdigit() else 0
    tracks = call.visible(call.world.of_kind(Kind.TRACK))
    found = [item for item in tracks if item.lyrics and number // 1_000 == item.key]
    if not found:
        refuse(404)
    return Response(content_type="text/plain", body=found[0].lyrics.encode())


@route("GET", "/library/metadata/{key}/related")
@route("GET", "/library/metadata/{key}/similar")
def related(call: Call) -> Response:
    """What resembles an item: nothing."""
    call.item()
    return call.reply(Hub=[])


@route("GET", "/library/collections/{key}")
def collection(call: Call) -> Response:
    """One collection."""
    item = call.item(Kind.COLLECTION)
    return call.list_reply([item], _DETAIL | _section_of(call, item), detail=True)


@route("GET", "/library/collections/{key}/children")
@route("GET", "/library/collections/{key}/items")
def collection_children(call: Call) -> Response:
    """What a collection holds; never more than a hundred rows at once."""
    item = call.item(Kind.COLLECTION)
    below = call.visible(call.world.children_of(item.key))
    return call.list_reply(below, _section_of(call, item), cap=call.state.collection_cap)


@route("GET", "/playlists")
@route("GET", "/playlists/all")
def playlists(call: Call) -> Response:
    """The playlists of this viewer."""
    found = call.visible(call.world.of_kind(Kind.PLAYLIST))
    if wanted := call.query.text("playlistType"):
        found = [item for item in found if item.playlist_type == wanted]
    if call.query.text("smart") is not None:
        found = [item for item in found if item.smart is call.query.flag("smart")]
    return call.list_reply(found, {})


@route("GET", "/playlists/{key}")
def playlist(call: Call) -> Response:
    """One playlist."""
    return call.list_reply([call.item(Kind.PLAYLIST)], {}, detail=True)


@route("GET", "/playlists/{key}/items")
def playlist_items(call: Call) -> Response:
    """What a playlist holds, in its order."""
    item = call.item(Kind.PLAYLIST)
    below = call.world.children_of(item.key)
    around = {
        "composite": f"/playlists/{item.key}/composite/{item.added_at}",
        "duration": sum(each.duration_ms for each in below) // 1000,
        "leafCount": len(below),
        "playlistType": item.playlist_type,
        "ratingKey": str(item.key),
        "smart": item.smart,
        "title": item.title,
    }
    return call.list_reply(call.visible(below), around, numbered=True)


def _section_of(call: Call, item: Item) -> dict[str, Any]:
    section = call.world.sections.get(item.section_id or 0)
    if section is None:
        return {}
    return {
        "librarySectionID": section.id,
        "librarySectionTitle": section.title,
        "librarySectionUUID": section.uuid,
    }


def _parent(call: Call, item: Item) -> dict[str, Any]:
    return {
        "allowSync": True,
        "identifier": LIBRARY,
        "key": str(item.key),
        **_section_of(call, item),
        "title1": item.title,
        "viewGroup": _below(item),
    }


def _below(item: Item) -> str:
    below = {Kind.SHOW: "season", Kind.SEASON: "episode", Kind.ARTIST: "album", Kind.ALBUM: "track"}
    return below.get(item.kind, item.kind.wire)
