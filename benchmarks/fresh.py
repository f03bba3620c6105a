"""The whole of msd keeping up: nothing changed, a little changed, one event, and nothing at all.

    python benchmarks/fresh.py [--items 30000] [--events 30] [--idle-sources 10] [--idle-minutes 10]

Jellyfin simulators, a private bus with a real keyring, and the daemon. A library is synced, synced
again with nothing changed, and with ten items edited; then single edits are timed from the server
to the signal ItemsChanged (the server is told not to wait for quiet; real ones wait 30 s). At last
the daemon is left alone with several connected servers: its processor time, its wake-ups (voluntary
context switches of all its threads), and the requests that it sent. Half a minute goes by first.
"""

import argparse
import asyncio
import shutil
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from msd.bus.connection import Connection  # noqa: E402
from msd.bus.listen import SignalMatch  # noqa: E402
from tests.simulators.jellyfin import JellyfinSimulator, Timing, make_world  # noqa: E402
from tests.support.bus import PrivateBus, private_bus  # noqa: E402
from tests.support.daemon import LIBRARY, NAME, Daemon  # noqa: E402
from tests.support.daemon import ROOT as PATH  # noqa: E402
from tests.support.keyring import running_keyring  # noqa: E402

QUIET = Timing(library_quiet_s=0.0, user_data_quiet_s=0.0)
SETTLE_S = 30.0
TICKS_A_SECOND = 100


@contextmanager
def running() -> Iterator[tuple[Daemon, PrivateBus]]:
    """Run a daemon on a bus of its own."""
    folder = Path(tempfile.mkdtemp(prefix="msd-bench-"))
    try:
        with private_bus(folder / "dbus") as bus, running_keyring(bus, folder / "keyring"):
            daemon = Daemon(bus, folder / "home")
            daemon.start()
            try:
                yield daemon, bus
            finally:
                daemon.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def until_live(daemon: Daemon, source_id: str) -> None:
    """Wait until a source is synced and tells of its changes."""
    daemon.until_synced(source_id, 900)
    path = f"{PATH}/source/{source_id}"
    daemon.until(
        lambda: daemon.get(path, f"{NAME}.Source", "LiveUpdates") == "ok", "it is live", 120
    )
    daemon.until_synced(source_id, 120)


def measured(name: str, daemon: Daemon, source_id: str, sim: JellyfinSimulator) -> None:
    """Sync once and print what it took."""
    sim.log.clear()
    began = time.monotonic()
    result = daemon.sync(source_id, 600)["result"]
    seconds = time.monotonic() - began
    requests = sim.log.requests
    size = sum(one.size for one in requests)
    print(
        f"  {name:16} {len(requests):4} requests  {size / 1024:9.1f} KiB  {seconds:5.2f} s"
        f"   {result['updated']} updated"
    )


def syncs(items: int, events: int) -> None:
    """Measure syncs that find little, and events."""
    print(f"{items} items, 7 libraries")
    with JellyfinSimulator(make_world(items), timing=QUIET) as sim, running() as (daemon, bus):
        sim.world.clock.advance(3600)
        source_id = daemon.add_jellyfin(sim.url)
        until_live(daemon, source_id)
        sim.world.clock.advance(3600)
        daemon.sync(source_id, 600)  # looks at the overlap, too
        measured("nothing changed", daemon, source_id, sim)
        films = sim.world.of_type("Movie")
        sim.mute_sockets()  # so that the sync finds them first
        for number in range(10):
            sim.world.edit(films[number].id, name=f"Edited {number}")
        measured("10 edited", daemon, source_id, sim)
    with JellyfinSimulator(make_world(1000), timing=QUIET) as sim, running() as (daemon, bus):
        source_id = daemon.add_jellyfin(sim.url)
        until_live(daemon, source_id)
        latencies = asyncio.run(edit_and_wait(bus.address, sim, events))
        ordered = sorted(latencies)
        print(
            f"  event → signal   p50 {statistics.median(ordered) * 1000:.0f} ms"
            f"   p95 {ordered[int(len(ordered) * 0.95)] * 1000:.0f} ms   ({events} events)"
        )


async def edit_and_wait(address: str, sim: JellyfinSimulator, events: int) -> list[float]:
    """Return the seconds from each edit to its signal."""
    films = sim.world.of_type("Movie")
    found = []
    match = SignalMatch(interface=LIBRARY, member="ItemsChanged")
    async with Connection(address) as connection:
        told: asyncio.Queue[object] = asyncio.Queue()
        async with connection.listening(match, told.put_nowait):
            for number in range(events):
                began = time.monotonic()
                sim.world.edit(films[number % len(films)].id, name=f"Event {number}")
                await asyncio.wait_for(told.get(), 30)
                found.append(time.monotonic() - began)
                await asyncio.sleep(0.5)
                while not told.empty():
                    told.get_nowait()
    return found


def spent(pid: int) -> tuple[float, Counter[str]]:
    """Return the processor seconds of a process, and the wake-ups of each of its threads."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    seconds = (int(fields[11]) + int(fields[12])) / TICKS_A_SECOND
    wakes = Counter[str]()
    for status in Path(f"/proc/{pid}/task").glob("*/status"):
        text = status.read_text()
        wakes[status.parent.name] = int(text.split("\nvoluntary_ctxt_switches:")[1].split()[0])
    return seconds, wakes


def idle(sources: int, minutes: float) -> None:
    """Measure a daemon that has nothing to do."""
    with ExitStack() as stack:
        sims = [
            stack.enter_context(JellyfinSimulator(make_world(100, seed=n + 1), timing=QUIET))
            for n in range(sources)
        ]
        daemon, _bus = stack.enter_context(running())
        ids = [daemon.add_jellyfin(sim.url) for sim in sims]
        for source_id in ids:
            until_live(daemon, source_id)
        time.sleep(SETTLE_S)
        assert daemon.process is not None
        for sim in sims:
            sim.log.clear()
        seconds, wakes = spent(daemon.process.pid)
        time.sleep(minutes * 60)
        seconds_then, wakes_then = spent(daemon.process.pid)
        requests = [one.template for sim in sims for one in sim.log.requests]
        print(
            f"idle for {minutes:g} min with {len(set(ids))} sources:"
            f" {seconds_then - seconds:.2f} s of CPU"
            f" ({(seconds_then - seconds) / (minutes * 60):.2%}),"
            f" {(wakes_then - wakes).total() / minutes:.1f} wake-ups a minute,"
            f" {len(requests)} requests {sorted(set(requests))}"
        )


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--items", type=int, default=30_000)
    parser.add_argument("--events", type=int, default=30)
    parser.add_argument("--idle-sources", type=int, default=10)
    parser.add_argument("--idle-minutes", type=float, default=10)
    options = parser.parse_args()
    if options.events:
        syncs(options.items, options.events)
    if options.idle_minutes:
        idle(options.idle_sources, options.idle_minutes)


if __name__ == "__main__":
    main()
