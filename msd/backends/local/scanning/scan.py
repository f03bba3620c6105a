"""What a source's folder holds at one moment: a walk, divided and catalogued.

All of it blocks and is called in worker threads; `stop` ends it between two files.
"""

import os
from collections.abc import Callable, Mapping
from threading import Event
from typing import TypeVar

from msd.backends.local.catalogue.catalogue import (
    Catalogue,
    NamedByNfo,
    catalogue_of,
    directories_of_titles,
)
from msd.backends.local.catalogue.entries import LISTED_TYPES, MUSIC_TYPES, Entry, FileRef, Leaf
from msd.backends.local.catalogue.libraries import LibraryPart, divide, names_digest
from msd.backends.local.catalogue.remote_ids import is_in_library, library_id, path_of
from msd.backends.local.catalogue.sidecars import Sidecars
from msd.backends.local.catalogue.twins import leave_out_twins
from msd.backends.local.files.file_kind import FileKind, kind_of, split_name
from msd.backends.local.files.left_out import LeftOut
from msd.backends.local.files.nfo import MAX_NFO, parse_nfo
from msd.backends.local.files.opening import open_media, read_small
from msd.backends.local.files.root_folder import check_folder
from msd.backends.local.files.text import decode_name
from msd.backends.local.files.walk import (
    FileEntry,
    Folder,
    Walk,
    WalkStoppedError,
    join,
    walk_folder,
)
from msd.backends.local.music.albums import Readers, music_of
from msd.backends.local.music.cue import MAX_CUE, CueTrack, parse_cue
from msd.backends.local.music.tags import TrackTags, read_tags
from msd.backends.local.scanning.index import TagIndex
from msd.errors import UnreachableError
from msd.models import ItemType, LibraryType, RemoteId, Source, StatusReason

