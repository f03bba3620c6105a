"""A scan of the few directories that some files have to do with, instead of all (Y6).

A film is known by its own directory, an episode by those of its show, which the index remembers
since the last whole scan. What takes more than that (music, discs, links, new libraries) is left
to a whole scan. All of it blocks.
"""

import os
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from threading import Event

from msd.backends.local.catalogue.libraries import LibraryPart, is_library
from msd.backends.local.catalogue.videos import (
    catalogue_of,
    directories_of_groups,
    disc_structure,
)
from msd.backends.local.files.file_kind import MEDIA_KINDS, kind_of
from msd.backends.local.files.walk import FileEntry, Folder, Walk, walk_directories
from msd.backends.local.scanning.index import TagIndex
from msd.backends.local.scanning.scan import Scan, checked, remembered
from msd.models import RemoteId, Source

NamesByDirectory = Mapping[bytes, set[bytes]]  # names by directory, whether they are there or not

_MOST_DIRECTORIES = 200
_MOST_ROUNDS = 4  # a directory of several shows leads to those of each


def by_directory(paths: Iterable[bytes]) -> NamesByDirectory:
    """Return the names of files by the directories that they are in."""
    found: dict[bytes, set[bytes]] = defaultdict(set)
    for path in paths:
        directory, _, name = path.rpartition(b"/")
        found[directory].add(name)
    return found


def scan_around(
    source: Source,
    touched: NamesByDirectory,
    groups: Iterable[RemoteId],
    index: TagIndex,
    stop: Event,
) -> Scan | None:
    """Scan the directories of some files and of some shows or seasons.

    Returns:
        A scan that lists those as a whole one would; None when only a whole one can tell.

    Raises:
        UnreachableError: the folder is not there, or went away meanwhile.
    """
    return checked(source, lambda root: _Scope(source, root, touched, index, stop).scan(groups))


def library_of(directory: bytes, libraries: Mapping[bytes, LibraryPart]) -> LibraryPart:
    """Return the library that a directory lies in."""
    return libraries.get(_top(directory)) or libraries[b""]


def then_or_now(
    part: LibraryPart, touched: NamesByDirectory, libraries: Mapping[bytes, LibraryPart]
) -> LibraryPart:
    """Return a library as if media files that are absent now were still there."""
    folders = {folder.path: folder for folder in part.folders}
    for directory, names in touched.items():
        if library_of(directory, libraries).path == part.path:
            folders[directory] = with_absent(folders.get(directory, Folder(directory)), names)
    return replace(part, folders=tuple(folders[path] for path in sorted(folders)))


def with_absent(folder: Folder, names: Iterable[bytes]) -> Folder:
    """Return a folder as if media files of these names were still there."""
    there = {entry.name for entry in folder.files}
    absent = [
        FileEntry(name, 0, 0, kind)
        for name in names
        if name not in there and (kind := kind_of(name)) is not None and kind in MEDIA_KINDS
    ]
    return replace(folder, files=sorted([*folder.files, *absent]))


class _Scope:
    """Grows until it holds all directories of every show in it."""

    def __init__(
        self, source: Source, root: str, touched: NamesByDirectory, index: TagIndex, stop: Event
    ) -> None:
        self._name = os.path.basename(source.address)
        self._root = root
        self._touched = touched
        self._index = index
        self._stop = stop
        known = index.libraries()
        self._libraries = {path: remembered(path, kind, self._name) for path, kind in known.items()}

    def scan(self, groups: Iterable[RemoteId]) -> Scan | None:
        wanted = {*self._touched}
        for group in groups:
            found = self._index.directories([group])
            if not found:
                return None  # not known is not gone (Y7)
            wanted |= found
        for _ in range(_MOST_ROUNDS):
            walk = self._walk(wanted)
            if walk is None:
                return None
            parts = self._parts(walk, wanted)
            grown = self._grown(walk, parts)
            if grown is None:
                return None
            if grown <= wanted:
                return Scan(self._root, walk, parts, self._index, self._stop)
            wanted |= grown
        return None

    def _walk(self, wanted: set[bytes]) -> Walk | None:
        """Read directories, those above for what describes a show, and unknown tops as trees."""
        mounts = self._index.mount_points()
        if len(wanted) > _MOST_DIRECTORIES or any(self._is_beyond(one, mounts) for one in wanted):
            return None
        own = {one for one in wanted if _top(one) in self._libraries}
        trees = {_top(one) for one in wanted - own}
        above = {each for one in own for each in _above(one)}
        walk = walk_directories(self._root, sorted(own | above), sorted(trees), self._stop)
        if walk is None or walk.gaps or any(self._is_new_library(top, walk) for top in trees):
            return None
        return walk

    def _is_beyond(self, directory: bytes, mounts: Iterable[bytes]) -> bool:
        """Say whether a directory is in no known library, on a disk of its own or within one."""
        if _top(directory) not in self._libraries and b"" not in self._libraries:
            return True
        return disc_structure(directory) is not None or any(
            directory == mount or directory.startswith(mount + b"/") for mount in mounts
        )

    def _is_new_library(self, top: bytes, walk: Walk) -> bool:
        folders = [folder for path, folder in walk.folders.items() if _top(path) == top]
        return is_library(top, folders, self._name)

    def _parts(self, walk: Walk, wanted: set[bytes]) -> tuple[LibraryPart, ...]:
        """Return the known libraries, with those of their folders that are wanted."""
        folders: dict[bytes, list[Folder]] = defaultdict(list)
        for path, folder in walk.folders.items():
            top = _top(path)
            if path in wanted or top not in self._libraries:
                folders[top if top in self._libraries else b""].append(folder)
        parts = [
            replace(part, folders=tuple(folders[path])) for path, part in self._libraries.items()
        ]
        return tuple(sorted(parts, key=lambda part: part.name.casefold()))

    def _grown(self, walk: Walk, parts: Iterable[LibraryPart]) -> set[bytes] | None:
        """Return every directory of the shows that are or were in these; None with music."""
        found: set[bytes] = set()
        for part in parts:
            made = catalogue_of(then_or_now(part, self._touched, self._libraries), walk.folders)
            if made.audio or made.skipped:
                return None
            groups = directories_of_groups(made)
            if groups and not self._index.learn_groups(part.path, groups):
                return None
            found |= self._index.directories(groups)
        return found


def _top(directory: bytes) -> bytes:
    return directory.partition(b"/")[0]


def _above(directory: bytes) -> list[bytes]:
    names = directory.split(b"/")
    return [b"/".join(names[:depth]) for depth in range(1, len(names))]
