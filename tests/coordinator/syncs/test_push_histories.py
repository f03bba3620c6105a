"""However badly a source tells of its changes, a frontend ends with what the server holds."""

import time

import pytest

from tests.coordinator.syncs.push_history import run_live_histories

FEW, MANY = 5, 300


@pytest.mark.timeout(180)
def test_live_histories_end_with_a_frontend_like_the_server() -> None:
    """Live histories end with a frontend like the server (Y7, Y9, Y10).

    Events lost, twice, late and lying; cuts, refusals, syncs, restarts.
    """
    faults = run_live_histories(0, FEW)

    assert {"lost", "twice", "late", "lying removal", "cut"} <= faults.keys()


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_many_live_histories(capsys: pytest.CaptureFixture[str]) -> None:
    """The same for longer, from a seed that is new each day and printed."""
    first = int(time.time()) // 86_400 * 1000

    faults = run_live_histories(first, MANY)

    with capsys.disabled():
        print(f"\n{MANY} live histories from seed {first}, 0 violations; faults:")
        print(", ".join(f"{name} {count}" for name, count in sorted(faults.items())))
