"""Reads the details of many entries of one scan, by their ids."""

from collections.abc import Sequence

from msd.backends.local.catalogue.entries import LISTED_TYPES, Entry
from msd.backends.local.items.parser import EntryParser
from msd.backends.local.scanning.scan import Scan
from msd.models import MediaItem, RemoteId


class DetailReader:
    """Every method blocks: entries are looked up once, their files are read when asked for."""

    def __init__(self, scan: Scan) -> None:
        self._parser = EntryParser(scan)
        self._entries: dict[RemoteId, Entry] = {
            entry.remote_id: entry
            for part in scan.parts
            for item_type in LISTED_TYPES
            for entry in scan.entries(part, item_type)
        }

    def read(self, remote_ids: Sequence[RemoteId]) -> list[MediaItem]:
        """Return the items that are there and can be read, with their details."""
        entries = [self._entries[each] for each in remote_ids if each in self._entries]
        parsed = [self._parser.parse(entry, with_details=True) for entry in entries]
        return [item for item in parsed if isinstance(item, MediaItem)]
