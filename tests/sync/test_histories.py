"""Whatever happens, the cache ends up like the server, and nothing that exists disappears."""

import time
from collections import Counter

import anyio
import pytest

from tests.simulators.jellyfin.versions import VERSIONS
from tests.sync.history import History
from tests.sync.jellyfin_history import JellyfinHistory
from tests.sync.killed_history import run_killed_histories

FEW = 200
MANY = 2000
FEW_JELLYFIN = 3
MANY_JELLYFIN = 100
FEW_KILLED = 3
MANY_KILLED = 100


def run_histories(first: int, count: int) -> tuple[Counter[str], float]:
    """Run histories one after the other; return the faults that were injected, and seconds."""
    faults: Counter[str] = Counter()
    began = time.monotonic()
    for seed in range(first, first + count):
        history = History(seed)
        try:
            anyio.run(history.run)
        finally:
            history.close()
        faults += history.faults
    return faults, time.monotonic() - began


@pytest.mark.timeout(300)
def test_hundreds_of_histories_end_with_a_cache_like_the_server() -> None:
    """Y6, Y7, Y8: for every synced field, and nothing disappeared on the way."""
    run_histories(0, FEW)


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_thousands_of_histories_end_with_a_cache_like_the_server(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The same from a seed that is new each day; it is printed with what went wrong."""
    first = int(time.time()) // 86_400 * 100_000

    faults, seconds = run_histories(first, MANY)

    with capsys.disabled():
        print(f"\n{MANY} histories from seed {first} in {seconds:.0f} s, 0 violations; faults:")
        print(", ".join(f"{name} {count}" for name, count in sorted(faults.items())))


def run_jellyfin_histories(first: int, count: int) -> Counter[str]:
    """Run histories of every version in turn; return the faults that were injected."""
    versions = sorted(VERSIONS)
    faults: Counter[str] = Counter()
    for seed in range(first, first + count):
        history = JellyfinHistory(seed, versions[seed % len(versions)])
        anyio.run(history.run)
        faults += history.faults
    return faults


@pytest.mark.timeout(120)
def test_histories_of_a_jellyfin_server_end_with_a_cache_like_it() -> None:
    """Y6, Y7, Y8: over HTTP, every version, every field."""
    run_jellyfin_histories(0, FEW_JELLYFIN)


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_many_histories_of_a_jellyfin_server(capsys: pytest.CaptureFixture[str]) -> None:
    """The same for longer, from a seed that is printed."""
    first = int(time.time()) // 86_400 * 1000

    faults = run_jellyfin_histories(first, MANY_JELLYFIN)

    with capsys.disabled():
        print(f"\n{MANY_JELLYFIN} histories of Jellyfin from seed {first}, 0 violations; faults:")
        print(", ".join(f"{name} {count}" for name, count in sorted(faults.items())))


@pytest.mark.timeout(120)
def test_a_worker_that_is_killed_anywhere_leaves_a_whole_cache() -> None:
    """Y8, Y12: the real process and SIGKILL; the next one goes on."""
    assert run_killed_histories(0, FEW_KILLED) >= FEW_KILLED


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_many_workers_are_killed(capsys: pytest.CaptureFixture[str]) -> None:
    """The same for longer, from a seed that is printed."""
    first = int(time.time()) // 86_400 * 1000

    killed = run_killed_histories(first, MANY_KILLED)

    with capsys.disabled():
        print(f"\n{MANY_KILLED} histories from seed {first}, {killed} workers killed, 0 violations")
