"""Views, artists, shows, playlists and the other listings with routes of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from tests.simulators.jellyfin.answers.listing import check_allowed, page, select
from tests.simulators.jellyfin.answers.pages import items_reply, list_reply
from tests.simulators.jellyfin.service.http import Response, json_reply, validation_problem
from tests.simulators.jellyfin.service.routing import router
from tests.simulators.jellyfin.service.state import Call
from tests.simulators.jellyfin.world.item import Item, Library, User
from tests.simulators.jellyfin.world.wire import make_id


@router.route("GET", "/UserViews", since=(10, 9))
@router.route("GET", "/Users/{uid}/Views")
def get_views(call: Call) -> Response:
    """List the libraries a user sees."""
    user = call.needs_user()
    hidden_too = call.request.query.boolean("includeHidden") is True
    libraries = views_of(call, user, hidden_too=hidden_too)
    rows = [call.state.rows.view(each, call.state.version, user) for each in libraries]
    return json_reply({"Items": rows, "TotalRecordCount": len(rows), "StartIndex": 0})


def views_of(call: Call, user: User | None, *, hidden_too: bool) -> list[Library]:
    """Return the libraries shown to a user, in order."""
    found = [each for each in call.world.libraries.values() if _is_shown(call, each, user)]
    if user:
        found = [each for each in found if each.id not in user.forbidden_libraries]
        found = [each for each in found if hidden_too or each.id not in user.hidden_views]
    return sorted(found, key=lambda library: library.name.lower())


def _is_shown(call: Call, library: Library, user: User | None) -> bool:
    """Collections and playlists appear only when there is a member the user can see."""
    if library.collection_type not in ("boxsets", "playlists"):
        return True
    unseen = user.unseen_items if user else frozenset()
    return any(item.id not in unseen for item in call.world.in_library(library.id))


@router.route("GET", "/Artists/AlbumArtists")
def get_album_artists(call: Call) -> Response:
    """List the artists albums are filed under."""
    return _artists(call, lambda item: item.album_artist_ids)


@router.route("GET", "/Artists")
def get_artists(call: Call) -> Response:
    """List every artist."""
    return _artists(call, lambda item: (*item.artist_ids, *item.album_artist_ids))


def _artists(call: Call, artists_of: Callable[[Item], Iterable[str]]) -> Response:
    world, user = call.world, call.user()
    parent = call.request.query.guid("parentId")
    if parent and parent in world.libraries:
        check_allowed(call, user, parent)

    def source() -> list[Item]:
        music = world.of_type("MusicAlbum", "Audio")
        ids = {
            artist
            for item in music
            if parent in (None, item.library_id, item.parent_id)
            for artist in artists_of(item)
        }
        return [artist for artist in world.of_type("MusicArtist") if artist.id in ids]

    return list_reply(call, select(call, source=source))


@router.route("GET", "/Shows/NextUp")
def get_next_up(call: Call) -> Response:
    """List the next episode of every series somebody has begun."""
    user = call.needs_user()
    wanted = call.request.query.guid("seriesId")

    def source() -> list[Item]:
        found = (_next_episode(call, user, series) for series in call.world.of_type("Series"))
        return [episode for episode in found if episode and wanted in (None, episode.series_id)]

    return list_reply(call, select(call, source=source))


def _next_episode(call: Call, user: User, series: Item) -> Item | None:
    episodes = [each for each in call.world.leaves_below(series.id) if not each.virtual]
    episodes.sort(key=lambda each: (each.parent_index or 0, each.index or 0))
    played = [each.id in user.data and user.data[each.id].played for each in episodes]
    if True not in played:
        return None
    last = len(played) - 1 - played[::-1].index(True)
    rest = [
        each
        for each, seen in zip(episodes[last + 1 :], played[last + 1 :], strict=True)
        if not seen
    ]
    return rest[0] if rest else None


@router.route("GET", "/Shows/{id}/Seasons")
def get_seasons(call: Call) -> Response:
    """List the seasons of a series."""
    series = call.world.items.get(call.guid("id"))
    if series is None or series.type != "Series":
        return json_reply("Series not found", 404)
    return list_reply(call, select(call, source=lambda: call.world.children_of(series.id)))


@router.route("GET", "/Shows/{id}/Episodes")
def get_episodes(call: Call) -> Response:
    """List the episodes of a series, or of one season; the total counts all of them."""
    world, query = call.world, call.request.query
    series = world.items.get(call.guid("id"))
    season, number = query.guid("seasonId"), query.integer("season")
    if series is None or series.type != "Series":
        return json_reply("Series not found", 404)

    def source() -> list[Item]:
        episodes = [each for each in world.below(series.id) if each.type == "Episode"]
        episodes.sort(key=lambda each: (each.parent_index or 0, each.index or 0))
        return [
            each
            for each in episodes
            if season in (None, each.season_id) and number in (None, each.parent_index)
        ]

    call.parts["keep_order"] = "yes"
    return list_reply(call, select(call, source=source))


@router.route("GET", "/Playlists/{id}/Items")
def get_playlist_items(call: Call) -> Response:
    """List the members of a playlist in their order; each row carries its place's id."""
    playlist = call.world.items.get(call.guid("id"))
    if playlist is None or playlist.type != "Playlist":
        return json_reply("Playlist not found", 404)
    call.parts["keep_order"] = "yes"
    selection = select(call, source=lambda: call.world.children_of(playlist.id))
    found = page(call, selection)
    places = [make_id("place", playlist.id, item.id) for item in found.items]
    extra = [b',"PlaylistItemId":"' + place.encode() + b'"}' for place in places]
    return items_reply(call, found, endings=extra)


