"""What importing the daemon costs beside what it stands on, in CPU time of one interleaved run.

    python benchmarks/imports.py [--rounds 15] [--modules]

`--modules` also prints the modules that cost most by themselves.
"""

import argparse
import os
import statistics
import subprocess
import sys
from collections.abc import Iterator

BASE = "import asyncio, anyio, dbus_next.aio"
FRONT = "import msd.__main__, msd.app, dbus_next.aio"
# Where it is set, msd is compiled anew at each start, and the compiler is what is measured.
ENVIRONMENT = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
GOAL = 1.9
SHOWN = 25


def cpu_seconds(statement: str) -> float:
    """Return the CPU time of a fresh interpreter that runs a statement."""
    process = subprocess.Popen([sys.executable, "-W", "ignore", "-c", statement], env=ENVIRONMENT)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"{statement} failed")
    return usage.ru_utime + usage.ru_stime


def heaviest(statement: str, base: str) -> list[tuple[int, str]]:
    """Return own time (µs) and name of the modules that a statement imports beside the base."""
    timed = [
        subprocess.run(
            [sys.executable, "-W", "ignore", "-X", "importtime", "-c", code],
            stderr=subprocess.PIPE,
            text=True,
            check=True,
            env=ENVIRONMENT,
        ).stderr
        for code in (base, statement)
    ]
    known, loaded = (dict(_rows(text)) for text in timed)
    return sorted(((own, name) for name, own in loaded.items() if name not in known), reverse=True)


def _rows(text: str) -> Iterator[tuple[str, int]]:
    for line in text.splitlines():
        own, _, rest = line.removeprefix("import time:").partition("|")
        if own.strip().isdigit():
            yield rest.rpartition("|")[2].strip(), int(own)


def main() -> None:
    """Print the figures; exit with 1 when the goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--modules", action="store_true")
    arguments = parser.parse_args()
    cpu_seconds(FRONT)  # writes the compiled modules
    empty, base, front = [], [], []
    for _ in range(arguments.rounds):
        for statement, times in (("pass", empty), (BASE, base), (FRONT, front)):
            times.append(cpu_seconds(statement))
    floor, under, above = (statistics.median(times) for times in (empty, base, front))
    print(f"interpreter alone {floor * 1000:6.0f} ms of CPU, median of {arguments.rounds}")
    print(f"{BASE:45} {under * 1000:6.0f} ms")
    print(f"{'the daemon':45} {above * 1000:6.0f} ms, {above / under:.2f} times (goal {GOAL})")
    if arguments.modules:
        for own, name in heaviest(FRONT, BASE)[:SHOWN]:
            print(f"  {own / 1000:7.1f} ms  {name}")
    sys.exit(above / under > GOAL)


if __name__ == "__main__":
    main()
