"""Notifications on the user's desktop, through org.freedesktop.Notifications."""

import logging
from collections.abc import Callable
from contextlib import AsyncExitStack

import anyio

from msd.dbus.connection import Connection
from msd.dbus.errors import BusError
from msd.dbus.messages.message import Message
from msd.dbus.messages.names import FREEDESKTOP, Address, SignalMatch
from msd.dbus.messages.variant import Variant
from msd.models import Notice

logger = logging.getLogger(__name__)

_NAME = "org.freedesktop.Notifications"
_PATH = "/org/freedesktop/Notifications"
_APP = "Media Source Daemon"
_ICON = "dialog-password"
_NORMAL = 1
_SERVERS_CHOICE_MS = -1
DEADLINE_S = 5.0
LONGEST = 300


class DesktopNotifications:
    """Shows notices, best effort: without a notification service nothing happens.

    `run` does what was asked for, one after the other; of several requests with one key only the
    last is done.
    """

    def __init__(self, connection: Connection, *, deadline_s: float = DEADLINE_S) -> None:
        self._connection = connection
        self._deadline_s = deadline_s
        self._requests: dict[str, Notice | None] = {}
        self._requested = anyio.Event()
        self._ids: dict[str, int] = {}  # of what is on the screen
        self._presses: list[tuple[int, str]] = []
        self._capabilities: frozenset[str] | None = None

    def show(self, notice: Notice) -> None:
        """Show a notice, or replace the one with the same key."""
        self._request(notice.key, notice)

    def withdraw(self, key: str) -> None:
        """Take a notice back; none is fine."""
        self._request(key, None)

    async def run(self, pressed: Callable[[str, str], None]) -> None:
        """Do what is asked for, until the bus is gone.

        Args:
            pressed: called with key and action when a button is pressed.
        """
        try:
            async with AsyncExitStack() as stack:
                for match, handler in (
                    (_signal("ActionInvoked"), self._note_pressed),
                    (_signal("NotificationClosed"), self._note_closed),
                    (_OWNER_CHANGED, self._note_owner),
                ):
                    await stack.enter_async_context(self._connection.listening(match, handler))
                while True:
                    await self._requested.wait()
                    self._requested = anyio.Event()
                    await self._do_all()
                    self._report_presses(pressed)
        except BusError as error:
            logger.info("notifications are shown no more: %s", error)

    def _request(self, key: str, notice: Notice | None) -> None:
        self._requests.pop(key, None)
        self._requests[key] = notice
        self._requested.set()

    async def _do_all(self) -> None:
        while self._requests:
            key = next(iter(self._requests))
            notice = self._requests.pop(key)
            try:
                with anyio.fail_after(self._deadline_s):
                    await (self._close(key) if notice is None else self._notify(notice))
            except (BusError, TimeoutError) as error:
                logger.info("a notification is not shown: %s", str(error) or "no answer in time")

    def _report_presses(self, pressed: Callable[[str, str], None]) -> None:
        presses, self._presses = self._presses, []
        for number, action in presses:
            for key, shown in list(self._ids.items()):
                if shown == number:
                    pressed(key, action)

    async def _notify(self, notice: Notice) -> None:
        if self._capabilities is None:
            (names,) = await self._call("GetCapabilities")
            self._capabilities = frozenset(map(str, names if isinstance(names, list) else ()))
        body = notice.body[:LONGEST]
        actions = [notice.action, notice.label] if notice.action else []
        (number,) = await self._call(
            "Notify",
            "susssasa{sv}i",
            _APP,
            self._ids.get(notice.key, 0),
            _ICON,
            notice.summary[:LONGEST],
            _escaped(body) if "body-markup" in self._capabilities else body,
            actions,
            {"urgency": Variant("y", _NORMAL), "desktop-entry": Variant("s", "msd")},
            _SERVERS_CHOICE_MS,
        )
        self._ids[notice.key] = int(str(number))

    async def _close(self, key: str) -> None:
        number = self._ids.pop(key, None)
        if number is not None:
            await self._call("CloseNotification", "u", number)

    async def _call(self, member: str, signature: str = "", *values: object) -> list[object]:
        address = Address(destination=_NAME, path=_PATH, interface=_NAME, member=member)
        return await self._connection.call(address, signature, values)

    def _note_pressed(self, message: Message) -> None:
        # Handled later: the answer with the number of the notice may still be on its way.
        number, action = message.body[:2]
        self._presses.append((number, str(action)))
        self._requested.set()

    def _note_closed(self, message: Message) -> None:
        number = message.body[0]
        self._ids = {key: shown for key, shown in self._ids.items() if shown != number}

    def _note_owner(self, _: Message) -> None:
        """Another service knows none of the numbers, and may be able to do other things."""
        self._ids = {}
        self._capabilities = None


def _signal(member: str) -> SignalMatch:
    return SignalMatch(sender=_NAME, path=_PATH, interface=_NAME, member=member)


_OWNER_CHANGED = SignalMatch(
    sender=FREEDESKTOP, interface=FREEDESKTOP, member="NameOwnerChanged", about=_NAME
)


def _escaped(text: str) -> str:
    """Return text as markup that shows it; `html.escape` takes long to import."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
