"""Whatever happens, the cache ends up like the server, and nothing that exists disappears."""

import time
from collections import Counter

import anyio
import pytest

from tests.sync.history import History

FEW = 200
MANY = 2000


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
    """Hundreds of histories end with a cache like the server (Y6, Y7, Y8).

    For every synced field, and nothing disappeared on the way.
    """
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
