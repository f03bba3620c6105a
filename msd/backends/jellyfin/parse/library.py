"""Jellyfin's views as libraries, and what has to be listed for each type of library."""

from collections.abc import Sequence

import msgspec

from msd.backend_api.lenient import lenient
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


def libraries(
    views: Sequence[msgspec.Raw], hidden_views: frozenset[str]
) -> tuple[tuple[RemoteLibrary, ...], tuple[str, ...]]:
    """Return views as libraries, each once, and a sentence for each view that can't be one.

    A view without a name is named by its kind; one without an id can't be asked for anything.
    """
    found: dict[RemoteId, RemoteLibrary] = {}
    left_out = []
    for position, raw in enumerate(views):
        view = _view(raw)
        remote_id = guid(view.id)
        if remote_id is None:
            left_out.append(f"the view {_name(view, 'without a name')} has no usable id")
            continue
        library_type = _type(view)
        entry = RemoteLibrary(
            remote_id=RemoteId(remote_id),
            name=_name(view, f"{library_type} {remote_id[:8]}"),
            type=library_type,
            hidden=remote_id in hidden_views,
            position=position,
        )
        found.setdefault(entry.remote_id, entry)
    return tuple(found.values()), tuple(left_out)


def _view(raw: msgspec.Raw) -> View:
    try:
        return msgspec.json.decode(raw, type=View)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        try:
            return lenient(bytes(raw), View)
        except ValueError:
            return View()


def _name(view: View, otherwise: str) -> str:
    shown = "".join(filter(str.isprintable, view.name or ""))[:_LONGEST_NAME].strip()
    return shown or otherwise


def _type(view: View) -> LibraryType:
    collection_type = view.collection_type and view.collection_type.lower()
    return _TYPES.get(collection_type or None, LibraryType.UNSUPPORTED)


def content(library_type: LibraryType) -> tuple[ItemType, ...]:
    """Return the item types of a library type, parents before children."""
    return _CONTENT.get(library_type, ())
