"""The lists of items, one item, and a user's data of an item."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from tests.simulators.http.wire import to_json
from tests.simulators.jellyfin.answers.fields import Shape
from tests.simulators.jellyfin.answers.listing import Selection, page, select
from tests.simulators.jellyfin.answers.pages import array_reply, items_reply, list_reply
from tests.simulators.jellyfin.routes.browse import views_of
from tests.simulators.jellyfin.service.http import (
    JSON_TYPE,
    PROBLEM_TEXT,
    Refusal,
    Response,
    json_reply,
    not_found,
    text_reply,
)
from tests.simulators.jellyfin.service.routing import router
from tests.simulators.jellyfin.service.state import Call
from tests.simulators.jellyfin.world.item import Item, User
from tests.simulators.jellyfin.world.media import media_sources, version_ids
from tests.simulators.jellyfin.world.physical import ancestors

_LATEST_LIMIT = 20


@router.route("GET", "/Items")
@router.route("GET", "/Users/{uid}/Items")
def get_items(call: Call) -> Response:
    """List items."""
    query = call.request.query
    at_root = not (query.text("parentId") or query.text("ids") or query.text("searchTerm"))
    filtered = query.texts("includeItemTypes") or query.texts("filters")
    if at_root and not query.boolean("recursive") and not filtered:
        return _root(call)
    return list_reply(call, select(call))


def _root(call: Call) -> Response:
    """Without a parent or a filter the list is that of the user's libraries."""
    user = call.user()
    libraries = views_of(call, user, hidden_too=True)
    rows = [call.state.rows.view(each, call.state.version, user) for each in libraries]
    return json_reply({"Items": rows, "TotalRecordCount": len(rows), "StartIndex": 0})


@router.route("GET", "/Library/MediaFolders")
def get_media_folders(call: Call) -> Response:
    """List the libraries as an administrator's client does."""
    return _root(call)


@router.route("GET", "/Items/Counts")
def get_counts(call: Call) -> Response:
    """Count the items of the server by type."""
    names = {
        "MovieCount": "Movie",
        "SeriesCount": "Series",
        "EpisodeCount": "Episode",
        "ArtistCount": "MusicArtist",
        "AlbumCount": "MusicAlbum",
        "SongCount": "Audio",
        "MusicVideoCount": "MusicVideo",
        "BoxSetCount": "BoxSet",
        "BookCount": "Book",
    }
    counts = {name: len(call.world.of_type(kind)) for name, kind in names.items()}
    return json_reply(counts | {"ItemCount": len(call.world.items)})


@router.route("GET", "/UserItems/Resume", since=(10, 9))
@router.route("GET", "/Users/{uid}/Items/Resume")
def get_resume(call: Call) -> Response:
    """List what a user has begun, the latest first."""
    user = call.needs_user()
    begun = [
        (data.last_played, item)
        for item_id, data in user.data.items()
        if data.position_ticks > 0 and (item := call.world.items.get(item_id))
    ]
    if call.state.version.rank >= (12, 0):
        begun += _begun_versions(call, user)
    begun.sort(key=lambda pair: str(pair[0]), reverse=True)
    call.parts["keep_order"] = "yes"
    return list_reply(call, select(call, source=lambda: [item for _, item in begun]))


def _begun_versions(call: Call, user: User) -> list[tuple[datetime | None, Item]]:
    """Return begun second versions of films under their own ids, which no other list has."""
    found = []
    for film in call.world.of_type("Movie"):
        for version_id in version_ids(film):
            data = user.data.get(version_id)
            if data is not None and data.position_ticks > 0:
                first, *others = reversed(media_sources(film))
                sources = {"MediaSources": [first, *others]}
                version = replace(film, id=version_id, overrides=sources)
                found.append((data.last_played, version))
    return found


@router.route("GET", "/Items/Latest", since=(10, 9))
@router.route("GET", "/Users/{uid}/Items/Latest")
def get_latest(call: Call) -> Response:
    """List the newest items as a bare array."""
    user, query = call.needs_user(), call.request.query
    call.parts["keep_order"] = "yes"
    parent = query.guid("parentId")

    def source() -> list[Item]:
        playable = [item for item in call.world.items.values() if not item.is_folder]
        inside = [item for item in playable if parent in (None, item.library_id)]
        return sorted(inside, key=lambda item: item.created, reverse=True)

    items = select(call, source=source).items
    if query.boolean("isPlayed") is None:
        items = [item for item in items if not call.world.data(user, item.id).played]
    newest = items[: query.integer("limit") or _LATEST_LIMIT]
    return array_reply(call, newest)


def the_item(call: Call) -> Item:
    """Return the item of the path, or answer 404 when it is absent or not for this user."""
    item = call.world.items.get(call.guid("id"))
    user = call.user()
    if item is None or (user and _is_invisible(call, item)):
        raise Refusal(not_found())
    return item


def _is_invisible(call: Call, item: Item) -> bool:
    user = call.needs_user()
    return item.id in user.unseen_items or item.library_id in user.forbidden_libraries


@router.route("GET", "/Items/{id}/Ancestors")
def get_ancestors(call: Call) -> Response:
    """List an item's parents up to its library."""
    item = the_item(call)
    user, state = call.user(), call.state
    shape = Shape.everything(state.version)
    rows = [
        to_json(state.rows.view(call.world.libraries[parent.id], state.version, user))
        if parent.id in call.world.libraries
        else b"".join(state.rows.parts([parent], shape, state.version, user))
        for parent in ancestors(call.world, item)
    ]
    return Response(body=b"[" + b",".join(rows) + b"]", content_type=JSON_TYPE)


@router.route("GET", "/Items/{id}/Similar")
def get_similar(call: Call) -> Response:
    """List items of the same type and first genre."""
    item = the_item(call)
    alike = [
        other
        for other in call.world.of_type(item.type)
        if other is not item and other.genres[:1] == item.genres[:1]
    ]
    return items_reply(call, page(call, Selection(alike)))


@router.route("GET", "/Items/{id}", since=(10, 9))
@router.route("GET", "/Users/{uid}/Items/{id}")
def get_item(call: Call) -> Response:
    """Show one item, or one library, with everything."""
    state, user = call.state, call.user()
    library = call.world.libraries.get(call.guid("id"))
    if library:
        return json_reply(state.rows.view(library, state.version, user))
    if user is None and call.device is None:
        raise Refusal(text_reply(PROBLEM_TEXT, 400))
    shape = Shape.everything(state.version)
    parts = state.rows.parts([the_item(call)], shape, state.version, user)
    return Response(body=b"".join(parts), content_type=JSON_TYPE)