def _names(kind: str, names: Iterable[str], call: Call) -> Response:
    rows: list[dict[str, Any]] = [
        {
            "Name": name,
            "ServerId": call.world.server_id,
            "Id": make_id(kind, name),
            "ChannelId": None,
            "IsFolder": True,
            "Type": kind,
            "ImageTags": {},
            "BackdropImageTags": [],
            "ImageBlurHashes": {},
            "LocationType": "FileSystem",
        }
        for name in sorted(set(names))
    ]
    start = call.request.query.integer("startIndex") or 0
    limit = call.request.query.integer("limit")
    shown = rows[start : None if limit is None else start + limit]
    return json_reply({"Items": shown, "TotalRecordCount": len(rows), "StartIndex": start})


@router.route("GET", "/Genres")
def get_genres(call: Call) -> Response:
    """List the genres of the videos."""
    return _names("Genre", _genres(call, "Movie", "Series", "Episode", "Video"), call)


@router.route("GET", "/MusicGenres")
def get_music_genres(call: Call) -> Response:
    """List the genres of the music."""
    return _names("MusicGenre", _genres(call, "MusicAlbum", "Audio", "MusicArtist"), call)


def _genres(call: Call, *types: str) -> list[str]:
    return [name for item in call.world.of_type(*types) for name in item.genres]


@router.route("GET", "/Studios")
def get_studios(call: Call) -> Response:
    """List the studios."""
    names = [name for item in call.world.items.values() for name in item.studios]
    return _names("Studio", names, call)


@router.route("GET", "/Search/Hints")
def get_hints(call: Call) -> Response:
    """Search by name."""
    term = call.request.query.text("searchTerm")
    if not term:
        return validation_problem("searchTerm", "The searchTerm field is required.")
    found = page(call, select(call, source=lambda: list(call.world.items.values())))
    hints = [
        {
            "ItemId": item.id,
            "Id": item.id,
            "Name": item.name,
            "Type": item.type,
            "MediaType": "Unknown",
            "Artists": [],
        }
        for item in found.items
    ]
    return json_reply({"SearchHints": hints, "TotalRecordCount": found.total})
