"""The simulator as a command in a process of its own, and its speed."""

from __future__ import annotations

import http.client
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.simulators.jellyfin.client import Probe

ROOT = Path(__file__).parents[3]
FIELDS = (
    "ProviderIds,Genres,Overview,SortName,OriginalTitle,DateCreated,ParentId,Etag,Taglines,"
    "Studios,SpecialEpisodeNumbers,MediaSourceCount"
)


@contextmanager
def _running(*options: str) -> Iterator[str]:
    command = [sys.executable, "-m", "tests.simulators.jellyfin", *options]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        try:
            yield process.stdout.readline().strip()
        finally:
            process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=10) == 0


def test_the_command_prints_where_it_serves_and_ends_when_told() -> None:
    """Started by other tests and by the benchmarks."""
    options = ("--items", "90", "--version", "12", "--user", "eva", "--password", "x y")
    with _running(*options, "--base-path", "/media") as url:
        probe = Probe(url).login("Eva", "x y")

        assert url.endswith("/media")
        assert probe.get("/Items", recursive="true", limit=0).json["TotalRecordCount"] == 90
        assert probe.get("/System/Info/Public").json["Version"] == "12.0.0"


@pytest.mark.slow
@pytest.mark.timeout(180)
def test_a_hundred_thousand_items_leave_faster_than_anybody_stores_them() -> None:
    """The sync benchmark measures msd only if this is not what it waits for.

    A quiet machine gives above 100,000 items a second; the floor leaves room for a busy one.
    """
    options = ("--items", "100000", "--no-compression", "--warm", f"fields={FIELDS}")
    with _running(*options) as url:
        probe, parts = Probe(url).login(), urlsplit(url)
        headers = {"Authorization": probe.authorization}
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=60)
        rates = []
        for _ in range(3):
            began, received = time.monotonic(), 0
            for start in range(0, 100_000, 500):
                query = f"recursive=true&sortBy=SortName&startIndex={start}&limit=500"
                connection.request("GET", f"/Items?{query}&fields={FIELDS}", headers=headers)
                received += len(connection.getresponse().read())
            rates.append(100_000 / (time.monotonic() - began))
        connection.close()

    assert 2300 < received / 100_000 < 3100  # bytes a row
    assert max(rates) > 30_000
