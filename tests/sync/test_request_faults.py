"""Every request of a first and of a following sync fails once, in every way (S9)."""

import pytest

from tests.sync.request_faults import SUBJECTS, trial

pytestmark = pytest.mark.anyio

PARTS = 30


@pytest.mark.timeout(300)
@pytest.mark.parametrize("kind", SUBJECTS)
async def test_a_request_that_fails_costs_what_it_was_for(kind: str) -> None:
    """The rest arrives, the failure is named, nothing is deleted, and it heals.

    Every thirtieth combination of a request and a failure is tried here; all of them with
    `python -m tests.sync.request_faults`.
    """
    result = await trial(kind, 7, PARTS)

    assert not result.violations, "\n".join(result.violations)
    assert (result.runs, result.healed) == (result.runs, result.runs)
    assert result.runs >= 10
