"""Limits signals that may come often: one at once, then one per interval, the last one always."""

import logging
from collections.abc import Callable, Hashable

import anyio

INTERVAL_S = 0.25

logger = logging.getLogger(__name__)

Action = Callable[[], None]


class Throttle:
    """Runs the newest action of each key, at most once per interval.

    Nothing runs, and no time is measured, while nothing is waiting. While `is_crowded` says so,
    actions wait: they read values when they run, so fewer signals are needed.
    """

    def __init__(self, is_crowded: Callable[[], bool], interval_s: float = INTERVAL_S) -> None:
        self._is_crowded = is_crowded
        self._interval_s = interval_s
        self._ran_at: dict[Hashable, float] = {}
        self._waiting: dict[Hashable, Action] = {}
        self._work = anyio.Event()

    def offer(self, key: Hashable, action: Action) -> None:
        """Run an action now, or instead of the one of this key that waits."""
        now = anyio.current_time()
        if self._due(key) <= now and not self._is_crowded():
            self._run(key, action, now)
            return
        self._waiting[key] = action
        self._work.set()

    def drop(self, key: Hashable) -> None:
        """Forget a key and what waits for it."""
        self._waiting.pop(key, None)
        self._ran_at.pop(key, None)

    async def run(self) -> None:
        """Run what waits when its time comes, until cancelled."""
        while True:
            await self._work.wait()
            await anyio.sleep(self._interval_s if self._is_crowded() else self._pause())
            if not self._is_crowded():
                self._run_due(anyio.current_time())

    def _pause(self) -> float:
        due = min((self._due(key) for key in self._waiting), default=0.0)
        return max(0.0, due - anyio.current_time())

    def _run_due(self, now: float) -> None:
        for key in [key for key in self._waiting if self._due(key) <= now]:
            self._run(key, self._waiting[key], now)
        if not self._waiting:
            self._work = anyio.Event()
        self._ran_at = {
            key: ran_at for key, ran_at in self._ran_at.items() if ran_at + self._interval_s > now
        }

    def _run(self, key: Hashable, action: Action, now: float) -> None:
        self._waiting.pop(key, None)
        self._ran_at[key] = now
        try:
            action()
        except Exception:
            logger.exception("a delayed signal could not be sent")

    def _due(self, key: Hashable) -> float:
        return self._ran_at.get(key, -self._interval_s) + self._interval_s
