"""Syncs that meet: which one runs, what each covers, and when one is due."""

import sqlite3
import time

import anyio
import anyio.lowlevel
import pytest

from msd.models import FaultScope, JobId, JobState, LibraryType, PublicStatus, SyncFault
from tests.coordinator.stubborn import stubborn_sync
from tests.support.rig import Rig

pytestmark = pytest.mark.anyio

TEN_YEARS_S = 10 * 365 * 86_400


async def test_a_last_sync_in_the_future_is_no_reason_to_wait(rig: Rig) -> None:
    """A last sync in the future is no reason to wait (O6).

    The clock was wrong once; nobody waits ten years for a sync.
    """
    async with rig.running() as run:
        source_id = await run.add()
        await run.until_synced(source_id)
        await run.services.registry.change(source_id, last_sync=int(time.time()) + TEN_YEARS_S)

    async with rig.running() as run:
        run.coordinator.start()

        await run.until(lambda: bool(run.syncs.requests))


async def test_a_sync_of_one_library_does_not_delay_the_others(rig: Rig) -> None:
    """A sync of one library does not delay the others (O6).

    The source as a whole was not synced by it.
    """
    rig.server.movies(rig.server.library("other"), 3, first=100)
    async with rig.running() as run:
        source_id = await run.add()
        await run.until_synced(source_id)
        await run.services.registry.change(source_id, last_sync=0)
        _, other = sorted(
            await run.coordinator.library.libraries(source_id), key=lambda one: one.position
        )

        job = await run.coordinator.sync_source(source_id, libraries=[other.id])

        assert await run.until_ended(job) is JobState.DONE
        assert run.syncs.requests[-1].options.only == {other.id}
        assert run.coordinator.sources.get(source_id).source.last_sync == 0


async def test_a_confirmation_is_never_joined_to_another_sync(rig: Rig) -> None:
    """A confirmation is never joined to another sync (Y7).

    Not to the one that runs, nor to one that begins while that one is being stopped.
    """
    films = rig.server.libraries[0].remote_id
    async with rig.running() as run:
        source_id = await run.add()
        await run.until_synced(source_id)
        library = (await run.coordinator.library.libraries(source_id))[0].id
        rig.server.drop(films, *[f"m{n}" for n in range(12)])
        await run.until_ended(await run.coordinator.sync_source(source_id))
        assert run.coordinator.sources.get(source_id).source.held_deletes == 12
        confirmed: list[JobId] = []

        async def confirm() -> None:
            confirmed.append(await run.coordinator.syncs.confirm_deletes(source_id))

        async with (
            anyio.create_task_group() as tasks,
            stubborn_sync(rig, run, source_id) as (stubborn, running),
        ):
            rig.server.calls.clear()
            tasks.start_soon(run.coordinator.syncs.set_policy, library, {"content": "movies"})
            with anyio.fail_after(5):
                while "connect" not in rig.server.calls:  # then it waits to sync the library anew
                    await anyio.lowlevel.checkpoint()
            tasks.start_soon(confirm)
            await anyio.wait_all_tasks_blocked()
            stubborn.release()

        assert confirmed != [running]
        assert await run.until_ended(confirmed[0]) is JobState.DONE
        assert run.syncs.requests[-1].options.confirm_deletes
        assert run.coordinator.sources.get(source_id).source.held_deletes == 0


async def test_items_that_can_not_be_counted_are_no_end_of_the_daemon(
    rig: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    """One source's damaged rows don't concern another source."""
    spoil = """
    CREATE TRIGGER spoil AFTER UPDATE OF synced_at ON library
    BEGIN UPDATE library SET type = 'hologram' WHERE pk = new.pk; END
    """
    rig.server.users["bob"] = "secret"
    async with rig.running() as run:
        alice, bob = await run.add(), await run.add("bob")
        await run.until_synced(alice)
        await run.until_synced(bob)
        with sqlite3.connect(run.services.settings.cache_db) as cache:
            cache.execute(spoil)
        cache.close()

        await run.until_ended(await run.coordinator.sync_source(bob))

        with anyio.fail_after(5):
            while f"{bob} can't be counted" not in caplog.text:
                await anyio.lowlevel.checkpoint()
        assert run.coordinator.sources.get(bob).item_count == 12
        assert run.coordinator.sources.get(alice).item_count == 12


async def test_what_failed_in_a_sync_that_went_on_is_named(rig: Rig) -> None:
    """LastSyncError, the job's result and Explain name the library, until it is mended (S9)."""
    rig.server.library("shows", LibraryType.SHOWS)
    fault = SyncFault(scope=FaultScope.LISTING, library="Shows", listing="show", reason="it broke")
    async with rig.running() as run:
        run.syncs.faults = (fault,)
        source_id = await run.add()
        await run.until_synced(source_id)
        get = run.coordinator.sources.get

        assert get(source_id).source.last_sync_error.startswith("Shows (show): ")
        assert any(
            step.step == "sync Shows show" for step in run.coordinator.sources.explain(source_id)
        )
        job = run.coordinator.jobs.all()[0]
        assert str(job.result["faults"]).startswith("Shows (show): ")
        assert run.coordinator.get_source_status(source_id).status is PublicStatus.CONNECTED

        films = next(
            library
            for library in await run.coordinator.library.libraries(source_id)
            if library.name == "Films"
        )
        run.syncs.faults = ()
        await run.until_ended(await run.coordinator.sync_source(source_id, libraries=[films.id]))
        assert get(source_id).source.last_sync_error.startswith("Shows (show): ")

        await run.until_ended(await run.coordinator.sync_source(source_id))
        assert get(source_id).source.last_sync_error == ""
        assert not any(
            step.step.startswith("sync") for step in run.coordinator.sources.explain(source_id)
        )
