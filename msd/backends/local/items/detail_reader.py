"""Reads the details of many entries of one scan, by their ids."""

import time
from collections.abc import Callable, Sequence
from typing import Self

from msd.backends.local.catalogue.entries import LISTED_TYPES, Entry
from msd.backends.local.items.parser import EntryParser
from msd.backends.local.scanning.scan import Scan
from msd.models import MediaItem, RemoteId

_USED_FOR = 10  # times as long as the scan took: so scans take a tenth of the time at most


class DetailReader:
    """Every method blocks: entries are looked up once, their files are read when asked for."""

    def __init__(self, scan: Scan, *, good_until: float = 0.0) -> None:
        self._scan = scan
        self._good_until = good_until
        self._entries: dict[RemoteId, Entry] = {
            entry.remote_id: entry
            for part in scan.parts
            for item_type in LISTED_TYPES
            for entry in scan.entries(part, item_type)
        }

    @classmethod
    def of_new_scan(cls, new_scan: Callable[[], Scan]) -> Self:
        """Return a reader of the folder as it is now."""
        begun = time.monotonic()
        scan = new_scan()
        now = time.monotonic()
        return cls(scan, good_until=now + _USED_FOR * (now - begun))

    def is_good_for(self, remote_ids: Sequence[RemoteId]) -> bool:
        """Say whether the scan is young and knows all of these."""
        return time.monotonic() < self._good_until and self._entries.keys() >= set(remote_ids)

    def read(self, remote_ids: Sequence[RemoteId]) -> list[MediaItem]:
        """Return the items that are there and can be read, with their details."""
        parser = EntryParser(self._scan)  # a new one: it keeps NFO files that it has read
        entries = [self._entries[each] for each in remote_ids if each in self._entries]
        parsed = [parser.parse(entry, with_details=True) for entry in entries]
        return [item for item in parsed if isinstance(item, MediaItem)]
