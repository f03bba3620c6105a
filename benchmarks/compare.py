"""A first copy of one Jellyfin server: msd's worker, its peers and the floor, side by side.

    python -m benchmarks.compare [--items 100000] [--rounds 3]

Every contestant is a process of its own against one simulator, one after the other in each round.
The floor fetches every page with http.client and stores rows that were decoded before in tables
like the cache's; bar Y1 is at most 2.4 times that, bar Y3 for the peers, which only list, at least
3 (jellyfin-apiclient-python) and 1.4 (aiojellyfin) times msd's time. Processor time is what to
compare: wall time also holds what else the machine does. `benchmarks.sync` measures the whole
daemon, and its answers while it syncs.
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
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.floor import ROOT, Server, simulator
from benchmarks.peers import PEERS
from msd.models import AccountId, BackendKind, Source, SourceId
from msd.store import CacheStore, StateStore
from msd.sync import messages

MSD = "msd, first sync"
AGAIN = "msd, nothing new"
FLOOR = "floor"
_LINE = "{:26} {:13} {:>8} {:>8} {:>12} {:>8} {:>8}"
DOES = {MSD: "list, store", AGAIN: "list, compare", FLOOR: "fetch, store"}


@dataclass(frozen=True)
class Run:
    """What one contestant needed."""

    items: int
    wall_s: float
    cpu_s: float
    peak_mb: float


def run_round(url: str, folder: Path) -> Iterator[tuple[str, Run]]:
    """Let everyone copy the server once."""
    cache, state = folder / "cache.db", folder / "state.db"
    StateStore.open(state).close()
    CacheStore.open(cache, revision_floor=0).close()
    with closing(Server(url)) as server:
        request = messages.encode(_request(url, server.login, cache, state))
    worker = [sys.executable, "-m", "msd.worker"]
    first = measured(worker, request)
    yield MSD, first
    yield AGAIN, measured(worker, request, knows=first.items)
    for name in PEERS:
        arguments = [url, str(cache)] if name == FLOOR else [url]
        yield name, measured([sys.executable, "-m", "benchmarks.peers", name, *arguments])


def _request(url: str, login: Mapping[str, Any], cache: Path, state: Path) -> messages.SyncRequest:
    source = Source(
        id=SourceId("jellyfin_0123456789ab"),
        kind=BackendKind("jellyfin"),
        name="Benchmark",
        account_id=AccountId("account"),
        server_id=login["ServerId"],
        address=url,
    )
    return messages.SyncRequest(
        source=source,
        user_id=login["User"]["Id"],
        token=login["AccessToken"],
        device_id="floor",
        device_name="floor",
        cache_db=str(cache),
        state_db=str(state),
        cache_dir=str(cache.parent),
    )


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
    items = said.get("items") or said.get("report", {}).get("seen") or knows
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
        ratios = [mine / least for mine, least in zip(per_item, floor, strict=True)]
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
    runs: defaultdict[str, list[Run]] = defaultdict(list)
    with simulator(options.items) as url:
        for _ in range(options.rounds):
            with tempfile.TemporaryDirectory(prefix="msd-compare-") as folder:
                for name, run in run_round(url, Path(folder)):
                    runs[name].append(run)
    print(table(runs))


if __name__ == "__main__":
    main()
