"""Keeps one source connected: connect, wait as long as the failure asks for, try again (S2-S6)."""

import logging
import random
import time
from typing import Protocol

import anyio

from msd.backend_api import Credentials
from msd.coordinator.error_boundary import guarded
from msd.coordinator.library import MediaLibrary
from msd.coordinator.services import Services
from msd.coordinator.sources.retries import Retries
from msd.coordinator.sources.status import (
    HEALED_BY_CREDENTIALS,
    Auth,
    Link,
    after_error,
    connecting,
    online,
    with_credentials,
)
from msd.coordinator.sources.status_registry import StatusRegistry
from msd.coordinator.timing import TICK_S, until_tick_s
from msd.errors import (
    AuthRequiredError,
    BackendError,
    MsdError,
    StorageError,
    UnknownSourceError,
    UnreachableError,
)
from msd.events import EventStream, SourceChanged, SourceConnected
from msd.models import (
    ConnectAttempt,
    LiveState,
    ServerFacts,
    Source,
    SourceId,
    StatusReason,
    UnixSeconds,
)

CONNECT_S = 30.0  # one attempt in all
LIVE_RECHECK_S = 3600.0  # a live source closes its push connection when it goes away
RECHECK_S = 60.0  # a connected source without a push connection is asked again this often
STARTING_CONNECT_S = 6.0  # of one attempt while the server is starting

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
        self._retries = Retries(random.Random())  # noqa: S311 - jitter, not a secret
        self._woken = anyio.Event()
        self._has_news = False
        self._is_refused = False

    def reconnect(self) -> None:
        """Try again now, as if nothing had failed: credentials or address changed."""
        self._retries.forgive()
        self.retry()

    def retry(self) -> None:
        """Try again now, also after a refusal: the network changed, or somebody asked (S4)."""
        self._has_news = True
        self._wake()

    def check(self, reason: StatusReason | None = None) -> None:
        """Try again now, unless the server has just refused the sign-in.

        Args:
            reason: of the failure that makes a check necessary, if there was one.
        """
        if reason is StatusReason.SERVER_STARTING:
            self._retries.announce_start()
        if not self._is_refused:
            self._wake()

    async def run(self) -> None:
        """Keep the source connected until this is cancelled or the source is removed."""
        while self._registry.has_source(self._source_id):
            self._woken, self._has_news, self._is_refused = anyio.Event(), False, False
            pause_s = await self._attempt_guarded()
            if self._is_refused and not self._has_news:
                self._woken = anyio.Event()  # a check that was asked for meanwhile has its answer
            with anyio.move_on_after(until_tick_s(pause_s) if pause_s > TICK_S else pause_s):
                await self._woken.wait()

    def _wake(self) -> None:
        self._retries.reset()
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
        axes = self._statuses.axes(source.id)
        has_connected = bool(source.server_version or source.last_sync)
        self._statuses.update(source.id, connecting(axes, has_connected=has_connected))
        started = time.monotonic()
        try:
            facts = await guarded(lambda: self._connect(source), f"connecting {source.id}")
        except MsdError as error:
            self._record_addresses(source)
            self._record(source, _outcome(error), str(error), started)
            return await self._after(source, self._retries.seen_as(error))
        if self._statuses.axes(source.id).link is not Link.ONLINE:
            self._record_addresses(source)
        self._record(source, "ok", "", started)
        self._retries.forgive()
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
        limit_s = STARTING_CONNECT_S if self._retries.is_starting else CONNECT_S
        try:
            with anyio.fail_after(limit_s):
                return await self._backends.connect(
                    source,
                    self._registry.account_of(source),
                    credentials,
                    self._library.content_types(source.id),
                )
        except TimeoutError as exc:
            raise UnreachableError(f"no answer within {limit_s:.0f} s") from exc

    async def _credentials(self, source: Source) -> Credentials | None:
        credentials = await self._access.credentials(source)
        self._statuses.update(source.id, with_credentials(self._statuses.axes(source.id)))
        return credentials

    async def _after(self, source: Source, error: MsdError) -> float:
        axes = after_error(self._statuses.axes(source.id), error)
        pause_s = self._retries.next_delay_s(error)
        is_needed = axes.auth is Auth.NEEDS_AUTH
        self._is_refused = is_needed and axes.auth_reason not in HEALED_BY_CREDENTIALS
        if not isinstance(error, UnreachableError):
            await self._backends.close(source.id)  # the next attempt starts afresh
        self._statuses.set_retry(
            source.id,
            attempts=self._retries.attempts,
            next_retry=UnixSeconds(int(time.time() + pause_s)),
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
