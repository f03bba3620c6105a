"""The paths and parameters of list requests. Rows are light and in a stable order."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import msgspec

from msd.backend_api.protocol import Listing
from msd.backends.plex.parse.guids import BY_FILE
from msd.models import ItemType, RemoteId

PAGE_SIZE = 500

TYPE_CODES: Mapping[ItemType, int] = MappingProxyType(
    {
        ItemType.MOVIE: 1,
        ItemType.SHOW: 2,
        ItemType.SEASON: 3,
        ItemType.EPISODE: 4,
        ItemType.ARTIST: 8,
        ItemType.ALBUM: 9,
        ItemType.TRACK: 10,
        ItemType.MUSIC_VIDEO: 1,
        ItemType.VIDEO: 1,
        ItemType.COLLECTION: 18,
    }
)
BELOW: Mapping[ItemType, tuple[ItemType, ...]] = MappingProxyType(
    {
        ItemType.SHOW: (ItemType.SEASON, ItemType.EPISODE),
        ItemType.SEASON: (ItemType.EPISODE,),
        ItemType.ARTIST: (ItemType.ALBUM, ItemType.TRACK),
        ItemType.ALBUM: (ItemType.TRACK,),
    }
)
PLAYLISTS = RemoteId("playlists")  # no library of the server's: the user's own lists
SHARED = RemoteId("shared")  # what others share item by item

# Lists never show more than a few of these, and the full answer about an item has them all.
_HEAVY = "Collection,Country,Director,Field,Label,Location,Producer,Rating,Role,Similar,Writer"
_EXTRA_FIELDS = "thumbBlurHash"  # some servers have it and show it only when it is asked for
_ORDERED_BY_KEY = "id"  # what is new comes last, so what comes while pages are read moves nothing


class Query(msgspec.Struct, frozen=True, kw_only=True):
    """One list request without its window."""

    path: str
    parameters: Mapping[str, str | int] = msgspec.field(
        default_factory=lambda: MappingProxyType({})
    )

    def narrowed(self, **conditions: str | int) -> "Query":
        """Return the request for a part of the list, or for another order of it."""
        return Query(path=self.path, parameters={**self.parameters, **conditions})

    def at_least(self, member: str, value: int) -> "Query":
        """Return the request for the rows in which a number is not below a value.

        The operator belongs to the parameter's name (docs/protocols/plex.md, Lists).
        """
        return Query(path=self.path, parameters={**self.parameters, f"{member}>": value})


def listing_query(listing: Listing) -> Query:
    """Return the request that enumerates a listing."""
    library = listing.library.remote_id
    if library == PLAYLISTS:
        return Query(path="/playlists")
    if library == SHARED:
        return shared_query(listing.type)
    return Query(path=f"/library/sections/{library}/all", parameters=_rows_of(listing.type))


def above_of(item_type: ItemType) -> set[ItemType]:
    """Return the types of what rows of a type lie in."""
    return {above for above, below in BELOW.items() if item_type in below}


def shared_query(item_type: ItemType, path: str = "/library/shared/all") -> Query:
    """Return the request for individually shared items, or for what is below one of them."""
    return Query(path=path, parameters=_rows_of(item_type) | {"excludeAllLeaves": 1})


def _rows_of(item_type: ItemType) -> dict[str, str | int]:
    # Only of an unmatched item does the file's path say what stays when the key changes.
    heavy = _HEAVY if item_type in BY_FILE else f"{_HEAVY},Media"
    return {
        "type": TYPE_CODES[item_type],
        "sort": _ORDERED_BY_KEY,
        "includeGuids": 1,
        "excludeElements": heavy,
        "includeFields": _EXTRA_FIELDS,
    }


def members_query(remote_id: RemoteId, item_type: ItemType) -> Query:
    """Return the request that enumerates a collection or playlist, in its own order."""
    if item_type is ItemType.PLAYLIST:
        path = f"/playlists/{remote_id}/items"
    else:
        path = f"/library/collections/{remote_id}/children"
    return Query(
        path=path, parameters={"excludeElements": f"{_HEAVY},Genre,Image,Media,UltraBlurColors"}
    )


def items_query(remote_ids: Sequence[RemoteId]) -> Query:
    """Return the request for the full rows of some items.

    Background requests must not make the server look at files or refresh metadata.
    """
    return Query(
        path=f"/library/metadata/{','.join(remote_ids)}",
        parameters={
            "includeGuids": 1,
            "checkFiles": 0,
            "skipRefresh": 1,
            "includeFields": _EXTRA_FIELDS,
        },
    )


def details_query(remote_ids: Sequence[RemoteId]) -> Query:
    """Return the request for items with their markers, chapters and extras."""
    return items_query(remote_ids).narrowed(includeMarkers=1, includeChapters=1, includeExtras=1)
