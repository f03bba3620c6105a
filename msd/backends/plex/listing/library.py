"""Plex's sections as libraries, and what has to be listed for each type of library.

Two libraries are none of the server's sections: the user's playlists, and what other people share
with the user item by item (docs/protocols/plex.md, Libraries).
"""

from collections.abc import Mapping
from types import MappingProxyType

from msd.backends.plex.listing.query import PLAYLISTS, SHARED
from msd.backends.plex.parse.wire import WIRE_TYPES, Entry, ProvidersListed, Row, Section, key, many
from msd.models import ItemType, LibraryType, RemoteId, RemoteLibrary

_LONGEST_NAME = 500
_OWN_PROVIDER = "com.plexapp.plugins.library"
_SHARED_KEY = "/library/shared"
# Agents of sections whose films are anything: home videos, recordings, lectures.
_NO_AGENTS = frozenset({"com.plexapp.agents.none", "tv.plex.agents.none"})
_TYPES: Mapping[str, LibraryType] = MappingProxyType(
    {
        "movie": LibraryType.MOVIES,
        "show": LibraryType.SHOWS,
        "artist": LibraryType.MUSIC,
    }
)
_CONTENT: Mapping[LibraryType, tuple[ItemType, ...]] = MappingProxyType(
    {
        LibraryType.MOVIES: (ItemType.MOVIE, ItemType.COLLECTION),
        LibraryType.SHOWS: (
            ItemType.SHOW,
            ItemType.SEASON,
            ItemType.EPISODE,
            ItemType.COLLECTION,
        ),
        LibraryType.MUSIC: (
            ItemType.ARTIST,
            ItemType.ALBUM,
            ItemType.TRACK,
            ItemType.COLLECTION,
        ),
        LibraryType.VIDEOS: (ItemType.VIDEO, ItemType.COLLECTION),
        LibraryType.MUSIC_VIDEOS: (ItemType.MUSIC_VIDEO, ItemType.COLLECTION),
        LibraryType.PLAYLISTS: (ItemType.PLAYLIST,),
        LibraryType.MIXED: (  # what is shared item by item
            ItemType.MOVIE,
            ItemType.SHOW,
            ItemType.SEASON,
            ItemType.EPISODE,
            ItemType.ARTIST,
            ItemType.ALBUM,
            ItemType.TRACK,
        ),
    }
)


def library(section: Section, position: int) -> RemoteLibrary | None:
    """Return a section as a library; None when it has no usable key."""
    remote_id = key(section.key)
    if remote_id is None:
        return None
    return RemoteLibrary(
        remote_id=RemoteId(remote_id),
        name=_name(section.title) or remote_id,
        type=_type(section),
        hidden=bool(section.hidden),
        position=position,
    )


def playlists(position: int) -> RemoteLibrary:
    """Return the library of the user's playlists."""
    return RemoteLibrary(
        remote_id=PLAYLISTS, name="Playlists", type=LibraryType.PLAYLISTS, position=position
    )


def shared(offered: ProvidersListed, position: int) -> RemoteLibrary | None:
    """Return the library of individually shared items; None when nobody shares any."""
    for entry in _entries(offered):
        if entry.key is not None and entry.key.startswith(_SHARED_KEY):
            return shared_library(_name(entry.title), position)
    return None


def shared_library(name: str, position: int) -> RemoteLibrary:
    """Return the library of individually shared items."""
    return RemoteLibrary(
        remote_id=SHARED, name=name or "Shared", type=LibraryType.MIXED, position=position
    )


def content(library_type: LibraryType) -> tuple[ItemType, ...]:
    """Return the item types of a library type, parents before children."""
    return _CONTENT.get(library_type, ())


def _type(section: Section) -> LibraryType:
    library_type = _TYPES.get(section.type or "", LibraryType.UNSUPPORTED)
    if library_type is LibraryType.MOVIES and section.agent in _NO_AGENTS:
        return LibraryType.VIDEOS
    return library_type


def _name(title: str | None) -> str:
    return "".join(filter(str.isprintable, title or ""))[:_LONGEST_NAME].strip()


def _entries(offered: ProvidersListed) -> list[Entry]:
    return [
        entry
        for provider in many(offered.container.provider)
        if provider.identifier == _OWN_PROVIDER
        for feature in many(provider.feature)
        if feature.type == "content"
        for entry in many(feature.directory)
    ]


def item_type_of(row: Row, library_type: LibraryType = LibraryType.MIXED) -> ItemType | None:
    """Return the type under which a row of such a library is listed; None when msd lists none."""
    candidates = (*content(library_type), ItemType.PLAYLIST, ItemType.COLLECTION)
    return next((item_type for item_type in candidates if row.type in WIRE_TYPES[item_type]), None)
