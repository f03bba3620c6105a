"""What a source's folder holds at one moment: a walk, divided and catalogued.

All of it blocks and is called in worker threads; `stop` ends it between two files.
"""

import os
from collections.abc import Callable, Mapping
from threading import Event
from typing import TypeVar

from msd.backends.local.catalogue.entries import LISTED_TYPES, MUSIC_TYPES, Entry, Leaf
from msd.backends.local.catalogue.libraries import LibraryPart, divide
from msd.backends.local.catalogue.remote_ids import is_in_library, library_id, path_of
from msd.backends.local.catalogue.sidecars import Sidecars
from msd.backends.local.catalogue.videos import (
    Catalogue,
    catalogue_of,
    directories_of_groups,
)
from msd.backends.local.files.file_kind import FileKind, kind_of
from msd.backends.local.files.opening import open_media
from msd.backends.local.files.root_folder import check_folder
from msd.backends.local.files.text import decode_name
from msd.backends.local.files.walk import FileEntry, Folder, Walk, WalkStoppedError, walk_folder
from msd.backends.local.music.albums import music_of
from msd.backends.local.music.tags import TrackTags, read_tags
from msd.backends.local.scanning.index import TagIndex
from msd.errors import UnreachableError
from msd.models import ItemType, LibraryType, RemoteId, Source, StatusReason

Looked = TypeVar("Looked")


class Scan:
    """One walk of a source and what follows from it; libraries are catalogued when asked for."""

    def __init__(
        self,
        root: str,
        walk: Walk,
        parts: tuple[LibraryPart, ...],
        index: TagIndex,
        stop: Event,
        *,
        is_whole: bool = False,
    ) -> None:
        self._stop = stop
        self._is_whole = is_whole
        self._index = index
        self.root = os.fsencode(root)
        self.walk = walk
        self.parts = parts
        self._own = frozenset(part.path for part in parts if part.path)
        self._catalogue: tuple[RemoteId, Catalogue] | None = None
        self._sidecars: tuple[Folder, Sidecars] | None = None

    def part(self, remote_id: RemoteId) -> LibraryPart | None:
        """Return a library of this scan."""
        return next((part for part in self.parts if part.remote_id == remote_id), None)

    def parts_of(self, remote_id: RemoteId) -> list[LibraryPart]:
        """Return the libraries that an item can be in, by its id."""
        path = path_of(remote_id)
        if path is not None:
            return [part for part in self.parts if self._belongs(path, part)]
        return [part for part in self.parts if is_in_library(remote_id, part.remote_id)]

    def types_of(self, remote_id: RemoteId) -> list[ItemType]:
        """Return the types an item can have: tags need not be read to find a film."""
        path = path_of(remote_id)
        if path is None:
            return [*LISTED_TYPES]
        is_audio = kind_of(path) is FileKind.AUDIO
        return [kind for kind in LISTED_TYPES if is_audio is (kind is ItemType.TRACK)]

    def has_gaps(self, part: LibraryPart) -> bool:
        """Say whether something of a library could not be read."""
        return any(self._belongs(path, part) for path in self.walk.gaps)

    def entries(self, part: LibraryPart, item_type: ItemType) -> list[Entry]:
        """Return the entries of one type in a library."""
        made = self._catalogue_of(part)
        if item_type in MUSIC_TYPES and made.audio:
            self._group_music(part, made)
        return made.entries[item_type]

    def skipped(self, part: LibraryPart) -> tuple[str, ...]:
        """Return what was left out of a library, one sentence for each file."""
        named = [
            f"{decode_name(path)}: {why}"
            for path, why in (*self.walk.skipped, *self._catalogue_of(part).skipped)
            if self._belongs(path, part)
        ]
        # Beyond the ones kept by name all are counted to the first library.
        more = self.walk.uncounted if part is self.parts[0] else 0
        return (*named, *(("one more file that is no media",) * more))

    def sidecars(self, folder: Folder) -> Sidecars:
        """Return the companions in a folder; the last folder asked for is remembered."""
        if self._sidecars is None or self._sidecars[0] is not folder:
            self._sidecars = (folder, Sidecars(folder))
        return self._sidecars[1]

    def fingerprint(self, entry: Entry) -> int:
        """Return the number that changes whenever the entry's item would."""
        if isinstance(entry, Leaf):
            return entry.fingerprint(self.sidecars(entry.folder).of(entry.files[0]))
        return entry.fingerprint()

    def tags(self, path: bytes, entry: FileEntry) -> TrackTags:
        """Return the tags of a music file, read only when the file is new or changed."""
        if self._stop.is_set():
            raise WalkStoppedError
        known = self._index.tags(path, entry)
        if known is not None:
            return known
        name = decode_name(entry.name)
        try:
            with open_media(self.root, path) as file:
                tags = read_tags(file, name)
        except OSError as exc:
            return TrackTags("", problem=f"can't be read: {exc.strerror or exc}")
        self._index.remember(path, entry, tags)
        return tags

    def _catalogue_of(self, part: LibraryPart) -> Catalogue:
        if self._catalogue is not None and self._catalogue[0] == part.remote_id:
            return self._catalogue[1]
        made = catalogue_of(part, self.walk.folders)
        if self._is_whole:
            self._index.remember_groups(part.path, directories_of_groups(made))
        self._catalogue = (part.remote_id, made)
        return made

    def _group_music(self, part: LibraryPart, made: Catalogue) -> None:
        """Read the tags of a library; what was read is kept even when it is stopped."""
        try:
            music = music_of(part, made.audio, self.tags)
        finally:
            self._index.commit()
        for artist in music.artists:
            if artist.folder is not None:
                artist.folder = self.walk.folders.get(artist.folder.path)
        made.entries[ItemType.ARTIST].extend(music.artists)
        made.entries[ItemType.ALBUM].extend(music.albums)
        made.entries[ItemType.TRACK].extend(music.tracks)
        made.audio.clear()

    def _belongs(self, path: bytes, part: LibraryPart) -> bool:
        top = path.partition(b"/")[0]
        if path and not part.path:
            return top not in self._own
        return not path or top == part.path  # a gap of the root is everybody's


