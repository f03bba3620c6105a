"""Find the server behind what a user typed: every address that it may mean, all at once."""

from collections.abc import Mapping

import anyio
import httpx
from anyio.streams.memory import MemoryObjectSendStream

from msd.backends.jellyfin.find.probe import Server, probe
from msd.errors import BackendError, BadResponseError, TlsError, UnreachableError
from msd.models import StatusReason

_BUDGET_S = 12.0  # of the 20 s that adding may take
_GRACE_S = 2.0  # how long a better address may answer later than a worse one

Outcome = Server | BackendError


async def find_server(http: httpx.AsyncClient, addresses: tuple[str, ...]) -> Server:
    """Return the best of the addresses at which a Jellyfin server answers; asks all at once.

    Raises:
        UnreachableError, TlsError, BadResponseError: none does; the error is that of the address
        that came nearest.
    """
    outcomes: dict[int, Outcome] = {}
    send, receive = anyio.create_memory_object_stream[tuple[int, Outcome]](len(addresses))
    # Closed last: an attempt may end after it was cancelled, and still tells.
    with receive, send:
        async with anyio.create_task_group() as group:
            for rank, address in enumerate(addresses):
                group.start_soon(_try_address, http, address, rank, send)
            with anyio.move_on_after(_BUDGET_S) as scope:
                while len(outcomes) < len(addresses):
                    rank, outcome = await receive.receive()
                    outcomes[rank] = outcome
                    if isinstance(outcome, Server):
                        scope.deadline = min(scope.deadline, anyio.current_time() + _GRACE_S)
                    if _is_settled(outcomes):
                        break
            group.cancel_scope.cancel()
    return _best(outcomes)


async def _try_address(
    http: httpx.AsyncClient,
    address: str,
    rank: int,
    send: MemoryObjectSendStream[tuple[int, Outcome]],
) -> None:
    try:
        outcome: Outcome = await probe(http, address)
    except BackendError as error:
        outcome = error
    send.send_nowait((rank, outcome))


def _is_settled(outcomes: Mapping[int, Outcome]) -> bool:
    """Whether no address that is still open could be better than one that answered."""
    answered = [rank for rank, outcome in outcomes.items() if isinstance(outcome, Server)]
    return bool(answered) and all(rank in outcomes for rank in range(min(answered)))


def _best(outcomes: Mapping[int, Outcome]) -> Server:
    errors: list[BackendError] = []
    for _, outcome in sorted(outcomes.items()):
        if isinstance(outcome, Server):
            return outcome
        errors.append(outcome)
    if not errors:
        raise UnreachableError("the server took too long to answer")
    raise min(errors, key=_distance)


def _distance(error: BackendError) -> int:
    """How far an attempt stayed from a usable server; the nearest tells the user most."""
    if error.reason is StatusReason.SERVER_STARTING:
        return 0
    order: tuple[type[BackendError], ...] = (TlsError, BadResponseError)
    if isinstance(error, order):
        return 1
    reasons = (
        StatusReason.NOT_A_MEDIA_SERVER,
        StatusReason.SERVER_ERROR,
        StatusReason.TIMEOUT,
        StatusReason.REFUSED,
    )
    return 2 + (reasons.index(error.reason) if error.reason in reasons else len(reasons))
