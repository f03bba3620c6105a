"""The way to one Plex Media Server: which of its addresses is used, and since when it works."""

import socket
import time
from collections.abc import Callable, Sequence

import anyio
import httpx

from msd.backend_api import BackendContext
from msd.backend_api.http import Answer, open_client
from msd.backends.plex.client import ROOT, PlexClient
from msd.backends.plex.connections import (
    MOST_CONNECTIONS,
    Candidate,
    best_first,
    candidate_at,
    known_addresses,
    usable_address,
)
from msd.backends.plex.device import device_of
from msd.backends.plex.gdm import located
from msd.backends.plex.identity import Identity, identify, media_container
from msd.backends.plex.plex_direct import DirectDialling
from msd.backends.plex.race import Outcome, RaceResult, ask_all, race
from msd.backends.plex.scalars import word
from msd.errors import (
    AuthRequiredError,
    BackendError,
    IdentityMismatchError,
    UnreachableError,
)
from msd.models import ConnectAttempt, Connection, Route, ServerFacts, StatusReason, UnixSeconds

COMPARE_S = 600.0  # how long a far address is used before nearer ones are tried again
_CHECK_S = 20.0  # for what the server says of itself to the user


def own_address() -> str:
    """This machine's own address in the network that leads to the internet; "" without one."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # chooses a route, and sends nothing
        except OSError:
            return ""
        return str(probe.getsockname()[0])


class ServerLink:
    """Connects to a source's server by the best of its addresses, and keeps to it while it works.

    No token leaves before an address has answered with the server's identity (K4).

    Args:
        context: what msd stored about the source.
        own_address: tells the networks apart in which this machine may be.
    """

    def __init__(
        self, context: BackendContext, *, own_address: Callable[[], str] = own_address
    ) -> None:
        self._source = context.source
        self._credentials = context.credentials
        self._device = device_of(context)
        self._known = known_addresses(context.source.config)
        self._http = open_client(network=DirectDialling())
        self._turn = anyio.Lock()
        self._client: PlexClient | None = None
        remembered = usable_address(context.source.address)
        self._in_use = candidate_at(remembered, self._known) if remembered else None
        self._own_address = own_address
        self._network = own_address()
        self._compared_at = time.monotonic()
        self._outcomes: dict[Candidate, Outcome] = {}
        self._attempts: tuple[ConnectAttempt, ...] = ()

    @property
    def attempts(self) -> tuple[ConnectAttempt, ...]:
        """What the last `connect` tried, address by address."""
        return self._attempts

    async def connect(self) -> ServerFacts:
        """Find the server, and check that it accepts the user.

        Raises:
            AuthRequiredError: there is no token, or the server refused it twice.
            IdentityMismatchError: only other servers answer at its addresses.
            ForbiddenError: the server knows the user and refuses everything.
            UnreachableError, TlsError, BadResponseError: as everywhere.
        """
        async with self._turn:
            try:
                return await self._connect()
            except BackendError:
                self._client = None
                raise

    async def client(self) -> PlexClient:
        """Return the client of the connected server; connects when need be.

        To be asked for each request: the best address may have become another one.

        Raises:
            BackendError: as `connect`.
        """
        if self._client is None:
            async with self._turn:
                if self._client is None:
                    await self._connect()
        assert self._client is not None  # noqa: S101 - `_connect` made it or raised
        return self._client

    def connections(self) -> tuple[Connection, ...]:
        """Return every address that is known of the server, best first."""
        return tuple(self._connection(candidate) for candidate in self._usable())

    async def test_connections(self) -> tuple[Connection, ...]:
        """Try every address once, without a token, and return what came of it."""
        async with self._many() as many:

            async def probe(candidate: Candidate) -> Identity:
                return await identify(many, candidate.address, self._source.server_id)

            self._outcomes |= await ask_all(self._usable(), probe)
        return self.connections()

    async def aclose(self) -> None:
        """Release connections."""
        await self._http.aclose()

    async def _connect(self) -> ServerFacts:
        if self._credentials is None or not self._credentials.token:
            raise AuthRequiredError("nobody is signed in", reason=StatusReason.NO_CREDENTIALS)
        address, identity = await self._find()
        client = PlexClient(
            self._http, address.address, self._device, self._credentials.token, lost=self._lose
        )
        said = media_container(await _checked(client))
        if said.get("machineIdentifier") != self._source.server_id:
            raise IdentityMismatchError("another Plex Media Server answers at this address")
        self._client, self._in_use = client, address
        return ServerFacts(
            server_id=identity.server_id,
            name=word(said.get("friendlyName")) or self._source.name,
            version=word(said.get("version")) or identity.version,
            address=address.address,
            route=address.route,
            latency_ms=identity.latency_ms,
        )

    def _lose(self) -> None:
        self._client = None

    async def _find(self) -> tuple[Candidate, Identity]:
        """Return the best address at which the server answers."""
        candidates = self._wanted()
        first = self._in_use if self._in_use in candidates and self._may_stay() else None
        result = await self._race(candidates, first)
        if result.winner is None and not self._known.pinned:
            # It may have got another address since plex.tv told of it.
            found = await located(self._source.server_id, self._known.certificates)
            result = result.joined(await self._race(found))
        self._note(result.outcomes)
        if result.winner is not None:
            return result.winner
        if result.errors:
            raise _most_telling(result.errors)
        raise UnreachableError("no address of the server is known", reason=StatusReason.DNS)

    def _may_stay(self) -> bool:
        """Whether the address in use may do without comparing it to the others for now."""
        if self._in_use is None or not self._in_use.is_secure:
            return False
        if self._in_use.route is not Route.REMOTE:
            return self._in_use.route is Route.LOCAL
        network, now = self._own_address(), time.monotonic()
        is_as_before = network == self._network and now - self._compared_at < COMPARE_S
        if not is_as_before:
            self._network, self._compared_at = network, now
        return is_as_before

    async def _race(
        self, candidates: Sequence[Candidate], first: Candidate | None = None
    ) -> RaceResult:
        async with self._many() as many:

            async def probe(candidate: Candidate) -> Identity:
                http = self._http if candidate == first else many
                return await identify(http, candidate.address, self._source.server_id)

            return await race(candidates, probe, first=first)

    def _many(self) -> httpx.AsyncClient:
        """Return a client that asks all addresses at once."""
        return open_client(network=DirectDialling(), max_connections=MOST_CONNECTIONS)

    def _usable(self) -> tuple[Candidate, ...]:
        """Return the addresses that may be used: once https worked, none of http (K4)."""
        in_use = () if self._in_use is None else (self._in_use,)
        candidates = best_first((*self._known.candidates, *in_use))
        if self._in_use is not None and self._in_use.is_secure:
            return tuple(candidate for candidate in candidates if candidate.is_secure)
        return candidates

    def _wanted(self) -> tuple[Candidate, ...]:
        """Return the addresses to try: the pinned one alone, if there is one."""
        pinned = self._known.pinned
        usable = self._usable()
        if not pinned:
            return usable
        return tuple(candidate for candidate in usable if candidate.address == pinned)

    def _note(self, outcomes: dict[Candidate, Outcome]) -> None:
        self._outcomes |= outcomes
        now = UnixSeconds(int(time.time()))
        self._attempts = tuple(
            ConnectAttempt(
                at=now,
                step=f"connect {candidate.address}",
                outcome=_word(outcome),
                detail=_detail(outcome),
                latency_ms=_latency_ms(outcome),
            )
            for candidate, outcome in outcomes.items()
        )

    def _connection(self, candidate: Candidate) -> Connection:
        outcome = self._outcomes.get(candidate)
        is_connected = self._client is not None and candidate == self._in_use
        return Connection(
            address=candidate.address,
            route=candidate.route,
            outcome="" if outcome is None else _word(outcome),
            detail="" if outcome is None else _detail(outcome),
            latency_ms=0 if outcome is None else _latency_ms(outcome),
            in_use=is_connected,
            pinned=candidate.address == self._known.pinned,
        )


async def _checked(client: PlexClient) -> Answer:
    try:
        with anyio.fail_after(_CHECK_S):
            return await client.get(ROOT)
    except TimeoutError as error:
        raise UnreachableError("the server took too long to answer") from error


def _word(outcome: Outcome) -> str:
    return outcome.reason.value if isinstance(outcome, BackendError) else "ok"


def _detail(outcome: Outcome) -> str:
    return str(outcome) if isinstance(outcome, BackendError) else ""


def _latency_ms(outcome: Outcome) -> int:
    return outcome.latency_ms if isinstance(outcome, Identity) else 0


def _most_telling(errors: Sequence[BackendError]) -> BackendError:
    """The error that stands for all: where other networks' hosts answer, that says least."""
    unreachable = [error for error in errors if isinstance(error, UnreachableError)]
    return min(unreachable, key=_silence) if unreachable else errors[0]


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
