"""How long to wait before a source is tried again (S6)."""

import random

FIRST_S = 1.0
LONGEST_S = 300.0


class Backoff:
    """Full jitter: a random time up to a bound that doubles with each failure, for ever."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self.attempts = 0

    def reset(self) -> None:
        """Start again with short waits."""
        self.attempts = 0

    def next_delay_s(self, retry_after_s: float | None = None) -> float:
        """Count a failure and return how long to wait, at least as long as the server asked."""
        self.attempts += 1
        bound = min(LONGEST_S, FIRST_S * 2.0 ** min(self.attempts, 16))
        delay = self._rng.uniform(FIRST_S, bound)
        return max(delay, min(retry_after_s or 0.0, LONGEST_S))
