"""When each source is asked by itself: one timer for all of them."""

from collections.abc import Callable

import anyio

from msd.coordinator.board import StatusBoard
from msd.coordinator.services import Services
from msd.coordinator.status import Link
from msd.coordinator.syncing import Syncing
from msd.coordinator.ticks import until_tick_s
from msd.errors import UnknownSourceError
from msd.models import SourceId

LONGEST_S = 3600.0  # without a look at the clock, which may have been set


class Schedule:
    """Starts the syncs that are due; sleeps until the next one is."""

    def __init__(
        self,
        services: Services,
        board: StatusBoard,
        syncing: Syncing,
        *,
        tick: Callable[[float], float] = until_tick_s,
    ) -> None:
        self._registry = services.registry
        self._board = board
        self._syncing = syncing
        self._tick = tick
        self._changed = anyio.Event()

    def changed(self) -> None:
        """Take in that something may be due earlier than it was."""
        self._changed.set()

    async def run(self) -> None:
        """Start what is due, for ever."""
        while True:
            self._changed = anyio.Event()
            wait_s = LONGEST_S
            for source in self._registry.sources():
                if self._is_online(source.id):
                    wait_s = min(wait_s, await self._syncing.catch_up(source.id))
            with anyio.move_on_after(self._tick(wait_s)):
                await self._changed.wait()

    def _is_online(self, source_id: SourceId) -> bool:
        try:
            return self._board.axes(source_id).link is Link.ONLINE
        except UnknownSourceError:
            return False  # it is being added
