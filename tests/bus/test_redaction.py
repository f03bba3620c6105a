"""No secret at hand leaves over the bus, whatever it is part of."""

from collections.abc import AsyncIterator, Callable, Mapping
from typing import ClassVar

import pytest

from msd.bus.outgoing import SecretsFilter, error_reply
from msd.dbus.messages.variant import Variant
from msd.dbus.serving.interface import Interface
from msd.dbus.serving.server import BusServer
from msd.dbus.serving.spec import parse_specs
from msd.errors import AuthRefusedError
from msd.redaction import SHOWN, Redactor
from tests.dbus.client import Client, ErrorReply, plain
from tests.support.session.bus import PrivateBus

pytestmark = pytest.mark.anyio

CANARY = "canary-55ab"
PATH = "/org/msd/Msd1"
SPECS = parse_specs("""<node><interface name="org.msd.Msd1.Leaky">
<method name="Tell"><arg type="s" direction="out"/><arg type="a{sv}" direction="out"/>
<arg type="aa{sv}" direction="out"/></method>
<method name="Fail"><arg type="s" direction="in"/></method>
<method name="Emit"/>
<property name="Secret" type="s" access="read"/>
<signal name="Told"><arg type="as"/></signal>
</interface></node>""")
LEAKY = "org.msd.Msd1.Leaky"


class Leaky(Interface):
    """An object that knows a secret and keeps none."""

    name = LEAKY
    properties: ClassVar[Mapping[str, Callable[[object], object]]] = {"Secret": lambda _: CANARY}

    def __init__(self, server: BusServer) -> None:
        self._server = server

    async def tell(self) -> tuple[str, Mapping[str, Variant], list[Mapping[str, Variant]]]:
        deep = {"title": Variant("s", f"The {CANARY}"), "year": Variant("i", 1999)}
        return f"{CANARY}{CANARY}", {CANARY: Variant("as", [CANARY])}, [deep]

    async def fail(self, password: str) -> None:
        raise AuthRefusedError(f"{password} and {CANARY} are wrong")

    async def emit(self) -> None:
        self._server.emit(PATH, LEAKY, "Told", [CANARY, "b"])


@pytest.fixture
def redactor() -> Redactor:
    redactor = Redactor()
    redactor.learn(CANARY)
    return redactor


@pytest.fixture
async def served(bus: PrivateBus, library: str, redactor: Redactor) -> AsyncIterator[BusServer]:
    async with BusServer(
        SPECS,
        address=bus.address,
        library=library,
        outgoing=SecretsFilter(redactor),
        errors=error_reply,
    ) as server:
        server.tree.add(PATH, Leaky(server))
        await server.own_name("org.msd.Msd1")
        yield server


async def test_answers_properties_signals_and_errors_hold_none(
    served: BusServer, client: Client, redactor: Redactor
) -> None:
    """Answers properties signals and errors hold none (K1).

    Found by the bytes of a message, taken out of each text in it.
    """
    await client.listen("sender='org.msd.Msd1'")

    told = await client.call(LEAKY, "Tell")
    values = await client.call("org.freedesktop.DBus.Properties", "GetAll", "s", LEAKY)
    await client.call(LEAKY, "Emit")
    with redactor.hiding("swordfish"), pytest.raises(ErrorReply) as failure:
        await client.call(LEAKY, "Fail", "s", "swordfish")
    (signal,) = await client.wait_for(1, "Told")

    assert told[0] == SHOWN + SHOWN
    assert "The ***" in str(told)
    assert "1999" in str(told)
    assert SHOWN in str(values)
    assert f"{SHOWN} and {SHOWN} are wrong" in str(failure.value)
    everything = f"{told}{values}{plain(signal.body)}{failure.value}"
    assert [[SHOWN, "b"]] == plain(signal.body)
    assert CANARY not in everything
    assert "swordfish" not in everything
