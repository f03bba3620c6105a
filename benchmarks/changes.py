"""What it costs to notice changes: requests, bytes and seconds, and how soon they are told.

    python benchmarks/changes.py [--items 30000] [--files 30000] [--events 100]

A Jellyfin simulator with a library of `--items` runs in a process of its own. A mirror of it is
brought into step by the backend alone, without a database: nothing changed, ten rows were edited,
ten were watched. Then events are timed from what happens on the server or the disk to the
`PushedChange`, and a connection that dies silently until it is noticed. The server is told not to
wait before it speaks of changes; real ones wait 30 s for quiet in a library, 0.5 s for watch state.
"""

import argparse
import multiprocessing
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import anyio
from anyio import to_thread

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from msd.backend_api.changes import Aspect, PushedChange  # noqa: E402
from msd.backends.jellyfin.backend import JellyfinBackend  # noqa: E402
from msd.errors import UnreachableError  # noqa: E402
from tests.backends.jellyfin.signed_in import add, backend_context  # noqa: E402
from tests.simulators.jellyfin import JellyfinSimulator, Timing, make_world  # noqa: E402
from tests.simulators.jellyfin.world.userdata import mark  # noqa: E402
from tests.support.folders.list_folder import added_source, opened  # noqa: E402
from tests.support.mirror import Mirror  # noqa: E402

KINDS = ("Movie", "Episode", "Audio", "Video", "MusicVideo")


def serve(items: int, orders: Connection) -> None:
    """Run a simulator, and do to its world what is asked for."""
    timing = Timing(library_quiet_s=0.0, user_data_quiet_s=0.0)
    with JellyfinSimulator(make_world(items), timing=timing) as simulator:
        orders.send(simulator.url)
        world = simulator.world
        world.clock.advance(3600)
        while (order := orders.recv()) is not None:
            what, number = order
            began = time.monotonic()
            kind = KINDS[number % len(KINDS)]
            found = world.of_type(kind)
            item = found[number % len(found)]
            if what == "edit":
                world.edit(item.id, name=f"Edited {number}")
            elif what == "watch":
                mark(world, simulator.user(), item, played=True)
            elif what == "mute":
                simulator.mute_sockets()
            orders.send(began)


class Server:
    """The simulator's process."""

    def __init__(self, orders: Connection) -> None:
        self._orders = orders
        self.url = str(orders.recv())

    def do(self, what: str, number: int = 0) -> float:
        """Have something happen; return when."""
        self._orders.send((what, number))
        return float(self._orders.recv())


@contextmanager
def server(items: int) -> Iterator[Server]:
    """Run a simulator in a process of its own."""
    here, there = multiprocessing.get_context("spawn").Pipe()
    process = multiprocessing.get_context("spawn").Process(target=serve, args=(items, there))
    process.start()
    yield Server(here)
    here.send(None)
    process.join()


class Meter:
    """Counts what a backend receives."""

    def __init__(self, backend: JellyfinBackend) -> None:
        self._responses: list[Any] = []
        backend._http.event_hooks = {"response": [self._note]}  # noqa: SLF001 - to look on

    async def _note(self, response: Any) -> None:  # noqa: ANN401 - httpx's
        self._responses.append(response)

    async def measure(self, name: str, mirror: Mirror, work: Callable[[], Any]) -> None:
        """Print what some work took."""
        self._responses.clear()
        mirror.told.clear()
        mirror.enumerated.clear()
        began, busy = time.monotonic(), time.process_time()
        await work()
        seconds, busy = time.monotonic() - began, time.process_time() - busy
        size = sum(response.num_bytes_downloaded for response in self._responses)
        print(
            f"  {name:22} {len(self._responses):5} requests {size / 1024:9.1f} KiB"
            f" {seconds:6.2f} s ({busy:.2f} s of CPU)  {len(mirror.told)} rows told,"
            f" {len(mirror.enumerated)} listings enumerated"
        )


@asynccontextmanager
async def signed_in(url: str, folder: Path) -> AsyncIterator[JellyfinBackend]:
    """Sign in to the simulator."""
    new = await add(url)
    assert new.account is not None
    [source] = new.sources
    context = backend_context(
        source.address, source.server_id, new.account.credentials, None, folder
    )
    backend = JellyfinBackend(context)
    yield backend
    await backend.aclose()


