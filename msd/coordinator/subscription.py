"""One live connection, from its beginning to its end (Y9).

subscribe ─► changes are buffered ─► catch up ─► replay ─► rows one by one, libraries with pauses
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Protocol

import anyio

from msd.backend_api.changes import HasPush, PushedChange
from msd.coordinator.breather import Breather
from msd.coordinator.inbox import Inbox
from msd.errors import MsdError, UnreachableError
from msd.models import RemoteId

DEBOUNCE_S = 0.2  # a change rarely comes alone


class Updates(Protocol):
    """What is done about changes. Each may raise an `MsdError`: then nothing was done."""

    async def catch_up(self) -> None:
        """Bring everything up to date that changed until now."""

    async def write(self, remote_ids: Sequence[RemoteId]) -> frozenset[RemoteId] | None:
        """Look at rows by their ids; return the libraries to be followed, None for all."""

    async def follow(self, libraries: frozenset[RemoteId] | None) -> None:
        """Bring libraries up to date, None for all."""


class Subscription:
    """Takes in changes until the connection is dead or one of them can't be followed."""

    def __init__(
        self,
        backend: HasPush,
        updates: Updates,
        *,
        debounce_s: float = DEBOUNCE_S,
    ) -> None:
        self._backend = backend
        self._updates = updates
        self._debounce_s = debounce_s
        self._breather = Breather()
        self._inbox = Inbox()
        self._failures: list[MsdError] = []

    async def run(self, *, caught_up: Callable[[], None]) -> None:
        """Subscribe and follow, for ever.

        Args:
            caught_up: called when all is up to date and stays so.

        Raises:
            MsdError: why it is over; whatever was not looked at is for the next catch-up.
        """
        async with self._backend.subscribe() as changes, anyio.create_task_group() as tasks:
            scope = tasks.cancel_scope
            tasks.start_soon(self._until_failure, scope, lambda: self._receive(changes))
            await self._until_failure(scope, self._updates.catch_up)
            if not self._failures:
                caught_up()
                tasks.start_soon(self._until_failure, scope, self._write_rows)
                tasks.start_soon(self._until_failure, scope, self._follow_libraries)
        raise self._failures[0]

    async def _until_failure(
        self, scope: anyio.CancelScope, work: Callable[[], Awaitable[None]]
    ) -> None:
        try:
            await work()
        except MsdError as error:
            self._failures.append(error)
            scope.cancel()

    async def _receive(self, changes: AsyncIterator[PushedChange]) -> None:
        async for change in changes:
            self._inbox.add(change)
        raise UnreachableError("the live connection ended")

    async def _write_rows(self) -> None:
        while True:
            rows = await self._inbox.take_rows(self._debounce_s)
            self._inbox.look_at(await self._updates.write(rows))

    async def _follow_libraries(self) -> None:
        while True:
            idle_since = anyio.current_time()
            looks = await self._inbox.take_looks()
            quiet_s = anyio.current_time() - idle_since
            await self._updates.follow(looks)
            await anyio.sleep(self._breather.next_s(quiet_s))
