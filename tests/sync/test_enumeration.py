"""What counts as a complete enumeration, and what may be deleted after one (Y7)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from msd.backend_api import Page, RawItem
from msd.models import RemoteId, UnixSeconds
from msd.sync.enumeration import (
    AGREEMENT_S,
    MAX_EMPTY_WINDOWS,
    Enumeration,
    Loss,
    Trust,
    Verdict,
    verdict,
)

NOW = UnixSeconds(1_800_000_000)


def page(start: int, rows: int, *, limit: int = 10, total: int | None = None, gaps: bool = False):
    items = tuple(RawItem(RemoteId(f"r{start + n}"), 1, b"") for n in range(rows))
    return Page(start=start, limit=limit, total=total, items=items, gaps=gaps)


def enumerated(*pages: Page) -> Enumeration:
    enumeration = Enumeration()
    for one in pages:
        enumeration.add(one)
    return enumeration


def test_every_window_with_the_same_total_first_and_last_is_complete() -> None:
    """Every window with the same total first and last is complete (Y7)."""
    assert enumerated(page(0, 10, total=25), page(10, 10), page(20, 5, total=25)).is_complete


def test_an_empty_listing_that_announces_nothing_is_complete() -> None:
    """An empty listing that announces nothing is complete (Y7).

    It is the guard against drops that protects the rows then.
    """
    assert enumerated(page(0, 0, total=0)).is_complete


def test_rows_may_be_fewer_than_the_total_since_old_servers_hide_some() -> None:
    """Y7, Jellyfin contract section 5.1: 1074 announced, 1071 returned."""
    assert enumerated(page(0, 10, total=20), page(10, 7, total=20)).is_complete


@pytest.mark.parametrize(
    "pages",
    [
        (page(0, 10, total=25), page(10, 10, total=25)),
        (page(0, 10, total=25), page(20, 5, total=25)),
        (page(0, 10, total=25), page(10, 10), page(20, 5, total=24)),
        (page(0, 10, total=25), page(10, 10), page(20, 5)),
        (page(0, 10, total=20), page(10, 10, total=20, gaps=True)),
        (page(0, 10, limit=1_000_000, total=1_000_000),),
        (page(0, 10), page(10, 5)),
        (),
    ],
    ids=[
        "last window missing",
        "window in the middle missing",
        "total changed",
        "no total on the last page",
        "known gaps",
        "a million announced, ten given",
        "no totals at all",
        "no page at all",
    ],
)
def test_anything_else_proves_nothing(pages: tuple[Page, ...]) -> None:
    """Anything else proves nothing (Y7).

    Each of these must never lead to a deletion.
    """
    assert not enumerated(*pages).is_complete


def test_a_broken_off_enumeration_proves_nothing() -> None:
    """A broken off enumeration proves nothing (Y7).

    Also when all the windows had come.
    """
    enumeration = enumerated(page(0, 5, total=5))

    enumeration.break_off()

    assert not enumeration.is_complete


def test_a_long_run_of_empty_windows_is_hopeless() -> None:
    """A server that announces a million and gives ten is not asked two thousand times."""
    enumeration = enumerated(page(0, 10, total=1_000_000))
    for window in range(MAX_EMPTY_WINDOWS):
        assert not enumeration.is_hopeless
        enumeration.add(page(10 * (window + 1), 0))

    assert enumeration.is_hopeless


def decide(live: int, missing: int, **changes: object) -> Verdict:
    given: dict[str, object] = {"withheld": None, "trust": Trust.NONE}
    return verdict(loss(missing), live=live, **(given | changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("live", "missing", "expected"),
    [
        (100, 0, Verdict.KEEP),
        (100, 1, Verdict.DELETE),
        (100, 20, Verdict.DELETE),
        (100, 21, Verdict.WITHHOLD),
        (40, 10, Verdict.DELETE),
        (40, 11, Verdict.WITHHOLD),
        (1, 1, Verdict.WITHHOLD),
        (5, 5, Verdict.WITHHOLD),
        (5, 4, Verdict.DELETE),
    ],
)
def test_drops_are_judged_by_share_and_count(live: int, missing: int, expected: Verdict) -> None:
    """Drops are judged by share and count (Y7).

    To 0, or more than 20 % and more than 10 rows, is withheld.
    """
    assert expected is decide(live, missing)


def loss(count: int, age_s: int = 0, digest: int = 7) -> Loss:
    return Loss(count=count, digest=digest, since=UnixSeconds(NOW - age_s))


def test_few_rows_that_the_source_denies_by_their_ids_are_gone() -> None:
    """Fewer than ten need no consent; those that went one by one within a day count (Y7)."""
    assert decide(9, 9, trust=Trust.DENIED) is Verdict.DELETE
    assert decide(10, 10, trust=Trust.DENIED) is Verdict.WITHHOLD
    assert decide(9, 9, trust=Trust.DENIED, lost=1) is Verdict.WITHHOLD


def test_a_library_that_holds_something_else_now_has_no_losses() -> None:
    """A library that holds something else now has no losses (A5).

    The user said so.
    """
    assert decide(100, 100, trust=Trust.ALL) is Verdict.DELETE


def test_a_drop_that_stays_the_same_for_a_day_is_believed() -> None:
    """A drop that stays the same for a day is believed (Y7).

    Agreeing complete passes over at least 24 hours.
    """
    assert decide(100, 100, withheld=loss(100, AGREEMENT_S)) is Verdict.DELETE
    assert decide(100, 100, withheld=loss(100, AGREEMENT_S - 1)) is Verdict.WITHHOLD
    assert decide(100, 100, withheld=loss(100, AGREEMENT_S, digest=8)) is Verdict.WITHHOLD


def test_what_was_lost_one_by_one_counts_towards_the_limit() -> None:
    """What was lost one by one counts towards the limit (Y7).

    Eight, and eight more, are sixteen of a hundred and two.
    """
    assert decide(60, 8) is Verdict.DELETE
    assert decide(52, 8, lost=8) is Verdict.WITHHOLD


@given(live=st.integers(0, 10_000), missing=st.integers(0, 10_000))
def test_a_library_never_vanishes_in_one_unconfirmed_pass(live: int, missing: int) -> None:
    """A library never vanishes in one unconfirmed pass (Y7).

    Whatever the numbers.
    """
    if missing > 0 and missing >= live:
        assert decide(live, missing) is Verdict.WITHHOLD
