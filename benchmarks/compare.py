"""A first copy of a Jellyfin and of a Plex server: msd's worker, its peers and the floor.

    python -m benchmarks.compare [--items 100000] [--rounds 3]

Every contestant is a process of its own against one simulator, one after the other in each round.
The floor fetches every page with http.client and stores rows that were decoded before in tables
like the cache's; bar Y1 is at most 2.4 times that, bar Y3 for the peers, which only list, at least
3 (jellyfin-apiclient-python), 1.4 (aiojellyfin) and 6 (plexapi) times msd's time. Processor time is
what to compare: wall time also holds what else the machine does. `benchmarks.sync` and
`benchmarks.plex` measure the whole daemon, and its answers while it syncs.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.floor import ROOT, PlexServer, Server, plex_simulator, simulator
from msd.models import AccountId, BackendKind, Source, SourceId
from msd.store import CacheDatabase, StateStore
from msd.sync import messages

MSD = "msd, first sync"
AGAIN = "msd, nothing new"
FLOOR = "floor"
_LINE = "{:26} {:13} {:>8} {:>8} {:>12} {:>8} {:>8}"
DOES = {MSD: "list, store", AGAIN: "compare", FLOOR: "fetch, store"}


@dataclass(frozen=True)
class Run:
    """What one contestant needed."""

    items: int
    wall_s: float
    cpu_s: float
    peak_mb: float


@dataclass(frozen=True)
class Contest:
    """A server, how msd is signed in to it, and by what commands the others list it."""

    source: Source
    user_id: str
    token: str
    peers: Mapping[str, Sequence[str]]

    def run(self, folder: Path) -> Iterator[tuple[str, Run]]:
        """Let everyone copy the server once."""
        cache, state = folder / "cache.db", folder / "state.db"
        StateStore.open(state).close()
        CacheDatabase.open(cache, revision_floor=0).close()
        worker, request = [sys.executable, "-m", "msd.worker"], self._request(cache, state)
        first = measured(worker, request)
        yield MSD, first
        yield AGAIN, measured(worker, request, knows=first.items)
        for name, command in self.peers.items():
            more = [str(cache)] if name == FLOOR else []
            yield name, measured([sys.executable, "-m", "benchmarks.peers", *command, *more])

    def _request(self, cache: Path, state: Path) -> bytes:
        return messages.encode(
            messages.SyncRequest(
                source=self.source,
                user_id=self.user_id,
                token=self.token,
                device_id="floor",
                device_name="floor",
                cache_db=str(cache),
                state_db=str(state),
                cache_dir=str(cache.parent),
            )
        )


@contextmanager
def jellyfin(items: int) -> Iterator[Contest]:
    """Run a Jellyfin server."""
    with simulator(items) as url:
        with closing(Server(url)) as server:
            login = server.login
        yield Contest(
            source=_source("jellyfin", login["ServerId"], url),
            user_id=login["User"]["Id"],
            token=login["AccessToken"],
            peers={
                FLOOR: ("jellyfin-floor", url),
                "jellyfin-apiclient-python": ("jellyfin-apiclient-python", url),
                "aiojellyfin": ("aiojellyfin", url),
            },
        )


@contextmanager
def plex(items: int) -> Iterator[Contest]:
    """Run a Plex server."""
    with plex_simulator(items) as (url, token, _tv, _account):
        with closing(PlexServer(url, token)) as server:
            machine_id = server.machine_id
        yield Contest(
            source=_source("plex", machine_id, url),
            user_id="",
            token=token,
            peers={FLOOR: ("plex-floor", url, token), "plexapi": ("plexapi", url, token)},
        )


def _source(kind: str, server_id: str, url: str) -> Source:
    return Source(
        id=SourceId(f"{kind}_0123456789ab"),
        kind=BackendKind(kind),
        name="Benchmark",
        account_id=AccountId("account"),
        server_id=server_id,
        address=url,
    )


SERVERS = {"Jellyfin": jellyfin, "Plex": plex}


def measured(command: Sequence[str], request: bytes = b"", *, knows: int = 0) -> Run:
    """Run a process to its end; its last line says how many items it got.

    Args:
        command: what to run.
        request: what it reads first.
        knows: how many items it need not see again to be done with all of them.

    Raises:
        SystemExit: it failed.
    """
    began = time.monotonic()
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(request)
        process.stdin.flush()  # and stays open: a worker whose daemon is gone stops
        last = ""
        for line in process.stdout:
            last = line.decode()
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    wall_s = time.monotonic() - began
    said = json.loads(last or "{}")
    items = knows or said.get("items") or said.get("report", {}).get("seen")
    if not items:
        raise SystemExit(f"{' '.join(command)} failed: {last}")
    return Run(
        items=items,
        wall_s=said.get("wall_s", wall_s),
        cpu_s=said.get("cpu_s", used.ru_utime + used.ru_stime),
        peak_mb=used.ru_maxrss / 1024,
    )


def table(runs: Mapping[str, Sequence[Run]]) -> str:
    """Return the medians, each beside the floor of its own round."""
    head = ("", "", "items", "items/s", "CPU µs/item", "x floor", "peak MB")
    lines = [_LINE.format(*head)]
    for name, own in runs.items():
        per_item = [run.cpu_s / run.items * 1e6 for run in own]
        floor = [run.cpu_s / run.items * 1e6 for run in runs[FLOOR]]
        ratios = [mine / its for mine, its in zip(per_item, floor, strict=True)]
        speed = statistics.median(run.items / run.wall_s for run in own)
        numbers = (statistics.median(per_item), statistics.median(ratios))
        lines.append(
            _LINE.format(
                name,
                DOES.get(name, "list"),
                own[0].items,
                f"{speed:.0f}",
                *(f"{number:.2f}" for number in numbers),
                f"{max(run.peak_mb for run in own):.0f}",
            )
        )
    return "\n".join(lines)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--items", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    for name, server in SERVERS.items():
        with server(options.items) as contest:
            print(f"{name}\n{table(compared(contest, options.rounds))}")


def compared(contest: Contest, rounds: int) -> dict[str, list[Run]]:
    """Return the runs of every contestant."""
    runs: defaultdict[str, list[Run]] = defaultdict(list)
    for _ in range(rounds):
        with tempfile.TemporaryDirectory(prefix="msd-compare-") as folder:
            for name, run in contest.run(Path(folder)):
                runs[name].append(run)
    return runs


if __name__ == "__main__":
    main()
