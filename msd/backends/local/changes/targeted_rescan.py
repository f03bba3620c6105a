"""What happened to a few files, as rows that came, changed or went (Y6, Y10). All of it blocks."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from threading import Event

from msd.backends.local.catalogue.entries import Entry, Group, Leaf
from msd.backends.local.catalogue.libraries import LibraryPart, keeps_type, looks_of
from msd.backends.local.catalogue.remote_ids import file_id, is_of_show
from msd.backends.local.catalogue.videos import catalogue_of
from msd.backends.local.changes.affected_directories import (
    NamesByDirectory,
    by_directory,
    library_of,
    scan_around,
    then_or_now,
    with_absent,
)
from msd.backends.local.files.file_kind import MEDIA_KINDS, kind_of, split_name
from msd.backends.local.files.walk import Folder, holds_media, join
from msd.backends.local.scanning.index import TagIndex
from msd.backends.local.scanning.scan import Scan
from msd.models import ItemType, LibraryType, RemoteId, Source

MOST_ROWS = 100  # of more a whole scan tells
_GROUPS = (ItemType.SHOW, ItemType.SEASON)
_LEAVES = (ItemType.MOVIE, ItemType.EPISODE, ItemType.VIDEO, ItemType.MUSIC_VIDEO)


@dataclass(frozen=True, slots=True)
class Glance:
    """The rows that may look different, and those that may be gone."""

    changed: tuple[RemoteId, ...]
    removed: tuple[RemoteId, ...]


def glance(
    source: Source,
    content_types: Mapping[RemoteId, LibraryType],
    paths: Iterable[bytes],
    index: TagIndex,
    stop: Event,
) -> Glance | None:
    """Look at files below a source's folder that came, changed or went.

    Args:
        source: the folder.
        content_types: of the libraries whose type the user chose.
        paths: the files, relative to the folder.
        index: what the last whole scan knew.
        stop: ends it between two directories.

    Returns:
        What that means; None when only a whole scan can tell.

    Raises:
        UnreachableError: the folder is not there, or went away meanwhile.
    """
    touched = by_directory(paths)
    scan = scan_around(source, touched, (), index, stop)
    if scan is None:
        return None
    libraries = {part.path: part for part in scan.parts}
    changed: set[RemoteId] = set()
    removed: set[RemoteId] = set()
    for directory, names in touched.items():
        part = library_of(directory, libraries)
        own = _Directory(scan, part, directory, names)
        is_chosen = part.remote_id in content_types
        if not (is_chosen or own.keeps_type) or not own.is_told_by_rows:
            return None
        changed |= own.changed
        removed |= own.removed
    if not all(_keeps_names(scan, part, touched, libraries) for part in scan.parts):
        return None
    if len(changed) + len(removed) > MOST_ROWS or any(map(is_of_show, removed)):
        return None  # the index may not know all of a show: that it is gone a whole scan tells (Y7)
    return Glance(tuple(sorted(changed)), tuple(sorted(removed)))


class _Directory:
    """What some names in one directory mean."""

    def __init__(self, scan: Scan, part: LibraryPart, directory: bytes, names: set[bytes]) -> None:
        self._scan = scan
        self._part = part
        self._names = names
        self._folder = scan.walk.folders.get(directory) or Folder(directory)
        self._before = with_absent(self._folder, names)
        made = catalogue_of(replace(part, folders=(self._before,)), scan.walk.folders)
        self._items = [
            entry for kind in _LEAVES for entry in made.entries[kind] if isinstance(entry, Leaf)
        ]
        concerned = _concerned(self._items, names)
        self._groups = _groups_there(scan, part)
        self._files = {entry.name for leaf in concerned for entry in leaf.files}
        self._told = self._described().union(
            group.remote_id for leaf in concerned for group in leaf.groups
        )
        self.changed = {leaf.remote_id for leaf in self._leaves()} | (
            self._told & self._groups.keys()
        )
        files = {file_id(join(directory, name)) for name in self._files}
        self.removed = (files | self._told) - self.changed

    @property
    def keeps_type(self) -> bool:
        """Whether the library surely stays of its type."""
        came = [
            entry
            for entry in self._folder.files
            if entry.name in self._names and entry.kind in MEDIA_KINDS
        ]
        return keeps_type(
            self._part,
            [looks_of(self._folder, entry) for entry in came],
            is_less=len(self._before.files) > len(self._folder.files),
        )

    @property
    def is_told_by_rows(self) -> bool:
        """Whether no directory below and no library can look different."""
        if not self._items or (self._folder.subfolders and self._has_companions):
            return False
        # A library that is empty is none.
        return bool(self.changed) or not self.removed or self._library_holds_media()

    @property
    def _has_companions(self) -> bool:
        return any(kind_of(name) not in MEDIA_KINDS for name in self._names)

    def _described(self) -> set[RemoteId]:
        """Return the groups that a companion in this directory may describe."""
        if not self._has_companions:
            return set()
        own = self._folder.path
        return {
            each
            for each, group in self._groups.items()
            if group.folder is not None and group.folder.path == own
        }

    def _leaves(self) -> list[Leaf]:
        return [
            entry
            for kind in _LEAVES
            for entry in self._scan.entries(self._part, kind)
            if isinstance(entry, Leaf)
            and entry.folder is self._folder
            and not self._files.isdisjoint(file.name for file in entry.files)
        ]

    def _library_holds_media(self) -> bool:
        others = [one.path for one in self._scan.parts if one.path]
        left_out = [] if self._part.path else others
        return holds_media(self._scan.root, self._part.path, left_out)


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


def _keeps_names(
    scan: Scan, part: LibraryPart, touched: NamesByDirectory, libraries: Mapping[bytes, LibraryPart]
) -> bool:
    """Say whether shows and seasons show the same to the rows of others, then and now.

    Their first file names them; so they are looked at with all of the touched files, with those
    that are there, and with none.
    """
    some = _groups_there(scan, part)
    if not some:
        return True
    all_of_them = _groups(scan, then_or_now(part, touched, libraries))
    none = _groups(scan, _without(part, touched))
    return all(
        _shared(all_of_them[each]) == _shared(some[each]) == _shared(none[each]) for each in none
    )


def _groups_there(scan: Scan, part: LibraryPart) -> dict[RemoteId, Group]:
    return _by_id(each for kind in _GROUPS for each in scan.entries(part, kind))


def _groups(scan: Scan, part: LibraryPart) -> dict[RemoteId, Group]:
    made = catalogue_of(part, scan.walk.folders)
    return _by_id(each for kind in _GROUPS for each in made.entries[kind])


def _by_id(entries: Iterable[Entry]) -> dict[RemoteId, Group]:
    return {each.remote_id: each for each in entries if isinstance(each, Group)}


def _without(part: LibraryPart, touched: NamesByDirectory) -> LibraryPart:
    """Return a library as it would be without some files."""
    folders = [
        replace(
            folder,
            files=[one for one in folder.files if one.name not in touched.get(folder.path, ())],
        )
        for folder in part.folders
    ]
    return replace(part, folders=tuple(folders))


def _shared(group: Group) -> tuple[str, bytes]:
    """Return what the rows of its episodes and seasons show of a group."""
    return group.title, group.folder.path if group.folder else b""
