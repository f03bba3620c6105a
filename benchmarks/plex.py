"""A big Plex library through the whole of msd, and listed by plexapi in the same run.

    python -m benchmarks.plex [--items 100000] [--rounds 1]

Starts the simulators in a process of their own, which has rendered beforehand the rows that msd
and plexapi ask for; a private bus with a real keyring; and the daemon, to which the account is
added. Then it syncs again, with nothing changed. plexapi lists the same sections in a process of
its own: it builds an object for each item and stores nothing.
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import PIPE, Popen
from urllib.parse import urlencode

from benchmarks.compare import measured
from benchmarks.floor import ROOT, Cost, Stopwatch
from benchmarks.sync import MemoryWatch, say, spent_cpu_s
from msd.backend_api import Listing
from msd.backends.plex.query import PAGE_SIZE, TYPE_CODES, listing_query
from msd.models import ItemType, LibraryType, RemoteId, RemoteLibrary
from tests.support.bus import private_bus
from tests.support.daemon import Daemon
from tests.support.keyring import running_keyring

PLEXAPI = "plexapi"


@contextmanager
def simulators(items: int) -> Iterator[tuple[str, str, str, str]]:
    """Run them; yield the server's address and token, plex.tv's address, an account's token."""
    command = [sys.executable, "-m", "tests.simulators.plex", "--items", str(items)]
    for query in _asked():
        command += ["--warm", query]
    with Popen(command, cwd=ROOT, stdout=PIPE, text=True) as process:
        assert process.stdout is not None
        url, token, tv = (process.stdout.readline().strip() for _ in range(3))
        account = next(line for line in process.stdout if "account token" in line).split()[-1]
        yield url, token, tv, account
        process.terminate()


def _asked() -> Iterator[str]:
    """Yield the queries of the listings, by which the simulator knows what rows to render."""
    library = RemoteLibrary(remote_id=RemoteId("1"), name="", type=LibraryType.MOVIES)
    for item_type in ItemType:
        if item_type in TYPE_CODES and item_type is not ItemType.MUSIC_VIDEO:
            yield urlencode(listing_query(Listing(library=library, type=item_type)).parameters)
            yield urlencode({"type": TYPE_CODES[item_type], "includeGuids": 1})


def list_with_plexapi(url: str, token: str) -> dict[str, float]:
    """List everything with plexapi, page by page as large as msd's."""
    from plexapi.server import PlexServer  # noqa: PLC0415 - its cost is its own

    server = PlexServer(url, token, timeout=120)
    types = {
        "movie": ("movie",),
        "show": ("show", "season", "episode"),
        "artist": ("artist", "album", "track"),
    }
    rows = []
    for section in server.library.sections():
        for kind in types.get(section.type, ()):
            rows += section.search(libtype=kind, container_size=PAGE_SIZE)
    return {"items": len(rows)}


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
    run = measured([sys.executable, "-m", "benchmarks.plex", PLEXAPI, url, token])
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
    with simulators(options.items) as addresses:
        for _ in range(options.rounds):
            one_round(*addresses)


if __name__ == "__main__":
    if sys.argv[1:2] == [PLEXAPI]:
        print(json.dumps(list_with_plexapi(*sys.argv[2:])))
    else:
        main()
