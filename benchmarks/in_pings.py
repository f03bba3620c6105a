"""What calls of the running daemon cost, beside Ping in the same run."""

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Generic, NamedTuple, TypeVar

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.sync import spent_cpu_s  # noqa: E402
from msd.dbus.messages.names import PEER  # noqa: E402
from tests.dbus.client import Client  # noqa: E402
from tests.support.session.bus import PrivateBus, private_bus  # noqa: E402
from tests.support.session.daemon import Daemon  # noqa: E402

HEAD = ("p50 ms", "p99 ms", "Pings", "Pings", "CPU ms")
Answer = TypeVar("Answer")


class Served(NamedTuple):
    """A daemon that runs on a bus of its own."""

    bus: PrivateBus
    daemon: Daemon
    pid: int


class Cost(NamedTuple, Generic[Answer]):
    """What calls cost, and what they answered."""

    figures: Sequence[str]  # as in `HEAD`
    answers: Sequence[Answer]


@contextmanager
def served(home: Path) -> Iterator[Served]:
    """Run the daemon over the databases of a home."""
    with tempfile.TemporaryDirectory() as bus_folder, private_bus(Path(bus_folder)) as bus:
        daemon = Daemon(bus, home)
        daemon.start()
        assert daemon.process is not None
        try:
            yield Served(bus, daemon, daemon.process.pid)
        finally:
            daemon.stop()


async def cost_of(
    client: Client, pid: int, calls: Sequence[Callable[[], Awaitable[Answer]]]
) -> Cost[Answer]:
    """Make calls one after the other, each beside a Ping; then again for the processor time."""
    took, pings, answers = [], [], []
    for call in calls:
        start = time.perf_counter()
        answers.append(await call())
        middle = time.perf_counter()
        await client.call(PEER, "Ping")
        took.append((middle - start) * 1000)
        pings.append((time.perf_counter() - middle) * 1000)
    before = spent_cpu_s(pid)
    for call in calls:
        await call()
    cpu_ms = (spent_cpu_s(pid) - before) / len(calls) * 1000
    p50, p99 = statistics.median(took), statistics.quantiles(took, n=100)[98]
    ping50, ping99 = statistics.median(pings), statistics.quantiles(pings, n=100)[98]
    figures = (f"{p50:.2f}", f"{p99:.2f}", f"{p50 / ping50:.1f}", f"{p99 / ping99:.1f}")
    return Cost((*figures, f"{cpu_ms:.2f}"), answers)


def command_line(about: str | None, *, calls: int) -> argparse.ArgumentParser:
    """Return the options that all of these benchmarks have."""
    parser = argparse.ArgumentParser(
        description=about, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--items", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--calls", type=int, default=calls)
    parser.add_argument("--keep", type=Path, help="where filled caches are, or are to stay")
    return parser


def homes(options: argparse.Namespace) -> Iterator[tuple[int, Path]]:
    """Yield each size with its home, and work in the checkout meanwhile."""
    os.chdir(ROOT)
    with tempfile.TemporaryDirectory(prefix="msd-benchmark-") as made:
        for items in options.items:
            yield items, (options.keep or Path(made)) / str(items)
