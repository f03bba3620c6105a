"""Run the blocking calls of a sync's store in one worker thread, never cut short."""

from collections.abc import Callable
from typing import TypeVar, TypeVarTuple

import anyio
from anyio import to_thread

from msd.store.cache.writes.sync_writer import SyncWriter

Args = TypeVarTuple("Args")
Result = TypeVar("Result")


class StoreThread:
    """A store, and one thread at a time for it: calls never overlap, transactions always end."""

    def __init__(self, store: SyncWriter) -> None:
        self.store = store
        self._limiter = anyio.CapacityLimiter(1)

    async def run(self, call: Callable[[*Args], Result], *args: *Args) -> Result:
        """Return what `call(*args)` returns; a cancelled caller waits for its end (Y12)."""
        return await to_thread.run_sync(call, *args, limiter=self._limiter)
