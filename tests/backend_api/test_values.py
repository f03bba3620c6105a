"""Single values of servers, brought into one form."""

from __future__ import annotations

import pytest

from msd.backend_api.values import number, percent_rating, position


def test_a_number_made_of_a_date_is_a_number():
    """Numbers fit 32 bits with a sign; what does not is unknown, never 0 (Y14)."""
    assert number(20231225) == 20231225
    assert number(2**31 - 1) == 2**31 - 1
    assert number(2**31) is None
    assert number(-1) is None


def test_a_position_is_not_beyond_the_length():
    """A server stores what a client sends, also 2 h 45 in a film of 1 h."""
    assert position(9_900_000, 3_600_000) == 3_600_000
    assert position(9_900_000, 0) == 9_900_000
    assert position(-5, 3_600_000) == 0


def test_a_rating_in_percent_is_brought_to_ten():
    """What is beyond 100 % is unknown."""
    assert percent_rating(87) == pytest.approx(8.7)
    assert percent_rating(101) is None
    assert percent_rating(None) is None
