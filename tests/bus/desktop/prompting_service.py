"""A Secret Service with one collection, whose prompts a test answers."""

from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar

import anyio

from msd.dbus.errors import CallError
from msd.dbus.messages.variant import Variant
from msd.dbus.serving.interface import Interface
from msd.dbus.serving.server import BusServer
from msd.dbus.serving.spec import parse_specs

PROMPT = "/org/freedesktop/secrets/prompt/p1"
COLLECTION = "/org/freedesktop/secrets/collection/login"
ALIAS = "/org/freedesktop/secrets/aliases/default"
SESSION = "/org/freedesktop/secrets/session/s1"
PROMPTING_SPECS = parse_specs("""<node>
<interface name="org.freedesktop.Secret.Service">
<method name="ReadAlias"><arg type="s" direction="in"/><arg type="o" direction="out"/></method>
<method name="OpenSession"><arg type="s" direction="in"/><arg type="v" direction="in"/>
<arg type="v" direction="out"/><arg type="o" direction="out"/></method>
<method name="Unlock"><arg type="ao" direction="in"/><arg type="ao" direction="out"/>
<arg type="o" direction="out"/></method>
<method name="CreateCollection"><arg type="a{sv}" direction="in"/><arg type="s" direction="in"/>
<arg type="o" direction="out"/><arg type="o" direction="out"/></method>
</interface>
<interface name="org.freedesktop.Secret.Collection">
<property name="Locked" type="b" access="read"/>
<property name="Label" type="s" access="read"/>
<method name="SearchItems">
<arg type="a{ss}" direction="in"/><arg type="ao" direction="out"/></method>
<method name="CreateItem"><arg type="a{sv}" direction="in"/><arg type="(oayays)" direction="in"/>
<arg type="b" direction="in"/>
<arg type="o" direction="out"/><arg type="o" direction="out"/></method>
</interface>
<interface name="org.freedesktop.Secret.Prompt">
<method name="Prompt"><arg type="s" direction="in"/></method>
<method name="Dismiss"/>
<signal name="Completed"><arg type="b"/><arg type="v"/></signal>
</interface></node>""")


class PromptingService(Interface):
    """The service; it counts what would have shown a window."""

    name = "org.freedesktop.Secret.Service"

    def __init__(self, server: BusServer) -> None:
        self.server = server
        self.collection = COLLECTION
        self.locked = True
        self.prompts = self.created = self.unlocks = self.asked_to_confirm = 0
        self.prompted = anyio.Event()
        self.dismissed = anyio.Event()
        self.hang: anyio.Event | None = None
        server.tree.add("/org/freedesktop/secrets", self)
        server.tree.add(COLLECTION, _Collection(self))
        server.tree.add(ALIAS, _Collection(self))
        server.tree.add(PROMPT, _Prompt(self))

    def complete(self, *, unlock: bool) -> None:
        """Answer the prompt as a user would."""
        self.locked = not unlock
        self.collection = COLLECTION if unlock else self.collection
        answer = Variant("s", "")
        interface = "org.freedesktop.Secret.Prompt"
        self.server.emit(PROMPT, interface, "Completed", not unlock, answer)

    async def read_alias(self, _: str) -> str:
        if self.hang is not None:
            await self.hang.wait()
        return self.collection

    async def open_session(self, algorithm: str, _: Variant) -> tuple[Variant, str]:
        if algorithm != "plain":
            raise CallError("NotSupported", "only plain sessions")
        return Variant("s", ""), SESSION

    async def unlock(self, _: Sequence[str]) -> tuple[Sequence[str], str]:
        self.unlocks += 1
        return [], PROMPT

    async def create_collection(self, _: Mapping[str, Variant], __: str) -> tuple[str, str]:
        self.created += 1
        return "/", PROMPT


class _Collection(Interface):
    name = "org.freedesktop.Secret.Collection"
    properties: ClassVar[Mapping[str, Callable[[PromptingService], object]]] = {
        "Locked": lambda service: service.locked,
        "Label": lambda _: "Login",
    }

    def __init__(self, service: PromptingService) -> None:
        self._service = service

    def subject(self) -> PromptingService:
        return self._service

    async def search_items(self, _: Mapping[str, str]) -> Sequence[str]:
        return []

    async def create_item(self, _: Mapping[str, Variant], __: object, ___: bool) -> tuple[str, str]:
        self._service.asked_to_confirm += 1
        return "/", PROMPT  # as KeePassXC may: the user must confirm


class _Prompt(Interface):
    name = "org.freedesktop.Secret.Prompt"

    def __init__(self, service: PromptingService) -> None:
        self._service = service

    async def prompt(self, _: str) -> None:
        self._service.prompts += 1
        self._service.prompted.set()

    async def dismiss(self) -> None:
        self._service.dismissed.set()
