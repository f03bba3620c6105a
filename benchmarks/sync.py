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
import http.client
import json
import os
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import urlencode, urlsplit

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from msd.bus.connection import Connection  # noqa: E402
from msd.bus.wire import Address  # noqa: E402
from tests.support.bus import private_bus  # noqa: E402
from tests.support.daemon import LIBRARY, NAME, Daemon  # noqa: E402
from tests.support.daemon import ROOT as PATH  # noqa: E402
from tests.support.keyring import running_keyring  # noqa: E402

PAGE = 500
BATCH = 10_000
ITEM_TABLES = (
    ("item", "pk"),
    ("item_detail", "item"),
    ("item_genre", "item"),
    ("item_external", "item"),
)
FIELDS = (
    "ProviderIds,Genres,Overview,SortName,OriginalTitle,DateCreated,ParentId,Etag,Taglines,"
    "Studios,SpecialEpisodeNumbers,MediaSourceCount"
)
QUERY = {"fields": FIELDS, "imageTypeLimit": "1", "enableImageTypes": "Primary,Backdrop,Thumb,Logo"}


@contextmanager
def simulator(items: int) -> Iterator[str]:
    """Run the simulator; yield its address."""
    command = [sys.executable, "-m", "tests.simulators.jellyfin", "--items", str(items)]
    command += ["--version", "10.11", "--no-compression", "--warm", urlencode(QUERY)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
        process.terminate()


def fetch_all(url: str) -> tuple[float, int]:
    """Fetch every page and look into none; return seconds and rows."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc)
    device = 'MediaBrowser Client="floor", Device="floor", DeviceId="floor", Version="1"'

    def ask(verb: str, path: str, body: str | None = None, token: str = "") -> bytes:
        headers = {"Authorization": device + (f', Token="{token}"' if token else "")}
        headers["Content-Type"] = "application/json"
        connection.request(verb, path, body, headers)
        return connection.getresponse().read()

    login = json.dumps({"Username": "alice", "Pw": "secret"})
    token = json.loads(ask("POST", "/Users/AuthenticateByName", login))["AccessToken"]
    began = time.monotonic()
    start, rows, size = 0, 0, 0
    types = "Movie,Series,Season,Episode,MusicAlbum,Audio,MusicVideo,Video"
    while True:
        query = {**QUERY, "recursive": "true", "includeItemTypes": types, "limit": PAGE}
        page = ask("GET", f"/Items?{urlencode({**query, 'startIndex': start})}", token=token)
        size += len(page)
        start += PAGE
        if start == PAGE:
            rows = json.loads(page)["TotalRecordCount"]
        if start >= rows:
            break
    return time.monotonic() - began, rows


def new_database(path: Path) -> sqlite3.Connection:
    """Return an empty database with the pragmas of the cache."""
    db = sqlite3.connect(path, isolation_level=None)
    db.executescript("PRAGMA page_size=16384; PRAGMA journal_mode=WAL; PRAGMA synchronous=1")
    db.execute("PRAGMA cache_size=-16384")
    return db


def store_plain(rows: int, folder: Path) -> float:
    """Store rows of four columns, one of them as long as an item's details; return seconds."""
    began = time.monotonic()
    with closing(new_database(folder / "plain.db")) as db:
        db.execute("CREATE TABLE item(pk INTEGER PRIMARY KEY, id TEXT UNIQUE, sort TEXT, detail)")
        db.execute("CREATE INDEX by_sort ON item(sort, pk)")
        detail = "x" * 700
        for first in range(0, rows, BATCH):
            batch = [
                (n, f"{n:032x}", f"title {n}", detail)
                for n in range(first, min(first + BATCH, rows))
            ]
            db.execute("BEGIN")
            db.executemany("INSERT INTO item VALUES (?, ?, ?, ?)", batch)
            db.execute("COMMIT")
    return time.monotonic() - began


def store_again(cache: Path, folder: Path) -> float:
    """Store what a cache holds in a database with the same schema; return seconds.

    Reading the rows is not counted.
    """
    spent = 0.0
    with (
        closing(sqlite3.connect(cache)) as source,
        closing(new_database(folder / "same.db")) as db,
    ):
        schema = "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY type = 'index'"
        for (statement,) in source.execute(schema):
            db.execute(statement)
        for first in range(0, source.execute("SELECT max(pk) FROM item").fetchone()[0] + 1, BATCH):
            found = []
            for table, key in ITEM_TABLES:
                rows = source.execute(
                    f"SELECT * FROM {table} WHERE {key} >= ? AND {key} < ?", (first, first + BATCH)
                ).fetchall()
                if rows:
                    marks = ", ".join("?" * len(rows[0]))
                    found.append((f"INSERT INTO {table} VALUES ({marks})", rows))
            began = time.monotonic()
            db.execute("BEGIN")
            for statement, rows in found:
                db.executemany(statement, rows)
            db.execute("COMMIT")
            spent += time.monotonic() - began
    return spent


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


def one_round(url: str, clients: int, number: int) -> None:
    """Measure one first sync, one that finds nothing new, and a start with everything gone."""
    folder = Path(tempfile.mkdtemp(prefix="msd-bench-"))
    try:
        with (
            private_bus(folder / "dbus") as bus,
            running_keyring(bus, folder / "keyring") as keyring,
        ):
            fetch_s, rows = fetch_all(url)
            plain_s = fetch_s + store_plain(rows, folder)
            daemon = Daemon(bus, folder / "home")
            daemon.start()
            assert daemon.process is not None
            memory = MemoryWatch(daemon.process.pid)
            memory.start()
            began = time.monotonic()
            source_id = daemon.add_jellyfin(url)
            daemon.until_synced(source_id, 900)
            quiet_s = time.monotonic() - began
            memory.stop.set()
            count = daemon.count()
            print(f"round {number}: {count} items")
            cache = next((folder / "home").rglob("cache.db"))
            same_s = fetch_s * count / rows + store_again(cache, folder)
            print(f"  first sync   {quiet_s:6.1f} s  {count / quiet_s:8.0f} items/s")
            print(
                f"  floor        {same_s:6.1f} s  {count / same_s:8.0f} items/s, the cache's own"
                f" tables; the sync takes {quiet_s / same_s:.2f} x that"
            )
            ratio = (quiet_s / count) / (plain_s / rows)
            print(
                f"  plain floor  {plain_s:6.1f} s  {rows / plain_s:8.0f} items/s, four columns;"
                f" the sync takes {ratio:.2f} x that"
            )
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
            during = latencies_during(
                bus.address,
                clients,
                lambda: [
                    daemon.call("RemoveSource", "s", source_id),
                    daemon.until_synced(daemon.add_jellyfin(url), 900),
                ],
            )
            print("  while syncing", shown(during))
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
