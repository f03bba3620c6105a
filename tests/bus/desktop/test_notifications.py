"""Notifications on a real bus."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import anyio
import pytest

from msd.bus.desktop.notifications import LONGEST, DesktopNotifications
from msd.dbus.connection import Connection
from msd.dbus.serving.server import BusServer
from msd.models import Notice
from tests.bus.desktop.notification_service import NAME, NOTIFICATION_SPECS, NotificationService
from tests.support.session.bus import PrivateBus

pytestmark = pytest.mark.anyio

SIGN_IN = Notice(key="a", summary="Sign in", body="It is <refused>.", action="go", label="Go")


@dataclass
class Desktop:
    """The notifications under test, and the buttons that were pressed."""

    notifications: DesktopNotifications
    pressed: list[tuple[str, str]] = field(default_factory=list)
    press: anyio.Event = field(default_factory=anyio.Event)

    def note(self, key: str, action: str) -> None:
        self.pressed.append((key, action))
        self.press.set()


@pytest.fixture
async def desktop(bus: PrivateBus, library: str) -> AsyncIterator[Desktop]:
    async with Connection(bus.address, library=library) as connection:
        desktop = Desktop(DesktopNotifications(connection, deadline_s=5))
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(desktop.notifications.run, desktop.note)
            await anyio.wait_all_tasks_blocked()
            yield desktop
            tasks.cancel_scope.cancel()


@pytest.fixture
async def service(bus: PrivateBus, desktop: Desktop) -> AsyncIterator[NotificationService]:
    async with BusServer(NOTIFICATION_SPECS, address=bus.address) as server:
        service = NotificationService(server)
        await server.own_name(NAME)
        yield service


def notice(key: str, summary: str) -> Notice:
    return Notice(key=key, summary=summary, body="")


async def test_a_notice_is_shown_replaced_and_taken_back(
    desktop: Desktop, service: NotificationService
) -> None:
    """One on the screen for each key."""
    desktop.notifications.show(SIGN_IN)
    await service.until("Sign in")
    (shown,) = service.shown.values()
    assert ("go", "Go") == shown.actions

    desktop.notifications.show(notice("a", "Other"))
    await service.until("Other")
    desktop.notifications.show(notice("b", "Second"))
    await service.until("Other", "Second")
    desktop.notifications.withdraw("a")
    await service.until("Second")


@pytest.mark.parametrize(
    ("capabilities", "body"),
    [(["body-markup"], "It is &lt;refused&gt;."), ([], "It is <refused>.")],
)
async def test_what_a_server_is_called_is_no_markup(
    desktop: Desktop, service: NotificationService, capabilities: list[str], body: str
) -> None:
    """What a server is called is no markup (K5).

    Names come from strangers.
    """
    service.capabilities = capabilities

    desktop.notifications.show(SIGN_IN)
    await service.until("Sign in")

    assert [body] == [shown.body for shown in service.shown.values()]


async def test_what_is_too_long_is_cut(desktop: Desktop, service: NotificationService) -> None:
    """What is too long is cut (K5)."""
    desktop.notifications.show(notice("a", "x" * 10_000))

    await service.until("x" * LONGEST)


async def test_a_button_is_told_with_the_key_of_its_notice(
    desktop: Desktop, service: NotificationService
) -> None:
    """Buttons of other programs' notifications are none of ours."""
    desktop.notifications.show(SIGN_IN)
    await service.until("Sign in")
    await anyio.wait_all_tasks_blocked()
    (number,) = service.shown

    service.press(number + 1, "go")
    service.press(number, "go")

    with anyio.fail_after(10):
        await desktop.press.wait()
    assert [("a", "go")] == desktop.pressed


async def test_what_the_user_dismissed_comes_back_only_as_something_new(
    desktop: Desktop, service: NotificationService
) -> None:
    """A number that is gone is not replaced, nor closed."""
    desktop.notifications.show(SIGN_IN)
    await service.until("Sign in")
    await anyio.wait_all_tasks_blocked()
    (number,) = service.shown
    service.dismiss(number)
    await service.server.connection.call_bus("GetId")  # the signal has reached the bus

    desktop.notifications.withdraw("a")
    desktop.notifications.show(notice("b", "Next"))
    await service.until("Next")

    assert number not in service.shown


async def test_without_a_service_nothing_happens_and_a_later_one_is_used(
    desktop: Desktop, bus: PrivateBus
) -> None:
    """A desktop may come after msd."""
    desktop.notifications.show(SIGN_IN)
    await anyio.wait_all_tasks_blocked()

    async with BusServer(NOTIFICATION_SPECS, address=bus.address) as server:
        service = NotificationService(server)
        await server.own_name(NAME)
        desktop.notifications.show(notice("b", "Second"))
        with anyio.fail_after(10):
            while "Second" not in {shown.summary for shown in service.shown.values()}:
                await service.changed.wait()


async def test_a_service_that_hangs_is_given_up(
    bus: PrivateBus, service: NotificationService
) -> None:
    """Whoever shows a notice never waits; what comes after is shown."""
    service.hang = anyio.Event()
    async with Connection(bus.address) as connection, anyio.create_task_group() as tasks:
        impatient = DesktopNotifications(connection, deadline_s=0.05)
        tasks.start_soon(impatient.run, lambda _key, _action: None)
        impatient.show(SIGN_IN)
        with anyio.fail_after(10):
            await service.asked.wait()
        service.hang, hanging = None, service.hang

        impatient.show(notice("b", "Second"))

        await service.until("Second")
        hanging.set()
        tasks.cancel_scope.cancel()
