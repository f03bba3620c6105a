"""Which sources tell of their changes by themselves, and staying subscribed to those (Y9)."""

import logging
import random
from collections.abc import Callable

import anyio
from anyio.abc import TaskGroup

from msd.backend_api.changes import HasPush
from msd.coordinator.backoff import Backoff
from msd.coordinator.board import StatusBoard
from msd.coordinator.catalogue import Catalogue
from msd.coordinator.containment import contained
from msd.coordinator.live_updates import LiveUpdates
from msd.coordinator.services import Services
from msd.coordinator.status import Link
from msd.coordinator.subscription import Subscription
from msd.coordinator.syncing import Syncing
from msd.errors import BackendError, MsdError, UnknownSourceError, UnreachableError
from msd.models import LiveState, SourceId, SyncPolicy

log = logging.getLogger(__name__)


class Live:
    """One subscription per connected source that can tell of changes, and shall.

    A connection that dies makes the source degraded: it is asked at short intervals until it
    tells of changes again, and everything is caught up with first.
    """

    def __init__(
        self,
        services: Services,
        catalogue: Catalogue,
        board: StatusBoard,
        syncing: Syncing,
        tasks: TaskGroup,
        *,
        lost: Callable[[SourceId], None],
    ) -> None:
        self._services = services
        self._catalogue = catalogue
        self._board = board
        self._syncing = syncing
        self._tasks = tasks
        self._lost = lost
        self._scopes: dict[SourceId, anyio.CancelScope] = {}

    def look(self, source_id: SourceId) -> None:
        """Subscribe to a source that is connected, if it can and shall be, or no more."""
        self._tasks.start_soon(self._look, source_id)

    def renew(self, source_id: SourceId) -> None:
        """Subscribe anew without the wait that earlier failures ask for."""
        if source_id in self._scopes:
            self._scopes[source_id].cancel()  # which ends with a new look

    async def _look(self, source_id: SourceId) -> None:
        state = await self._possible(source_id)
        scope = self._scopes.get(source_id)
        if scope is not None and state is not LiveState.OK:
            scope.cancel()
        elif state is not LiveState.OK:
            self._board.set_live(source_id, state)
        elif scope is None:
            self._scopes[source_id] = anyio.CancelScope()
            self._tasks.start_soon(self._keep, source_id, self._scopes[source_id])

    async def _possible(self, source_id: SourceId) -> LiveState:
        """Return OK when a subscription makes sense."""
        try:
            if self._board.axes(source_id).link is not Link.ONLINE:
                return LiveState.OFF
            backend = self._services.backends.live(source_id)
            libraries = await self._catalogue.libraries(source_id)
        except (UnknownSourceError, UnreachableError):
            return LiveState.OFF
        if not isinstance(backend, HasPush):
            return LiveState.UNSUPPORTED
        wanted = any(library.settings.sync is SyncPolicy.LIVE for library in libraries)
        return LiveState.OK if wanted or not libraries else LiveState.OFF

    async def _keep(self, source_id: SourceId, scope: anyio.CancelScope) -> None:
        """Stay subscribed for as long as the source is connected."""
        backoff = Backoff(random.Random())  # noqa: S311 - jitter, not a secret
        state = LiveState.OFF
        try:
            with scope:
                while (state := await self._possible(source_id)) is LiveState.OK:
                    retry_after_s = await self._subscribe(source_id, backoff)
                    await anyio.sleep(backoff.next_delay_s(retry_after_s))
        finally:
            del self._scopes[source_id]
            self._board.set_live(source_id, LiveState.OFF if scope.cancel_called else state)
            if scope.cancel_called:  # it may be wanted again by now
                self.look(source_id)

    async def _subscribe(self, source_id: SourceId, backoff: Backoff) -> float | None:
        """Take in changes until the connection is dead; return how long to wait at least."""

        def caught_up() -> None:
            backoff.reset()
            self._board.set_live(source_id, LiveState.OK)

        async def run() -> None:
            backend = self._services.backends.live(source_id)
            if isinstance(backend, HasPush):
                updates = LiveUpdates(
                    source_id, backend, self._services, self._catalogue, self._syncing
                )
                await Subscription(backend, updates).run(caught_up=caught_up)

        try:
            await contained(run, f"live updates of {source_id}")
        except MsdError as error:
            log.info("%s does not tell of its changes: %s", source_id, error)
            self._board.set_live(source_id, LiveState.DEGRADED)
            self._lost(source_id)
            return error.retry_after_s if isinstance(error, BackendError) else None
        return None
