"""From what happens on a server or a disk to the signal: seconds, for each kind of source.

    python -m benchmarks.live [--items 30000] [--events 60]

A simulator or a folder with `--items` items, a private bus with a real keyring, and the daemon. One
thing happens at a time, and is timed until ItemsChanged arrives at a client on the bus (L1: a
p95 of at most 1 s; the servers are told not to wait for quiet, real ones do). Then the connection
dies silently: how long until LiveUpdates says so, and whether an edit that nobody told of arrives.
"""

import argparse
import asyncio
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from msd.dbus.connection import Connection
from msd.dbus.messages.names import SignalMatch
from tests.simulators.jellyfin import JellyfinSimulator, Timing
from tests.simulators.jellyfin import make_world as jellyfin_world
from tests.simulators.plex import PlexServer, PlexTv
from tests.simulators.plex import make_world as plex_world
from tests.simulators.plex.doors import Door
from tests.simulators.plex.item import Kind
from tests.support.folders.media import MediaMaker
from tests.support.session.bus import private_bus
from tests.support.session.daemon import LIBRARY, NAME, Daemon
from tests.support.session.daemon import ROOT as PATH
from tests.support.session.keyring import running_keyring

QUIET = Timing(library_quiet_s=0.0, user_data_quiet_s=0.0)
REST_S = 6.0  # what is told while libraries are followed waits; here everything is over by then
LONGEST_S = 120.0


@dataclass(frozen=True)
class Stage:
    """A synced source in a running daemon, and what can happen to it.

    `happen` changes an item and returns its new title; `mute` lets the connection die silently and
    returns what heals it, and is None where there is no connection.
    """

    daemon: Daemon
    source_id: str
    happen: Callable[[int], str]
    mute: Callable[[], Callable[[], None]] | None


@contextmanager
def daemon_in(folder: Path, **extra: str) -> Iterator[Daemon]:
    """Run a daemon on a bus of its own."""
    with private_bus(folder / "dbus") as bus, running_keyring(bus, folder / "keyring"):
        daemon = Daemon(bus, folder / "home", extra)
        daemon.start()
        try:
            yield daemon
        finally:
            daemon.stop()


def until_live(daemon: Daemon, source_id: str) -> None:
    """Wait until a source is synced and tells of its changes."""
    daemon.until_synced(source_id, 1800)
    daemon.until(lambda: state(daemon, source_id) == "ok", "it is live", 300)
    daemon.until_synced(source_id, 120)


def state(daemon: Daemon, source_id: str) -> str:
    """Return how live a source is."""
    return str(daemon.get(f"{PATH}/source/{source_id}", f"{NAME}.Source", "LiveUpdates"))


@contextmanager
def jellyfin(items: int, folder: Path) -> Iterator[Stage]:
    """Stage a Jellyfin server: the websocket."""
    with JellyfinSimulator(jellyfin_world(items), timing=QUIET) as sim, daemon_in(folder) as daemon:
        source_id = daemon.add_jellyfin(sim.url)
        films = sim.world.of_type("Movie")

        def happen(number: int) -> str:
            sim.world.edit(films[number].id, name=f"Event {number}")
            return f"Event {number}"

        def mute() -> Callable[[], None]:
            sim.mute_sockets()
            return lambda: None  # new sockets are well

        until_live(daemon, source_id)
        yield Stage(daemon, source_id, happen, mute)


@contextmanager
def plex(items: int, folder: Path) -> Iterator[Stage]:
    """Stage a Plex server: the event stream."""
    world = plex_world(items)
    with PlexServer(world, doors=[Door(secure=False)]) as server, PlexTv() as tv:
        user = tv.add_user("alice", password="secret")
        tv.publish(server, user)
        with daemon_in(folder, MSD_PLEX_TV=tv.url, MSD_PLEX_GDM="") as daemon:
            [source_id] = daemon.call("AddPlexAccount", "s", tv.token(user))
            films = world.of_kind(Kind.MOVIE)

            def happen(number: int) -> str:
                world.edit(films[number].key, title=f"Event {number}")
                return f"Event {number}"

            def heal() -> None:
                server.disturbance.pings, server.disturbance.lost = True, 0

            def mute() -> Callable[[], None]:
                server.disturbance.pings, server.disturbance.lost = False, 1_000_000
                return heal

            until_live(daemon, source_id)
            yield Stage(daemon, source_id, happen, mute)


