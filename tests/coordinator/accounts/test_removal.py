"""Removing: the secret goes with the last source, and nothing of the old one reaches the new."""

import anyio
import pytest

from msd.backend_api import Credentials
from msd.models import Account, AccountId, ItemQuery, Source, SourceId
from tests.coordinator.stubborn import stubborn_sync, until_purged
from tests.support.fakes.fake_backend import KIND
from tests.support.rig import Rig, Run

pytestmark = pytest.mark.anyio

ALICE = Account(
    id=AccountId("fake_alice"),
    kind=KIND,
    display_name="Alice",
    remote_user_id="alice",
    device_id="d",
)
SECRET = Credentials(user_id="alice", token="t")


def server(number: int) -> Source:
    return Source(
        id=SourceId(f"fake_{number:012x}"),
        kind=KIND,
        name=f"Server {number}",
        account_id=ALICE.id,
        server_id=f"server-{number}",
        address=f"fake://{number}",
    )


async def two_servers(run: Run) -> None:
    """Configure an account that reaches two servers."""
    await run.services.auth.store(ALICE, SECRET)
    await run.services.registry.add(ALICE, (server(1), server(2)))


async def test_an_account_with_two_sources_is_signed_out_once_and_its_secret_goes(
    rig: Rig,
) -> None:
    """An account with two sources is signed out once and its secret goes (A4).

    The last source signs the account out, whichever is purged last.
    """
    async with rig.running() as run:
        await two_servers(run)
    async with rig.running() as run:
        await run.coordinator.accounts.remove(ALICE.id)
        await until_purged(run)

        assert not rig.credential_store.stored
        assert rig.server.signed_out == ["alice"]
        assert not run.services.registry.uses_account(ALICE.id)


async def test_an_account_stays_signed_in_while_one_of_its_sources_is_left(rig: Rig) -> None:
    """An account stays signed in while one of its sources is left (A4)."""
    async with rig.running() as run:
        await two_servers(run)
    async with rig.running() as run:
        await run.coordinator.remove_source(server(1).id)
        await until_purged(run)

        assert rig.credential_store.stored == {ALICE.id: SECRET}
        assert not rig.server.signed_out


async def test_a_source_that_is_added_again_waits_until_the_old_sync_has_ended(rig: Rig) -> None:
    """A source that is added again waits until the old sync has ended (A4).

    Or the purge of the old one would take the rows of the new one.
    """
    async with rig.running() as run:
        source_id = await run.add()
        await run.until_synced(source_id)
        async with (
            anyio.create_task_group() as tasks,
            stubborn_sync(rig, run, source_id) as (stubborn, _),
        ):
            await run.coordinator.remove_source(source_id)
            rig.server.calls.clear()
            tasks.start_soon(run.add)
            await anyio.wait_all_tasks_blocked()
            assert "add" in rig.server.calls
            assert len(rig.credential_store.stored) == 1, "the new secret is stored after the purge"
            stubborn.release()

        await run.until_synced(source_id)
        assert not run.services.registry.removed()
        assert (await run.coordinator.library.query(ItemQuery())).total == 12


async def test_what_the_user_said_of_a_library_goes_with_its_source(rig: Rig) -> None:
    """What the user said of a library goes with its source (A4).

    Nothing is left; the same source added again is read as its server says.
    """
    async with rig.running() as run:
        source_id = await run.add()
        await run.until_synced(source_id)
        library = (await run.coordinator.library.libraries(source_id))[0]
        await run.coordinator.syncs.set_policy(library.id, {"content": "shows"})
        job = run.coordinator.sources.get(source_id).sync_job
        assert job is not None
        await run.until_ended(job)
        await run.coordinator.remove_source(source_id)
        await until_purged(run)
        asked_before = len(run.syncs.requests)

        await run.until_synced(await run.add())

        assert [{}] == [dict(one.content_types) for one in run.syncs.requests[asked_before:]]
        assert library.id not in run.services.registry.library_settings()
