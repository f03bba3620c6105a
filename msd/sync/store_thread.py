"""Run the blocking calls of a sync's store in one worker thread, never cut short."""

from collections.abc import Callable
from typing import TypeVar, TypeVarTuple

import anyio
from anyio import to_thread

Args = TypeVarTuple("Args")
Result = TypeVar("Result")


class StoreThread:
    """One thread at a time, so that calls never overlap and a transaction always ends."""

    def __init__(self) -> None:
        self._limiter = anyio.CapacityLimiter(1)

    async def run(self, call: Callable[[*Args], Result], *args: *Args) -> Result:
        """Return what `call(*args)` returns; a cancelled caller waits for its end (Y12)."""
        return await to_thread.run_sync(call, *args, limiter=self._limiter)
