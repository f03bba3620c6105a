"""One push connection, from its beginning to its end (Y9).

subscribe ─► changes are queued ─► catch up by a sync ─► write rows one by one, sync libraries
"""

from collections.abc import AsyncIterator, Awaitable, Callable

import anyio

from msd.backend_api.changes import HasPush, PushedChange
from msd.coordinator.syncs.pending_changes import PendingChanges
from msd.coordinator.syncs.push_writer import PushWriter
from msd.coordinator.timing import FollowUpBackoff
from msd.errors import MsdError, UnreachableError

DEBOUNCE_S = 0.2  # changes rarely come alone


class PushSubscription:
    """Writes what a source pushes until the connection is lost or a change can't be written."""

    def __init__(self, backend: HasPush, writer: PushWriter) -> None:
        self._backend = backend
        self._writer = writer
        self._backoff = FollowUpBackoff()
        self._pending = PendingChanges()
        self._failures: list[MsdError] = []

    async def run(self, *, caught_up: Callable[[], None]) -> None:
        """Subscribe and follow; this never returns.

        Args:
            caught_up: called when everything is up to date and will stay so.

        Raises:
            MsdError: why it ended. The next catch-up covers the changes that are still queued.
        """
        async with self._backend.subscribe() as changes, anyio.create_task_group() as tasks:
            scope = tasks.cancel_scope
            tasks.start_soon(self._until_failure, scope, lambda: self._receive(changes))
            await self._until_failure(scope, self._writer.catch_up)
            if not self._failures:
                caught_up()
                tasks.start_soon(self._until_failure, scope, self._write_rows)
                tasks.start_soon(self._until_failure, scope, self._sync_libraries)
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
            self._pending.add(change)
        raise UnreachableError("the push connection ended")

    async def _write_rows(self) -> None:
        while True:
            rows = await self._pending.take_rows(DEBOUNCE_S)
            self._pending.add_libraries(await self._writer.write(rows))

    async def _sync_libraries(self) -> None:
        while True:
            idle_since = anyio.current_time()
            libraries = await self._pending.take_libraries()
            quiet_s = anyio.current_time() - idle_since
            await self._writer.sync(libraries)
            await anyio.sleep(self._backoff.next_s(quiet_s))
