"""Jellyfin's views as libraries, and what has to be listed for each type of library."""

from msd.backends.jellyfin.parse.values import guid
from msd.backends.jellyfin.parse.wire import View
from msd.models import ItemType, LibraryType, RemoteId, RemoteLibrary

_LONGEST_NAME = 500
_TYPES = {
    None: LibraryType.MIXED,  # the server leaves the type of mixed libraries out
    "unknown": LibraryType.MIXED,
    "movies": LibraryType.MOVIES,
    "tvshows": LibraryType.SHOWS,
    "music": LibraryType.MUSIC,
    "musicvideos": LibraryType.MUSIC_VIDEOS,
    "homevideos": LibraryType.VIDEOS,
    "boxsets": LibraryType.COLLECTIONS,
    "playlists": LibraryType.PLAYLISTS,
}
_CONTENT: dict[LibraryType, tuple[ItemType, ...]] = {
    LibraryType.MOVIES: (ItemType.MOVIE,),
    LibraryType.SHOWS: (ItemType.SHOW, ItemType.SEASON, ItemType.EPISODE),
    LibraryType.MUSIC: (ItemType.ARTIST, ItemType.ALBUM, ItemType.TRACK),
    LibraryType.MUSIC_VIDEOS: (ItemType.MUSIC_VIDEO,),
    LibraryType.VIDEOS: (ItemType.VIDEO,),
    LibraryType.MIXED: (
        ItemType.MOVIE,
        ItemType.SHOW,
        ItemType.SEASON,
        ItemType.EPISODE,
        ItemType.MUSIC_VIDEO,
        ItemType.VIDEO,
    ),
    LibraryType.COLLECTIONS: (ItemType.COLLECTION,),
    LibraryType.PLAYLISTS: (ItemType.PLAYLIST,),
}


def library(view: View, position: int, hidden_views: frozenset[str]) -> RemoteLibrary | None:
    """Return a view as a library; None when its id is none of Jellyfin's."""
    remote_id = guid(view.id)
    if remote_id is None:
        return None
    collection_type = view.collection_type and view.collection_type.lower()
    return RemoteLibrary(
        remote_id=RemoteId(remote_id),
        name="".join(filter(str.isprintable, view.name))[:_LONGEST_NAME] or remote_id,
        type=_TYPES.get(collection_type or None, LibraryType.UNSUPPORTED),
        hidden=remote_id in hidden_views,
        position=position,
    )


def content(library_type: LibraryType) -> tuple[ItemType, ...]:
    """Return the item types of a library type, parents before children."""
    return _CONTENT.get(library_type, ())
