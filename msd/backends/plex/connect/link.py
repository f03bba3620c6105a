"""The way to one Plex Media Server: which of its addresses is used, and since when it works."""

import socket
import time
from collections.abc import Callable, Sequence

import anyio
import httpx

from msd.backend_api import BackendContext
from msd.backend_api.http.client import Answer, open_client
from msd.backend_api.http.trust import trust_of
from msd.backends.plex.connect.addresses import Addresses
from msd.backends.plex.connect.client import ROOT, PlexClient
from msd.backends.plex.connect.connections import MOST_CONNECTIONS, Candidate
from msd.backends.plex.connect.device import device_of
from msd.backends.plex.connect.gdm import locate_server
from msd.backends.plex.connect.happy_eyeballs import Probe, ProbeResults, ask_all, happy_eyeballs
from msd.backends.plex.connect.identity import Identity, identify, media_container
from msd.backends.plex.connect.plex_direct import DirectDialling
from msd.backends.plex.parse.scalars import word
from msd.errors import (
    AuthRequiredError,
    BackendError,
    IdentityMismatchError,
    UnreachableError,
)
from msd.models import ConnectAttempt, Connection, Route, ServerFacts, SourceId, StatusReason

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
        self._addresses = Addresses(context)
        self._trust = trust_of(context.source.config)
        self._http = open_client(trust=self._trust, network=DirectDialling())
        self._turn = anyio.Lock()
        self._client: PlexClient | None = None
        self._own_address = own_address
        self._network = own_address()
        self._compared_at = time.monotonic()

    @property
    def source_id(self) -> SourceId:
        """Whose server this is, for the log."""
        return self._source.id

    @property
    def attempts(self) -> tuple[ConnectAttempt, ...]:
        """What the last `connect` tried, address by address."""
        return self._addresses.attempts

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

    async def check_identity(self) -> None:
        """Ask the server at the address in use who it is, by one request without a token.

        Raises:
            IdentityMismatchError, UnreachableError, TlsError, BadResponseError: as `identify`.
        """
        in_use = self._addresses.in_use
        if self._client is None or in_use is None:
            await self.connect()
            return
        await identify(self._http, in_use.address, self._source.server_id)

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
        return self._addresses.connections(is_connected=self._client is not None)

    async def test_connections(self) -> tuple[Connection, ...]:
        """Try every address once, without a token, and return the outcome."""
        async with self._many() as http:
            self._addresses.note(await ask_all(self._addresses.usable(), self._probe(http)))
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
        server = media_container(await _checked(client))
        if server.get("machineIdentifier") != self._source.server_id:
            raise IdentityMismatchError("another Plex Media Server answers at this address")
        self._client, self._addresses.in_use = client, address
        return ServerFacts(
            server_id=identity.server_id,
            name=word(server.get("friendlyName")) or self._source.name,
            version=word(server.get("version")) or identity.version,
            address=address.address,
            route=address.route,
            latency_ms=identity.latency_ms,
        )

    def _lose(self) -> None:
        self._client = None

    async def _find(self) -> tuple[Candidate, Identity]:
        """Return the best address at which the server answers."""
        candidates, in_use = self._addresses.wanted(), self._addresses.in_use
        may_stay = in_use in candidates and self._may_stay(in_use)
        result = await self._happy_eyeballs(candidates, in_use if may_stay else None)
        if result.winner is None and not self._addresses.is_pinned:
            # It may have got another address since plex.tv listed it.
            found = await locate_server(self._source.server_id, self._addresses.certificates)
            result = result.joined(await self._happy_eyeballs(found))
        self._addresses.note_attempt(result.outcomes)
        if result.winner is None:
            raise result.failure
        return result.winner

    def _may_stay(self, in_use: Candidate | None) -> bool:
        """Whether the address in use may do without comparing it to the others for now."""
        if in_use is None or not in_use.is_secure:
            return False
        if in_use.route is not Route.REMOTE:
            return in_use.route is Route.LOCAL
        network, now = self._own_address(), time.monotonic()
        is_as_before = network == self._network and now - self._compared_at < COMPARE_S
        if not is_as_before:
            self._network, self._compared_at = network, now
        return is_as_before

    async def _happy_eyeballs(
        self, candidates: Sequence[Candidate], first: Candidate | None = None
    ) -> ProbeResults:
        async with self._many() as http:
            return await happy_eyeballs(candidates, self._probe(http), first=first)

    def _many(self) -> httpx.AsyncClient:
        """Return a client that asks all addresses at once, whatever the usual one is busy with."""
        return open_client(
            trust=self._trust, network=DirectDialling(), max_connections=MOST_CONNECTIONS
        )

    def _probe(self, http: httpx.AsyncClient) -> Probe:
        async def probe(candidate: Candidate) -> Identity:
            return await identify(http, candidate.address, self._source.server_id)

        return probe


async def _checked(client: PlexClient) -> Answer:
    try:
        with anyio.fail_after(_CHECK_S):
            return await client.get(ROOT)
    except TimeoutError as error:
        raise UnreachableError("the server took too long to answer") from error
