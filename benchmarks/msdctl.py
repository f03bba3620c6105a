"""What a call of msdctl costs a launcher, in CPU time, against a daemon with the sample library.

    python -m benchmarks.msdctl [--rounds 9]

The daemon runs beside it; only msdctl's own processor time counts.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from tests.support.session.bus import private_bus
from tests.support.session.daemon import running

ROOT = Path(__file__).parents[1]
GOAL_MS = 80
COMMANDS = (
    ("search", "--json-lines", "night"),
    ("search", "night"),
    ("show", "night train"),
    ("status",),
)


def cpu_ms(command: tuple[str, ...], environment: Mapping[str, str]) -> float:
    """Return the CPU time of one run."""
    program = (sys.executable, "-m", "msd.cli", *command)
    process = subprocess.Popen(program, env=environment, cwd=ROOT, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"msdctl {' '.join(command)} failed")
    return (usage.ru_utime + usage.ru_stime) * 1000


def main() -> None:
    """Print the figures; exit with 1 when a search is dearer than the goal."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        samples = folder / "media"
        subprocess.run([sys.executable, ROOT / "scripts/make_samples.py", samples], check=True)
        with private_bus(folder / "bus") as bus, running(bus, folder / "home") as daemon:
            daemon.until_synced(str(daemon.call("AddLocalSource", "s", str(samples))))
            # Where this is set, the compiler is what is measured.
            environment = {**daemon.environment}
            environment.pop("PYTHONDONTWRITEBYTECODE", None)
            costs = {}
            for command in COMMANDS:
                cpu_ms(command, environment)  # writes the compiled modules
                costs[command] = statistics.median(
                    cpu_ms(command, environment) for _ in range(rounds)
                )
    for command, cost in costs.items():
        print(f"msdctl {' '.join(command):28} {cost:5.0f} ms of CPU, median of {rounds}")
    print(f"goal of a search: {GOAL_MS} ms")
    sys.exit(costs[COMMANDS[0]] > GOAL_MS)


if __name__ == "__main__":
    main()
