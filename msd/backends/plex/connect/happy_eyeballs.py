"""Find the best address of a server: several are asked at the same time, without a token.

The address that worked last is asked alone at first. Then come, in waves, the direct addresses
over https, those over http, and the relay; each wave starts as soon as the one before it has
failed or has had its time. The first answer wins, unless a better address may still answer within
a short grace.
"""

import math
from collections.abc import Awaitable, Callable, Sequence

import anyio
import msgspec
from anyio.abc import TaskGroup
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream

from msd.backends.plex.connect.connections import Candidate
from msd.backends.plex.connect.identity import Identity
from msd.errors import BackendError, UnreachableError
from msd.models import Route, StatusReason

HEAD_START_S = 0.5  # how long the address that worked last is asked alone
PATIENCE_S = 3.0  # how long a wave is waited for before the next one joins it
GRACE_S = 0.5  # how much later than a worse address a better one may answer

Outcome = Identity | BackendError
Probe = Callable[[Candidate], Awaitable[Identity]]
_News = tuple[Candidate, Outcome]


class ProbeResults(msgspec.Struct, frozen=True):
    """What came of each address that was asked."""

    outcomes: dict[Candidate, Outcome] = msgspec.field(
        default_factory=dict
    )  # in the order of the answers

    @property
    def winner(self) -> tuple[Candidate, Identity] | None:
        """The best address at which the server answered; of equally good ones, the quickest."""
        answered = [
            (candidate, outcome)
            for candidate, outcome in self.outcomes.items()
            if isinstance(outcome, Identity)
        ]
        return min(answered, key=lambda pair: pair[0].grade, default=None)

    @property
    def failure(self) -> BackendError:
        """The error that stands for all: the one that says most about the server itself.

        Hosts of other networks may answer at a private address: that one of many shows another
        certificate or identity says nothing yet.
        """
        errors = [
            outcome for outcome in self.outcomes.values() if isinstance(outcome, BackendError)
        ]
        unreachable = [error for error in errors if isinstance(error, UnreachableError)]
        unknown = UnreachableError("no address of the server is known", reason=StatusReason.DNS)
        return min(unreachable, key=_silence) if unreachable else (errors or [unknown])[0]

    def joined(self, other: "ProbeResults") -> "ProbeResults":
        """Return the outcome of each address that was tried."""
        return ProbeResults(self.outcomes | other.outcomes)


async def happy_eyeballs(
    candidates: Sequence[Candidate], probe: Probe, *, first: Candidate | None = None
) -> ProbeResults:
    """Ask the candidates until the best one that can be hoped for has answered, or all failed.

    Args:
        candidates: whom to ask.
        probe: asks one address; raises `BackendError`s only and ends by itself.
        first: gets a head start over all others.
    """
    result = ProbeResults()
    send, receive = anyio.create_memory_object_stream[_News](len(candidates) + 1)
    with send, receive:
        async with anyio.create_task_group() as group:
            probes = _Probes(result, group, probe, send, receive)
            for wave, patience_s in _waves(candidates, first):
                probes.start(wave)
                await probes.wait(patience_s)
                if result.winner is not None:
                    break
            group.cancel_scope.cancel()
    return result


async def ask_all(candidates: Sequence[Candidate], probe: Probe) -> dict[Candidate, Outcome]:
    """Ask every candidate at once, and wait for all."""
    outcomes: dict[Candidate, Outcome] = {}

    async def ask(candidate: Candidate) -> None:
        outcomes[candidate] = await _outcome(probe, candidate)

    async with anyio.create_task_group() as group:
        for candidate in candidates:
            group.start_soon(ask, candidate)
    return outcomes


async def _outcome(probe: Probe, candidate: Candidate) -> Outcome:
    try:
        return await probe(candidate)
    except BackendError as error:
        return error


class _Probes:
    """One race: who is running, and for how long they are still waited for."""

    def __init__(
        self,
        result: ProbeResults,
        group: TaskGroup,
        probe: Probe,
        send: MemoryObjectSendStream[_News],
        receive: MemoryObjectReceiveStream[_News],
    ) -> None:
        self._result = result
        self._group = group
        self._probe = probe
        self._send = send
        self._receive = receive
        self._running: set[Candidate] = set()

    def start(self, wave: Sequence[Candidate]) -> None:
        """Ask the addresses of a wave."""
        for candidate in wave:
            self._running.add(candidate)
            self._group.start_soon(self._ask, candidate)

    async def wait(self, patience_s: float) -> None:
        """Wait until somebody has won, nobody is running any more, or patience is at its end."""
        with anyio.move_on_after(patience_s) as scope:
            while self._may_improve():
                candidate, outcome = await self._receive.receive()
                self._running.discard(candidate)
                self._result.outcomes[candidate] = outcome
                if isinstance(outcome, Identity):
                    scope.deadline = min(scope.deadline, anyio.current_time() + GRACE_S)

    def _may_improve(self) -> bool:
        if self._result.winner is None:
            return bool(self._running)
        best, _ = self._result.winner
        return any(candidate.grade < best.grade for candidate in self._running)

    async def _ask(self, candidate: Candidate) -> None:
        self._send.send_nowait((candidate, await _outcome(self._probe, candidate)))


def _waves(
    candidates: Sequence[Candidate], first: Candidate | None
) -> list[tuple[list[Candidate], float]]:
    others = [candidate for candidate in candidates if candidate != first]
    direct = [candidate for candidate in others if candidate.route is not Route.RELAY]
    waves = [
        ([] if first is None else [first], HEAD_START_S),
        ([candidate for candidate in direct if candidate.is_secure], PATIENCE_S),
        ([candidate for candidate in direct if not candidate.is_secure], PATIENCE_S),
        ([candidate for candidate in others if candidate.route is Route.RELAY], PATIENCE_S),
    ]
    filled = [(wave, patience_s) for wave, patience_s in waves if wave]
    return [*filled[:-1], *((wave, math.inf) for wave, _ in filled[-1:])]  # probes end themselves


def _silence(error: BackendError) -> int:
    order = (
        StatusReason.SERVER_STARTING,
        StatusReason.SERVER_ERROR,
        StatusReason.TIMEOUT,
        StatusReason.REFUSED,
        StatusReason.DNS,
        StatusReason.NO_NETWORK,
    )
    return order.index(error.reason) if error.reason in order else len(order)
