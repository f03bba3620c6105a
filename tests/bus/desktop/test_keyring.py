"""The keyring as the bus shows it, against a real gnome-keyring-daemon."""

import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing, suppress
from pathlib import Path

import anyio
import pytest
from anyio.to_thread import run_sync

from msd.bus.desktop.keyring import SecretServiceClient
from msd.dbus.connection import Connection
from msd.dbus.errors import BusLostError
from msd.dbus.serving.server import BusServer
from msd.errors import KeyringUnavailableError
from msd.models import KeyringState
from tests.bus.desktop.prompting_service import PROMPTING_SPECS, PromptingService
from tests.support.session.bus import PrivateBus
from tests.support.session.keyring import Keyring

pytestmark = pytest.mark.anyio


@pytest.fixture
async def secrets(bus: PrivateBus, library: str) -> AsyncIterator[SecretServiceClient]:
    async with Connection(bus.address, library=library) as connection:
        yield SecretServiceClient(connection)


@pytest.fixture
def keyring(bus: PrivateBus, tmp_path: Path) -> Iterator[Keyring]:
    """A keyring that is not started yet."""
    keyring = Keyring(bus, tmp_path / "home")
    yield keyring
    keyring.stop()


async def test_without_a_service_the_keyring_is_absent(secrets: SecretServiceClient) -> None:
    """Without a service the keyring is absent (S4).

    Keyring-unavailable.
    """
    assert KeyringState.ABSENT is await secrets.state()
    with pytest.raises(KeyringUnavailableError):
        await secrets.unlock()


@pytest.mark.keyring
@pytest.mark.skipif(shutil.which("gnome-keyring-daemon") is None, reason="not installed")
async def test_the_states_of_a_real_keyring_are_seen_and_each_change_is_told(
    secrets: SecretServiceClient, keyring: Keyring
) -> None:
    """The states of a real keyring are seen and each change is told (S4, O3).

    Absent, appears later, locked, unlocked, gone again.
    """
    seen = [await secrets.state()]
    async with aclosing(secrets.changes()) as changes:

        async def next_state(wanted: KeyringState) -> None:
            with anyio.fail_after(15):
                while seen[-1] is not wanted:
                    await anext(changes)
                    seen.append(await secrets.state())

        # The generator listens once it is asked for its first value.
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(next_state, KeyringState.AVAILABLE)
            await anyio.wait_all_tasks_blocked()
            await run_sync(keyring.start)
        await run_sync(keyring.lock)
        await next_state(KeyringState.LOCKED)
        await run_sync(keyring.unlock)
        await next_state(KeyringState.AVAILABLE)
        unlocked_without_prompt = await secrets.unlock()
        await run_sync(keyring.stop)
        await next_state(KeyringState.ABSENT)

    assert unlocked_without_prompt
    assert KeyringState.ABSENT is seen[0]


@pytest.fixture
async def prompting(bus: PrivateBus, library: str) -> AsyncIterator[PromptingService]:
    """A Secret Service whose prompts a test answers."""
    async with BusServer(PROMPTING_SPECS, address=bus.address, library=library) as server:
        service = PromptingService(server)
        await server.own_name("org.freedesktop.secrets")
        yield service


async def test_unlocking_raises_one_prompt_and_waits_for_the_user(
    secrets: SecretServiceClient, prompting: PromptingService
) -> None:
    """UnlockSecrets: the only call that prompts."""
    results: list[bool] = []

    async def unlock() -> None:
        results.append(await secrets.unlock())

    assert KeyringState.LOCKED is await secrets.state()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(unlock)
        with anyio.fail_after(10):
            await prompting.prompted.wait()
        prompting.complete(unlock=True)

    assert [True] == results
    assert 1 == prompting.prompts


async def test_a_dismissed_prompt_leaves_the_keyring_locked(
    secrets: SecretServiceClient, prompting: PromptingService
) -> None:
    """UnlockSecrets fails when the user says no."""
    async with anyio.create_task_group() as tasks:

        async def dismiss() -> None:
            await prompting.prompted.wait()
            prompting.complete(unlock=False)

        tasks.start_soon(dismiss)
        with anyio.fail_after(10):
            assert not await secrets.unlock()


