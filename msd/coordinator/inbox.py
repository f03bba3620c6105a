"""What a source has told and nobody has looked at yet: each id once, and a bound."""

from dataclasses import dataclass, field

import anyio

from msd.backend_api.changes import PushedChange
from msd.models import RemoteId

MOST_ROWS = 100  # more are not looked at one by one: their libraries are followed


@dataclass(slots=True)
class Inbox:
    """Collects live changes, also while a sync runs (Y9)."""

    rows: dict[RemoteId, None] = field(default_factory=dict)
    libraries: set[RemoteId] = field(default_factory=set)  # to be followed
    everything: bool = False  # every library is to be followed
    _rows_came: anyio.Event = field(default_factory=anyio.Event)
    _looks_came: anyio.Event = field(default_factory=anyio.Event)

    def add(self, change: PushedChange) -> None:
        """Take in a change; too many rows become a look at their library."""
        for remote_id in (*change.changed, *change.removed):
            self.rows[remote_id] = None
        if not change.changed and not change.removed:
            self.look_at(None if change.library is None else frozenset({change.library}))
        elif len(self.rows) > MOST_ROWS:
            self.rows.clear()
            self.look_at(None)
        if self.rows:
            self._rows_came.set()

    def look_at(self, libraries: frozenset[RemoteId] | None) -> None:
        """Have libraries followed, None for all."""
        if libraries is None:
            self.everything = True
        else:
            self.libraries |= libraries
        if self.everything or self.libraries:
            self._looks_came.set()

    async def take_rows(self, debounce_s: float) -> list[RemoteId]:
        """Wait for rows, then for those that come with them; hand them out."""
        await self._rows_came.wait()
        await anyio.sleep(debounce_s)
        self._rows_came = anyio.Event()
        rows, self.rows = list(self.rows), {}
        return rows

    async def take_looks(self) -> frozenset[RemoteId] | None:
        """Wait for libraries to be followed and hand them out; None: all."""
        await self._looks_came.wait()
        self._looks_came = anyio.Event()
        libraries, everything = frozenset(self.libraries), self.everything
        self.libraries, self.everything = set(), False
        return None if everything else libraries
