"""A big library through the whole of msd: speed, memory, and answers while it syncs.

    python benchmarks/sync.py [--items 100000] [--clients 10] [--rounds 3]

Starts a Jellyfin simulator in a process of its own, a private bus with a real keyring, and the
daemon; adds the source; while it syncs, clients ask for pages of 50. Beside it runs the floor:
every page fetched with http.client, then either the cache's own rows, decoded before, stored in
tables and indexes like the cache's with `executemany` (bar Y1: at most 2.4 times that), or rows of
four columns in a table with one index. Then the daemon is started with server and keyring gone.
Figures vary with the machine; compare the columns of one run.
"""

import argparse
import asyncio
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.floor import (  # noqa: E402
    Cost,
    Stopwatch,
    fetch_all,
    simulator,
    store_again,
    store_plain,
)
from msd.dbus.connection import Connection  # noqa: E402
from msd.dbus.messages.names import Address  # noqa: E402
from tests.support.session.bus import private_bus  # noqa: E402
from tests.support.session.daemon import LIBRARY, NAME, CallError, Daemon  # noqa: E402
from tests.support.session.daemon import ROOT as PATH  # noqa: E402
from tests.support.session.keyring import running_keyring  # noqa: E402


def resident_mb(pid: int) -> float:
    """Return what a process has in memory, 0 when it is gone."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0.0
    return int(status.split("VmRSS:")[1].split()[0]) / 1024 if "VmRSS:" in status else 0.0


def children(pid: int) -> list[int]:
    """Return the worker processes of the daemon."""
    try:
        return [int(p) for p in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


class MemoryWatch(threading.Thread):
    """Samples the memory of the daemon and its workers."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self._pid = pid
        self.stop = threading.Event()
        self.front = self.worker = self.together = 0.0

    def run(self) -> None:
        """Sample until stopped."""
        while not self.stop.wait(0.05):
            front = resident_mb(self._pid)
            workers = sum(resident_mb(child) for child in children(self._pid))
            self.front = max(self.front, front)
            self.worker = max(self.worker, workers)
            self.together = max(self.together, front + workers)


async def ask_for_pages(address: str, clients: int, until: threading.Event) -> list[float]:
    """Have clients ask for pages of 50, one call each at a time; return the latencies in ms."""
    latencies: list[float] = []
    target = Address(destination=NAME, path=PATH, interface=LIBRARY, member="QueryItems")

    async def client() -> None:
        async with Connection(address, library="dbus_fast") as connection:
            while not until.is_set():
                began = time.monotonic()
                await connection.call(target, "a{sv}", [{}])
                latencies.append((time.monotonic() - began) * 1000)
                await asyncio.sleep(0.02)

    await asyncio.gather(*(client() for _ in range(clients)))
    return latencies


def latencies_during(address: str, clients: int, work: Callable[[], object]) -> list[float]:
    """Return the latencies that clients see while `work()` runs."""
    until = threading.Event()

    def end() -> None:
        try:
            work()
        finally:
            until.set()

    thread = threading.Thread(target=end)
    thread.start()
    found = asyncio.run(ask_for_pages(address, clients, until))
    thread.join()
    return found


def shown(latencies: list[float]) -> str:
    """Return p50 and p99."""
    ordered = sorted(latencies)
    p50, p99 = statistics.median(ordered), ordered[int(len(ordered) * 0.99)]
    return f"p50 {p50:6.1f} ms   p99 {p99:6.1f} ms   ({len(ordered)} answers)"


