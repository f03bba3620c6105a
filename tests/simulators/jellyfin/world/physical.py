"""What lies between an item and its library on disk: folders, the root, and the views themselves.

A film names the folder on disk as its parent, whose own parents lead to the root and never to a
library. All of these are answered by their ids.
"""

from __future__ import annotations

from tests.simulators.jellyfin.world.item import Item, Library
from tests.simulators.jellyfin.world.wire import make_id
from tests.simulators.jellyfin.world.world import World


def folder_id(library_id: str) -> str:
    """Return the id of the folder on disk that a library is made of."""
    return make_id("Folder", library_id)


def root_id(world: World) -> str:
    """Return the id of the root of all folders on disk."""
    return make_id("AggregateFolder", world.server_id)


def user_root_id(world: World) -> str:
    """Return the id of the folder that holds the views."""
    return make_id("root", world.server_id)


def physical_parent(world: World, item: Item) -> str | None:
    """Return the `ParentId` of an item: a show, season, album or artist, or a folder on disk."""
    if item.type in {"Folder", "AggregateFolder", "CollectionFolder", "UserRootFolder"}:
        return item.parent_id or None
    if item.overrides and item.overrides.get("ExtraType"):
        return None
    if item.parent_id in world.libraries:
        return folder_id(item.parent_id)
    return item.parent_id


def physical(world: World, item_id: str) -> Item | None:
    """Return a folder, root or view as an item; None for an id of none of them."""
    for library in world.libraries.values():
        if item_id == folder_id(library.id):
            return _folder(library, item_id, "Folder", root_id(world))
        if item_id == library.id:
            return _folder(library, item_id, library.view_type, user_root_id(world))
    if world.libraries and item_id in {root_id(world), user_root_id(world)}:
        library = next(iter(world.libraries.values()))
        kind = "AggregateFolder" if item_id == root_id(world) else "UserRootFolder"
        return _folder(library, item_id, kind, "")
    return None


def ancestors(world: World, item: Item) -> list[Item]:
    """Return what an item lies in, the nearest first: as far as its library and the root of views.

    The folder on disk is left out. An artist that exists by name only lies in nothing.
    """
    if item.type == "MusicArtist" and is_by_name(item):
        return []
    ids = [each for each in world.ancestors(item.id) if each in world.items]
    found = [world.items[each] for each in ids]
    view, root = physical(world, item.library_id), physical(world, user_root_id(world))
    return [*found, *(each for each in (view, root) if each is not None)]


def is_by_name(artist: Item) -> bool:
    """Return whether an artist is known by tags only, without a folder."""
    return artist.number % 3 == 0


def _folder(library: Library, item_id: str, kind: str, parent_id: str) -> Item:
    name = {"AggregateFolder": "root", "UserRootFolder": "Media Folders"}.get(kind, library.name)
    return Item(
        id=item_id,
        type=kind,
        name=name,
        sort_name=name.lower(),
        library_id=library.id,
        parent_id=parent_id,
        path=library.path,
        number=0,
        created=library.created,
        saved=library.created,
    )
