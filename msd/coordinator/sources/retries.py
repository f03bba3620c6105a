"""When a source is tried again after a failed connect, and as what the failure is shown.

failure                          next attempt
unreachable                      full-jitter back-off, 1 s to 5 min (S6)
the server announced a (re)start every 2 to 3 s for 5 min, shown as one outage (S11)
another server's identity        15 s: only its public identity is asked for
forbidden                        5 min: the user's access hours may begin
sign-in refused                  30 min, doubling to 6 h, with jitter (S4)
keyring locked, all else         15 min
"""

import random
import time
from collections.abc import Callable

from msd.coordinator.timing import Backoff
from msd.errors import (
    AuthRefusedError,
    AuthRequiredError,
    BackendError,
    ForbiddenError,
    IdentityMismatchError,
    MsdError,
    UnreachableError,
)
from msd.managers.auth import is_keyring_trouble
from msd.models import StatusReason

START_S = 300.0  # as long is an announced start believed
START_RETRY_S = 2.0
IDENTITY_RETRY_S = 15.0
FORBIDDEN_RETRY_S = 300.0
REFUSED_FIRST_S = 1800.0
REFUSED_LONGEST_S = 6 * 3600.0
SLOW_RETRY_S = 900.0
_STAGES_OF_A_START = frozenset(
    {
        StatusReason.REFUSED,
        StatusReason.TIMEOUT,
        StatusReason.SERVER_STARTING,
        StatusReason.SERVER_ERROR,
        StatusReason.NOT_A_MEDIA_SERVER,
        StatusReason.PROTOCOL,
    }
)


class Retries:
    """The failed attempts of one source."""

    def __init__(self, rng: random.Random, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._rng = rng
        self._clock = clock
        self._backoff = Backoff(rng)
        self._refusals = 0
        self._start_announced_at: float | None = None

    @property
    def attempts(self) -> int:
        """How many attempts failed in a row."""
        return self._backoff.attempts

    @property
    def is_starting(self) -> bool:
        """Whether the server announced a start less than five minutes ago."""
        announced_at = self._start_announced_at
        return announced_at is not None and self._clock() - announced_at < START_S

    def reset(self) -> None:
        """Begin again with short waits: the network changed, or somebody asked."""
        self._backoff.reset()

    def forgive(self) -> None:
        """Forget every failure: a connect succeeded, or there are new credentials."""
        self._backoff.reset()
        self._refusals = 0
        self._start_announced_at = None

    def announce_start(self) -> None:
        """Note that the server said that it stops, restarts or starts; once in an outage."""
        if self._start_announced_at is None:
            self._start_announced_at = self._clock()

    def seen_as(self, error: MsdError) -> MsdError:
        """Return the error to show: during an announced start each stage is the same outage."""
        reason = error.reason if isinstance(error, BackendError) else None
        if reason is StatusReason.SERVER_STARTING:
            self.announce_start()
        if reason in _STAGES_OF_A_START and self.is_starting:
            return UnreachableError(
                "the server is starting; msd tries again every few seconds",
                reason=StatusReason.SERVER_STARTING,
            )
        if reason is StatusReason.SERVER_STARTING:
            return UnreachableError(
                f"the server has been starting for more than {START_S / 60:.0f} minutes: {error}",
                reason=StatusReason.SERVER_ERROR,
            )
        return error

    def next_delay_s(self, error: MsdError) -> float:
        """Count a failure and return how long to wait before the next attempt.

        Args:
            error: as `seen_as` returned it.
        """
        retry_after_s = error.retry_after_s if isinstance(error, BackendError) else None
        delay_s = self._backoff.next_delay_s(retry_after_s)
        match error:
            case AuthRequiredError() | AuthRefusedError() if not is_keyring_trouble(error):
                return self._next_after_refusal_s()
            case UnreachableError(reason=StatusReason.SERVER_STARTING):
                return START_RETRY_S + self._rng.random()
            case UnreachableError():
                return delay_s
            case IdentityMismatchError():
                return IDENTITY_RETRY_S
            case ForbiddenError():
                return FORBIDDEN_RETRY_S
            case _:
                return SLOW_RETRY_S

    def _next_after_refusal_s(self) -> float:
        longest_s = min(REFUSED_LONGEST_S, REFUSED_FIRST_S * 2.0 ** min(self._refusals, 10))
        self._refusals += 1
        return longest_s * self._rng.uniform(0.9, 1.0)
