"""S6: full jitter from 1 s to 5 min, for ever."""

import random

from hypothesis import given
from hypothesis import strategies as st

from msd.coordinator.backoff import FIRST_S, LONGEST_S, Backoff


@given(seed=st.integers(), failures=st.integers(1, 500))
def test_every_wait_is_between_a_second_and_five_minutes(seed: int, failures: int) -> None:
    """S6."""
    backoff = Backoff(random.Random(seed))

    delays = [backoff.next_delay_s() for _ in range(failures)]

    assert all(FIRST_S <= delay <= min(LONGEST_S, 2.0 ** (n + 1)) for n, delay in enumerate(delays))
    assert backoff.attempts == failures


def test_waits_grow_and_a_reset_makes_them_short_again() -> None:
    """S6: reset at once by a request of the user."""
    backoff = Backoff(random.Random(1))
    late = [backoff.next_delay_s() for _ in range(60)][20:]

    backoff.reset()

    assert max(late) > 60
    assert backoff.next_delay_s() <= 2


def test_a_server_that_asks_for_time_gets_it_up_to_the_bound() -> None:
    """S6, Jellyfin contract section 10: Retry-After."""
    backoff = Backoff(random.Random(1))

    assert backoff.next_delay_s(retry_after_s=42) >= 42
    assert backoff.next_delay_s(retry_after_s=1e9) == LONGEST_S
