"""A big Plex library through the whole of msd, and listed by plexapi in the same run.

    python -m benchmarks.plex [--items 100000] [--rounds 1]

Starts the simulators in a process of their own, which has rendered beforehand the rows that msd
and plexapi ask for; a private bus with a real keyring; and the daemon, to which the account is
added. Then it syncs again, with nothing changed. plexapi lists the same sections in a process of
its own: it builds an object for each item and stores nothing.
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.compare import measured
from benchmarks.floor import Cost, Stopwatch, plex_simulator
from benchmarks.sync import MemoryWatch, say, spent_cpu_s
from tests.support.session.bus import private_bus
from tests.support.session.daemon import Daemon
from tests.support.session.keyring import running_keyring

PLEXAPI = "plexapi"


def one_round(url: str, token: str, tv: str, account: str) -> None:
    """Measure a first sync, one that finds nothing new, and plexapi."""
    with tempfile.TemporaryDirectory(prefix="msd-bench-") as name:
        folder = Path(name)
        with private_bus(folder / "dbus") as bus, running_keyring(bus, folder / "keyring"):
            daemon = Daemon(bus, folder / "home", {"MSD_PLEX_TV": tv, "MSD_PLEX_GDM": ""})
            daemon.start()
            assert daemon.process is not None
            memory = MemoryWatch(daemon.process.pid)
            memory.start()
            watch, began = Stopwatch(), spent_cpu_s(daemon.process.pid)
            [source_id] = daemon.call("AddPlexAccount", "s", account)
            daemon.until_synced(source_id, 1800)
            cost = Cost(watch.stop().wall_s, spent_cpu_s(daemon.process.pid) - began)
            memory.stop.set()
            count = daemon.count()
            print(f"{count} items")
            say("first sync", count, cost)
            print(
                f"  peak memory  front {memory.front:.0f} MB, worker {memory.worker:.0f} MB,"
                f" together {memory.together:.0f} MB"
            )
            started = time.monotonic()
            result = daemon.sync(source_id, 900)["result"]
            print(
                f"  nothing new  {time.monotonic() - started:6.1f} s"
                f"  {result['updated']} rows written"
            )
            daemon.stop()
    run = measured([sys.executable, "-m", "benchmarks.peers", PLEXAPI, url, token])
    say(PLEXAPI, run.items, Cost(run.wall_s, run.cpu_s))
    print(f"  peak memory  {run.peak_mb:.0f} MB")


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--items", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=1)
    options = parser.parse_args()
    with plex_simulator(options.items) as addresses:
        for _ in range(options.rounds):
            one_round(*addresses)


if __name__ == "__main__":
    main()
