"""The benchmarks still run; how fast anything is depends on the machine and is not asked here."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.timeout(180)
def test_msd_its_peers_and_the_floor_are_compared_in_one_table() -> None:
    """Msd its peers and the floor are compared in one table.

    Each of them copies the whole of a small server of each kind.
    """
    command = [sys.executable, "-m", "benchmarks.compare", "--items", "300", "--rounds", "1"]

    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    jellyfin, plex = done.stdout.removeprefix("Jellyfin\n").split("Plex\n")
    assert peers(jellyfin) == {"floor", "jellyfin-apiclient-python", "aiojellyfin"}
    assert peers(plex) == {"floor", "plexapi"}


def peers(table: str) -> set[str]:
    """Return who listed the server beside msd; all of them must have listed all of it."""
    _head, *rows = table.splitlines()
    counted = {row[:26].strip(): int(row[40:].split()[0]) for row in rows}
    own = {counted.pop(name) for name in ("msd, first sync", "msd, nothing new")}
    assert len(own) == len(set(counted.values())) == 1
    assert min(own) >= min(counted.values()) > 200
    return set(counted)
