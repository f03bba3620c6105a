"""The requests that list things: paths and parameters by the rules that make paging safe."""

from collections.abc import Sequence

import msgspec

from msd.backend_api.protocol import Listing
from msd.backends.jellyfin.parse.wire import WIRE_TYPES
from msd.models import ItemType, RemoteId

PAGE_SIZE = 500
LIGHT = 4  # times as many rows in a page of rows that carry next to nothing
IDS_AT_ONCE = 100  # more would make the address too long for some proxies

# Nothing here makes the server resolve files, people or children row by row.
_FIELDS = (
    "ProviderIds,Genres,Overview,SortName,OriginalTitle,DateCreated,ParentId,Taglines,Studios,"
    "SpecialEpisodeNumbers,Tags,PrimaryImageAspectRatio"
)
_IMAGES: dict[str, str | int] = {
    "enableImageTypes": "Primary,Backdrop,Thumb,Logo,Banner",
    "imageTypeLimit": 1,
}
_LIGHT = {"fields": "", "enableImages": "false", "enableUserData": "false"}
_WATCH_ONLY = {"fields": "", "enableImages": "false", "enableUserData": "true"}
_ETAG_ONLY = {"fields": "Etag", "enableImages": "false", "enableUserData": "false"}
# What is edited while it is listed must not change places, or another row slips between two pages.
_STEADY: dict[str, str | int] = {"sortBy": "DateCreated,SortName"}
SERVER_WIDE = frozenset({ItemType.COLLECTION, ItemType.PLAYLIST})
# With another order neighbours belong to different shows, and a server of version 12 loads the
# show and the season of each row again: 6 times slower.
_BY_SHOW: dict[str, str | int] = {"sortBy": "SeriesSortName,SortName,DateCreated"}
_PLAYED = frozenset(
    {ItemType.MOVIE, ItemType.EPISODE, ItemType.TRACK, ItemType.MUSIC_VIDEO, ItemType.VIDEO}
)  # the others are as played as what is in them
_INSIDE = frozenset({ItemType.SEASON, ItemType.EPISODE, ItemType.TRACK})
_MAY_BE_MISSING = frozenset({ItemType.SEASON, ItemType.EPISODE})
_NOT_MISSING = {"excludeLocationTypes": "Virtual"}


class Query(msgspec.Struct, frozen=True, kw_only=True):
    """One list request without its window."""

    path: str
    parameters: dict[str, str | int] = {}

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
        **_IMAGES,
        # SortName alone has ties, which pages then repeat or lose.
        "sortBy": "SortName,DateCreated",
        "sortOrder": "Ascending",
    }
    if listing.type not in SERVER_WIDE:
        parameters["parentId"] = listing.library.remote_id
    if listing.type is ItemType.ARTIST:
        # MusicArtist rows of /Items are incomplete on real servers. This route also lists the
        # artists of tracks, not only those of albums.
        return Query(path="/Artists", parameters=parameters)
    if listing.type is ItemType.EPISODE:
        parameters |= _BY_SHOW
    parameters |= {
        "includeItemTypes": WIRE_TYPES[listing.type],
        "recursive": "true",
        "collapseBoxSetItems": "false",
    }
    if listing.type in _MAY_BE_MISSING:
        parameters |= _NOT_MISSING
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
        # Without an order the server uses the one that the owner of the collection chose.
        **_LIGHT,
    }
    return Query(path="/Items", parameters=dict(parameters))


def playlist_query(path: str, user_id: str) -> Query:
    """Return the request that enumerates the entries of a playlist, in its own order."""
    return Query(path=path, parameters={"userId": user_id, **_LIGHT})


def lookup_query(remote_ids: Sequence[RemoteId], user_id: str) -> Query:
    """Return the request that answers with these items, without those that are gone."""
    return Query(
        path="/Items",
        parameters={
            "userId": user_id,
            "ids": ",".join(remote_ids),
            "fields": "",
            "enableImages": "false",
        },
    )


def rows_query(remote_ids: Sequence[RemoteId], user_id: str) -> Query:
    """Return the request that answers with these items as listings show them."""
    return Query(
        path="/Items",
        parameters={
            "userId": user_id,
            "ids": ",".join(remote_ids),
            "fields": _FIELDS,
            **_IMAGES,
            "collapseBoxSetItems": "false",
            **_NOT_MISSING,
        },
    )


def details_query(remote_ids: Sequence[RemoteId], user_id: str) -> Query:
    """Return the request that answers with these items and what lists carry of their details."""
    return Query(
        path="/Items",
        parameters={
            "userId": user_id,
            "ids": ",".join(remote_ids),
            "fields": "People,MediaSources,Chapters,RemoteTrailers",
            "enableImages": "false",
            "enableUserData": "false",
            "collapseBoxSetItems": "false",
            **_NOT_MISSING,
        },
    )


def changed_queries(
    listings: Sequence[Listing], user_id: str, since: str, *, everywhere: bool
) -> tuple[Query, ...]:
    """Return the requests that enumerate what was saved since a moment of the server's time.

    Both parameters mean the same; up to 10.10 the server trips over one alone. Artists can't be
    asked for in this way.

    Args:
        listings: of one library, or of all.
        user_id: whose.
        since: as the server reads a moment, e.g. "2026-11-30T05:00:00Z".
        everywhere: in all libraries at once.
    """
    bounds: dict[str, str | int] = {"minDateLastSaved": since, "minDateLastSavedForUser": since}
    return tuple(
        Query(path=query.path, parameters=query.parameters | bounds | _STEADY)
        for query in count_queries(listings, user_id, everywhere=everywhere)
    )


