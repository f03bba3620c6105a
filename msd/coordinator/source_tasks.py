"""Tasks that work for one source, so that removing the source can end them all (A6)."""

from collections import defaultdict
from collections.abc import Awaitable, Callable
from typing import TypeVarTuple

import anyio
from anyio.abc import TaskGroup

from msd.models import SourceId

Args = TypeVarTuple("Args")


class SourceTasks:
    """Runs tasks in the coordinator's task group and knows which source each one is for."""

    def __init__(self, tasks: TaskGroup) -> None:
        self._tasks = tasks
        self._running: defaultdict[SourceId, dict[anyio.CancelScope, anyio.Event]] = defaultdict(
            dict
        )

    def start_soon(
        self, source_id: SourceId, work: Callable[[*Args], Awaitable[None]], *args: *Args
    ) -> None:
        """Run `work(*args)` in the background until it returns or `end` is called."""
        scope, ended = anyio.CancelScope(), anyio.Event()
        self._running[source_id][scope] = ended

        async def run() -> None:
            try:
                with scope:
                    await work(*args)
            finally:
                self._forget(source_id, scope)
                ended.set()

        self._tasks.start_soon(run)

    async def end(self, source_id: SourceId) -> None:
        """Cancel every task of a source and return when all have ended.

        Tasks that these tasks start while they end are ended, too. Don't call it from one of them.
        """
        while source_id in self._running:
            running = dict(self._running[source_id])
            for scope in running:
                scope.cancel()
            for ended in running.values():
                await ended.wait()

    def _forget(self, source_id: SourceId, scope: anyio.CancelScope) -> None:
        tasks = self._running[source_id]
        del tasks[scope]
        if not tasks:
            del self._running[source_id]
