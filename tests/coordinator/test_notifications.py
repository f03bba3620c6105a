"""What the user is told on the desktop, and what becomes of it."""

from collections.abc import Callable

import anyio
import anyio.lowlevel
import pytest

from msd.coordinator.notifications import KEYRING_PATIENCE_S
from msd.errors import AuthRequiredError, UnreachableError
from msd.events import SignInRequested
from msd.models import JobKind, KeyringState, PublicStatus, SourceId, StatusReason
from tests.support.rig import FakeDesktop, Rig, Run
from tests.support.skipping_loop import SkippingLoop, skip

pytestmark = pytest.mark.anyio

REFUSED = AuthRequiredError("the server no longer accepts the sign-in")
GONE = AuthRequiredError("the user is disabled", reason=StatusReason.USER_DISABLED)


@pytest.fixture
def anyio_backend() -> tuple[str, dict[str, object]]:
    return "asyncio", {"loop_factory": SkippingLoop}


@pytest.fixture
def desktop(rig: Rig) -> FakeDesktop:
    assert rig.desktop is not None
    return rig.desktop


async def until(holds: Callable[[], object]) -> None:
    with anyio.fail_after(10):
        while not holds():
            await anyio.lowlevel.checkpoint()


async def fail(rig: Rig, run: Run, source_id: SourceId, error: Exception | None) -> None:
    """Let the server answer so, and have it asked."""
    rig.server.error = error
    await run.coordinator.sources.reconnect(source_id)


async def test_a_refused_sign_in_is_told_once_and_taken_back_when_it_is_healed(
    rig: Rig, desktop: FakeDesktop
) -> None:
    """A refused sign in is told once and taken back when it is healed (S4).

    However often the refusal is seen.
    """
    async with rig.running() as run:
        run.coordinator.start()
        source_id = await run.add()
        await run.until_status(source_id, PublicStatus.CONNECTED)
        for _ in range(3):
            await fail(rig, run, source_id, REFUSED)
            await run.until_status(source_id, PublicStatus.NEEDS_AUTH)
            await anyio.wait_all_tasks_blocked()
        await until(lambda: desktop.shown)
        await fail(rig, run, source_id, None)
        await until(lambda: not desktop.shown)

    told, taken_back = desktop.log
    shown = "show Sign in to Fake server again: The server no longer accepts the sign-in; sign in"
    assert told.startswith(shown)
    assert taken_back.startswith("withdraw sign-in/")


async def test_another_reason_replaces_what_was_told(rig: Rig, desktop: FakeDesktop) -> None:
    """One notification per change."""
    async with rig.running() as run:
        run.coordinator.start()
        source_id = await run.add()
        await run.until_status(source_id, PublicStatus.CONNECTED)
        await fail(rig, run, source_id, REFUSED)
        await until(lambda: desktop.shown)
        await fail(rig, run, source_id, GONE)
        await until(lambda: len(desktop.log) > 1)

    assert 1 == len(desktop.shown)
    assert "The user is disabled; sign in again" in desktop.log[1]


async def test_an_outage_is_not_worth_a_notification(rig: Rig, desktop: FakeDesktop) -> None:
    """An outage is not worth a notification (S2)."""
    async with rig.running() as run:
        run.coordinator.start()
        source_id = await run.add()
        await run.until_status(source_id, PublicStatus.CONNECTED)
        await fail(rig, run, source_id, UnreachableError("no route"))
        await run.until_status(source_id, PublicStatus.OFFLINE)
        await anyio.wait_all_tasks_blocked()

    assert desktop.log == []


async def test_the_button_asks_whoever_can_to_sign_in(rig: Rig, desktop: FakeDesktop) -> None:
    """msd itself begins nothing."""
    async with rig.running() as run:
        run.coordinator.start()
        source_id = await run.add()
        await run.until_status(source_id, PublicStatus.CONNECTED)
        await fail(rig, run, source_id, REFUSED)
        await until(lambda: desktop.shown)

        desktop.press(next(iter(desktop.shown)))

        assert [SignInRequested(source_id)] == run.of(SignInRequested)
        assert run.coordinator.logins.all() == ()


