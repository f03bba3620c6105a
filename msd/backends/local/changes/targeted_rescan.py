"""Turns changes of a few files into rows that came, changed or went (Y6, Y10).

The directories that the files have to do with are scanned, and catalogued four times: as they are,
with all of the files (as if none had gone), without any of them (as if none had come), and with
those alone that are gone (as if the others had come in their place). What is the same every time
does not depend on the files and did not change. All of it blocks.
"""

from collections.abc import Iterable, Mapping
from threading import Event

import msgspec

from msd.backends.local.catalogue.entries import LISTED_TYPES, MUSIC_TYPES, Entry, Leaf
from msd.backends.local.catalogue.libraries import LibraryPart, keeps_type
from msd.backends.local.catalogue.looks import Looks, looks_of
from msd.backends.local.catalogue.remote_ids import is_of_show
from msd.backends.local.changes.affected_directories import (
    NamesByDirectory,
    by_directory,
    library_of,
    present_names,
    scan_affected,
    with_absent_files,
    without_files,
)
from msd.backends.local.files.file_kind import MEDIA_KINDS, FileKind, kind_of
from msd.backends.local.files.walk import Folder, holds_media
from msd.backends.local.scanning.index import TagIndex
from msd.backends.local.scanning.scan import Scan
from msd.models import LibraryType, RemoteId, Source

MOST_ROWS = 100  # with more of them the whole folder is scanned
_VIDEO_TYPES = tuple(kind for kind in LISTED_TYPES if kind not in MUSIC_TYPES)


class RescannedRows(msgspec.Struct, frozen=True, kw_only=True):
    """The rows that may look different, and those that may be gone."""

    changed: tuple[RemoteId, ...]
    removed: tuple[RemoteId, ...]


def targeted_rescan(
    source: Source,
    content_types: Mapping[RemoteId, LibraryType],
    paths: Iterable[bytes],
    index: TagIndex,
    stop: Event,
) -> RescannedRows | None:
    """Rescan what files below a source's folder that came, changed or went have to do with.

    Args:
        source: the folder.
        content_types: of the libraries whose type the user chose.
        paths: the files, relative to the folder.
        index: what the last full scan knew.
        stop: ends it between two directories.

    Returns:
        What that means; None when only a full scan can tell.

    Raises:
        UnreachableError: the folder is not there, or went away meanwhile.
    """
    touched = by_directory(paths)
    if any(kind_of(name) in _ONLY_FULL for names in touched.values() for name in names):
        return None
    scan = scan_affected(source, touched, (), index, stop, content_types)
    if scan is None:
        return None
    libraries = {part.path: part for part in scan.parts}
    if not all(_keeps_type(scan, directory, touched, libraries) for directory in touched):
        return None
    rows = _rows(scan, touched, libraries)
    return rows if rows is not None and _is_all_in_rows(scan, rows, touched, libraries) else None


def _rows(
    scan: Scan, touched: NamesByDirectory, libraries: Mapping[bytes, LibraryPart]
) -> RescannedRows | None:
    changed: set[RemoteId] = set()
    removed: set[RemoteId] = set()
    for part in scan.parts:
        rows = _differing_rows(scan, part, touched, libraries)
        if rows is None:
            return None
        changed |= rows[0]
        removed |= rows[1]
    removed -= changed
    return RescannedRows(changed=tuple(sorted(changed)), removed=tuple(sorted(removed)))


def _is_all_in_rows(
    scan: Scan,
    rows: RescannedRows,
    touched: NamesByDirectory,
    libraries: Mapping[bytes, LibraryPart],
) -> bool:
    """Return whether rows say all: not too many, and no show or library has ended."""
    if len(rows.changed) + len(rows.removed) > MOST_ROWS:
        return False
    if any(map(is_of_show, rows.removed)):
        return False  # the index may not know all of a show: only a full scan shows its end (Y7)
    return not rows.removed or all(
        _holds_media(scan, part, touched, libraries) for part in scan.parts
    )


_ONLY_FULL = frozenset({FileKind.AUDIO, FileKind.CUE})


