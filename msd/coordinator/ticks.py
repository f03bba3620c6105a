"""One timer for everything that is not urgent: the process wakes for all of it at once."""

import math
import time

TICK_S = 10.0  # at most six times a minute


def until_tick_s(wait_s: float, *, now: float | None = None) -> float:
    """Return how long to wait instead of `wait_s`: to the next tick of the clock after it.

    Ticks are the same for every task, so that a dozen timers wake the process once.
    """
    if math.isinf(wait_s):
        return wait_s
    begun = time.monotonic() if now is None else now
    return math.ceil((begun + wait_s) / TICK_S) * TICK_S - begun
