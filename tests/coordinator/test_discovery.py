"""Discovery: what answers on the local network is told as it comes, and bounded."""

import anyio
import pytest

from msd.backend_api import FoundServer
from msd.coordinator.discovery import MAX_FOUND
from msd.events import ServerFound
from msd.models import JobState
from tests.coordinator.accounts.person import Person
from tests.support.rig import Rig

pytestmark = pytest.mark.anyio


def found(server_id: str, **changes: str) -> FoundServer:
    fields = {"name": server_id.title(), "address": f"http://{server_id}.lan"} | changes
    return FoundServer(server_id=server_id, **fields)


async def test_servers_are_told_as_they_come_and_all_at_the_end(rig: Rig) -> None:
    """DiscoverServers: also whether a source is there already; a second answer is no second one."""
    rig.service.found = [found("near"), found("other"), found("near")]
    rig.service.look_on = anyio.Event()
    async with rig.running() as run:
        await Person(run).sign_in()
        job_id = run.coordinator.discovery.start()
        await run.until(lambda: len(run.of(ServerFound)) == 2)
        assert run.coordinator.jobs.get(job_id).state is JobState.RUNNING
        assert job_id == run.coordinator.discovery.start()
        rig.service.look_on.set()
        await run.until_ended(job_id)

        result = run.coordinator.jobs.get(job_id).result
        assert 2 == result["found"]
        assert (
            {
                "kind": "club",
                "server_id": "near",
                "name": "Near",
                "address": "http://near.lan",
                "version": "",
                "is_known": True,
            },
            {
                "kind": "club",
                "server_id": "other",
                "name": "Other",
                "address": "http://other.lan",
                "version": "",
                "is_known": False,
            },
        ) == result["servers"]


async def test_hostile_answers_are_bounded_and_left_out(rig: Rig) -> None:
    """Hostile answers are bounded and left out (K5)."""
    bad = [
        found("x", name="y" * 501),
        found("y", name="two\nlines"),
        found("z", address=""),
        found(""),
    ]
    rig.service.found = [*bad, *(found(f"s{number}") for number in range(MAX_FOUND + 5))]
    async with rig.running() as run:
        job_id = run.coordinator.discovery.start()
        await run.until_ended(job_id)

        result = run.coordinator.jobs.get(job_id).result
        assert MAX_FOUND == result["found"]
        servers = result["servers"]
        assert isinstance(servers, tuple)
        assert "s0" == servers[0]["server_id"]
