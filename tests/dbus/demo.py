"""An interface that has a member for every kind of trouble."""

import os
from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar

import anyio

from msd.dbus.messages.variant import Variant
from msd.dbus.messages.wire import Descriptor
from msd.dbus.serving.callers import caller
from msd.dbus.serving.interface import Interface
from msd.dbus.serving.server import BusServer
from msd.dbus.serving.spec import parse_specs
from msd.errors import UnknownItemError

DEMO = "org.msd.Demo1"
READS = "org.msd.DemoReads1"
READS_AT_ONCE = 4
SECRET = "the secret of /home/ann"
DEMO_SPECS = parse_specs("""<node><interface name="org.msd.Demo1">
<method name="Echo"><arg type="v" direction="in"/><arg type="v" direction="out"/></method>
<method name="Text"><arg type="s" direction="in"/><arg type="s" direction="out"/></method>
<method name="Texts"><arg type="as" direction="in"/><arg type="u" direction="out"/></method>
<method name="Bytes"><arg type="u" direction="in"/><arg type="ay" direction="out"/></method>
<method name="Path"><arg type="s" direction="in"/><arg type="o" direction="out"/></method>
<method name="Crash"/>
<method name="Fail"/>
<method name="Wait"/>
<method name="Linger"/>
<method name="Pair"><arg type="s" direction="out"/><arg type="s" direction="out"/></method>
<method name="WhoAmI"><arg type="s" direction="out"/></method>
<method name="Open"><arg type="s" direction="in"/><arg type="h" direction="out"/></method>
<method name="Options"><arg type="a{sv}" direction="in"/><arg type="a{sv}" direction="out"/>
</method>
<signal name="Ticked"><arg type="u"/></signal>
<property name="Good" type="s" access="read"/>
<property name="Bad" type="s" access="read"/>
<property name="Volume" type="u" access="readwrite"/>
</interface>
<interface name="org.msd.DemoReads1"><method name="Read"/></interface></node>""")


class Demo:
    """What the tests look at."""

    def __init__(self) -> None:
        self.volume = 5
        self.waiting = anyio.Event()
        self.released = anyio.Event()
        self.lingering = anyio.Event()
        self.cancelled = 0
        self.reading = 0
        self.reads_begun = 0
        self.opened: list[int] = []
        self.server: BusServer | None = None


def _bad(_: object) -> str:
    raise RuntimeError(SECRET)


class DemoObject(Interface):
    name = DEMO
    properties: ClassVar[Mapping[str, Callable[[Demo], object]]] = {
        "Good": lambda _: "fine",
        "Bad": _bad,
        "Volume": lambda demo: demo.volume,
    }

    def __init__(self, demo: Demo) -> None:
        self._demo = demo

    def subject(self) -> Demo:
        return self._demo

    async def echo(self, value: Variant) -> Variant:
        return value

    async def text(self, value: str) -> str:
        return {"nul": "a\0b", "surrogate": "a\ud800b"}.get(value, value)

    async def texts(self, values: Sequence[str]) -> int:
        return len(values)

    async def bytes(self, count: int) -> bytes:
        return bytes(count)

    async def path(self, value: str) -> str:
        return value

    async def crash(self) -> None:
        raise RuntimeError(SECRET)

    async def fail(self) -> None:
        raise UnknownItemError("no such item")

    async def wait(self) -> None:
        self._demo.waiting.set()
        try:
            await self._demo.released.wait()
        except anyio.get_cancelled_exc_class():
            self._demo.cancelled += 1
            raise

    async def linger(self) -> None:
        try:
            await self.wait()
        finally:
            with anyio.CancelScope(shield=True):
                self._demo.lingering.set()
                await self._demo.released.wait()

    async def pair(self) -> list[str]:
        return ["a list", "is no tuple"]

    async def who_am_i(self) -> str:
        return caller.get().name

    async def open(self, text: str) -> Descriptor:
        descriptor = os.memfd_create("demo")
        os.write(descriptor, text.encode())
        os.lseek(descriptor, 0, os.SEEK_SET)
        self._demo.opened.append(descriptor)
        return Descriptor(descriptor)

    async def options(self, options: Mapping[str, Variant]) -> Mapping[str, Variant]:
        return options

    async def set_volume(self, volume: int) -> None:
        self._demo.volume = volume


class DemoReads(Interface):
    """Methods that do real work: of each caller a few at once."""

    name = READS
    calls_at_once = READS_AT_ONCE

    def __init__(self, demo: Demo) -> None:
        self._demo = demo

    async def read(self) -> None:
        self._demo.reads_begun += 1
        self._demo.reading += 1
        try:
            await self._demo.released.wait()
        except anyio.get_cancelled_exc_class():
            self._demo.cancelled += 1
            raise
