"""The requests that list things: paths and parameters by the rules that make paging safe."""

from dataclasses import dataclass, field

from msd.backend_api.protocol import Listing
from msd.models import ItemType, RemoteId

PAGE_SIZE = 500

# Nothing here makes the server resolve files, people or children row by row.
_FIELDS = (
    "ProviderIds,Genres,Overview,SortName,OriginalTitle,DateCreated,ParentId,Etag,Taglines,Studios"
)
_LIGHT = {"fields": "", "enableImages": "false", "enableUserData": "false"}
_WIRE_TYPES = {
    ItemType.MOVIE: "Movie",
    ItemType.SHOW: "Series",
    ItemType.SEASON: "Season",
    ItemType.EPISODE: "Episode",
    ItemType.ARTIST: "MusicArtist",
    ItemType.ALBUM: "MusicAlbum",
    ItemType.TRACK: "Audio",
    ItemType.MUSIC_VIDEO: "MusicVideo",
    ItemType.VIDEO: "Video",
    ItemType.COLLECTION: "BoxSet",
    ItemType.PLAYLIST: "Playlist",
}
ITEM_TYPES = {wire: item_type for item_type, wire in _WIRE_TYPES.items()}
_SERVER_WIDE = frozenset({ItemType.COLLECTION, ItemType.PLAYLIST})
_MAY_BE_MISSING = frozenset({ItemType.SEASON, ItemType.EPISODE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """One list request without its window."""

    path: str
    parameters: dict[str, str | int] = field(default_factory=dict)

    def window(self, start: int, limit: int, *, with_total: bool) -> dict[str, str | int]:
        """Return the parameters of one window of the list."""
        return {
            **self.parameters,
            "startIndex": start,
            "limit": limit,
            # Counting is a query of its own on the server.
            "enableTotalRecordCount": "true" if with_total else "false",
        }


def listing_query(listing: Listing, user_id: str) -> Query:
    """Return the request that enumerates a listing."""
    parameters: dict[str, str | int] = {
        "userId": user_id,
        "fields": _FIELDS,
        "enableImageTypes": "Primary,Backdrop,Thumb,Logo",
        "imageTypeLimit": 1,
        # SortName alone has ties, which pages then repeat or lose.
        "sortBy": "SortName,DateCreated",
        "sortOrder": "Ascending",
    }
    if listing.type not in _SERVER_WIDE:
        parameters["parentId"] = listing.library.remote_id
    if listing.type is ItemType.ARTIST:
        # MusicArtist rows of /Items are incomplete on real servers.
        return Query(path="/Artists/AlbumArtists", parameters=parameters)
    parameters |= {
        "includeItemTypes": _WIRE_TYPES[listing.type],
        "recursive": "true",
        "collapseBoxSetItems": "false",
    }
    if listing.type in _MAY_BE_MISSING:
        parameters["excludeLocationTypes"] = "Virtual"
    return Query(path="/Items", parameters=parameters)


def newest_query(listing: Listing, user_id: str) -> Query:
    """Return the request that lists the same with what was added last first."""
    query = listing_query(listing, user_id)
    order: dict[str, str | int] = {"sortBy": "DateCreated,SortName", "sortOrder": "Descending"}
    return Query(path=query.path, parameters=query.parameters | order)


def collection_query(remote_id: RemoteId, user_id: str) -> Query:
    """Return the request that enumerates the members of a collection."""
    parameters = {
        "userId": user_id,
        "parentId": remote_id,
        "recursive": "false",
        "collapseBoxSetItems": "false",
        "sortBy": "PremiereDate,SortName,DateCreated",
        **_LIGHT,
    }
    return Query(path="/Items", parameters=dict(parameters))


def playlist_query(path: str, user_id: str) -> Query:
    """Return the request that enumerates the entries of a playlist, in its own order."""
    return Query(path=path, parameters={"userId": user_id, **_LIGHT})


def lookup_query(remote_id: RemoteId, user_id: str) -> Query:
    """Return the request that answers with one item, or with nothing when it is gone."""
    return Query(
        path="/Items",
        parameters={
            "userId": user_id,
            "ids": remote_id,
            "fields": "",
            "enableImages": "false",
            "enableTotalRecordCount": "false",
        },
    )
