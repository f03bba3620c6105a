"""What a few files of a folder are now, told by their directories alone (Y6, Y10).

A film is known by its own directory; an episode, a track and a library by many. So a glance
answers for what stands alone, and leaves the rest to a whole scan. All of it blocks.
"""

import os
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from threading import Event

from msd.backends.local.catalogue import catalogue_of, disc_structure
from msd.backends.local.entries import Leaf
from msd.backends.local.filekind import MEDIA_KINDS, kind_of, split_name
from msd.backends.local.index import TagIndex
from msd.backends.local.libraries import LibraryPart, is_library, keeps_type, looks_of
from msd.backends.local.remoteid import file_id
from msd.backends.local.scan import Scan, checked, remembered
from msd.backends.local.walk import FileEntry, Folder, Walk, holds_media, join, walk_directories
from msd.models import ItemType, LibraryType, RemoteId, Source

MOST_ROWS = 100  # in all; of more a whole scan tells
_STANDING_ALONE = (ItemType.MOVIE, ItemType.VIDEO, ItemType.MUSIC_VIDEO)


@dataclass(frozen=True, slots=True)
class Glance:
    """The rows that some files belong to, and those that they do not belong to any more."""

    scan: Scan  # of their directories alone
    changed: tuple[RemoteId, ...]
    removed: tuple[RemoteId, ...]


def glance(
    source: Source,
    content_types: Mapping[RemoteId, LibraryType],
    paths: Iterable[bytes],
    index: TagIndex,
    stop: Event,
) -> Glance | None:
    """Look at files below a source's folder, whether they are there or not.

    Args:
        source: the folder.
        content_types: of the libraries whose type the user chose.
        paths: the files, relative to the folder.
        index: what the last whole scan knew.
        stop: ends it between two directories.

    Returns:
        What they mean; None when only a whole scan can tell.

    Raises:
        UnreachableError: the folder is not there, or went away meanwhile.
    """
    by_directory: dict[bytes, set[bytes]] = defaultdict(set)
    for path in paths:
        directory, _, name = path.rpartition(b"/")
        by_directory[directory].add(name)
    libraries = index.libraries()
    mounts = index.mount_points()
    if any(_is_beyond(directory, libraries, mounts) for directory in by_directory):
        return None
    own = {directory for directory in by_directory if _top(directory) in libraries}
    trees = {_top(directory) for directory in by_directory.keys() - own}
    walk = checked(source, lambda root: walk_directories(root, sorted(own), sorted(trees), stop))
    own_name = os.path.basename(source.address)
    if walk is None or walk.gaps or any(_is_new_library(top, walk, own_name) for top in trees):
        return None
    root = os.path.realpath(source.address)
    scan = Scan(root, walk, _parts(walk, libraries, own_name), index, stop)
    return _meaning(scan, content_types, by_directory)


def _is_beyond(
    directory: bytes, libraries: Mapping[bytes, LibraryType], mounts: Iterable[bytes]
) -> bool:
    """Say whether a directory is in no known library, on a disk of its own or the inside of one."""
    if _top(directory) not in libraries and b"" not in libraries:
        return True
    return disc_structure(directory) is not None or any(
        directory == mount or directory.startswith(mount + b"/") for mount in mounts
    )


def _top(directory: bytes) -> bytes:
    return directory.partition(b"/")[0]


def _is_new_library(top: bytes, walk: Walk, root_name: str) -> bool:
    folders = [folder for path, folder in walk.folders.items() if _top(path) == top]
    return is_library(top, folders, root_name)


def _parts(
    walk: Walk, libraries: Mapping[bytes, LibraryType], root_name: str
) -> tuple[LibraryPart, ...]:
    """Return the known libraries, with those of their folders that were walked."""
    folders: dict[bytes, list[Folder]] = defaultdict(list)
    for path, folder in walk.folders.items():
        top = _top(path)
        folders[top if top in libraries else b""].append(folder)
    parts = [
        replace(remembered(path, kind, root_name), folders=tuple(folders[path]))
        for path, kind in libraries.items()
    ]
    return tuple(sorted(parts, key=lambda part: part.name.casefold()))


