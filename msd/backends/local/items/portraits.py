"""Pictures of people, as Kodi keeps them: `.actors/Ada_Lovelace.jpg` beside a film or a show.

What an NFO file says of a picture is an address on the internet, which is never followed.
"""

import os
import stat
from collections.abc import Iterable
from itertools import islice

import msgspec

from msd.backends.local.catalogue.entries import Entry, Group
from msd.backends.local.catalogue.sidecars import picture_ref
from msd.backends.local.files.file_kind import FileKind, kind_of, split_name
from msd.backends.local.files.text import decode_name
from msd.backends.local.files.walk import Folder, is_inside, join
from msd.models import Person

_ACTORS = b".actors"
_MOST_FILES = 5_000
_KEPT_FOLDERS = 16  # episodes of one show come one after the other


class Portraits:
    """The pictures of people below one root; each folder is read once, when it is asked for."""

    def __init__(self, root: bytes) -> None:
        self._root = root
        self._names: dict[bytes, dict[str, bytes]] = {}

    def given(self, entry: Entry, people: Iterable[Person]) -> tuple[Person, ...]:
        """Return the people of an entry with their pictures, as far as there are any. Blocks."""
        people = tuple(people)
        if not people:
            return ()
        folders = [join(folder.path, _ACTORS) for folder in _folders(entry)]
        return tuple(
            msgspec.structs.replace(person, image=self._image(folders, _key(person.name)))
            for person in people
        )

    def _image(self, folders: Iterable[bytes], key: str) -> str:
        for folder in folders:
            name = self._names_in(folder).get(key)
            ref = self._ref(join(folder, name)) if name else ""
            if ref:
                return ref
        return ""

    def _ref(self, path: bytes) -> str:
        try:
            found = os.lstat(join(self._root, path))
        except OSError:
            return ""
        is_file = stat.S_ISREG(found.st_mode)
        return picture_ref("file", path, found.st_mtime_ns) if is_file else ""

    def _names_in(self, folder: bytes) -> dict[str, bytes]:
        """Return the names of the pictures in a folder, by the names of the people."""
        known = self._names.get(folder)
        if known is not None:
            return known
        if len(self._names) >= _KEPT_FOLDERS:
            self._names.clear()
        found: dict[str, bytes] = {}
        here = join(self._root, folder)
        if is_inside(os.path.realpath(here), self._root):
            for name in _some_names(here):
                if kind_of(name) is FileKind.IMAGE:
                    found.setdefault(_key(decode_name(split_name(name)[0])), name)
        self._names[folder] = found
        return found


def _some_names(folder: bytes) -> list[bytes]:
    try:
        with os.scandir(folder) as files:
            return [file.name for file in islice(files, _MOST_FILES)]
    except OSError:
        return []


def _folders(entry: Entry) -> Iterable[Folder]:
    """The folder of an item, then those of its season and show."""
    above = entry if isinstance(entry, Group) else entry.parent
    if not isinstance(entry, Group):
        yield entry.folder
    while above is not None:
        if above.folder is not None:
            yield above.folder
        above = above.parent


def _key(name: str) -> str:
    return name.replace("_", " ").casefold().strip()
