"""Switching a source off and on, and changing policies, at the same moment."""

from functools import partial

import anyio
import anyio.lowlevel
import pytest

from msd.models import JobState, PublicStatus, SyncPolicy
from tests.coordinator.stubborn import all_writes_done, stubborn_sync
from tests.support.rig import Rig

pytestmark = pytest.mark.anyio


async def test_a_source_that_is_enabled_while_disabling_waits_for_its_sync_is_enabled(
    rig: Rig,
) -> None:
    """A source that is enabled while disabling waits for its sync is enabled (S1, A5).

    The last word counts, and the status says so.
    """
    async with rig.running() as run:
        source_id = await run.add()
        await run.until_synced(source_id)
        switch = partial(run.coordinator.sources.set_enabled, source_id)
        async with (
            anyio.create_task_group() as tasks,
            stubborn_sync(rig, run, source_id) as (stubborn, job),
        ):
            tasks.start_soon(partial(switch, enabled=False))
            await all_writes_done(run, source_id)
            tasks.start_soon(partial(switch, enabled=True))
            await all_writes_done(run, source_id)
            stubborn.release()

        assert run.coordinator.jobs.get(job).state is JobState.CANCELLED
        assert run.coordinator.sources.get(source_id).source.enabled
        await run.until_status(source_id, PublicStatus.CONNECTED)


@pytest.mark.parametrize("last", [True, False])
async def test_of_two_switches_in_one_breath_the_later_one_wins(rig: Rig, last: bool) -> None:
    """Of two switches in one breath the later one wins (A5)."""
    async with rig.running() as run:
        source_id = await run.add()
        await run.until_synced(source_id)
        await run.coordinator.sources.set_enabled(source_id, enabled=last)
        switch = partial(run.coordinator.sources.set_enabled, source_id)

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(partial(switch, enabled=not last))
            tasks.start_soon(partial(switch, enabled=last))

        assert run.coordinator.sources.get(source_id).source.enabled is last
        shown = PublicStatus.CONNECTED if last else PublicStatus.OFFLINE
        await run.until_status(source_id, shown)


async def test_two_policies_that_are_set_at_once_both_count(rig: Rig) -> None:
    """Two policies that are set at once both count (A5).

    No update is lost.
    """
    async with rig.running() as run:
        source_id = await run.add()
        await run.until_synced(source_id)
        library = (await run.coordinator.library.libraries(source_id))[0].id
        set_policy = run.coordinator.syncs.set_policy

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(set_policy, library, {"sync": "manual"})
            tasks.start_soon(set_policy, library, {"show_in_home": False})

        own = (await run.coordinator.library.libraries(source_id))[0].settings
        assert (own.sync, own.show_in_home) == (SyncPolicy.MANUAL, False)