def _meaning(
    scan: Scan,
    content_types: Mapping[RemoteId, LibraryType],
    by_directory: Mapping[bytes, set[bytes]],
) -> Glance | None:
    by_path = {part.path: part for part in scan.parts}
    changed: list[RemoteId] = []
    removed: list[RemoteId] = []
    for directory, names in by_directory.items():
        part = by_path.get(_top(directory)) or by_path[b""]
        folder = scan.walk.folders.get(directory) or Folder(directory)
        then_or_now = _with_absent(folder, names)
        stays = part.remote_id in content_types or _keeps_type(part, folder, then_or_now, names)
        items = _items_of(part, then_or_now)
        if items is None or not stays or (folder.subfolders and _have_companions(names)):
            return None
        files = {entry.name for leaf in _concerned(items, names) for entry in leaf.files}
        here = [leaf.remote_id for leaf in _leaves(scan, part, folder, files)]
        absent = {file_id(join(directory, name)) for name in files}.difference(here)
        if absent and not here and not _holds_media(scan, part):
            return None  # a library that is empty is none
        changed += here
        removed += sorted(absent)
    if len(changed) + len(removed) > MOST_ROWS:
        return None
    return Glance(scan, tuple(changed), tuple(removed))


def _with_absent(folder: Folder, names: Iterable[bytes]) -> Folder:
    """Return a folder as if files of these names were still there."""
    there = {entry.name for entry in folder.files}
    absent = [
        FileEntry(name, 0, 0, kind)
        for name in names
        if name not in there and (kind := kind_of(name)) in MEDIA_KINDS and kind is not None
    ]
    return Folder(folder.path, files=sorted([*folder.files, *absent]))


def _items_of(part: LibraryPart, folder: Folder) -> list[Leaf] | None:
    """Return the items of a folder if there are any and each is known by this folder alone."""
    made = catalogue_of(replace(part, folders=(folder,)), {folder.path: folder})
    entries = [entry for found in made.entries.values() for entry in found]
    leaves = [each for each in entries if isinstance(each, Leaf) and each.type in _STANDING_ALONE]
    is_all = len(leaves) == len(entries) and not made.audio and not made.skipped
    return leaves if leaves and is_all else None


def _have_companions(names: Iterable[bytes]) -> bool:
    """Say whether files came or went that may describe what lies in the directories below."""
    return any(kind_of(name) not in MEDIA_KINDS for name in names)


def _concerned(leaves: list[Leaf], names: Iterable[bytes]) -> list[Leaf]:
    """Return the items that have to do with some names: every one that may look different now.

    What begins as a file does may belong to it, or did. And what lies in a folder belongs to an
    item that is alone there.
    """
    touched = tuple(name.lower() for name in names)

    def is_concerned(leaf: Leaf) -> bool:
        stems = tuple(split_name(entry.name)[0].lower() for entry in leaf.files)
        return any(name.startswith(stems) for name in touched)

    concerned = [leaf for leaf in leaves if is_concerned(leaf)]
    return concerned if len(leaves) - len(concerned) > 1 else leaves


def _keeps_type(
    part: LibraryPart, folder: Folder, then_or_now: Folder, names: Iterable[bytes]
) -> bool:
    wanted = {*names}
    came = [entry for entry in folder.files if entry.name in wanted and entry.kind in MEDIA_KINDS]
    return keeps_type(
        part,
        [looks_of(folder, entry) for entry in came],
        is_less=len(then_or_now.files) > len(folder.files),
    )


def _leaves(scan: Scan, part: LibraryPart, folder: Folder, files: set[bytes]) -> list[Leaf]:
    """Return the items that some files of a folder are, or are a part of."""
    return [
        entry
        for item_type in _STANDING_ALONE
        for entry in scan.entries(part, item_type)
        if isinstance(entry, Leaf)
        and entry.folder is folder
        and not files.isdisjoint(file.name for file in entry.files)
    ]


def _holds_media(scan: Scan, part: LibraryPart) -> bool:
    others = [one.path for one in scan.parts if one.path] if not part.path else []
    return holds_media(os.fsdecode(scan.root), part.path, others)
