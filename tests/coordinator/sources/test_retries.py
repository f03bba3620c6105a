"""When a source is tried again after each kind of failure."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from msd import errors
from msd.coordinator.sources.retries import (
    FORBIDDEN_RETRY_S,
    IDENTITY_RETRY_S,
    REFUSED_FIRST_S,
    REFUSED_LONGEST_S,
    SLOW_RETRY_S,
    START_RETRY_S,
    START_S,
    Retries,
)
from msd.models import StatusReason

STARTING = errors.UnreachableError("503", reason=StatusReason.SERVER_STARTING)
REFUSED = errors.UnreachableError("refused", reason=StatusReason.REFUSED)


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


def retries(clock: Clock | None = None) -> Retries:
    return Retries(random.Random(1), clock=clock or Clock())


def shown(after: Retries, error: errors.MsdError) -> StatusReason:
    """Return the reason that an error is shown with."""
    seen = after.seen_as(error)
    assert isinstance(seen, errors.BackendError)
    return seen.reason


@given(seed=st.integers(), refusals=st.integers(1, 50))
def test_a_refused_sign_in_is_tried_again_from_half_an_hour_to_six_hours(
    seed: int, refusals: int
) -> None:
    """The waits double, with jitter, and never end (S4)."""
    after = Retries(random.Random(seed))

    waits_s = [after.next_delay_s(errors.AuthRequiredError("x")) for _ in range(refusals)]

    longest_s = [min(REFUSED_LONGEST_S, REFUSED_FIRST_S * 2.0**n) for n in range(refusals)]
    assert all(0.9 * most <= wait <= most for wait, most in zip(waits_s, longest_s, strict=True))


def test_new_credentials_begin_with_half_an_hour_again() -> None:
    """Refusals of older credentials don't count (S4)."""
    after = retries()
    for _ in range(5):
        after.next_delay_s(errors.AuthRequiredError("x"))

    after.forgive()

    assert after.next_delay_s(errors.AuthRequiredError("x")) <= REFUSED_FIRST_S


@pytest.mark.parametrize(
    ("error", "wait_s"),
    [
        (errors.KeyringLockedError("x"), SLOW_RETRY_S),
        (errors.AuthRequiredError("x", reason=StatusReason.NO_CREDENTIALS), SLOW_RETRY_S),
        (errors.TlsError("x"), SLOW_RETRY_S),
        (errors.ForbiddenError("x"), FORBIDDEN_RETRY_S),
        (errors.IdentityMismatchError("x"), IDENTITY_RETRY_S),
    ],
)
def test_each_failure_has_its_wait(error: errors.MsdError, wait_s: float) -> None:
    """What the user must repair is tried slowly, what may pass by itself sooner (S4, S6)."""
    assert retries().next_delay_s(error) == wait_s


@pytest.mark.parametrize(
    "reason",
    [
        StatusReason.REFUSED,
        StatusReason.TIMEOUT,
        StatusReason.SERVER_ERROR,
        StatusReason.NOT_A_MEDIA_SERVER,
        StatusReason.SERVER_STARTING,
    ],
)
def test_every_stage_of_an_announced_start_is_one_outage(reason: StatusReason) -> None:
    """The server said that it restarts: each later failure has the same reason (S11)."""
    after = retries()
    after.announce_start()
    error = errors.UnreachableError("x", reason=reason)

    assert shown(after, error) is StatusReason.SERVER_STARTING
    assert after.next_delay_s(after.seen_as(error)) <= START_RETRY_S + 1


def test_a_start_is_announced_by_the_server_alone() -> None:
    """A refused connection by itself is no start (S11)."""
    assert shown(retries(), REFUSED) is StatusReason.REFUSED


def test_a_start_is_believed_for_five_minutes_only() -> None:
    """A 503 without end is an error of the server, asked with growing pauses (S4, S11)."""
    clock = Clock()
    after = retries(clock)
    assert shown(after, STARTING) is StatusReason.SERVER_STARTING
    clock.now_s += START_S

    assert shown(after, STARTING) is StatusReason.SERVER_ERROR
    assert shown(after, REFUSED) is StatusReason.REFUSED
    assert "5 minutes" in str(after.seen_as(STARTING))
    waits_s = [after.next_delay_s(after.seen_as(STARTING)) for _ in range(20)]
    assert max(waits_s) > START_RETRY_S + 1


def test_after_a_connect_the_next_start_is_believed_again() -> None:
    """Each outage has its own five minutes (S11)."""
    clock = Clock()
    after = retries(clock)
    after.seen_as(STARTING)
    clock.now_s += START_S

    after.forgive()

    assert shown(after, STARTING) is StatusReason.SERVER_STARTING


def test_a_refused_sign_in_is_never_a_stage_of_a_start() -> None:
    """A token that ended is refused while the server loads, too (S11)."""
    after = retries()
    after.announce_start()

    assert shown(after, errors.AuthRequiredError("x")) is StatusReason.TOKEN_REFUSED
