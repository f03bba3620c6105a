"""How long to wait: before a retry, between follow-up syncs, and together with other timers."""

import math
import random
import time

RETRY_FIRST_S = 1.0
RETRY_LONGEST_S = 300.0
FOLLOW_UP_FIRST_S = 0.5  # a second file that is copied after a first is shown soon …
FOLLOW_UP_LONGEST_S = 5.0  # … but a server that scans reports its libraries again and again
TICK_S = 10.0  # the process wakes at most six times a minute for what is not urgent


class Backoff:
    """Full-jitter back-off: a random wait below a bound that doubles with each failure (S6).

    The wait is at least `first_s` and at most `longest_s`.
    """

    def __init__(
        self,
        rng: random.Random,
        *,
        first_s: float = RETRY_FIRST_S,
        longest_s: float = RETRY_LONGEST_S,
    ) -> None:
        self._rng = rng
        self._first_s = first_s
        self._longest_s = longest_s
        self.attempts = 0

    def reset(self) -> None:
        """Start again with short waits."""
        self.attempts = 0

    def next_delay_s(self, retry_after_s: float | None = None) -> float:
        """Count a failure and return how long to wait, at least as long as the server asked."""
        self.attempts += 1
        bound = min(self._longest_s, self._first_s * 2.0 ** min(self.attempts, 16))
        delay = self._rng.uniform(self._first_s, bound)
        return max(delay, min(retry_after_s or 0.0, self._longest_s))


class FollowUpBackoff:
    """Pause between two follow-up syncs: grows while changes keep coming, short after a quiet time.

    The pauses are 0.5, 1, 2, 4, 5, 5, … seconds.
    """

    def __init__(self, longest_s: float = FOLLOW_UP_LONGEST_S) -> None:
        self._longest_s = longest_s
        self._pause_s = 0.0

    def next_s(self, quiet_s: float) -> float:
        """Return how long to pause after a follow-up sync.

        Args:
            quiet_s: how long nothing was reported before that sync.
        """
        grown_s = FOLLOW_UP_FIRST_S if quiet_s >= self._longest_s else 2 * self._pause_s
        self._pause_s = min(max(grown_s, FOLLOW_UP_FIRST_S), self._longest_s)
        return self._pause_s


def until_tick_s(wait_s: float, *, now: float | None = None) -> float:
    """Return how long to wait instead of `wait_s`: until the clock's next tick after it.

    Every task has the same ticks, so that the process wakes once for many timers.
    """
    if math.isinf(wait_s):
        return wait_s
    begun = time.monotonic() if now is None else now
    return math.ceil((begun + wait_s) / TICK_S) * TICK_S - begun
