"""From what a scan has seen to libraries and rows of listings."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from msd.backend_api.changes import LocatedRow
from msd.backend_api.protocol import Listing, RawItem
from msd.models import RemoteId, RemoteLibrary

if TYPE_CHECKING:  # imported when a folder is scanned
    from msd.backends.local.catalogue.entries import Entry
    from msd.backends.local.catalogue.libraries import LibraryPart
    from msd.backends.local.scanning.scan import Scan


def raw_items(scan: "Scan", entries: Sequence["Entry"]) -> tuple[RawItem, ...]:
    """Return entries as rows of a listing."""
    return tuple(RawItem(entry.remote_id, scan.fingerprint(entry), entry) for entry in entries)


def remote_library(position: int, part: "LibraryPart") -> RemoteLibrary:
    """Return a library as it is listed."""
    return RemoteLibrary(
        remote_id=part.remote_id, name=part.name, type=part.type, position=position
    )


def located_rows(scan: "Scan", remote_ids: Sequence[RemoteId]) -> tuple[LocatedRow, ...]:
    """Return those of the rows that the scan has seen, with their listings."""
    found: dict[RemoteId, LocatedRow] = {}
    for position, part in enumerate(scan.parts):
        wanted = {each for each in remote_ids if part in scan.parts_of(each)}
        for item_type in {kind for each in wanted for kind in scan.types_of(each)}:
            listing = Listing(library=remote_library(position, part), type=item_type)
            entries = [each for each in scan.entries(part, item_type) if each.remote_id in wanted]
            for raw in raw_items(scan, entries):
                found[raw.remote_id] = LocatedRow(item=raw, listing=listing)
    return tuple(found.values())
