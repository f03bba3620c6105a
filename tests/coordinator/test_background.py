"""Upkeep: what fails in the background is begun again, and who is woken by the network."""

from collections.abc import Callable
from dataclasses import dataclass

import anyio
import anyio.lowlevel
import pytest

from msd import errors
from msd.coordinator.background import RETRY_S
from msd.models import PublicStatus, StatusReason
from tests.support.rig import FakeNetwork, Rig
from tests.support.skipping_loop import SkippingLoop, skip

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> tuple[str, dict[str, object]]:
    return "asyncio", {"loop_factory": SkippingLoop}


@dataclass
class FlakyNetwork(FakeNetwork):
    """Fails when it is watched for the first time."""

    watched: int = 0

    async def watch(self, changed: Callable[[], None]) -> None:
        self.watched += 1
        if self.watched == 1:
            raise ValueError("a bug")
        await super().watch(changed)


async def test_work_that_fails_is_begun_again(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    """An unexpected error ends neither the daemon nor its background tasks (O3)."""
    rig.network = network = FlakyNetwork()
    async with rig.running() as run:
        run.coordinator.start()
        with anyio.fail_after(5):
            while "following the network failed and is tried again" not in caplog.text:
                await anyio.lowlevel.checkpoint()
        await anyio.wait_all_tasks_blocked()
        assert network.watched == 1

        skip(RETRY_S + 1)

        with anyio.fail_after(5):
            while not network.listeners:
                await anyio.lowlevel.checkpoint()


async def test_a_network_change_tries_a_refused_sign_in_again(rig: Rig) -> None:
    """A user may be enabled again without anybody telling msd (S4)."""
    async with rig.running() as run:
        source_id = await run.add()
        await run.until_synced(source_id)
    rig.server.error = errors.AuthRequiredError("the server refused the token")
    async with rig.running() as run:
        run.coordinator.start()
        await run.until_status(source_id, PublicStatus.NEEDS_AUTH)
        assert run.coordinator.get_source_status(source_id).reason is StatusReason.TOKEN_REFUSED
        await run.eventually(lambda: bool(rig.network.listeners))
        rig.server.error = None

        rig.network.change("yes")

        await run.until_status(source_id, PublicStatus.CONNECTED)