def spent_cpu_s(pid: int) -> float:
    """Return the processor time of a process and of those of its children that have ended."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")


def first_sync(daemon: Daemon, url: str) -> tuple[str, Cost]:
    """Add a server and wait for its items; return the source and what daemon and worker used."""
    assert daemon.process is not None
    watch, began = Stopwatch(), spent_cpu_s(daemon.process.pid)
    source_id = added(daemon, url)
    daemon.until_synced(source_id, 900)
    return source_id, Cost(watch.stop().wall_s, spent_cpu_s(daemon.process.pid) - began)


def added(daemon: Daemon, url: str) -> str:
    """Add a server, as soon as it is no longer being removed."""
    found: list[str] = []

    def is_added() -> bool:
        try:
            found.append(daemon.add_jellyfin(url))
        except CallError as error:
            if "still being removed" not in str(error):
                raise
        return bool(found)

    daemon.until(is_added, "the server can be added", 300)
    return found[0]


def say(what: str, count: int, cost: Cost, beside: Cost | None = None) -> None:
    """Print what a number of items cost, and how many times something else that is."""
    ratio = ""
    if beside is not None:
        ratio = f"; the sync takes {beside.wall_s / cost.wall_s:.2f} x its time"
        ratio += f", {beside.cpu_s / cost.cpu_s:.2f} x its CPU"
    print(
        f"  {what:12} {cost.wall_s:6.1f} s  {count / cost.wall_s:8.0f} items/s"
        f"  {cost.cpu_s / count * 1e6:6.1f} µs CPU an item{ratio}"
    )


def one_round(url: str, clients: int, number: int) -> None:
    """Measure one first sync, one that finds nothing new, and a start with everything gone."""
    folder = Path(tempfile.mkdtemp(prefix="msd-bench-"))
    try:
        with (
            private_bus(folder / "dbus") as bus,
            running_keyring(bus, folder / "keyring") as keyring,
        ):
            fetched, rows = fetch_all(url)
            daemon = Daemon(bus, folder / "home")
            daemon.start()
            assert daemon.process is not None
            memory = MemoryWatch(daemon.process.pid)
            memory.start()
            source_id, synced = first_sync(daemon, url)
            memory.stop.set()
            count = daemon.count()
            fetched *= count / rows
            print(f"round {number}: {count} items")
            say("first sync", count, synced)
            cache = next((folder / "home").rglob("cache.db"))
            say("floor", count, fetched + store_again(cache, folder), synced)
            say("plain floor", count, fetched + store_plain(count, folder), synced)
            print(
                f"  peak memory  front {memory.front:.0f} MB, worker {memory.worker:.0f} MB,"
                f" together {memory.together:.0f} MB"
            )
            began = time.monotonic()
            result = daemon.sync(source_id, 600)["result"]
            again_s = time.monotonic() - began
            print(f"  nothing new  {again_s:6.1f} s  {result['updated']} rows written")
            print(
                "  idle         ",
                shown(latencies_during(bus.address, clients, lambda: time.sleep(5))),
            )

            def sync_anew() -> None:
                daemon.call("RemoveSource", "s", source_id)
                first_sync(daemon, url)

            print("  while syncing", shown(latencies_during(bus.address, clients, sync_anew)))
            daemon.stop()
            keyring.stop()
            cold = start_cold(daemon)
            print(
                f"  cold start, no server, no keyring: name {cold[0] * 1000:.0f} ms,"
                f" first page {cold[1] * 1000:.0f} ms after exec"
            )
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def start_cold(daemon: Daemon) -> tuple[float, float]:
    """Start with nothing reachable; return seconds from exec to the name and to the first page."""
    began = time.monotonic()
    daemon.process = subprocess.Popen(
        [sys.executable, "-m", "msd"],
        env={**daemon.environment, "http_proxy": ""},
        stderr=subprocess.DEVNULL,
    )

    async def wait() -> tuple[float, float]:
        async with Connection(daemon.bus.address) as connection:
            while not (await connection.call_bus("NameHasOwner", "s", NAME))[0]:
                continue
            named = time.monotonic() - began
            target = Address(destination=NAME, path=PATH, interface=LIBRARY, member="QueryItems")
            (items, *_) = await connection.call(target, "a{sv}", [{}])
            assert len(items) == 50
            return named, time.monotonic() - began

    found = asyncio.run(wait())
    daemon.stop()
    return found


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--items", type=int, default=100_000)
    parser.add_argument("--clients", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    os.chdir(ROOT)
    with simulator(options.items) as url:
        for number in range(1, options.rounds + 1):
            one_round(url, options.clients, number)


if __name__ == "__main__":
    main()