Looked = TypeVar("Looked")
_NO_NFO = NamedByNfo()
_MAY_BE_AUDIO = frozenset({b".webm", b".mp4", b".mkv", b".ogv", b".ogm", b".ogx", b".3gp"})


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
        is_full: bool = False,
    ) -> None:
        self._stop = stop
        self._is_full = is_full
        self._index = index
        self.root = os.fsencode(root)
        self.walk = walk
        self.parts = parts
        self._own = frozenset(part.path for part in parts if part.path)
        self._catalogue: tuple[RemoteId, Catalogue] | None = None
        self._sidecars: tuple[Folder, Sidecars] | None = None
        self._nfo_names: tuple[Folder, dict[bytes, FileEntry]] | None = None

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
            is_music = remote_id.startswith(("album:", "artist:"))
            return [kind for kind in LISTED_TYPES if is_music is (kind in MUSIC_TYPES)]
        is_audio = kind_of(path) is FileKind.AUDIO
        may_be_audio = split_name(path)[1] in _MAY_BE_AUDIO
        return [
            kind
            for kind in LISTED_TYPES
            if is_audio is (kind is ItemType.TRACK) or (may_be_audio and kind is ItemType.TRACK)
        ]

    def has_gaps(self, part: LibraryPart) -> bool:
        """Say whether something of a library could not be read."""
        return any(self._belongs(path, part) for path in self.walk.gaps)

    def entries(self, part: LibraryPart, item_type: ItemType) -> list[Entry]:
        """Return the entries of one type in a library."""
        made = self.catalogue(part)
        if item_type in MUSIC_TYPES and made.audio:
            self._group_music(part, made)
        return made.entries[item_type]

    def left_out(self, part: LibraryPart) -> list[LeftOut]:
        """Return what cataloguing left out of a library; remembered while no name changes."""
        digest = names_digest(part)
        known = self._index.left_out(part.path, digest)
        if known is None:
            known = self.catalogue(part).left_out
            self._index.remember_left_out(part.path, digest, known)
        return known

    def problems(self) -> dict[bytes, tuple[int, int, str]]:
        """Return size, time and reason of the files that were found to be no items."""
        return self._index.problems()

    def problem(self, ref: FileRef) -> str:
        """Return why a file was found to be no item, "" when it was not, or changed since."""
        return self._index.problem(ref.path, ref.entry)

    def note_problem(self, ref: FileRef, reason: str) -> None:
        """Remember why a file is no item."""
        self._index.remember_problem(ref.path, ref.entry, reason)

    def library_of(self, path: bytes) -> LibraryPart | None:
        """Return the library that a path lies in."""
        return next((part for part in self.parts if self._belongs(path, part)), None)

    def sidecars(self, folder: Folder) -> Sidecars:
        """Return the companions in a folder; the last folder asked for is remembered."""
        if self._sidecars is None or self._sidecars[0] is not folder:
            self._sidecars = (folder, Sidecars(folder))
        return self._sidecars[1]

    def fingerprint(self, entry: Entry) -> int:
        """Return the number that changes whenever the entry's item would."""
        if not isinstance(entry, Leaf):
            return entry.fingerprint()
        companions = [
            companion
            for ref in entry.files
            for companion in self.sidecars(ref.folder).of(ref.entry)
        ]
        if len(entry.files) > 1:
            companions += self.sidecars(entry.folder).of_all(
                [ref.entry for ref in entry.files if ref.folder is entry.folder]
            )
        return entry.fingerprint(companions)

    def tags(self, path: bytes, entry: FileEntry) -> TrackTags:
        """Return the tags of a music file, read only when the file is new or changed."""
        if self._stop.is_set():
            raise WalkStoppedError
        known = self._index.tags(path, entry)
        if known is not None:
            return known
        try:
            with open_media(self.root, path) as file:
                tags = read_tags(file, decode_name(entry.name), entry.size)
        except OSError as exc:
            return TrackTags(title="", problem=f"can't be read: {exc.strerror or exc}")
        self._index.remember(path, entry, tags)
        return tags

    def cue_tags(self, leaf: Leaf, of_file: TrackTags) -> TrackTags:
        """Return the tags of one track in a file that a cue sheet divides."""
        tracks = self._cues(leaf.folder).get(leaf.first.entry.name, ())
        return tracks[leaf.cue - 1].as_tags(of_file) if leaf.cue <= len(tracks) else of_file

    def catalogue(self, part: LibraryPart) -> Catalogue:
        """Return the catalogue of a library; the last one asked for is remembered."""
        if self._catalogue is not None and self._catalogue[0] == part.remote_id:
            return self._catalogue[1]
        made = self.catalogued(part)
        if self._is_full:
            titles = directories_of_titles(made, part.remote_id)
            self._index.remember_titles(part.path, titles)
        self._catalogue = (part.remote_id, made)
        return made

    def catalogued(self, part: LibraryPart) -> Catalogue:
        """Return the catalogue of a library that may differ from the walked one."""
        try:
            return catalogue_of(
                part,
                self.walk.folders | {folder.path: folder for folder in part.folders},
                read_nfo=self._named_by_nfo,
                has_video=self._has_video,
            )
        finally:
            self._index.commit()

    # --- what is read of files ---

    def _named_by_nfo(self, folder: Folder, entry: FileEntry) -> NamedByNfo:
        if self._nfo_names is None or self._nfo_names[0] is not folder:
            nfos = (f for f in folder.files if f.kind is FileKind.NFO)
            self._nfo_names = (folder, {split_name(f.name)[0].lower(): f for f in nfos})
        nfo = self._nfo_names[1].get(split_name(entry.name)[0].lower())
        if nfo is None or not nfo.size:
            return _NO_NFO
        path = join(folder.path, nfo.name)
        known = self._index.nfo(path, nfo)
        if known is not None:
            return known
        try:
            read = parse_nfo(read_small(self.root, path, MAX_NFO))
        except OSError:
            return _NO_NFO
        said = NamedByNfo(
            root=read.root, season=read.season, episode=read.episode, show=read.show_title
        )
        self._index.remember_nfo(path, nfo, said)
        return said

    def _has_video(self, path: bytes, entry: FileEntry) -> bool:
        """Say whether there are pictures in a file of a library of music."""
        if split_name(entry.name)[1] not in _MAY_BE_AUDIO or not entry.size:
            return True
        tags = self.tags(path, entry)
        return bool(tags.problem) or tags.has_video

    def _cues(self, folder: Folder) -> dict[bytes, tuple[CueTrack, ...]]:
        """Return the tracks in the files of a folder that cue sheets divide, by file name."""
        sheets = [entry for entry in folder.files if entry.kind is FileKind.CUE]
        found: dict[bytes, tuple[CueTrack, ...]] = {}
        for sheet in sheets:
            try:
                content = read_small(self.root, join(folder.path, sheet.name), MAX_CUE)
            except OSError:
                continue
            for name, tracks in parse_cue(content).items():
                audio = _file_of_cue(folder, sheet, name)
                if audio is not None and len(tracks) > 1:
                    found[audio.name] = tracks
        return found

    def _group_music(self, part: LibraryPart, made: Catalogue) -> None:
        """Read the tags of a library; what was read is kept even when it is stopped."""
        readers = Readers(
            tags=self.tags,
            cues=self._cues,
            is_track=lambda path, entry: (
                part.type is LibraryType.MUSIC and not self._has_video(path, entry)
            ),
        )
        try:
            music = music_of(part, made.audio, readers)
        finally:
            self._index.commit()
        for group in (*music.artists, *music.albums):
            if group.folder is not None:
                group.folder = self.walk.folders.get(group.folder.path)
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
    leave_out_twins(walk)
    _note_mounts(walk, index)
    name = os.path.basename(source.address)
    root = os.path.realpath(source.address)
    scan = Scan(root, walk, divide(walk, name, content_types), index, stop)
    parts = _with_unreadable(scan, index, name)
    return Scan(root, walk, parts, index, stop, is_full=True)