def count_queries(
    listings: Sequence[Listing], user_id: str, *, everywhere: bool
) -> tuple[Query, ...]:
    """Return the requests that list everything but artists and lists, however many types.

    Args:
        listings: of one library, or of all.
        user_id: whose.
        everywhere: in all libraries at once.
    """
    own = [listing for listing in listings if listing.type not in SERVER_WIDE | {ItemType.ARTIST}]
    queries = _joined(own, user_id, playable=False)
    return tuple(map(_everywhere, queries) if everywhere else queries)


def lists_query(user_id: str) -> Query:
    """Return the request that lists every collection and playlist, which have no library."""
    parameters: dict[str, str | int] = {
        "userId": user_id,
        "fields": _FIELDS,
        **_IMAGES,
        **_STEADY,
        "sortOrder": "Ascending",
        "includeItemTypes": ",".join(sorted(WIRE_TYPES[item_type] for item_type in SERVER_WIDE)),
        "recursive": "true",
        "collapseBoxSetItems": "false",
    }
    return Query(path="/Items", parameters=parameters)


def _everywhere(query: Query) -> Query:
    parameters = {key: value for key, value in query.parameters.items() if key != "parentId"}
    return Query(path=query.path, parameters=parameters)


def etag_query(listing: Listing, user_id: str) -> Query:
    """Return the request that enumerates a listing with what changes when a row is saved."""
    query = listing_query(listing, user_id)
    return Query(path=query.path, parameters={**query.parameters, **_ETAG_ONLY})


def below_queries(
    listings: Sequence[Listing], remote_id: RemoteId, user_id: str
) -> tuple[Query, ...]:
    """Return the requests that list what lies in a show, season or album."""
    inside = [listing for listing in listings if listing.type in _INSIDE]
    queries = _joined(inside, user_id, playable=False)
    for query in queries:
        query.parameters["parentId"] = remote_id
    return tuple(queries)


def touched_queries(listings: Sequence[Listing], user_id: str) -> tuple[Query, ...]:
    """Return the requests that list what the user has played, begun or marked, in all libraries.

    The server keeps no date of such changes; what is on no list any more was taken back.
    """
    return tuple(
        Query(
            path=query.path,
            parameters=_everywhere(query).parameters | _WATCH_ONLY | _STEADY | {"filters": word},
        )
        for word in ("IsPlayed", "IsResumable", "IsFavorite")
        for query in _joined(_one_of_each_type(listings), user_id, playable=word != "IsFavorite")
    )


def played_last_query(listings: Sequence[Listing], user_id: str) -> Query | None:
    """Return the request that lists what the user played last first; None when nothing plays."""
    order: dict[str, str | int] = {"sortBy": "DatePlayed,SortName", "sortOrder": "Descending"}
    for query in _joined(_one_of_each_type(listings), user_id, playable=True):
        parameters = _everywhere(query).parameters | _WATCH_ONLY | order
        return Query(path=query.path, parameters=parameters)
    return None


def unsupported_query(library: RemoteId, user_id: str) -> Query:
    """Return the request that lists what msd does not show of a library."""
    parameters: dict[str, str | int] = {
        "userId": user_id,
        "parentId": library,
        "recursive": "true",
        "includeItemTypes": "Photo,PhotoAlbum,Book,AudioBook,Trailer",
        **_LIGHT,
    }
    return Query(path="/Items", parameters=parameters)


def artist_names_query(user_id: str) -> Query:
    """Return the request that lists the artists of all libraries with little but their names."""
    parameters: dict[str, str | int] = {"userId": user_id, **_LIGHT, "sortBy": "SortName"}
    return Query(path="/Artists", parameters=parameters)


def begun_versions_query(user_id: str) -> Query:
    """Return the request that lists begun films under the ids of the versions that were begun."""
    parameters = {
        "userId": user_id,
        "mediaTypes": "Video",
        **_WATCH_ONLY,
        "fields": "MediaSources",
    }
    return Query(path="/UserItems/Resume", parameters=dict(parameters))


def _one_of_each_type(listings: Sequence[Listing]) -> list[Listing]:
    return list({listing.type: listing for listing in listings}.values())


def _joined(listings: Sequence[Listing], user_id: str, *, playable: bool) -> list[Query]:
    """Return the requests for all types of a library, in one where a route lists them all."""
    wanted = [listing for listing in listings if listing.type in _PLAYED or not playable]
    artists = [listing for listing in wanted if listing.type is ItemType.ARTIST]
    queries = [listing_query(listing, user_id) for listing in artists]
    others = [listing for listing in wanted if listing.type is not ItemType.ARTIST]
    if others:
        query = listing_query(others[-1], user_id)
        types = dict.fromkeys(WIRE_TYPES[listing.type] for listing in others)
        query.parameters["includeItemTypes"] = ",".join(types)
        if not _MAY_BE_MISSING.isdisjoint(listing.type for listing in others):
            query.parameters.update(_NOT_MISSING)
        queries.append(query)
    return queries
