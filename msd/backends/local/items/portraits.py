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


def with_portraits(root: bytes, entry: Entry, people: Iterable[Person]) -> tuple[Person, ...]:
    """Return people with their pictures, as far as there are any. Reads folders."""
    people = tuple(people)
    if not people:
        return ()
    refs: dict[str, str] = {}
    for folder in _folders(entry):
        for name, ref in _portraits(root, folder):
            refs.setdefault(name, ref)
    return tuple(
        msgspec.structs.replace(person, image=refs.get(_key(person.name), "")) for person in people
    )


def _folders(entry: Entry) -> Iterable[Folder]:
    """The folder of an item, then those of its season and show."""
    above = entry if isinstance(entry, Group) else entry.parent
    if not isinstance(entry, Group):
        yield entry.folder
    while above is not None:
        if above.folder is not None:
            yield above.folder
        above = above.parent


def _portraits(root: bytes, folder: Folder) -> Iterable[tuple[str, str]]:
    path = join(folder.path, _ACTORS)
    here = join(root, path)
    if not is_inside(os.path.realpath(here), root):
        return
    try:
        with os.scandir(here) as files:
            for file in islice(files, _MOST_FILES):
                found = file.stat(follow_symlinks=False)
                if kind_of(file.name) is FileKind.IMAGE and stat.S_ISREG(found.st_mode):
                    name = decode_name(split_name(file.name)[0])
                    yield _key(name), picture_ref("file", join(path, file.name), found.st_mtime_ns)
    except OSError:
        return


def _key(name: str) -> str:
    return name.replace("_", " ").casefold().strip()
