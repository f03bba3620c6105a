"""A notification service whose user a test plays."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import anyio

from msd.dbus.messages.variant import Variant
from msd.dbus.serving.interface import Interface
from msd.dbus.serving.server import BusServer
from msd.dbus.serving.spec import parse_specs

NAME = "org.freedesktop.Notifications"
PATH = "/org/freedesktop/Notifications"
NOTIFICATION_SPECS = parse_specs("""<node><interface name="org.freedesktop.Notifications">
<method name="GetCapabilities"><arg type="as" direction="out"/></method>
<method name="Notify"><arg type="s" direction="in"/><arg type="u" direction="in"/>
<arg type="s" direction="in"/><arg type="s" direction="in"/><arg type="s" direction="in"/>
<arg type="as" direction="in"/><arg type="a{sv}" direction="in"/><arg type="i" direction="in"/>
<arg type="u" direction="out"/></method>
<method name="CloseNotification"><arg type="u" direction="in"/></method>
<signal name="NotificationClosed"><arg type="u"/><arg type="u"/></signal>
<signal name="ActionInvoked"><arg type="u"/><arg type="s"/></signal>
</interface></node>""")


@dataclass(frozen=True)
class Shown:
    """One notification on the screen."""

    summary: str
    body: str
    actions: tuple[str, ...]


@dataclass(eq=False)
class NotificationService(Interface):
    """The service; what it shows is what a user would see."""

    server: BusServer
    capabilities: list[str] = field(default_factory=lambda: ["actions", "body", "body-markup"])
    shown: dict[int, Shown] = field(default_factory=dict)
    notified: int = 0
    changed: anyio.Event = field(default_factory=anyio.Event)
    hang: anyio.Event | None = None
    asked: anyio.Event = field(default_factory=anyio.Event)
    name = NAME

    def __post_init__(self) -> None:
        self.server.tree.add(PATH, self)

    async def get_capabilities(self) -> Sequence[str]:
        return self.capabilities

    async def notify(
        self,
        app: str,
        replaces: int,
        icon: str,
        summary: str,
        body: str,
        actions: Sequence[str],
        hints: Mapping[str, Variant],
        expires_ms: int,
    ) -> int:
        if self.hang is not None:
            self.asked.set()
            await self.hang.wait()
        self.notified += 1
        number = replaces or self.notified
        self.shown[number] = Shown(summary, body, tuple(actions))
        self._change()
        return number

    async def close_notification(self, number: int) -> None:
        self.shown.pop(number, None)
        self._change()

    def press(self, number: int, action: str) -> None:
        """Press a button as a user would."""
        self.server.emit(PATH, NAME, "ActionInvoked", number, action)

    def dismiss(self, number: int) -> None:
        """Take a notification off the screen as a user would."""
        del self.shown[number]
        self.server.emit(PATH, NAME, "NotificationClosed", number, 2)

    async def until(self, *summaries: str) -> None:
        """Wait until exactly these are on the screen."""
        with anyio.fail_after(10):
            while sorted(summaries) != sorted(shown.summary for shown in self.shown.values()):
                await self.changed.wait()

    def _change(self) -> None:
        self.changed.set()
        self.changed = anyio.Event()
