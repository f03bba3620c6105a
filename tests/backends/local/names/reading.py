"""What the backend makes of a library with a single file, by its name alone."""

from msd.backends.local.catalogue.catalogue import catalogue_of
from msd.backends.local.catalogue.entries import Leaf
from msd.backends.local.catalogue.libraries import divide
from msd.backends.local.files.file_kind import kind_of
from msd.backends.local.files.walk import FileEntry, Folder, Walk
from msd.models import ItemType


def walk_with(path: str) -> Walk:
    """Return a walk that found one file."""
    *above, name = path.encode().split(b"/")
    kind = kind_of(name)
    assert kind is not None
    walk = Walk()
    for depth in range(len(above) + 1):
        below = [above[depth]] if depth < len(above) else []
        at = b"/".join(above[:depth])
        walk.folders[at] = Folder(at, subfolders=below)
    walk.folders[b"/".join(above)].files.append(FileEntry(name, 1, 1, kind))
    return walk


def only_leaf(library: str, path: str, kind: ItemType) -> Leaf | None:
    """Return the only item of a type in a library of that name, None unless there is one."""
    walk = walk_with(path)
    parts = divide(walk, library, {})
    leaves = [e for part in parts for e in catalogue_of(part, walk.folders).entries[kind]]
    return leaves[0] if len(leaves) == 1 and isinstance(leaves[0], Leaf) else None


def read_episode(path: str) -> tuple[object, ...]:
    """Return show, season, episode and last episode or date."""
    leaf = only_leaf("TV", path, ItemType.EPISODE)
    if leaf is None or leaf.episode is None or leaf.parent is None or leaf.parent.parent is None:
        return ()
    end = leaf.episode.last_episode or leaf.episode.released or None
    return leaf.parent.parent.title, leaf.parent.number, leaf.episode.episode, end


def read_film(path: str) -> tuple[object, ...]:
    """Return title and year."""
    leaf = only_leaf("Movies", path, ItemType.MOVIE)
    return () if leaf is None or leaf.name is None else (leaf.name.title, leaf.name.year)
