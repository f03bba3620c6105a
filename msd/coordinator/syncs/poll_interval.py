"""How long a library may go without being asked: by its policy, its source and recent syncs."""

import random

from msd.models import LibrarySettings, SourceId, SyncPolicy

SHORTEST_S = 300.0  # of a source that could push its changes and does not; doubles when quiet
WHILE_LIVE_S = 6 * 3600.0  # of a source that pushes them: only in case that one was missed
JITTER = 0.1  # so that the sources, and the machines in a house, don't all ask at once


class PollIntervals:
    """The poll intervals of all libraries.

    policy        interval
    off, manual   never
    interval      as the user set it
    live          six hours while the source pushes its changes; else five minutes, doubling up
                  to the policy's interval while nothing changes
    """

    def __init__(self, interval_s: float, *, rng: random.Random) -> None:
        """Make it.

        Args:
            interval_s: the interval of libraries for which the user set none.
            rng: for the jitter.
        """
        self._interval_s = interval_s
        self._rng = rng
        self._waits_s: dict[SourceId, float] = {}
        self._jitter: dict[SourceId, float] = {}

    def interval_s(
        self,
        source_id: SourceId,
        settings: LibrarySettings | None,
        *,
        is_live: bool,
        is_cheap: bool,
    ) -> float | None:
        """Return the interval of a library, None for never.

        Args:
            source_id: its source.
            settings: of the library; None for a source whose libraries are not known yet.
            is_live: whether the source pushes its changes just now, and its last sync was whole.
            is_cheap: whether asking the source costs little while nothing changed.
        """
        settings = settings or LibrarySettings()
        if settings.sync not in {SyncPolicy.INTERVAL, SyncPolicy.LIVE}:
            return None
        longest_s = settings.interval_s or self._interval_s
        interval_s: float = longest_s
        if settings.sync is SyncPolicy.LIVE and is_live:
            interval_s = max(WHILE_LIVE_S, longest_s)
        elif settings.sync is SyncPolicy.LIVE and is_cheap:
            interval_s = min(self._waits_s.get(source_id, SHORTEST_S), longest_s)
        jitter = self._jitter.setdefault(source_id, self._rng.uniform(0, JITTER))
        return interval_s * (1 + jitter)

    def synced(self, source_id: SourceId, *, has_changed: bool) -> None:
        """Note the outcome of a sync: ask again soon where something changed."""
        before = self._waits_s.get(source_id, SHORTEST_S)
        self._waits_s[source_id] = SHORTEST_S if has_changed else min(2 * before, self._interval_s)
        self._jitter.pop(source_id, None)

    def forget(self, source_id: SourceId) -> None:
        """Forget a removed source."""
        self._waits_s.pop(source_id, None)
        self._jitter.pop(source_id, None)
