"""Dates in names, in all usual orders."""

import pytest

from msd.backends.local.names.dates import date_in


@pytest.mark.parametrize(
    ("name", "date"),
    [
        ("x 2014.06.03", "2014-06-03"),
        ("x 03.06.2014", "2014-06-03"),
        ("x 13-06-2014", "2014-06-13"),
        ("x 06-13-2014", "2014-06-13"),
        ("x 20140603", "2014-06-03"),
        ("x 3rd June 2014", "2014-06-03"),
        ("x June 3, 2014", "2014-06-03"),
        ("x 2014 Jun 3", "2014-06-03"),
        ("x 3. März 2014", "2014-03-03"),
        ("x 2014年6月3日", "2014-06-03"),
        ("x 2014-13-40", None),
        ("x 1920x1080", None),
        ("x 2014", None),
        ("x 31.02.2014", None),
        ("x 120140603", None),
    ],
)
def test_a_date_is_found_when_it_is_one(name, date):
    """The first real date; numbers that are none are left alone."""
    found = date_in(name)

    assert date == (found and found.iso)
