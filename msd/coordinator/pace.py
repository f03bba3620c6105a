"""How long a library may go without being asked: as its policy, its source and the past say."""

import random
from collections.abc import Callable

from msd.models import LibrarySettings, SourceId, SyncPolicy

SHORTEST_S = 300.0  # of a source that should tell of changes and does not; doubles when quiet
WHILE_LIVE_S = 6 * 3600.0  # of one that does: only in case that something slipped through
JITTER = 0.1  # so that the sources, and the machines in a house, do not all ask at once


class Pace:
    """The intervals of all libraries.

    off, manual   never
    interval      as the user set it
    live          hours while the source tells of its changes; else minutes, growing to the
                  interval while nothing changes
    """

    def __init__(
        self,
        interval_s: float,
        *,
        is_live: Callable[[SourceId], bool],
        is_cheap: Callable[[SourceId], bool],
        rng: random.Random,
    ) -> None:
        """Make it.

        Args:
            interval_s: the daemon's default.
            is_live: whether a source tells of its changes just now.
            is_cheap: whether asking a source costs little while nothing changed.
            rng: for the jitter.
        """
        self._interval_s = interval_s
        self._is_live = is_live
        self._is_cheap = is_cheap
        self._rng = rng
        self._waits_s: dict[SourceId, float] = {}
        self._jitter: dict[SourceId, float] = {}

    def interval_s(self, source_id: SourceId, settings: LibrarySettings | None) -> float | None:
        """Return the interval of a library, None for never; without one, of a new source."""
        own = settings or LibrarySettings()
        if own.sync not in {SyncPolicy.INTERVAL, SyncPolicy.LIVE}:
            return None
        longest_s = own.interval_s or self._interval_s
        interval_s: float = longest_s
        if own.sync is SyncPolicy.LIVE and self._is_live(source_id):
            interval_s = max(WHILE_LIVE_S, longest_s)
        elif own.sync is SyncPolicy.LIVE and self._is_cheap(source_id):
            interval_s = min(self._waits_s.get(source_id, SHORTEST_S), longest_s)
        jitter = self._jitter.setdefault(source_id, self._rng.uniform(0, JITTER))
        return interval_s * (1 + jitter)

    def noted(self, source_id: SourceId, *, has_changed: bool) -> None:
        """Take in what a sync found: ask again soon where things happen."""
        before = self._waits_s.get(source_id, SHORTEST_S)
        self._waits_s[source_id] = SHORTEST_S if has_changed else min(2 * before, self._interval_s)
        self._jitter.pop(source_id, None)

    def forget(self, source_id: SourceId) -> None:
        """Forget a removed source."""
        self._waits_s.pop(source_id, None)
        self._jitter.pop(source_id, None)
