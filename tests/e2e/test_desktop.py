"""The desktop around msd: a notification service and a keyring that the test plays."""

import re
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import pytest
from anyio.to_thread import run_sync

from msd.dbus.serving.server import BusServer
from tests.bus.desktop.notification_service import NAME as NOTIFICATIONS
from tests.bus.desktop.notification_service import NOTIFICATION_SPECS, NotificationService
from tests.bus.desktop.prompting_service import PROMPTING_SPECS, PromptingService
from tests.simulators.jellyfin import JellyfinSimulator, make_world
from tests.support.session.bus import PrivateBus
from tests.support.session.daemon import COORDINATOR, NAME, ROOT, Daemon
from tests.support.session.keyring import Keyring

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(120)]


@pytest.fixture
def daemon(bus: PrivateBus, tmp_path: Path) -> Iterator[Daemon]:
    """An msd that is not started yet."""
    daemon = Daemon(bus, tmp_path / "home")
    yield daemon
    if daemon.process is not None and daemon.process.poll() is None:
        daemon.kill()


@pytest.fixture
def sim() -> Iterator[JellyfinSimulator]:
    with JellyfinSimulator(make_world(60, seed=3), version="10.11") as simulator:
        yield simulator


@pytest.fixture
async def service(bus: PrivateBus) -> AsyncIterator[NotificationService]:
    async with BusServer(NOTIFICATION_SPECS, address=bus.address) as server:
        service = NotificationService(server)
        await server.own_name(NOTIFICATIONS)
        yield service


async def until(daemon: Daemon, holds: Callable[[], bool], what: str) -> None:
    await run_sync(daemon.until, holds, what)


def connected(daemon: Daemon, sim: JellyfinSimulator) -> str:
    daemon.start()
    source_id = daemon.add_jellyfin(sim.url)
    daemon.until_synced(source_id)
    return source_id


@asynccontextmanager
async def signals(daemon: Daemon, member: str) -> AsyncIterator[Path]:
    """Write down the signals of one name that msd sends inside the block."""
    file = daemon.home / "signals"
    rule = f"type='signal',sender='{NAME}',member='{member}'"
    command = ["dbus-monitor", "--session", rule]
    with file.open("wb") as out:
        process = await anyio.open_process(
            command, env=daemon.environment, stdout=out, stderr=subprocess.DEVNULL
        )
    try:
        await until(daemon, lambda: "NameLost" in file.read_text(), "the monitor listens")
        yield file
    finally:
        process.terminate()
        await process.aclose()


async def test_a_revoked_sign_in_is_one_notification_whose_button_is_a_signal(
    daemon: Daemon, sim: JellyfinSimulator, keyring: Keyring, service: NotificationService
) -> None:
    """A revoked sign in is one notification whose button is a signal (S4).

    Shown once, taken back when the source is gone.
    """
    source_id = await run_sync(connected, daemon, sim)
    sim.revoke_tokens("alice")

    await run_sync(daemon.call, "SyncSource", "s", source_id)
    await service.until("Sign in to Simulated Jellyfin again")
    (number,) = service.shown
    async with signals(daemon, "SignInRequested") as heard:
        service.press(number, "sign-in")
        await until(daemon, lambda: source_id in heard.read_text(), "the signal is sent")

    assert 1 == service.notified
    assert ("sign-in", "Sign in") == service.shown[number].actions
    await run_sync(daemon.call, "RemoveSource", "s", source_id)
    await service.until()


async def test_notifications_can_be_turned_off(
    daemon: Daemon, sim: JellyfinSimulator, keyring: Keyring, service: NotificationService
) -> None:
    """[notifications] enabled = false."""
    folder = daemon.home / "config" / "msd"
    folder.mkdir(parents=True)
    (folder / "msd.toml").write_text("[notifications]\nenabled = false\n")
    source_id = await run_sync(connected, daemon, sim)
    sim.revoke_tokens("alice")

    await run_sync(daemon.call, "SyncSource", "s", source_id)
    await until(daemon, lambda: daemon.status(source_id)[0] == "needs-auth", "refused")

    assert 0 == service.notified


async def test_a_prompt_that_nobody_answers_is_raised_once_and_keeps_nobody_waiting(
    daemon: Daemon, sim: JellyfinSimulator, keyring: Keyring, bus: PrivateBus
) -> None:
    """A prompt that nobody answers is raised once and keeps nobody waiting (K2).

    Only UnlockSecrets prompts; cancelling its job takes the prompt off the screen.
    """
    source_id = await run_sync(connected, daemon, sim)
    await run_sync(daemon.stop)
    await run_sync(keyring.stop)
    async with BusServer(PROMPTING_SPECS, address=bus.address) as server:
        prompting = PromptingService(server)
        await server.own_name("org.freedesktop.secrets")
        await run_sync(daemon.start)
        locked = ("needs-auth", "keyring-locked")
        await until(daemon, lambda: daemon.status(source_id) == locked, "locked")
        assert 0 == prompting.prompts + prompting.created + prompting.unlocks

        job = str(await run_sync(daemon.call, "UnlockSecrets"))
        with anyio.fail_after(20):
            await prompting.prompted.wait()
        assert job == await run_sync(daemon.call, "UnlockSecrets")
        assert await run_sync(daemon.count, "movie") > 0
        assert "running" == await run_sync(daemon.get, job, f"{NAME}.Job", "State")
        await run_sync(daemon._run, "call", NAME, job, f"{NAME}.Job", "Cancel")

        with anyio.fail_after(20):
            await prompting.dismissed.wait()
        assert 1 == prompting.prompts
        assert "locked" == await run_sync(daemon.get, ROOT, COORDINATOR, "KeyringState")
        assert re.search(r"keyring is locked", daemon.log)