async def test_cancelling_dismisses_the_prompt(
    secrets: SecretServiceClient, prompting: PromptingService
) -> None:
    """Job.Cancel: no prompt is left on the screen."""
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(secrets.unlock)
        with anyio.fail_after(10):
            await prompting.prompted.wait()
        tasks.cancel_scope.cancel()

    with anyio.fail_after(10):
        await prompting.dismissed.wait()


async def test_a_keyring_without_a_default_collection_is_locked_and_unlock_makes_one(
    secrets: SecretServiceClient, prompting: PromptingService
) -> None:
    """Only a prompt can make a collection: nothing but `unlock` may ask for it."""
    prompting.collection = "/"

    async with anyio.create_task_group() as tasks:

        async def agree() -> None:
            await prompting.prompted.wait()
            prompting.complete(unlock=True)

        state = await secrets.state()
        tasks.start_soon(agree)
        with anyio.fail_after(10):
            assert await secrets.unlock()

    assert KeyringState.LOCKED is state
    assert 1 == prompting.created


async def test_a_prompt_ends_when_the_keyring_service_goes_away(
    secrets: SecretServiceClient, prompting: PromptingService
) -> None:
    """Nobody waits for ever for a service that crashed."""
    async with anyio.create_task_group() as tasks:

        async def vanish() -> None:
            await prompting.prompted.wait()
            with suppress(BusLostError):
                await prompting.server.connection.call_bus(
                    "ReleaseName", "s", "org.freedesktop.secrets"
                )

        tasks.start_soon(vanish)
        with anyio.fail_after(10):
            assert not await secrets.unlock()


async def test_a_service_that_does_not_answer_counts_as_absent(
    bus: PrivateBus, prompting: PromptingService, library: str
) -> None:
    """A service that does not answer counts as absent (K2).

    A hung keyring delays nothing for long.
    """
    prompting.hang = anyio.Event()
    async with Connection(bus.address, library=library) as connection:
        secrets = SecretServiceClient(connection, deadline_s=0.05)

        assert KeyringState.ABSENT is await secrets.state()


async def test_the_state_never_prompts(
    secrets: SecretServiceClient, prompting: PromptingService
) -> None:
    """The state never prompts (K2)."""
    for _ in range(3):
        await secrets.state()

    assert 0 == prompting.prompts + prompting.created + prompting.unlocks


async def test_a_service_that_hung_is_told_as_soon_as_it_answers_again(
    bus: PrivateBus, prompting: PromptingService, library: str
) -> None:
    """A service that hung is told as soon as it answers again (S4).

    It tells nobody by itself, and nobody asks again and again.
    """
    prompting.hang = anyio.Event()
    async with Connection(bus.address, library=library) as connection:
        secrets = SecretServiceClient(connection, deadline_s=0.1)
        changed = anyio.Event()

        async def follow() -> None:
            async with aclosing(secrets.changes()) as changes:
                async for _ in changes:
                    changed.set()

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(follow)
            assert KeyringState.ABSENT is await secrets.state()
            await anyio.wait_all_tasks_blocked()
            assert not changed.is_set()

            prompting.hang.set()

            with anyio.fail_after(10):
                await changed.wait()
            assert KeyringState.LOCKED is await secrets.state()
            tasks.cancel_scope.cancel()


async def test_a_service_that_ends_as_soon_as_it_is_started_is_not_started_over_and_over(
    bus: PrivateBus, secrets: SecretServiceClient, tmp_path: Path
) -> None:
    """Each of its ends is a change, which makes msd look again."""
    log = tmp_path / "starts"
    service = tmp_path / "service"
    service.write_text(f"#!/bin/sh\necho started >> {log}\n")
    service.chmod(0o755)
    bus.add_service("org.freedesktop.secrets", str(service))
    async with Connection(bus.address) as connection:
        await connection.call_bus("ReloadConfig")

    states = [await secrets.state() for _ in range(5)]

    assert [KeyringState.ABSENT] * 5 == states
    assert ["started"] == log.read_text().split()
