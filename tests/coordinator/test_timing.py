"""How long to wait: before a retry, between follow-up syncs, and together with other timers."""

import random

from hypothesis import given
from hypothesis import strategies as st

from msd.coordinator.timing import (
    FOLLOW_UP_FIRST_S,
    FOLLOW_UP_LONGEST_S,
    RETRY_FIRST_S,
    RETRY_LONGEST_S,
    TICK_S,
    Backoff,
    FollowUpBackoff,
    until_tick_s,
)


@given(seed=st.integers(), failures=st.integers(1, 500))
def test_every_wait_is_between_a_second_and_five_minutes(seed: int, failures: int) -> None:
    """Waits before a retry use full jitter, from 1 s to 5 min, for ever (S6)."""
    backoff = Backoff(random.Random(seed))

    delays = [backoff.next_delay_s() for _ in range(failures)]

    bounds = [min(RETRY_LONGEST_S, 2.0 ** (n + 1)) for n in range(failures)]
    assert all(RETRY_FIRST_S <= delay <= bound for delay, bound in zip(delays, bounds, strict=True))
    assert backoff.attempts == failures


def test_waits_grow_and_a_reset_makes_them_short_again() -> None:
    """Waits grow and a reset makes them short again (S6).

    Reset at once by a request of the user.
    """
    backoff = Backoff(random.Random(1))
    late = [backoff.next_delay_s() for _ in range(60)][20:]

    backoff.reset()

    assert max(late) > 60
    assert backoff.next_delay_s() <= 2


def test_a_server_that_asks_for_time_gets_it_up_to_the_bound() -> None:
    """A Retry-After of the server is honoured, up to the bound (S6)."""
    backoff = Backoff(random.Random(1))

    assert backoff.next_delay_s(retry_after_s=42) >= 42
    assert backoff.next_delay_s(retry_after_s=1e9) == RETRY_LONGEST_S


def test_follow_up_pauses_grow_while_changes_keep_coming() -> None:
    """A server that scans is not asked at every step of its scan (Y1)."""
    backoff = FollowUpBackoff()

    pauses = [backoff.next_s(quiet_s=0.0) for _ in range(6)]

    first, longest = FOLLOW_UP_FIRST_S, FOLLOW_UP_LONGEST_S
    assert pauses == [first, 2 * first, 4 * first, 8 * first, longest, longest]


def test_after_a_quiet_time_the_follow_up_pause_is_short_again() -> None:
    """Two files that are copied one after the other are both shown soon (Y10)."""
    backoff = FollowUpBackoff()
    for _ in range(6):
        backoff.next_s(quiet_s=1.0)

    assert backoff.next_s(quiet_s=FOLLOW_UP_LONGEST_S) == FOLLOW_UP_FIRST_S


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
