"""Finds the few directories that some files have to do with, and scans them instead of all (Y6).

What a title consists of may lie in several directories, which the index remembers since the last
full scan: the files of a film with a year, the episodes of a show. Those directories are added
until nothing more is missing. What takes more than that (music, discs, links, extras, folders of
qualities, new libraries) is left to a full scan. All of it blocks.
"""

import os
from collections import defaultdict
from collections.abc import Iterable, Mapping
from threading import Event

import msgspec

from msd.backends.local.catalogue.catalogue import directories_of_titles
from msd.backends.local.catalogue.discs import disc_folder
from msd.backends.local.catalogue.libraries import LibraryPart, is_library
from msd.backends.local.catalogue.remote_ids import title_id_of
from msd.backends.local.files.file_kind import MEDIA_KINDS, kind_of
from msd.backends.local.files.text import decode_name
from msd.backends.local.files.walk import FileEntry, Folder, Walk, walk_directories
from msd.backends.local.names import folders as folder_names
from msd.backends.local.scanning.index import TagIndex
from msd.backends.local.scanning.scan import Scan, checked, remembered
from msd.models import LibraryType, RemoteId, Source

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


def scan_affected(
    source: Source,
    touched: NamesByDirectory,
    wanted_ids: Iterable[RemoteId],
    index: TagIndex,
    stop: Event,
    content_types: Mapping[RemoteId, LibraryType] | None = None,
) -> Scan | None:
    """Scan the directories of some files and of some films, shows or episodes.

    Args:
        source: the folder.
        touched: the files.
        wanted_ids: items that the index knows by their titles.
        index: what the last full scan knew.
        stop: ends it between two directories.
        content_types: of the libraries whose type the user chose.

    Returns:
        A scan that lists those as a full one would; None when only a full one can tell.

    Raises:
        UnreachableError: the folder is not there, or went away meanwhile.
    """
    chosen = frozenset(content_types or ())
    return checked(
        source, lambda root: _Growing(source, root, touched, index, stop, chosen).scan(wanted_ids)
    )


def library_of(directory: bytes, libraries: Mapping[bytes, LibraryPart]) -> LibraryPart:
    """Return the library that a directory lies in."""
    return libraries.get(_top(directory)) or libraries[b""]


def with_absent_files(
    part: LibraryPart, touched: NamesByDirectory, libraries: Mapping[bytes, LibraryPart]
) -> LibraryPart:
    """Return a library as if files that are absent now were still there."""
    folders = {folder.path: folder for folder in part.folders}
    for directory, names in touched.items():
        if library_of(directory, libraries).path == part.path:
            folders[directory] = _with_absent(folders.get(directory, Folder(directory)), names)
    return msgspec.structs.replace(part, folders=tuple(folders[path] for path in sorted(folders)))


def without_files(part: LibraryPart, names: NamesByDirectory) -> LibraryPart:
    """Return a library as it would be without some files."""
    folders = [
        Folder(
            folder.path,
            [entry for entry in folder.files if entry.name not in names.get(folder.path, ())],
            folder.subfolders,
        )
        for folder in part.folders
    ]
    return msgspec.structs.replace(part, folders=tuple(folders))


def present_names(part: LibraryPart, touched: NamesByDirectory) -> NamesByDirectory:
    """Return those of some files that are there."""
    return {
        folder.path: {entry.name for entry in folder.files} & touched[folder.path]
        for folder in part.folders
        if folder.path in touched
    }


def _with_absent(folder: Folder, names: Iterable[bytes]) -> Folder:
    there = {entry.name for entry in folder.files}
    absent = [
        FileEntry(name, 0, 0, kind)
        for name in names
        if name not in there and (kind := kind_of(name)) is not None
    ]
    return Folder(folder.path, sorted([*folder.files, *absent]), folder.subfolders)


