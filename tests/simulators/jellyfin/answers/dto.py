"""BaseItemDto: the members of an item in a list."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.simulators.jellyfin.answers.fields import Shape
from tests.simulators.jellyfin.answers.recorded_forms import absent, added, has_subtitles
from tests.simulators.jellyfin.service.versions import ServerVersion
from tests.simulators.jellyfin.world.item import MEDIA_TYPES, Item, Library
from tests.simulators.jellyfin.world.media import (
    BLUR_HASH,
    image_members,
    media_sources,
    media_streams,
    people,
    picture_tag,
    primary_ratio,
)
from tests.simulators.jellyfin.world.physical import physical_parent
from tests.simulators.jellyfin.world.wire import dotnet_ticks, make_id, write_time
from tests.simulators.jellyfin.world.world import World

_APART = frozenset({"Trailer", "ThemeSong", "ThemeVideo"})  # counted or listed apart
_UNKNOWN_TO_10_8 = frozenset({"HasLyrics"})


def item_members(world: World, item: Item, shape: Shape, version: ServerVersion) -> dict[str, Any]:
    """Return an item's JSON object in the given shape, without the user's part."""
    members = _always(world, item, version)
    members |= _EXTRA.get(item.type, _nothing)(world, item)
    members |= _optional(world, item, shape)
    members |= _images(item, shape)
    extra = {key: value for key, value in added(world, item, version).items() if value is not None}
    members |= extra
    hidden = (shape.hidden - extra.keys()) | absent(item)
    if version.rank < (10, 9):
        hidden |= _UNKNOWN_TO_10_8
    shown = {
        key: value for key, value in members.items() if value is not None and key not in hidden
    }
    shown = _with_hashes_of_relatives(shown)
    # The one null the server writes: an empty GUID in a nullable property.
    shown["ChannelId"] = None
    return shown | (item.overrides or {})


def view_members(world: World, library: Library, version: ServerVersion) -> dict[str, Any]:
    """Return a library's JSON object; every field is included whatever was asked."""
    members: dict[str, Any] = {
        "Name": library.name,
        "ServerId": world.server_id,
        "Id": library.id,
        "Etag": make_id("etag", library.id, library.name),
        "DateCreated": write_time(library.created),
        "CanDelete": False,
        "CanDownload": False,
        "SortName": library.name.lower(),
        "ExternalUrls": [],
        "Path": library.path,
        "EnableMediaSourceDisplay": True,
        "ChannelId": None,
        "Taglines": [],
        "Genres": [],
        "PlayAccess": "Full",
        "RemoteTrailers": [],
        "ProviderIds": {},
        "IsFolder": True,
        "ParentId": make_id("root", world.server_id),
        "Type": library.view_type,
        "People": [],
        "Studios": [],
        "GenreItems": [],
        "LocalTrailerCount": 0,
        "ChildCount": len(world.children_of(library.id)),
        "SpecialFeatureCount": 0,
        "DisplayPreferencesId": make_id("preferences", library.id),
        "Tags": [],
        "PrimaryImageAspectRatio": 1.7777777777777777,
        "ImageTags": {},
        "BackdropImageTags": [],
        "ImageBlurHashes": {},
        "LocationType": "FileSystem",
        "LockedFields": [],
        "LockData": False,
    }
    if library.collection_type:
        members["CollectionType"] = library.collection_type
    if version.rank >= (10, 9):
        members["MediaType"] = "Unknown"
    return members


def _nothing(_world: World, _item: Item) -> dict[str, Any]:
    return {}


def _always(world: World, item: Item, version: ServerVersion) -> dict[str, Any]:
    folder_media_type = "Unknown" if version.rank >= (10, 9) else None
    return {
        "Name": item.name,
        "ServerId": world.server_id,
        "Id": item.id,
        "Container": _container(item),
        "PremiereDate": write_time(item.premiere) if item.premiere else None,
        "OfficialRating": item.official_rating,
        "CommunityRating": item.rating,
        "RunTimeTicks": item.runtime_ticks,
        "ProductionYear": item.year,
        "IndexNumber": item.index,
        "IndexNumberEnd": item.index_end,
        "ParentIndexNumber": item.parent_index,
        "IsFolder": item.is_folder,
        "Type": item.type,
        "LocationType": "Virtual" if item.virtual else "FileSystem",
        "MediaType": MEDIA_TYPES.get(item.type, folder_media_type),
        "VideoType": "VideoFile" if MEDIA_TYPES.get(item.type) == "Video" else None,
        "HasSubtitles": has_subtitles(item) if MEDIA_TYPES.get(item.type) == "Video" else None,
    }


def _container(item: Item) -> str | None:
    if item.virtual:
        return None
    return {"Video": "mkv", "Audio": "flac"}.get(MEDIA_TYPES.get(item.type, ""))


