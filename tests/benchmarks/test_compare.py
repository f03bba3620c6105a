"""The benchmarks still run; how fast anything is depends on the machine and is not asked here."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.timeout(180)
def test_msd_its_peers_and_the_floor_are_compared_in_one_table() -> None:
    """Issue 5, item 8: each of them copies the whole of a small server."""
    command = [sys.executable, "-m", "benchmarks.compare", "--items", "300", "--rounds", "1"]

    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    _head, *rows = done.stdout.splitlines()
    counted = {row[:26].strip(): int(row[40:].split()[0]) for row in rows}
    peers = {counted.pop(name) for name in ("floor", "jellyfin-apiclient-python", "aiojellyfin")}
    assert set(counted) == {"msd, first sync", "msd, nothing new"}
    assert len(peers) == len(set(counted.values())) == 1
    assert min(counted.values()) >= min(peers) > 200