@pytest.mark.parametrize("end", ["removed", "disabled"])
async def test_a_source_that_is_not_wanted_any_more_is_not_asked_for(
    rig: Rig, desktop: FakeDesktop, end: str
) -> None:
    """A source that is not wanted any more is not asked for (A4, A5).

    Nobody can sign in to it.
    """
    async with rig.running() as run:
        run.coordinator.start()
        source_id = await run.add()
        await run.until_status(source_id, PublicStatus.CONNECTED)
        await fail(rig, run, source_id, REFUSED)
        await until(lambda: desktop.shown)

        if end == "removed":
            await run.coordinator.remove_source(source_id)
        else:
            await run.coordinator.sources.set_enabled(source_id, enabled=False)

        await until(lambda: not desktop.shown)


async def locked_start(rig: Rig) -> None:
    """Leave two sources behind whose credentials nothing has in memory, and a locked keyring."""
    rig.server.users["bob"] = "secret"
    async with rig.running() as run:
        for user in ("alice", "bob"):
            await run.until_synced(await run.add(user))
    rig.keyring.now = KeyringState.LOCKED


async def test_a_keyring_that_is_unlocked_soon_is_not_mentioned(
    rig: Rig, desktop: FakeDesktop
) -> None:
    """Every session begins with a locked keyring."""
    await locked_start(rig)
    async with rig.running() as run:
        run.coordinator.start()
        for view in run.coordinator.list_sources():
            await run.until_status(view.source.id, PublicStatus.NEEDS_AUTH)
        skip(KEYRING_PATIENCE_S / 2)
        rig.keyring.become(KeyringState.AVAILABLE)
        for view in run.coordinator.list_sources():
            await run.until_status(view.source.id, PublicStatus.CONNECTED)
        skip(KEYRING_PATIENCE_S)
        await anyio.wait_all_tasks_blocked()

    assert desktop.log == []


async def test_a_keyring_that_stays_locked_is_told_once_for_all_and_unlocked_by_its_button(
    rig: Rig, desktop: FakeDesktop
) -> None:
    """A keyring that stays locked is told once for all and unlocked by its button (K2).

    The button is the user's own request, so it may prompt.
    """
    await locked_start(rig)
    async with rig.running() as run:
        run.coordinator.start()
        for view in run.coordinator.list_sources():
            await run.until_status(view.source.id, PublicStatus.NEEDS_AUTH)
        assert 0 == rig.keyring.unlocks
        await anyio.wait_all_tasks_blocked()
        skip(KEYRING_PATIENCE_S + 1)
        await until(lambda: desktop.shown)

        desktop.press("keyring")
        await until(lambda: not desktop.shown)

        assert 1 == rig.keyring.unlocks
        assert [JobKind.UNLOCK] == [
            job.kind for job in run.coordinator.jobs.all() if job.kind is JobKind.UNLOCK
        ]
        assert desktop.log[0].startswith("show Media sources wait for the keyring")
        assert desktop.log[1:] == ["withdraw keyring"]


async def test_deletions_that_are_held_back_are_told(rig: Rig, desktop: FakeDesktop) -> None:
    """Deletions that are held back are told (Y7)."""
    async with rig.running() as run:
        run.coordinator.start()
        source_id = await run.add()
        await run.until_status(source_id, PublicStatus.CONNECTED)
        run.coordinator._statuses.set_held_deletes(source_id, 7)
        await until(lambda: desktop.shown)
        run.coordinator._statuses.set_held_deletes(source_id, 0)
        await until(lambda: not desktop.shown)

    assert "Many items of Fake server are gone" in desktop.log[0]
    assert "7 items" in desktop.log[0]


async def test_whoever_wants_no_notifications_gets_none(rig: Rig) -> None:
    """[notifications] enabled = false."""
    rig.desktop = None
    async with rig.running() as run:
        run.coordinator.start()
        source_id = await run.add()
        await run.until_status(source_id, PublicStatus.CONNECTED)
        await fail(rig, run, source_id, REFUSED)
        await run.until_status(source_id, PublicStatus.NEEDS_AUTH)