def _optional(world: World, item: Item, shape: Shape) -> dict[str, Any]:
    playable = item.type in MEDIA_TYPES and not item.virtual
    sources = media_sources(item) if playable and "MediaSources" in shape.fields else None
    streams = media_streams(item) if playable and "MediaStreams" in shape.fields else None
    return {
        "Etag": make_id("etag", dotnet_ticks(item.saved)),
        "DateCreated": write_time(item.created),
        "CanDelete": False,
        "CanDownload": playable,
        "SortName": item.sort_name,
        "OriginalTitle": item.original_title,
        "ExternalUrls": [],
        "Path": item.path,
        "Overview": item.overview,
        "Taglines": [f"{item.name}: one road, no map."] if item.type == "Movie" else [],
        "Genres": list(item.genres),
        "GenreItems": [{"Name": name, "Id": make_id("Genre", name)} for name in item.genres],
        "Studios": [{"Name": name, "Id": make_id("Studio", name)} for name in item.studios],
        "Tags": [],
        "PlayAccess": "Full",
        "RemoteTrailers": [],
        "ProviderIds": item.provider_ids,
        "ParentId": physical_parent(world, item),
        "People": people(item) if "People" in shape.fields else None,
        "MediaSources": sources,
        "MediaStreams": streams,
        "MediaSourceCount": 2 if item.type == "Movie" and item.number % 7 == 0 else None,
        "AirsBeforeEpisodeNumber": item.airs_before_episode,
        "AirsAfterSeasonNumber": item.airs_after_season,
        "PrimaryImageAspectRatio": primary_ratio(item),
        "ChildCount": _child_count(world, item, shape),
        "RecursiveItemCount": _recursive_count(world, item, shape),
        "CumulativeRunTimeTicks": item.runtime_ticks,
        "DisplayPreferencesId": make_id("preferences", item.id),
        "Width": 1920 if MEDIA_TYPES.get(item.type) == "Video" else None,
        "Height": 1080 if MEDIA_TYPES.get(item.type) == "Video" else None,
        "AirsBeforeSeasonNumber": item.airs_before_season,
        "Chapters": [] if playable else None,
        "LockedFields": [],
        "LockData": False,
        "EnableMediaSourceDisplay": True,
        "LocalTrailerCount": sum(each.type == "Trailer" for each in item.extras),
        "SpecialFeatureCount": sum(each.type not in _APART for each in item.extras),
        "ProductionLocations": [],
    }


def _child_count(world: World, item: Item, shape: Shape) -> int | None:
    if not item.is_folder or "ChildCount" not in shape.fields:
        return None
    return len(world.children_of(item.id))


def _recursive_count(world: World, item: Item, shape: Shape) -> int | None:
    if not item.is_folder or "RecursiveItemCount" not in shape.fields:
        return None
    return len(world.leaves_below(item.id))


def _images(item: Item, shape: Shape) -> dict[str, Any]:
    if not shape.images:
        return {}
    members = image_members(item)
    if shape.image_limit is not None:
        members["BackdropImageTags"] = members["BackdropImageTags"][: shape.image_limit]
    if shape.image_types is not None:
        wanted = shape.image_types
        for name in ("ImageTags", "ImageBlurHashes"):
            members[name] = {key: value for key, value in members[name].items() if key in wanted}
        if "Backdrop" not in wanted:
            members["BackdropImageTags"] = []
    return members


def _series_part(world: World, item: Item) -> dict[str, Any]:
    series = world.items.get(item.series_id or "")
    season = world.items.get(item.season_id or "")
    members: dict[str, Any] = {"SeriesId": item.series_id, "SeasonId": item.season_id}
    if series:
        backdrop = picture_tag("backdrop", series)
        members |= {
            "SeriesName": series.name,
            "SeriesPrimaryImageTag": picture_tag("primary", series),
            "ParentBackdropItemId": series.id,
            "ParentBackdropImageTags": [backdrop],
            "ParentLogoItemId": series.id,
            "ParentLogoImageTag": picture_tag("logo", series),
        }
    if season:
        members["SeasonName"] = season.name
    return members


def _with_hashes_of_relatives(members: dict[str, Any]) -> dict[str, Any]:
    """A row also has the hashes of those pictures of relatives that it names."""
    tag = members.get("SeriesPrimaryImageTag") or members.get("AlbumPrimaryImageTag")
    hashes = members.get("ImageBlurHashes")
    if not tag or hashes is None:
        return members
    primary = {**hashes.get("Primary", {}), tag: BLUR_HASH}
    return {**members, "ImageBlurHashes": {**hashes, "Primary": primary}}


def _series(_world: World, item: Item) -> dict[str, Any]:
    return {"Status": item.status, "AirDays": []}


def _artists(world: World, ids: tuple[str, ...]) -> list[dict[str, Any]]:
    return [{"Name": world.items[each].name, "Id": each} for each in ids if each in world.items]


def _music_part(world: World, item: Item) -> dict[str, Any]:
    artists = _artists(world, item.artist_ids)
    album_artists = _artists(world, item.album_artist_ids)
    members: dict[str, Any] = {
        "Artists": [artist["Name"] for artist in artists],
        "ArtistItems": artists,
        "AlbumArtist": album_artists[0]["Name"] if album_artists else None,
        "AlbumArtists": album_artists,
    }
    album = world.items.get(item.album_id or "")
    if album:
        members |= {
            "Album": album.name,
            "AlbumId": album.id,
            "AlbumPrimaryImageTag": picture_tag("primary", album),
            "HasLyrics": bool(item.lyrics),
        }
    return members


def _music_video_part(world: World, item: Item) -> dict[str, Any]:
    """A video may carry the id of an audio album that merely has the same name."""
    members: dict[str, Any] = {"Artists": ["Café Zürich"], "ArtistItems": [], "Album": "Singles"}
    albums = world.of_type("MusicAlbum")
    if albums and item.number % 2:
        members |= {"Album": albums[0].name, "AlbumId": albums[0].id}
    return members


_EXTRA: dict[str, Callable[[World, Item], dict[str, Any]]] = {
    "Series": _series,
    "Season": _series_part,
    "Episode": _series_part,
    "MusicAlbum": _music_part,
    "Audio": _music_part,
    "MusicVideo": _music_video_part,
}