def _file_of_cue(folder: Folder, sheet: FileEntry, name: str) -> FileEntry | None:
    """Return the audio file that a sheet means: by its name, by the sheet's, or the only one."""
    audio = [entry for entry in folder.files if entry.kind is FileKind.AUDIO]
    wanted = name.rpartition("\\")[2].rpartition("/")[2].casefold()
    stems = (wanted.rpartition(".")[0], decode_name(split_name(sheet.name)[0]).casefold())
    for entry in audio:
        if decode_name(entry.name).casefold() == wanted:
            return entry
    for entry in audio:
        if decode_name(split_name(entry.name)[0]).casefold() in stems:
            return entry
    return audio[0] if len(audio) == 1 else None


def _with_unreadable(scan: Scan, index: TagIndex, root_name: str) -> tuple[LibraryPart, ...]:
    """Keep libraries that can't be seen for a gap, with the gap: they have not gone (Y7)."""
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
    return LibraryPart(
        remote_id=library_id(path),
        path=path,
        name=decode_name(path) or root_name,
        type=kind,
        folders=(),
    )


def _note_mounts(walk: Walk, index: TagIndex) -> None:
    """Take an empty folder that was a mount point for a gap: its disk is not there (Y7)."""
    mounts = [path for path, folder in walk.folders.items() if folder.is_mount]
    for path in index.mount_points().difference(mounts):
        folder = walk.folders.get(path)
        if folder is not None and folder.is_empty:
            walk.gaps.append(path)
            mounts.append(path)
    index.remember_mounts(mounts)


def checked(source: Source, read: Callable[[str], Looked]) -> Looked:
    """Read a source's folder, which must be the same before and after.

    Raises:
        UnreachableError: it is not there, or went away under the walk.
    """
    check_folder(source.address, source.config)
    real = os.path.realpath(source.address)
    try:
        before = os.stat(real)
        found = read(real)
        after = os.stat(real)
    except WalkStoppedError as exc:
        raise UnreachableError("the scan was stopped", reason=StatusReason.CONNECTING) from exc
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
