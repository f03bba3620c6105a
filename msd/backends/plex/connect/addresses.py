"""The addresses of one source's server, the one in use, and the last result of each."""

import time

from msd.backend_api import BackendContext
from msd.backends.plex.connect.connections import (
    Candidate,
    best_first,
    candidate_at,
    known_addresses,
    usable_address,
)
from msd.backends.plex.connect.happy_eyeballs import Outcome
from msd.backends.plex.connect.identity import Identity
from msd.errors import BackendError
from msd.models import ConnectAttempt, Connection, UnixSeconds


class Addresses:
    """What is known of a server's addresses; no I/O.

    Args:
        context: what msd stored about the source.
    """

    def __init__(self, context: BackendContext) -> None:
        self._known = known_addresses(context.source.config)
        remembered = usable_address(context.source.address)
        self.in_use = candidate_at(remembered, self._known) if remembered else None
        self.attempts: tuple[ConnectAttempt, ...] = ()
        self._outcomes: dict[Candidate, Outcome] = {}

    @property
    def certificates(self) -> frozenset[str]:
        """The parts of names below plex.direct that belong to this server alone."""
        return self._known.certificates

    @property
    def is_pinned(self) -> bool:
        """Whether the user has chosen the one address that may be used."""
        return bool(self._known.pinned)

    def usable(self) -> tuple[Candidate, ...]:
        """Return the addresses that may be used: once https worked, none of http (K4)."""
        in_use = () if self.in_use is None else (self.in_use,)
        candidates = best_first((*self._known.candidates, *in_use))
        if self.in_use is not None and self.in_use.is_secure:
            return tuple(candidate for candidate in candidates if candidate.is_secure)
        return candidates

    def wanted(self) -> tuple[Candidate, ...]:
        """Return the addresses to try: the pinned one alone, if there is one."""
        if not self.is_pinned:
            return self.usable()
        pinned = self._known.pinned
        return tuple(candidate for candidate in self.usable() if candidate.address == pinned)

    def note(self, outcomes: dict[Candidate, Outcome]) -> None:
        """Remember the results of probes."""
        self._outcomes |= outcomes

    def note_attempt(self, outcomes: dict[Candidate, Outcome]) -> None:
        """Remember the results of an attempt to connect."""
        self.note(outcomes)
        now = UnixSeconds(int(time.time()))
        self.attempts = tuple(
            ConnectAttempt(
                at=now,
                step=f"connect {candidate.address}",
                outcome=_word(outcome),
                detail=_detail(outcome),
                latency_ms=_latency_ms(outcome),
            )
            for candidate, outcome in outcomes.items()
        )

    def connections(self, *, is_connected: bool) -> tuple[Connection, ...]:
        """Return every usable address with its last result, best first."""
        return tuple(
            Connection(
                address=candidate.address,
                route=candidate.route,
                outcome="" if outcome is None else _word(outcome),
                detail="" if outcome is None else _detail(outcome),
                latency_ms=0 if outcome is None else _latency_ms(outcome),
                in_use=is_connected and candidate == self.in_use,
                pinned=candidate.address == self._known.pinned,
            )
            for candidate in self.usable()
            for outcome in (self._outcomes.get(candidate),)
        )


def _word(outcome: Outcome) -> str:
    return outcome.reason.value if isinstance(outcome, BackendError) else "ok"


def _detail(outcome: Outcome) -> str:
    return str(outcome) if isinstance(outcome, BackendError) else ""


def _latency_ms(outcome: Outcome) -> int:
    return outcome.latency_ms if isinstance(outcome, Identity) else 0
