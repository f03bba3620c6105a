"""How often libraries are looked at while a source tells of them."""

from msd.coordinator.breather import FIRST_S, LONGEST_S, Breather


def test_pauses_grow_while_changes_keep_coming() -> None:
    """Y1: a server that scans is not asked at every step of it."""
    breather = Breather()

    pauses = [breather.next_s(quiet_s=0.0) for _ in range(6)]

    assert pauses == [FIRST_S, 2 * FIRST_S, 4 * FIRST_S, 8 * FIRST_S, LONGEST_S, LONGEST_S]


def test_after_a_quiet_time_the_next_change_is_followed_soon_by_another() -> None:
    """Y10: two files that are copied one after the other are both shown soon."""
    breather = Breather()
    for _ in range(6):
        breather.next_s(quiet_s=1.0)

    assert breather.next_s(quiet_s=LONGEST_S) == FIRST_S
