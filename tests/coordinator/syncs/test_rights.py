"""Changed rights of a user are noticed within minutes (Y19)."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import pytest

from msd.backend_api import BackendContext
from msd.coordinator.source_tasks import SourceTasks
from msd.coordinator.syncs.rights import RightsPoll
from msd.errors import UnreachableError
from msd.models import LiveState, Rights, SourceId
from msd.store.cache.writes.sync_writer import SyncWriter
from tests.support.fakes.changing_backend import ChangingBackend, ChangingServer
from tests.support.rig import Rig, Run

pytestmark = pytest.mark.anyio


class StrictServer(ChangingServer):
    """A server that tells what its user may see."""

    rights: Rights | None = Rights(digest="all")

    def open(self, context: BackendContext | None = None) -> "StrictBackend":
        return StrictBackend(self, context)


class StrictBackend(ChangingBackend):
    """Implements `HasRights`."""

    def __init__(self, server: StrictServer, context: BackendContext | None = None) -> None:
        super().__init__(server, context)
        self._strict = server

    async def rights(self) -> Rights | None:
        self._call("rights")
        return self._strict.rights


@asynccontextmanager
async def polled(tmp_path: Path) -> AsyncIterator[tuple[Run, StrictServer, SourceId]]:
    """Run a coordinator whose only source was synced, and poll its rights all the time."""
    server = StrictServer()
    server.movies(server.library("films"), 12)
    async with Rig(tmp_path, server=server).running() as run, anyio.create_task_group() as tasks:
        source_id = await run.add()
        await run.until(lambda: run.coordinator.sources.get(source_id).live is LiveState.OK)
        run.syncs.requests.clear()
        settings = run.services.settings
        writer = SyncWriter(settings.cache_db, settings.state_db, source_id)
        writer.set_rights_digest("all")
        writer.close()
        poll = RightsPoll(
            run.services,
            run.coordinator._statuses,
            run.coordinator.syncs._sync_jobs,
            SourceTasks(tasks),
            every_s=0.01,
        )
        server.calls.clear()
        tasks.start_soon(poll.run)
        yield run, server, source_id
        tasks.cancel_scope.cancel()


async def asked(run: Run, server: StrictServer, times: int) -> None:
    """Return when the rights were asked for as often as this."""
    await run.eventually(lambda: server.calls.count("rights") >= times)


async def test_changed_rights_start_a_sync_at_once(tmp_path: Path) -> None:
    """The sync hides what the user may no longer see (Y19)."""
    async with polled(tmp_path) as (run, server, _):
        await asked(run, server, 3)
        assert not run.syncs.requests

        server.rights = Rights(digest="less")

        await run.eventually(lambda: bool(run.syncs.requests))


@pytest.mark.parametrize("rights", [Rights(digest="all"), None])
async def test_rights_that_are_the_same_or_unknown_start_nothing(
    tmp_path: Path, rights: Rights | None
) -> None:
    """Nothing is hidden on doubt (Y19)."""
    async with polled(tmp_path) as (run, server, _):
        server.rights = rights

        await asked(run, server, 5)

        assert not run.syncs.requests


async def test_a_server_that_does_not_tell_the_rights_stays_connected(tmp_path: Path) -> None:
    """A fault of this request concerns this request alone (S9)."""
    async with polled(tmp_path) as (run, server, source_id):
        server.on_call = _fail_for_rights

        await asked(run, server, 3)

        status = run.coordinator.get_source_status(source_id)
        assert status.status == "connected"
        assert not run.syncs.requests


def _fail_for_rights(call: str) -> None:
    if call == "rights":
        raise UnreachableError("500")