def scan_folder(
    source: Source, content_types: Mapping[RemoteId, LibraryType], index: TagIndex, stop: Event
) -> Scan:
    """Walk all of a source's folder.

    Raises:
        UnreachableError: it is not there, or went away under the walk.
    """
    walk = checked(source, lambda root: walk_folder(root, stop))
    _note_mounts(walk, index)
    name = os.path.basename(source.address)
    root = os.path.realpath(source.address)
    scan = Scan(root, walk, divide(walk, name, content_types), index, stop)
    return Scan(root, walk, _with_unreadable(scan, index, name), index, stop, is_whole=True)


def _with_unreadable(scan: Scan, index: TagIndex, root_name: str) -> tuple[LibraryPart, ...]:
    """A library that can't be seen for a gap has not gone: it stays, with the gap (Y7)."""
    parts = list(scan.parts)
    found = {part.path: part.type for part in parts}
    for path, kind in index.libraries().items():
        part = remembered(path, kind, root_name)
        if path not in found and scan.has_gaps(part):
            parts.append(part)
            found[path] = kind
    index.remember_libraries(found)
    return tuple(parts)


def remembered(path: bytes, kind: LibraryType, root_name: str) -> LibraryPart:
    """Return a library of an earlier scan, without its folders."""
    return LibraryPart(library_id(path), path, decode_name(path) or root_name, kind, folders=())


def _note_mounts(walk: Walk, index: TagIndex) -> None:
    """An empty folder that was a mount point is a gap: its disk is not there (Y7)."""
    mounts = [path for path, folder in walk.folders.items() if folder.is_mount]
    for path in index.mount_points().difference(mounts):
        folder = walk.folders.get(path)
        if folder is not None and folder.is_empty:
            walk.gaps.append(path)
            mounts.append(path)
    index.remember_mounts(mounts)


def checked(source: Source, look: Callable[[str], Looked]) -> Looked:
    """Look at a source's folder; the folder must be the same before and after.

    Raises:
        UnreachableError: it is not there, or went away under the walk.
    """
    check_folder(source.address, source.config)
    real = os.path.realpath(source.address)
    try:
        before = os.stat(real)
        found = look(real)
        after = os.stat(real)
    except WalkStoppedError as exc:
        raise UnreachableError("the look was given up", reason=StatusReason.CONNECTING) from exc
    except OSError as exc:
        raise UnreachableError(
            f"the folder {source.address} can't be read: {exc.strerror}",
            reason=StatusReason.FOLDER_MISSING,
        ) from exc
    if (before.st_dev, before.st_ino) != (after.st_dev, after.st_ino):
        raise UnreachableError(
            f"the folder {source.address} was unmounted while it was read",
            reason=StatusReason.FOLDER_EMPTY_MOUNT,
        )
    check_folder(source.address, source.config)
    return found
