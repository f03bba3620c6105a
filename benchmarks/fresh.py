"""The whole of msd keeping up: nothing changed, a little changed, and nothing at all.

    python -m benchmarks.fresh [--items 30000] [--idle-sources 10] [--idle-minutes 10]

Jellyfin simulators, a private bus with a real keyring, and the daemon. A library is synced, synced
again with nothing changed, and with ten items edited. Then a daemon is left alone with several
connected servers: its processor time, its wake-ups (voluntary context switches of all its threads,
minute by minute) and the requests that it sent. Half a minute goes by first. Zero items, or zero
minutes, leave their part out.
"""

import argparse
import statistics
import time
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.live import QUIET, daemon_in, until_live
from tests.simulators.jellyfin import JellyfinSimulator, make_world
from tests.support.session.daemon import Daemon

SETTLE_S = 30.0
TICKS_A_SECOND = 100


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


def syncs(items: int) -> None:
    """Measure syncs that find little."""
    print(f"{items} items, 7 libraries")
    with (
        JellyfinSimulator(make_world(items), timing=QUIET) as sim,
        TemporaryDirectory(prefix="msd-fresh-") as folder,
        daemon_in(Path(folder)) as daemon,
    ):
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


def spent(pid: int) -> tuple[float, Counter[str]]:
    """Return the processor seconds of a process, and the wake-ups of each of its threads."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    seconds = (int(fields[11]) + int(fields[12])) / TICKS_A_SECOND
    wakes = Counter[str]()
    for status in Path(f"/proc/{pid}/task").glob("*/status"):
        text = status.read_text()
        wakes[status.parent.name] = int(text.split("\nvoluntary_ctxt_switches:")[1].split()[0])
    return seconds, wakes


def idle(sources: int, minutes: int) -> None:
    """Measure a daemon that has nothing to do."""
    with ExitStack() as stack:
        sims = [
            stack.enter_context(JellyfinSimulator(make_world(100, seed=n + 1), timing=QUIET))
            for n in range(sources)
        ]
        folder = stack.enter_context(TemporaryDirectory(prefix="msd-fresh-"))
        daemon = stack.enter_context(daemon_in(Path(folder)))
        ids = [daemon.add_jellyfin(sim.url) for sim in sims]
        for source_id in ids:
            until_live(daemon, source_id)
        time.sleep(SETTLE_S)
        assert daemon.process is not None
        for sim in sims:
            sim.log.clear()
        began, before = spent(daemon.process.pid)
        seconds, by_minute = 0.0, []
        for _ in range(minutes):
            time.sleep(60)
            now, wakes = spent(daemon.process.pid)
            seconds = now - began
            by_minute.append((wakes - before).total())
            before = wakes
        requests = [one.template for sim in sims for one in sim.log.requests]
        print(
            f"idle for {minutes} min with {len(set(ids))} sources: {seconds:.2f} s of CPU"
            f" ({seconds / (minutes * 60):.2%}), wake-ups a minute: median"
            f" {statistics.median(by_minute):.0f}, {by_minute};"
            f" {len(requests)} requests {sorted(set(requests))}"
        )


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--items", type=int, default=30_000)
    parser.add_argument("--idle-sources", type=int, default=10)
    parser.add_argument("--idle-minutes", type=int, default=10)
    options = parser.parse_args()
    if options.items:
        syncs(options.items)
    if options.idle_minutes:
        idle(options.idle_sources, options.idle_minutes)


if __name__ == "__main__":
    main()
