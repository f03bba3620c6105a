"""The supervisor: what msd's own disk and the keyring have to do with a server, and what not."""

import sqlite3

import anyio
import pytest

from msd.errors import AuthRequiredError
from msd.events import SourceStatusChanged
from msd.models import KeyringState, PublicStatus, StatusReason
from tests.support.rig import Rig

pytestmark = pytest.mark.anyio


async def test_a_full_state_disk_does_not_hide_a_healthy_server(rig: Rig) -> None:
    """A full state disk does not hide a healthy server.

    Link online and auth ok is connected; and the catching up goes on (O6).
    """
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
        assert run.coordinator.sources.get(source_id).source.server_version == "older"


async def test_a_keyring_that_healed_is_in_no_later_detail(rig: Rig) -> None:
    """A keyring that healed is in no later detail (S5).

    Reason and detail belong together.
    """
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


async def test_a_refusal_is_the_answer_to_all_who_asked_while_it_came(rig: Rig) -> None:
    """A refusal is the answer to all who asked while it came (S4).

    Requests stop; only something new, such as the user's wish, makes another.
    """
    async with rig.running() as run:
        run.coordinator.start()
        source_id = await run.add()
        await run.until_synced(source_id)
        before = rig.server.calls.count("connect")
        rig.server.error = AuthRequiredError("revoked")
        rig.server.slow = anyio.Event()
        await run.coordinator.sources.reconnect(source_id)
        await anyio.wait_all_tasks_blocked()
        await run.coordinator.initialize_all_sources()  # as a failed sync or a lost event stream
        rig.server.slow.set()
        await run.until_status(source_id, PublicStatus.NEEDS_AUTH)
        await run.coordinator.initialize_all_sources()
        await anyio.wait_all_tasks_blocked()
        assert rig.server.calls.count("connect") == before + 1

        rig.server.error = None
        await run.coordinator.sources.reconnect(source_id)

        await run.until_status(source_id, PublicStatus.CONNECTED)
