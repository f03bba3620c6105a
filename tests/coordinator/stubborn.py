"""A sync that ends late: a cancelled worker may take a moment to end its transaction."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio
import anyio.lowlevel

from msd.models import JobId, JobState, SourceId
from tests.support.rig import Rig, Run


class Stubborn:
    """What the pages of a fake server wait for; being cancelled does not end the wait."""

    def __init__(self) -> None:
        self._released = anyio.Event()
        self.reached = anyio.Event()

    def release(self) -> None:
        """Let the sync go on, or end when it was cancelled meanwhile."""
        self._released.set()

    async def wait(self) -> None:
        """Return when released, also after a cancellation."""
        self.reached.set()
        with anyio.CancelScope(shield=True):
            await self._released.wait()
        await anyio.lowlevel.checkpoint()


@asynccontextmanager
async def stubborn_sync(
    rig: Rig, run: Run, source_id: SourceId
) -> AsyncIterator[tuple[Stubborn, JobId]]:
    """Run a sync that is in the middle of a page when the block begins, until it is released."""
    stubborn = Stubborn()
    rig.server.hold = stubborn  # type: ignore[assignment]
    try:
        job = await run.coordinator.sync_source(source_id)
        with anyio.fail_after(5):
            await stubborn.reached.wait()
        rig.server.hold = None
        assert run.coordinator.jobs.get(job).state is JobState.RUNNING
        yield stubborn, job
    finally:
        stubborn.release()


async def all_writes_done(run: Run, source_id: SourceId) -> None:
    """Return when every change of the registry that was asked for so far is on disk."""
    await anyio.wait_all_tasks_blocked()
    await run.services.registry.change(source_id)
    await anyio.wait_all_tasks_blocked()


async def until_purged(run: Run) -> None:
    """Return when nothing is left of the removed sources."""
    with anyio.fail_after(5):
        while run.services.registry.removed():
            await anyio.lowlevel.checkpoint()
