"""How often a library is polled."""

import random

import pytest

from msd.coordinator.syncs.poll_interval import JITTER, SHORTEST_S, WHILE_LIVE_S, PollIntervals
from msd.models import LibrarySettings, SourceId, SyncPolicy

SOURCE = SourceId("s1")
HOUR = 3600.0


def interval_s(
    settings: LibrarySettings,
    *,
    intervals: PollIntervals | None = None,
    source_id: SourceId = SOURCE,
    is_live: bool = False,
    is_cheap: bool = True,
) -> float | None:
    """Return the interval of a library of a source."""
    intervals = intervals or PollIntervals(HOUR, rng=random.Random(1))
    return intervals.interval_s(source_id, settings, is_live=is_live, is_cheap=is_cheap)


def about(interval_s: float) -> object:
    return pytest.approx(interval_s * (1 + JITTER / 2), rel=JITTER)


@pytest.mark.parametrize("policy", [SyncPolicy.OFF, SyncPolicy.MANUAL])
def test_some_libraries_are_never_asked(policy: SyncPolicy) -> None:
    """Some libraries are never asked (A5)."""
    assert interval_s(LibrarySettings(sync=policy)) is None


def test_an_interval_is_the_users() -> None:
    """An interval is the users (A5).

    Live or not, changed or not.
    """
    settings = LibrarySettings(sync=SyncPolicy.INTERVAL, interval_s=7200)

    assert interval_s(settings, is_live=True) == about(7200)


def test_while_a_source_tells_of_its_changes_it_is_asked_after_hours() -> None:
    """While a source tells of its changes it is asked after hours (Y9).

    Quiet when nothing changes.
    """
    assert interval_s(LibrarySettings(), is_live=True) == about(WHILE_LIVE_S)


def test_without_it_a_source_is_asked_after_minutes_and_longer_while_it_is_quiet() -> None:
    """Without it a source is asked after minutes and longer while it is quiet (Y9).

    And often again as soon as something changes.
    """
    intervals = PollIntervals(HOUR, rng=random.Random(1))
    waits = []
    for has_changed in (False, False, False, False, False, True):
        waits.append(interval_s(LibrarySettings(), intervals=intervals))
        intervals.synced(SOURCE, has_changed=has_changed)
    waits.append(interval_s(LibrarySettings(), intervals=intervals))

    expected = [SHORTEST_S, 2 * SHORTEST_S, 4 * SHORTEST_S, 8 * SHORTEST_S, HOUR, HOUR, SHORTEST_S]
    assert waits == [about(expected_s) for expected_s in expected]


def test_a_source_that_can_only_be_enumerated_keeps_to_the_interval() -> None:
    """A source that can only be enumerated keeps to the interval (Y6).

    Asking costs as much as the library is long.
    """
    assert interval_s(LibrarySettings(), is_cheap=False) == about(HOUR)


def test_sources_do_not_ask_at_the_same_time() -> None:
    """Sources do not ask at the same time (Y1).

    Jitter per source.
    """
    intervals = PollIntervals(HOUR, rng=random.Random(1))

    waits = {
        interval_s(LibrarySettings(), intervals=intervals, source_id=SourceId(f"s{n}"))
        for n in range(10)
    }

    assert len(waits) == 10