def _differing_rows(
    scan: Scan,
    part: LibraryPart,
    touched: NamesByDirectory,
    libraries: Mapping[bytes, LibraryPart],
) -> tuple[set[RemoteId], set[RemoteId]] | None:
    """Return the ids of rows that depend on the touched files, and of those that are gone.

    None: what a file describes lies in directories below or elsewhere.
    """
    with_absent = _entries(scan, with_absent_files(part, touched, libraries))
    here = {path: names for path, names in touched.items() if _is_in(path, part, libraries)}
    concerned = [leaf for leaf in with_absent if isinstance(leaf, Leaf) and _holds(leaf, here)]
    if not all(_concerns_only_rows(scan, path, names, with_absent) for path, names in here.items()):
        return None
    now = _fingerprints(scan, _entries(scan, part))
    with_all = _fingerprints(scan, with_absent)
    with_none = _fingerprints(scan, _entries(scan, without_files(part, touched)))
    earlier = without_files(
        with_absent_files(part, touched, libraries), present_names(part, touched)
    )
    variants = (with_all, with_none, _fingerprints(scan, _entries(scan, earlier)))
    differing = {
        remote_id
        for remote_id, fingerprint in now.items()
        if any(variant.get(remote_id) != fingerprint for variant in variants)
    }
    # What a file was before it was written again is not known; its groups may differ, too.
    above = {group.remote_id for leaf in concerned for group in leaf.groups} & now.keys()
    return differing | above, {*variants[0], *variants[1], *variants[2]} - now.keys()


def _entries(scan: Scan, part: LibraryPart) -> list[Entry]:
    made = scan.catalogued(part)
    return [entry for kind in _VIDEO_TYPES for entry in made.entries[kind]]


def _fingerprints(scan: Scan, entries: Iterable[Entry]) -> dict[RemoteId, int]:
    return {entry.remote_id: scan.fingerprint(entry) for entry in entries}


def _is_in(path: bytes, part: LibraryPart, libraries: Mapping[bytes, LibraryPart]) -> bool:
    return library_of(path, libraries).path == part.path


def _holds(leaf: Leaf, touched: NamesByDirectory) -> bool:
    return any(ref.entry.name in touched.get(ref.folder.path, ()) for ref in leaf.all_files)


def _concerns_only_rows(
    scan: Scan, directory: bytes, names: Iterable[bytes], entries: Iterable[Entry]
) -> bool:
    """Return whether nothing in a directory describes what lies below it or elsewhere."""
    leaves = (entry for entry in entries if isinstance(entry, Leaf))
    if not any(ref.folder.path == directory for leaf in leaves for ref in leaf.all_files):
        return False
    folder = scan.walk.folders.get(directory)
    has_companions = any(kind_of(name) not in MEDIA_KINDS for name in names)
    return not (has_companions and folder is not None and folder.subfolders)


def _keeps_type(
    scan: Scan,
    directory: bytes,
    touched: NamesByDirectory,
    libraries: Mapping[bytes, LibraryPart],
) -> bool:
    """Say whether a library surely stays of its type with what came to and went from it."""
    part = library_of(directory, libraries)
    if part.is_chosen:
        return True
    folder = scan.walk.folders.get(directory) or Folder(directory)
    names = touched[directory]
    came = [e for e in folder.files if e.name in names and e.kind in MEDIA_KINDS]
    there = {entry.name for entry in came}
    went = any(kind_of(name) in MEDIA_KINDS and name not in there for name in names)
    looks: list[Looks] = [looks_of(folder, entry) for entry in came]
    return keeps_type(part, looks, is_less=went)


def _holds_media(
    scan: Scan,
    part: LibraryPart,
    touched: NamesByDirectory,
    libraries: Mapping[bytes, LibraryPart],
) -> bool:
    if all(library_of(directory, libraries).path != part.path for directory in touched):
        return True
    others = [other.path for other in scan.parts if other.path]
    return holds_media(scan.root, part.path, [] if part.path else others)
