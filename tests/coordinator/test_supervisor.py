"""The supervisor: what msd's own disk and the keyring have to do with a server, and what not."""

import sqlite3

import pytest

from msd.events import SourceStatusChanged
from msd.models import KeyringState, PublicStatus, StatusReason
from tests.support.rig import Rig

pytestmark = pytest.mark.anyio


async def test_a_full_state_disk_does_not_hide_a_healthy_server(rig: Rig) -> None:
    """Section 3: link online and auth ok is connected; and the catching up goes on (O6)."""
    async with rig.running() as run:
        source_id = await run.add()
        await run.until_synced(source_id)
        state_db = run.services.settings.state_db
    with sqlite3.connect(state_db) as state:
        state.execute("UPDATE source SET server_version = 'older', last_sync = 1")
        state.execute(
            "CREATE TRIGGER full BEFORE INSERT ON source"
            " BEGIN SELECT RAISE(ABORT, 'disk is full'); END"
        )
    state.close()
    with sqlite3.connect(rig.folder / "data" / "cache.db") as cache:
        cache.execute("UPDATE library SET synced_at = 1")
    cache.close()

    async with rig.running() as run:
        run.coordinator.start()

        await run.until(lambda: bool(run.syncs.requests))

        status = run.coordinator.get_source_status(source_id)
        assert (status.status, status.reason) == (PublicStatus.CONNECTED, StatusReason.OK)
        told = [e.status.status for e in run.seen if isinstance(e, SourceStatusChanged)]
        assert set(told) == {PublicStatus.OFFLINE, PublicStatus.CONNECTED}
        assert run.coordinator.get_source(source_id).source.server_version == "older"


async def test_a_keyring_that_healed_is_in_no_later_detail(rig: Rig) -> None:
    """S5: reason and detail belong together."""
    async with rig.running() as run:
        source_id = await run.add()
        await run.until_synced(source_id)
    rig.keyring.now = KeyringState.LOCKED
    async with rig.running() as run:
        run.coordinator.start()
        await run.until_status(source_id, PublicStatus.NEEDS_AUTH)

        rig.keyring.become(KeyringState.AVAILABLE)

        await run.until_status(source_id, PublicStatus.CONNECTED)
        told = [e.status for e in run.seen if isinstance(e, SourceStatusChanged)]
        assert [s.status for s in told if "keyring" in s.detail] == [PublicStatus.NEEDS_AUTH]
