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

from tests.simulators.plex.client import Probe

ROOT = Path(__file__).parents[3]


@contextmanager
def _running(*options: str) -> Iterator[tuple[str, str, str]]:
    """Yield the media server's address, its token and the address of plex.tv."""
    command = [sys.executable, "-m", "tests.simulators.plex", *options]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        try:
            lines = [process.stdout.readline().strip() for _ in range(3)]
            yield lines[0], lines[1], lines[2]
        finally:
            process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=10) == 0


def test_the_command_prints_where_it_serves_and_ends_when_told() -> None:
    """Started by hand and by the benchmarks."""
    with _running("--items", "90", "--user", "eva", "--password", "x y") as (pms, token, tv):
        form = {"login": "eva", "password": "x y"}
        account = Probe(url=tv).ask("POST", "/api/v2/users/signin", form).json["authToken"]
        (server,) = Probe(url=tv, token=account).get("/api/v2/resources?includeHttps=1").json
        probe = Probe(url=pms, token=server["accessToken"])

        assert server["accessToken"] == token
        assert pms in [each["uri"] for each in server["connections"]]
        assert len(probe.container("/library/sections")["Directory"]) == 5


@pytest.mark.slow
@pytest.mark.timeout(180)
def test_a_hundred_thousand_items_leave_faster_than_anybody_stores_them() -> None:
    """The sync benchmark measures msd only if this is not what it waits for.

    A quiet machine gives around 100,000 rows a second; the floor leaves room for a busy one.
    """
    with _running("--items", "100000", "--warm", "includeGuids=1") as (pms, token, _):
        parts = urlsplit(pms)
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=60)
        headers = {"X-Plex-Token": token, "Accept": "application/json"}
        rates = []
        for _ in range(3):
            began, rows = time.monotonic(), 0
            for section, kind in ((1, 1), (2, 4), (3, 10), (4, 1)):
                query = f"type={kind}&sort=id&includeGuids=1&X-Plex-Container-Size=500"
                path = f"/library/sections/{section}/all?{query}"
                rows += _listed(connection, path, headers)
            rates.append(rows / (time.monotonic() - began))
        connection.close()

    assert rows == 98_000  # all but the photos
    assert max(rates) > 30_000


def _listed(connection: http.client.HTTPConnection, path: str, headers: dict[str, str]) -> int:
    start = 0
    while True:
        connection.request("GET", f"{path}&X-Plex-Container-Start={start}", headers=headers)
        found = connection.getresponse().read().count(b'{"ratingKey"')
        start += found
        if not found:
            return start
