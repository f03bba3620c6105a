"""Bounded, de-duplicated queue of pushed changes."""

import anyio
from msgspec import Struct, field

from msd.backend_api.changes import PushedChange
from msd.models import RemoteId

MOST_ROWS = 100  # more rows are not fetched one by one: every library is synced instead


class PendingChanges(Struct):
    """Collects pushed changes, also while a sync runs (Y9)."""

    rows: dict[RemoteId, None] = field(default_factory=dict)
    libraries: set[RemoteId] = field(default_factory=set)  # to be synced
    everything: bool = False  # every library is to be synced
    _has_rows: anyio.Event = field(default_factory=anyio.Event)
    _has_libraries: anyio.Event = field(default_factory=anyio.Event)

    def add(self, change: PushedChange) -> None:
        """Add a change; too many rows become a sync of every library."""
        for remote_id in (*change.changed, *change.removed):
            self.rows[remote_id] = None
        if not change.changed and not change.removed:
            self.add_libraries(None if change.library is None else frozenset({change.library}))
        elif len(self.rows) > MOST_ROWS:
            self.rows.clear()
            self.add_libraries(None)
        if self.rows:
            self._has_rows.set()

    def add_libraries(self, libraries: frozenset[RemoteId] | None) -> None:
        """Add libraries that are to be synced; None means all."""
        if libraries is None:
            self.everything = True
        else:
            self.libraries |= libraries
        if self.everything or self.libraries:
            self._has_libraries.set()

    async def take_rows(self, debounce_s: float) -> list[RemoteId]:
        """Wait for rows, then a moment for those that come with them; return them all."""
        await self._has_rows.wait()
        await anyio.sleep(debounce_s)
        self._has_rows = anyio.Event()
        rows, self.rows = list(self.rows), {}
        return rows

    async def take_libraries(self) -> frozenset[RemoteId] | None:
        """Wait for libraries that are to be synced and return them; None means all."""
        await self._has_libraries.wait()
        self._has_libraries = anyio.Event()
        libraries, everything = frozenset(self.libraries), self.everything
        self.libraries, self.everything = set(), False
        return None if everything else libraries
