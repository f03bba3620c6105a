"""What changed in a folder since the last look (Y6).

A directory's own time tells of names that came and went, and not of a file that was written anew.
So the cursor holds a digest of every name, size and time below a library, which the walk has read
anyway, and the fingerprints of its rows are compared only when that digest differs. All of it
blocks.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import msgspec
from xxhash import xxh3_64

from msd.backend_api.changes import ChangeCursor
from msd.backend_api.snapshots import Snapshots
from msd.backends.local.catalogue.entries import LISTED_TYPES, NAMES_VERSION, Entry
from msd.backends.local.catalogue.libraries import LibraryPart
from msd.backends.local.scanning.scan import Scan
from msd.errors import BadResponseError
from msd.models import ItemType


class _Cursor(msgspec.Struct, frozen=True):
    names: str
    snapshot: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedListing:
    """The rows of one type that are new or look different, and how many there are in all."""

    type: ItemType
    entries: list[Entry]
    count: int


def standing(scan: Scan, part: LibraryPart, snapshots: Snapshots) -> ChangeCursor:
    """Return where a library stands in this scan."""
    rows = dict(_rows(scan, part))
    return _encoded(_Cursor(_digest(part), snapshots.save(rows)))


def changed_since(
    scan: Scan, part: LibraryPart, snapshots: Snapshots, since: ChangeCursor
) -> tuple[list[ChangedListing], ChangeCursor]:
    """Return every listing of a library with what changed, none when nothing did.

    Raises:
        BadResponseError: the cursor can't be read, or what it stands for is not kept any more.
    """
    before = _decoded(since)
    names = _digest(part)
    if names == before.names:
        return [], since
    known = snapshots.load(before.snapshot)
    if known is None:
        raise BadResponseError("what was seen of the folder is not known any more")
    rows = dict(_rows(scan, part))
    fresh = {key for key, fingerprint in rows.items() if known.get(key) != fingerprint}
    found = [
        _changed(item_type, scan.entries(part, item_type), fresh) for item_type in LISTED_TYPES
    ]
    return found, _encoded(_Cursor(names, snapshots.save(rows)))


def _changed(item_type: ItemType, entries: list[Entry], fresh: set[str]) -> ChangedListing:
    return ChangedListing(
        type=item_type,
        entries=[entry for entry in entries if _key(item_type, entry) in fresh],
        count=len(entries),
    )


def _rows(scan: Scan, part: LibraryPart) -> Iterator[tuple[str, int]]:
    for item_type in LISTED_TYPES:
        for entry in scan.entries(part, item_type):
            yield _key(item_type, entry), scan.fingerprint(entry)


def _key(item_type: ItemType, entry: Entry) -> str:
    return f"{item_type} {entry.remote_id}"


def _digest(part: LibraryPart) -> str:
    digest = xxh3_64(repr((NAMES_VERSION, part.type, part.name)).encode("utf-8", "surrogatepass"))
    for folder in part.folders:
        digest.update(repr((folder.path, folder.files)).encode())
    return digest.hexdigest()


def _encoded(cursor: _Cursor) -> ChangeCursor:
    return ChangeCursor(msgspec.json.encode(cursor).decode())


def _decoded(text: ChangeCursor) -> _Cursor:
    try:
        return msgspec.json.decode(text, type=_Cursor)
    except (msgspec.DecodeError, RecursionError) as error:
        raise BadResponseError("the place where the last look ended can't be read") from error
