"""What changed in a folder since a cursor (Y6, Y20).

A directory's time changes with names that came and went, not with a file that was written again.
So the cursor holds a digest of every name, size and time below a library, which the walk has read
anyway. Only when that digest differs are the fingerprints of the rows compared, and that with the
rows that the cache holds now: nothing is remembered here that others would have to keep up to
date. All of it blocks.
"""

from collections.abc import Mapping

import msgspec

from msd.backend_api.changes import ChangeCursor
from msd.backends.local.catalogue.entries import Entry
from msd.backends.local.catalogue.libraries import LibraryPart, names_digest
from msd.backends.local.scanning.scan import Scan
from msd.errors import BadResponseError
from msd.models import ItemType, RemoteId

Fingerprints = Mapping[RemoteId, int]


class _Cursor(msgspec.Struct, frozen=True):
    names: str


class ChangedListing(msgspec.Struct, frozen=True, kw_only=True):
    """The rows of one type that are new or look different, and how many there are in all."""

    type: ItemType
    entries: list[Entry]
    count: int


def cursor_of(part: LibraryPart) -> ChangeCursor:
    """Return where a library stands in its scan."""
    return ChangeCursor(msgspec.json.encode(_Cursor(names_digest(part))).decode())


def is_unchanged(part: LibraryPart, since: ChangeCursor) -> bool:
    """Say whether every name, size and time below a library is as it was.

    Raises:
        BadResponseError: the cursor can't be read.
    """
    try:
        before = msgspec.json.decode(since, type=_Cursor)
    except (msgspec.DecodeError, RecursionError) as error:
        raise BadResponseError("the stored cursor is invalid") from error
    return names_digest(part) == before.names


def changed_rows(
    scan: Scan, part: LibraryPart, item_type: ItemType, cached: Fingerprints
) -> ChangedListing:
    """Return the rows of a listing that differ from those in the cache."""
    entries = scan.entries(part, item_type)
    return ChangedListing(
        type=item_type,
        entries=[e for e in entries if cached.get(e.remote_id) != scan.fingerprint(e)],
        count=len(entries),
    )
