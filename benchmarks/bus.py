"""The bars of the bus: QueryItems against Ping, pipelined calls, a burst of signals.

`python -m benchmarks.bus [dbus_next|dbus_fast …]` from the checkout. The server is a process of its
own over items in memory, so the figures are those of the bus alone; the client is dbus-fast.
"""

import multiprocessing
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from multiprocessing.synchronize import Event
from pathlib import Path

import anyio
from dbus_fast import Variant as FastVariant

from msd.bus.exports import export_root, new_server
from msd.bus.gate import Gate
from msd.bus.signals import run_signals
from msd.contract import BUS_NAME, JSON, LIBRARY, ROOT_PATH, SOURCE_COORDINATOR
from msd.dbus.binding import LIBRARIES
from msd.dbus.connection import Connection
from msd.dbus.messages.message import Message
from msd.dbus.messages.names import PEER, Address, SignalMatch
from msd.dbus.messages.variant import Variant
from msd.dbus.serving.server import BusServer
from msd.models import ItemId
from tests.dbus.client import Client, connected_client
from tests.support.fakes.fake_coordinator import FakeCoordinator
from tests.support.session.bus import private_bus

ROUNDS = 300
PIPELINED = 100
SIGNALS = 20_000


def _serve(address: str, library: str, ready: Event) -> None:
    anyio.run(_serve_items, address, library, ready)


async def _serve_items(address: str, library: str, ready: Event) -> None:
    coordinator = FakeCoordinator()
    for number in range(500):
        item_id = ItemId(f"item{number:012}")
        coordinator.items[item_id] = {
            "id": item_id,
            "source_id": "jellyfin_3f2a9c41d07e",
            "type": "movie",
            "title": f"The Längest Title of Movie {number}",
            "year": 1950 + number % 75,
            "watched": number % 3 == 0,
            "position_ms": number * 1000,
            "artwork": ["poster", "backdrop"],
        }
    gate = Gate()
    gate.open(coordinator)
    async with new_server(address=address, library=library) as server:
        export_root(server, gate)
        await server.own_name(BUS_NAME)
        async with anyio.create_task_group() as tasks:
            await tasks.start(run_signals, server, coordinator)
            go = SignalMatch(interface="org.msd.Benchmark")
            async with server.connection.listening(go, lambda _: _burst(server)):
                ready.set()
                await server.serve()


def _burst(server: BusServer) -> None:
    for number in range(SIGNALS):
        server.emit(ROOT_PATH, SOURCE_COORDINATOR, "SourceAdded", str(number))


async def _latency(action: Callable[[], Awaitable[object]]) -> tuple[float, float]:
    """Return p50 and p99 in milliseconds."""
    times = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        await action()
        times.append((time.perf_counter() - start) * 1000)
    return statistics.median(times), statistics.quantiles(times, n=100)[98]


async def _compare(caller: Client, library: str, limit: int) -> None:
    """Compare Ping, a page of items and the same page as JSON text, in one interleaved run."""
    options = {"limit": FastVariant("u", limit)}
    text = f'{{"query": {{"limit": {limit}}}}}'
    for _ in range(2):
        pinged = await _latency(lambda: caller.call(PEER, "Ping"))
        typed = await _latency(lambda: caller.call(LIBRARY, "QueryItems", "a{sv}", options))
        as_json = await _latency(lambda: caller.call(JSON, "QueryItems", "s", text))
    print(f"{library}: Ping {pinged[0]:.2f} ({pinged[1]:.2f}) ms, {limit} items:")
    for name, times in (("QueryItems", typed), ("Json", as_json)):
        ratios = [mine / ping for mine, ping in zip(times, pinged, strict=True)]
        print(
            f"  {name:10} {times[0]:.2f} ({times[1]:.2f}) ms, {ratios[0]:.2f}x ({ratios[1]:.2f}x)"
        )


async def _measure(address: str, library: str) -> None:
    query = Address(destination=BUS_NAME, path=ROOT_PATH, interface=LIBRARY, member="QueryItems")
    async with connected_client(address) as caller:
        for limit in (50, 500):
            await _compare(caller, library, limit)
    async with Connection(address, library="dbus_fast") as client:
        answered = 0

        async def one() -> None:
            nonlocal answered
            await client.call(query, "a{sv}", [{"limit": Variant("u", 500)}])
            answered += 1

        start = time.perf_counter()
        async with anyio.create_task_group() as tasks:
            for _ in range(PIPELINED):
                tasks.start_soon(one)
        seconds = time.perf_counter() - start
        print(f"{library}: {answered} of {PIPELINED} pipelined QueryItems(500) in {seconds:.2f} s")
        await _measure_burst(client, library)


async def _measure_burst(client: Connection, library: str) -> None:
    received: list[str] = []
    done = anyio.Event()

    def count(message: Message) -> None:
        received.append(message.body[0])
        if len(received) == SIGNALS:
            done.set()

    async with client.listening(SignalMatch(member="SourceAdded"), count):
        start = time.perf_counter()
        client.emit(Address(path="/", interface="org.msd.Benchmark", member="Go"), "", [])
        with anyio.move_on_after(60):
            await done.wait()
    seconds = time.perf_counter() - start
    in_order = received == [str(number) for number in range(SIGNALS)]
    print(
        f"{library}: {len(received)} of {SIGNALS} signals in {seconds:.2f} s, in order {in_order}"
    )


def main() -> None:
    """Run for the named libraries, or for both."""
    context = multiprocessing.get_context("spawn")
    for library in sys.argv[1:] or LIBRARIES:
        with tempfile.TemporaryDirectory() as folder, private_bus(Path(folder)) as bus:
            ready = context.Event()
            server = context.Process(target=_serve, args=(bus.address, library, ready))
            server.start()
            ready.wait(30)
            try:
                anyio.run(_measure, bus.address, library)
            finally:
                server.terminate()
                server.join()


if __name__ == "__main__":
    main()