def shown(name: str, latencies: list[float]) -> None:
    """Print p50 and p95 in milliseconds."""
    ordered = sorted(latencies)
    p50, p95 = statistics.median(ordered), ordered[int(len(ordered) * 0.95)]
    print(
        f"  {name:22} p50 {p50 * 1000:6.1f} ms   p95 {p95 * 1000:6.1f} ms   ({len(ordered)} events)"
    )


async def jellyfin(items: int, events: int, folder: Path) -> None:
    """Measure a Jellyfin source."""
    print(f"Jellyfin, {items} items (bytes of bodies, as sent)")
    with server(items) as there:
        async with signed_in(there.url, folder) as backend:
            meter, mirror = Meter(backend), Mirror(backend)
            await meter.measure("everything", mirror, mirror.read_all)
            for aspect in Aspect:
                look = partial(mirror.catch_up, [aspect])
                await meter.measure(f"nothing new: {aspect}", mirror, look)
            for number in range(10):
                await to_thread.run_sync(there.do, "edit", number)
            look = partial(mirror.catch_up, [Aspect.METADATA])
            await meter.measure("10 edited", mirror, look)
            for number in range(10):
                await to_thread.run_sync(there.do, "watch", number)
            look = partial(mirror.catch_up, [Aspect.WATCH])
            await meter.measure("10 watched", mirror, look)
            async with backend.subscribe() as changes:
                for what in ("edit", "watch"):
                    shown(f"event: {what}", await told(there, what, events, changes))
                began = await to_thread.run_sync(there.do, "mute")
                try:
                    await anext(changes)
                except UnreachableError:
                    seconds = time.monotonic() - began
                    print(f"  {'silent death':22} noticed after {seconds:.1f} s")


async def told(
    there: Server, what: str, events: int, changes: AsyncIterator[PushedChange]
) -> list[float]:
    """Return how long each event took to arrive."""
    found = []
    for number in range(events):
        began = await to_thread.run_sync(there.do, what, number)
        await anext(changes)
        found.append(time.monotonic() - began)
    return found


def filled(folder: Path, files: int) -> Path:
    """Make a library of films, three files in each directory."""
    for number in range(files // 3):
        film = folder / "Movies" / f"Film {number} ({1950 + number % 70})"
        film.mkdir(parents=True)
        for name in (f"{film.name}.mkv", "poster.jpg", "movie.nfo"):
            (film / name).touch()
    return folder


async def local(files: int, events: int, base: Path) -> None:
    """Measure a folder."""
    print(f"Folder, {files} files in {files // 3} directories")
    root = filled(base / "root", files)
    source = await added_source(str(root))
    mirror: Mirror | None = None

    async def look(name: str) -> None:
        nonlocal mirror
        backend = opened(source, base / "cache")
        began, busy = time.monotonic(), time.process_time()
        if mirror is None:
            mirror = Mirror(backend)
            await mirror.read_all()
        else:
            mirror.backend = backend
            await mirror.catch_up()
        seconds, busy = time.monotonic() - began, time.process_time() - busy
        print(f"  {name:22} {seconds:6.2f} s ({busy:.2f} s of CPU)  {len(mirror.told)} rows told")
        await backend.aclose()

    await look("everything")
    await look("nothing new")
    for number in range(10):
        (root / f"Movies/New {number} (2001).mkv").touch()
    await look("10 new")
    backend = opened(source, base / "cache")
    began = time.monotonic()
    async with backend.subscribe() as changes:
        seconds = time.monotonic() - began
        print(f"  {'watched':22} {seconds:6.2f} s until every directory is")
        found = []
        for number in range(events):
            began = time.monotonic()
            (root / f"Movies/Event {number} (2001).mkv").touch()
            change = await anext(changes)
            assert len(await backend.fetch(change.changed)) == 1
            found.append(time.monotonic() - began)
        shown("event: new file", found)
    await backend.aclose()


async def measure(options: argparse.Namespace) -> None:
    """Measure both."""
    base = Path(tempfile.mkdtemp(prefix="msd-bench-"))
    try:
        await jellyfin(options.items, options.events, base / "jellyfin")
        await local(options.files, options.events, base / "local")
    finally:
        shutil.rmtree(base, ignore_errors=True)


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--items", type=int, default=30_000)
    parser.add_argument("--files", type=int, default=30_000)
    parser.add_argument("--events", type=int, default=100)
    anyio.run(measure, parser.parse_args())


if __name__ == "__main__":
    main()
