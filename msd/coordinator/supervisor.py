"""Keep one source connected: try, wait as the failure asks for, try again, for ever (S2 to S6)."""

import logging
import math
import random
import time
from collections.abc import Callable, Mapping

import anyio

from msd.backend_api import Credentials
from msd.coordinator.access import Access
from msd.coordinator.backoff import Backoff
from msd.coordinator.board import StatusBoard
from msd.coordinator.containment import contained
from msd.coordinator.services import Services
from msd.coordinator.status import (
    Auth,
    Link,
    after_error,
    connecting,
    online,
    with_credentials,
)
from msd.coordinator.ticks import TICK_S, until_tick_s
from msd.errors import (
    AuthRequiredError,
    BackendError,
    MsdError,
    StorageError,
    UnknownSourceError,
    UnreachableError,
)
from msd.managers.auth import is_keyring_trouble
from msd.models import (
    ConnectAttempt,
    LibraryType,
    LiveState,
    RemoteId,
    ServerFacts,
    Source,
    SourceId,
    UnixSeconds,
)

CONNECT_S = 30.0  # one attempt in all
LIVE_RECHECK_S = 3600.0  # one that tells of its changes also tells when it goes
RECHECK_S = 60.0  # a connected source is asked again this often, until it tells by itself
SLOW_RETRY_S = 900.0  # for what the user must mend

log = logging.getLogger(__name__)


class Supervisor:
    """The task of one source; `kick` and `check` make it try again now."""

    def __init__(
        self,
        source_id: SourceId,
        services: Services,
        board: StatusBoard,
        access: Access,
        *,
        content_types: Callable[[SourceId], Mapping[RemoteId, LibraryType]],
        connected: Callable[[SourceId], None],
    ) -> None:
        self._source_id = source_id
        self._registry = services.registry
        self._access = access
        self._backends = services.backends
        self._board = board
        self._content_types = content_types
        self._connected = connected
        self._backoff = Backoff(random.Random())  # noqa: S311 - jitter, not a secret
        self._kicked = anyio.Event()
        self._has_news = False
        self._is_refused = False
        self.scope = anyio.CancelScope()

    def kick(self) -> None:
        """Try again now, with short waits after a failure: something is different."""
        self._has_news = True
        self._wake()

    def check(self) -> None:
        """Try again now, unless the server has just refused the sign-in (S4)."""
        if not self._is_refused:
            self._wake()

    async def run(self) -> None:
        """Keep the source connected until `scope` is cancelled or the source is removed."""
        with self.scope:
            while self._registry.has_source(self._source_id):
                self._kicked, self._has_news, self._is_refused = anyio.Event(), False, False
                pause_s = await self._attempt_contained()
                if math.isinf(pause_s) and not self._has_news:
                    # Who asked for a check meanwhile has the answer.
                    self._kicked, self._is_refused = anyio.Event(), True
                with anyio.move_on_after(until_tick_s(pause_s) if pause_s > TICK_S else pause_s):
                    await self._kicked.wait()

    def _wake(self) -> None:
        self._backoff.reset()
        self._kicked.set()

    async def _attempt_contained(self) -> float:
        try:
            return await contained(self._attempt, f"supervising {self._source_id}")
        except UnknownSourceError:
            return 0.0  # removed while the attempt ran
        except MsdError as error:
            log.warning("%s is tried again in a minute: %s", self._source_id, error)
            return RECHECK_S

    async def _attempt(self) -> float:
        """Try to connect; return after how many seconds to try again."""
        source = self._registry.source(self._source_id)
        self._board.update(source.id, connecting(self._board.axes(source.id)))
        started = time.monotonic()
        try:
            facts = await contained(lambda: self._connect(source), f"connecting {source.id}")
        except MsdError as error:
            self._note_addresses(source)
            self._note(source, _outcome(error), str(error), started)
            return await self._after(source, error)
        if self._board.axes(source.id).link is not Link.ONLINE:
            self._note_addresses(source)
        self._note(source, "ok", "", started)
        self._backoff.reset()
        self._board.set_retry(source.id, attempts=0, next_retry=UnixSeconds(0))
        self._board.update(source.id, online(self._board.axes(source.id), facts))
        await self._remember(source, facts)
        self._connected(source.id)
        return RECHECK_S if self._board.live(source.id) is not LiveState.OK else LIVE_RECHECK_S

    async def _connect(self, source: Source) -> ServerFacts:
        credentials = await self._credentials(source)
        if credentials is None:
            return await self._connect_as(source, None)
        try:
            return await self._connect_as(source, credentials)
        except AuthRequiredError as error:
            await self._access.after_refusal(source, credentials.token, error)
        source = self._registry.source(source.id)
        return await self._connect_as(source, await self._credentials(source))

    async def _connect_as(self, source: Source, credentials: Credentials | None) -> ServerFacts:
        try:
            with anyio.fail_after(CONNECT_S):
                return await self._backends.connect(
                    source,
                    self._registry.account_of(source),
                    credentials,
                    self._content_types(source.id),
                )
        except TimeoutError as exc:
            raise UnreachableError(f"no answer within {CONNECT_S:.0f} s") from exc

    async def _credentials(self, source: Source) -> Credentials | None:
        credentials = await self._access.credentials(source)
        self._board.update(source.id, with_credentials(self._board.axes(source.id)))
        return credentials

    async def _after(self, source: Source, error: MsdError) -> float:
        axes = after_error(self._board.axes(source.id), error)
        retry_after_s = getattr(error, "retry_after_s", None)
        pause_s = self._backoff.next_delay_s(retry_after_s)
        if axes.auth is Auth.NEEDS_AUTH:
            # A refusal waits for new credentials; what the keyring lacks, for the keyring.
            pause_s = SLOW_RETRY_S if is_keyring_trouble(error) else math.inf
        elif not isinstance(error, UnreachableError):
            pause_s = SLOW_RETRY_S
        if not isinstance(error, UnreachableError):
            await self._backends.close(source.id)  # the next attempt starts afresh
        next_retry = 0 if math.isinf(pause_s) else int(time.time() + pause_s)
        self._board.set_retry(
            source.id, attempts=self._backoff.attempts, next_retry=UnixSeconds(next_retry)
        )
        self._board.update(source.id, axes)
        return pause_s

    async def _remember(self, source: Source, facts: ServerFacts) -> None:
        """Keep the server's version and address, which a start without network shows."""
        version, address = facts.version, facts.address or source.address
        if (version, address) != (source.server_version, source.address):
            try:
                await self._registry.change(source.id, server_version=version, address=address)
            except StorageError as error:  # the next connect tries again
                log.info("what %s said of itself was not kept: %s", source.id, error)

    def _note_addresses(self, source: Source) -> None:
        for attempt in self._backends.attempts(source.id):
            self._board.note(source.id, attempt)

    def _note(self, source: Source, outcome: str, detail: str, started: float) -> None:
        self._board.note(
            source.id,
            ConnectAttempt(
                at=UnixSeconds(int(time.time())),
                step=f"connect {source.address or source.server_id}",
                outcome=outcome,
                detail=detail,
                latency_ms=int((time.monotonic() - started) * 1000),
            ),
        )


def _outcome(error: MsdError) -> str:
    return error.reason.value if isinstance(error, BackendError) else error.code
