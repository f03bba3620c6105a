"""How often a library is asked, and that the process wakes rarely for it."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from msd.coordinator.pace import JITTER, SHORTEST_S, WHILE_LIVE_S, Pace
from msd.coordinator.ticks import TICK_S, until_tick_s
from msd.models import LibrarySettings, SourceId, SyncPolicy

SOURCE = SourceId("s1")
HOUR = 3600.0


def pace(*, is_live: bool = False, is_cheap: bool = True) -> Pace:
    return Pace(
        HOUR,
        is_live=lambda _: is_live,
        is_cheap=lambda _: is_cheap,
        rng=random.Random(1),
    )


def about(interval_s: float) -> object:
    return pytest.approx(interval_s * (1 + JITTER / 2), rel=JITTER)


@pytest.mark.parametrize("policy", [SyncPolicy.OFF, SyncPolicy.MANUAL])
def test_some_libraries_are_never_asked(policy: SyncPolicy) -> None:
    """A5."""
    assert pace().interval_s(SOURCE, LibrarySettings(sync=policy)) is None


def test_an_interval_is_the_users() -> None:
    """A5: live or not, changed or not."""
    own = LibrarySettings(sync=SyncPolicy.INTERVAL, interval_s=7200)

    assert pace(is_live=True).interval_s(SOURCE, own) == about(7200)


def test_while_a_source_tells_of_its_changes_it_is_asked_after_hours() -> None:
    """Y9: quiet when nothing changes."""
    assert pace(is_live=True).interval_s(SOURCE, LibrarySettings()) == about(WHILE_LIVE_S)


def test_without_it_a_source_is_asked_after_minutes_and_longer_while_it_is_quiet() -> None:
    """Y9: and often again as soon as something changes."""
    now = pace()
    waits = []
    for has_changed in (False, False, False, False, False, True):
        waits.append(now.interval_s(SOURCE, LibrarySettings()))
        now.noted(SOURCE, has_changed=has_changed)
    waits.append(now.interval_s(SOURCE, LibrarySettings()))

    expected = [SHORTEST_S, 2 * SHORTEST_S, 4 * SHORTEST_S, 8 * SHORTEST_S, HOUR, HOUR, SHORTEST_S]
    assert waits == [about(interval_s) for interval_s in expected]


def test_a_source_that_can_only_be_enumerated_keeps_to_the_interval() -> None:
    """Y6: asking costs as much as the library is long."""
    assert pace(is_cheap=False).interval_s(SOURCE, LibrarySettings()) == about(HOUR)


def test_sources_do_not_ask_at_the_same_time() -> None:
    """Y1: jitter per source."""
    now = pace(is_cheap=False)

    waits = {now.interval_s(SourceId(f"s{n}"), LibrarySettings()) for n in range(10)}

    assert len(waits) == 10


@given(
    waits=st.lists(st.floats(0, 600), min_size=1, max_size=30),
    begun=st.floats(0, 1e6),
)
def test_a_dozen_timers_wake_the_process_six_times_a_minute(
    waits: list[float], begun: float
) -> None:
    """Idle: none early, and those within ten seconds together."""
    wakes = [begun + until_tick_s(wait_s, now=begun) for wait_s in waits]

    assert all(wake >= begun + wait_s - 1e-6 for wake, wait_s in zip(wakes, waits, strict=True))
    assert all(wake <= begun + wait_s + TICK_S for wake, wait_s in zip(wakes, waits, strict=True))
    assert len({round(wake) for wake in wakes}) <= 600 / TICK_S + 2