@contextmanager
def local(items: int, folder: Path) -> Iterator[Stage]:
    """Stage a folder, half films in directories of their own and half episodes: inotify."""
    maker = MediaMaker()
    film = maker.video(folder / "film.mkv", seconds=0.2).read_bytes()
    maker.close()
    media = folder / "media"

    def put(path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(film)

    def episode(number: int, name: str) -> Path:
        show, season = f"Show {number // 100}", number // 10 % 10 + 1
        return media / "TV" / show / f"Season {season}" / f"{show} S{season:02}{name}.mkv"

    for number in range(items // 2):
        name = f"Film {number} ({1950 + number % 70})"
        put(media / "Movies" / name / f"{name}.mkv")
        put(episode(number, f"E{number % 10 + 1:02}"))
    with daemon_in(folder) as daemon:
        source_id = str(daemon.call("AddLocalSource", "s", str(media)))

        def happen(number: int) -> str:
            name = f"Event {number}"
            put(
                episode(number, f"E{100 + number} {name}")
                if number % 2
                else media / "Movies" / f"{name} (2001).mkv"
            )
            return name

        until_live(daemon, source_id)
        yield Stage(daemon, source_id, happen, None)


STAGES = {"Jellyfin": jellyfin, "Plex": plex, "folder": local}


async def latencies(stage: Stage, events: int) -> list[float]:
    """Return the seconds from each event to its signal."""
    found = []
    match = SignalMatch(interface=LIBRARY, member="ItemsChanged")
    async with Connection(stage.daemon.bus.address) as connection:
        told: asyncio.Queue[object] = asyncio.Queue()
        async with connection.listening(match, told.put_nowait):
            for number in range(events):
                began = time.monotonic()
                stage.happen(number)
                await asyncio.wait_for(told.get(), LONGEST_S)
                found.append(time.monotonic() - began)
                await asyncio.sleep(REST_S)
                while not told.empty():
                    told.get_nowait()
    return found


def silence(stage: Stage, number: int) -> tuple[float, float]:
    """Let the connection die; return seconds until it is noticed, and until an edit arrived."""
    assert stage.mute is not None
    heal = stage.mute()
    began = time.monotonic()
    title = stage.happen(number)
    stage.daemon.until(
        lambda: state(stage.daemon, stage.source_id) != "ok", "it is noticed", LONGEST_S
    )
    noticed_s = time.monotonic() - began
    heal()
    stage.daemon.until(lambda: is_shown(stage.daemon, title), "nothing is lost", LONGEST_S)
    return noticed_s, time.monotonic() - began


def is_shown(daemon: Daemon, title: str) -> bool:
    """Return whether the cache has an item with this title."""
    items, _, _ = daemon.query("sort", "s", "title", "text", "s", title, "limit", "u", "5")
    return title in {item["title"] for item in items}


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--items", type=int, default=30_000)
    parser.add_argument("--events", type=int, default=60)
    options = parser.parse_args()
    for name, staged in STAGES.items():
        with (
            TemporaryDirectory(prefix="msd-live-") as folder,
            staged(options.items, Path(folder)) as stage,
        ):
            found = sorted(asyncio.run(latencies(stage, options.events)))
            p50, p95 = statistics.median(found), found[int(len(found) * 0.95)]
            print(
                f"{name:10} {len(found)} events   p50 {p50 * 1000:6.0f} ms"
                f"   p95 {p95 * 1000:6.0f} ms   longest {found[-1] * 1000:6.0f} ms",
                flush=True,
            )
            if stage.mute is not None:
                noticed_s, shown_s = silence(stage, options.events)
                print(
                    f"{'':10} silent death noticed after {noticed_s:.1f} s,"
                    f" what it kept silent shown after {shown_s:.1f} s",
                    flush=True,
                )


if __name__ == "__main__":
    main()
