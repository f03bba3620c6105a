"""Hard links: several names of one file are one item; the others are listed as left out."""

from msd.backends.local.catalogue.libraries import hint_of
from msd.backends.local.files.text import decode_name
from msd.backends.local.files.walk import FileEntry, Folder, Walk, join
from msd.backends.local.names.folders import is_heap


def leave_out_twins(walk: Walk) -> None:
    """Keep one name of each file in the walk: the one in a library rather than in a heap."""
    for names in walk.linked.values():
        if len(names) < 2:  # noqa: PLR2004 - the other names are outside of the folder
            continue
        kept, *others = sorted(names, key=_rank)
        told = _path(*kept).decode("utf-8", "replace")
        for folder, entry in others:
            folder.files.remove(entry)
            walk.leave_out(_path(folder, entry), "twin", f"the same file as {told}")


def _path(folder: Folder, entry: FileEntry) -> bytes:
    return join(folder.path, entry.name)


def _rank(name: tuple[Folder, FileEntry]) -> tuple[bool, bool, bytes]:
    """Return what orders the names of a file, the best one first."""
    folder, entry = name
    steps = [decode_name(step) for step in folder.path.split(b"/") if step]
    is_in_heap = any(is_heap(step) and hint_of(step) is None for step in steps)
    is_in_library = bool(steps) and hint_of(steps[0]) is not None
    return is_in_heap, not is_in_library, _path(folder, entry)