class _Growing:
    """Adds directories until all of every title in them is there."""

    def __init__(
        self,
        source: Source,
        root: str,
        touched: NamesByDirectory,
        index: TagIndex,
        stop: Event,
        chosen: frozenset[RemoteId],
    ) -> None:
        self._name = os.path.basename(source.address)
        self._root = root
        self._touched = touched
        self._index = index
        self._stop = stop
        known = index.libraries()
        libraries = (remembered(path, kind, self._name) for path, kind in known.items())
        self._libraries = {
            part.path: msgspec.structs.replace(part, is_chosen=part.remote_id in chosen)
            for part in libraries
        }

    def scan(self, wanted_ids: Iterable[RemoteId]) -> Scan | None:
        wanted = self._directories_of(wanted_ids)
        if wanted is None:
            return None
        wanted |= {*self._touched}
        for _ in range(_MOST_ROUNDS):
            walk = self._walk(wanted)
            if walk is None:
                return None
            scan = Scan(self._root, walk, self._parts(walk, wanted), self._index, self._stop)
            grown = self._grown(scan)
            if grown is None:
                return None
            if grown <= wanted:
                return scan
            wanted |= grown
        return None

    def _directories_of(self, wanted_ids: Iterable[RemoteId]) -> set[bytes] | None:
        """Return where items are; None when one is not known, which does not mean gone (Y7)."""
        wanted: set[bytes] = set()
        for remote_id in wanted_ids:
            titles = [
                title
                for part in self._libraries.values()
                if (title := title_id_of(remote_id, part.remote_id)) is not None
            ]
            found = self._index.directories(titles)
            if not found:
                return None
            wanted |= found
        return wanted

    def _walk(self, wanted: set[bytes]) -> Walk | None:
        """Read directories, those above for what describes a show, and unknown tops as trees."""
        mounts = self._index.mount_points()
        if len(wanted) > _MOST_DIRECTORIES or any(
            self._is_beyond(directory, mounts) for directory in wanted
        ):
            return None
        own = {directory for directory in wanted if _top(directory) in self._libraries}
        trees = {_top(directory) for directory in wanted - own}
        above = {parent for directory in own for parent in _above(directory)}
        walk = walk_directories(self._root, sorted(own | above), sorted(trees), self._stop)
        if walk is None or walk.gaps or any(self._is_new_library(top, walk) for top in trees):
            return None
        if any(_has_special_content(folder) for folder in walk.folders.values()):
            return None
        return walk

    def _is_beyond(self, directory: bytes, mounts: Iterable[bytes]) -> bool:
        """Say whether a directory is in no known library, on a disk of its own or within one."""
        if _top(directory) not in self._libraries and b"" not in self._libraries:
            return True
        names = directory.split(b"/")[1 if _top(directory) in self._libraries else 0 :]
        return any(map(_is_special_name, names)) or any(
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
            msgspec.structs.replace(part, folders=tuple(folders[path]))
            for path, part in self._libraries.items()
        ]
        return tuple(sorted(parts, key=lambda part: (part.name.casefold(), part.path)))

    def _grown(self, scan: Scan) -> set[bytes] | None:
        """Return every directory of the titles that are or were in these; None with music."""
        found: set[bytes] = set()
        for part in scan.parts:
            made = scan.catalogued(with_absent_files(part, self._touched, self._libraries))
            if made.audio or made.left_out or part.type is LibraryType.MUSIC_VIDEOS:
                return None
            titles = directories_of_titles(made, part.remote_id)
            if titles and not self._index.learn_titles(part.path, titles):
                return None
            found |= self._index.directories(titles)
        return found


def _is_special_name(name: bytes) -> bool:
    """Say whether a folder belongs to what is above it: extras, a disc, a quality."""
    text = decode_name(name)
    return bool(name) and (
        folder_names.is_extras(text)
        or folder_names.is_quality(text)
        or folder_names.disc_number(text) is not None
        or disc_folder(Folder(name)) is not None
    )


def _has_special_content(folder: Folder) -> bool:
    if disc_folder(folder) is not None and any(e.kind in MEDIA_KINDS for e in folder.files):
        return True
    return folder.path != b"" and any(map(_is_special_name, folder.subfolders))


def _top(directory: bytes) -> bytes:
    return directory.partition(b"/")[0]


def _above(directory: bytes) -> list[bytes]:
    names = directory.split(b"/")
    return [b"/".join(names[:depth]) for depth in range(1, len(names))]
