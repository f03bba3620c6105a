"""Keeps one source connected: connect, wait as long as the failure asks for, try again (S2-S6)."""

import logging
import math
import random
import time
from typing import Protocol

import anyio

from msd.backend_api import Credentials
from msd.coordinator.error_boundary import guarded
from msd.coordinator.library import MediaLibrary
from msd.coordinator.services import Services
from msd.coordinator.sources.status import (
    Auth,
    Link,
    after_error,
    connecting,
    online,
    with_credentials,
)
from msd.coordinator.sources.status_registry import StatusRegistry
from msd.coordinator.timing import TICK_S, Backoff, until_tick_s
from msd.errors import (
    AuthRequiredError,
    BackendError,
    MsdError,
    StorageError,
    UnknownSourceError,
    UnreachableError,
)
from msd.events import EventStream, SourceChanged, SourceConnected
from msd.managers.auth import is_keyring_trouble
from msd.models import (
    ConnectAttempt,
    LiveState,
    ServerFacts,
    Source,
    SourceId,
    UnixSeconds,
)

CONNECT_S = 30.0  # one attempt in all
LIVE_RECHECK_S = 3600.0  # a live source closes its push connection when it goes away
RECHECK_S = 60.0  # a connected source without a push connection is asked again this often
SLOW_RETRY_S = 900.0  # after errors that the user must repair

log = logging.getLogger(__name__)


class Access(Protocol):
    """What supervisors and syncs ask before they sign in; `Accounts` implements it."""

    async def credentials(self, source: Source) -> Credentials | None:
        """Return what the source's server may see; None when its sources need no sign-in."""

    async def after_refusal(self, source: Source, used: str, error: AuthRequiredError) -> None:
        """Return when there is another token than the refused one; raise otherwise."""


class Supervisor:
    """The task of one source; `reconnect` and `check` make it try again now."""

    def __init__(
        self,
        source_id: SourceId,
        services: Services,
        statuses: StatusRegistry,
        access: Access,
        library: MediaLibrary,
        events: EventStream,
    ) -> None:
        self._source_id = source_id
        self._registry = services.registry
        self._backends = services.backends
        self._statuses = statuses
        self._access = access
        self._library = library
        self._events = events
        self._backoff = Backoff(random.Random())  # noqa: S311 - jitter, not a secret
        self._woken = anyio.Event()
        self._has_news = False
        self._is_refused = False

    def reconnect(self) -> None:
        """Try again now, with short waits after a failure: credentials or address changed."""
        self._has_news = True
        self._wake()

    def check(self) -> None:
        """Try again now, unless the server has just refused the sign-in (S4)."""
        if not self._is_refused:
            self._wake()

    async def run(self) -> None:
        """Keep the source connected until this is cancelled or the source is removed."""
        while self._registry.has_source(self._source_id):
            self._woken, self._has_news, self._is_refused = anyio.Event(), False, False
            pause_s = await self._attempt_guarded()
            if math.isinf(pause_s) and not self._has_news:
                # A check that was asked for meanwhile has its answer.
                self._woken, self._is_refused = anyio.Event(), True
            with anyio.move_on_after(until_tick_s(pause_s) if pause_s > TICK_S else pause_s):
                await self._woken.wait()

    def _wake(self) -> None:
        self._backoff.reset()
        self._woken.set()

    async def _attempt_guarded(self) -> float:
        try:
            return await guarded(self._attempt, f"supervising {self._source_id}")
        except UnknownSourceError:
            return 0.0  # removed while the attempt ran
        except MsdError as error:
            log.warning("%s is tried again in a minute: %s", self._source_id, error)
            return RECHECK_S

    async def _attempt(self) -> float:
        """Try to connect; return after how many seconds to try again."""
        source = self._registry.source(self._source_id)
        self._statuses.update(source.id, connecting(self._statuses.axes(source.id)))
        started = time.monotonic()
        try:
            facts = await guarded(lambda: self._connect(source), f"connecting {source.id}")
        except MsdError as error:
            self._record_addresses(source)
            self._record(source, _outcome(error), str(error), started)
            return await self._after(source, error)
        if self._statuses.axes(source.id).link is not Link.ONLINE:
            self._record_addresses(source)
        self._record(source, "ok", "", started)
        self._backoff.reset()
        self._statuses.set_retry(source.id, attempts=0, next_retry=UnixSeconds(0))
        self._statuses.update(source.id, online(self._statuses.axes(source.id), facts))
        await self._store_facts(source, facts)
        self._events.publish(SourceChanged(source.id))
        self._events.publish(SourceConnected(source.id))
        return RECHECK_S if self._statuses.live(source.id) is not LiveState.OK else LIVE_RECHECK_S

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
                    self._library.content_types(source.id),
                )
        except TimeoutError as exc:
            raise UnreachableError(f"no answer within {CONNECT_S:.0f} s") from exc

    async def _credentials(self, source: Source) -> Credentials | None:
        credentials = await self._access.credentials(source)
        self._statuses.update(source.id, with_credentials(self._statuses.axes(source.id)))
        return credentials

    async def _after(self, source: Source, error: MsdError) -> float:
        axes = after_error(self._statuses.axes(source.id), error)
        retry_after_s = getattr(error, "retry_after_s", None)
        pause_s = self._backoff.next_delay_s(retry_after_s)
        if axes.auth is Auth.NEEDS_AUTH:
            # A refusal waits for new credentials; missing credentials wait for the keyring.
            pause_s = SLOW_RETRY_S if is_keyring_trouble(error) else math.inf
        elif not isinstance(error, UnreachableError):
            pause_s = SLOW_RETRY_S
        if not isinstance(error, UnreachableError):
            await self._backends.close(source.id)  # the next attempt starts afresh
        next_retry = 0 if math.isinf(pause_s) else int(time.time() + pause_s)
        self._statuses.set_retry(
            source.id, attempts=self._backoff.attempts, next_retry=UnixSeconds(next_retry)
        )
        self._statuses.update(source.id, axes)
        return pause_s

    async def _store_facts(self, source: Source, facts: ServerFacts) -> None:
        """Store the server's version and address; a start without network shows them."""
        version, address = facts.version, facts.address or source.address
        if (version, address) != (source.server_version, source.address):
            try:
                await self._registry.change(source.id, server_version=version, address=address)
            except StorageError as error:  # the next connect tries again
                log.info("version and address of %s were not stored: %s", source.id, error)

    def _record_addresses(self, source: Source) -> None:
        for attempt in self._backends.attempts(source.id):
            self._statuses.add_attempt(source.id, attempt)

    def _record(self, source: Source, outcome: str, detail: str, started: float) -> None:
        self._statuses.add_attempt(
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
