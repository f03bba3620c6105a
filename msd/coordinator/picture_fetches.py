"""Fetches pictures from their sources: few at a time from each, each picture once.

What was asked for last is fetched first: who scrolls looks at the end of what they asked for.
"""

import logging
import time
from collections import OrderedDict, defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence

import anyio
from msgspec import Struct, field

from msd.backend_api.artwork import MOST_PICTURE_BYTES, HasArtwork
from msd.coordinator.error_boundary import guarded
from msd.coordinator.picture_failures import PictureFailures, PictureInWidth
from msd.coordinator.services import Services
from msd.coordinator.source_tasks import SourceTasks
from msd.coordinator.sources.status_registry import StatusRegistry
from msd.errors import LimitExceededError, MsdError, StorageError, UnreachableError
from msd.events import ArtworkReady, EventStream, SourceConnected, SourceRemoved, SourceUsed
from msd.models import ItemId, PublicStatus, SourceId, StatusReason
from msd.models.artwork import ArtworkKind, PictureRef

MOST_WAITING = 2000  # of one source; the oldest are given up
AT_ONCE = 2  # per source: small servers scale one picture after the other
BATCH = 12  # pictures that are announced together …
ANNOUNCE_S = 0.5  # … or when the last announcement is this long ago
PICTURE_S = 30.0
MOST_FAILURES = 3  # in a row: what waits for this source is given up, and the source rests
_COMPARED = 20  # ids of one picture

log = logging.getLogger(__name__)

CurrentRefs = Callable[[Sequence[ItemId], ArtworkKind], Awaitable[Mapping[str, PictureRef]]]


class Fetch(Struct, eq=False):
    """A picture on its way, and the ids that show it, by the kind that was asked for."""

    ref: PictureRef
    width: int
    wanted: dict[ArtworkKind, list[ItemId]] = field(default_factory=dict)
    done: anyio.Event = field(default_factory=anyio.Event)
    error: MsdError | None = None


class _Queue(Struct, eq=False):
    """What is fetched from one source."""

    waiting: OrderedDict[PictureInWidth, Fetch] = field(default_factory=OrderedDict)
    running: int = 0
    failures: int = 0  # in a row
    ready: defaultdict[tuple[ArtworkKind, int], list[ItemId]] = field(
        default_factory=lambda: defaultdict(list)
    )
    announced_at: float = float("-inf")


class PictureFetches:
    """The pictures on their way."""

    def __init__(
        self,
        services: Services,
        statuses: StatusRegistry,
        work: SourceTasks,
        events: EventStream,
        current_refs: CurrentRefs,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._services = services
        self._statuses = statuses
        self._work = work
        self._publish = events.publish
        self._current_refs = current_refs
        self._clock = clock
        self._fetches: dict[PictureInWidth, Fetch] = {}
        self._queues: dict[SourceId, _Queue] = {}
        self._failures = PictureFailures(clock)
        events.listen(SourceConnected, lambda event: self._failures.forget_source(event.source_id))
        events.listen(SourceRemoved, lambda event: self._failures.forget_source(event.source_id))

    def start(self, refs: Mapping[ItemId, PictureRef], kind: ArtworkKind, width: int) -> None:
        """Fetch the pictures of some items, before those that wait already.

        What could not be fetched a moment ago is left out until its source is connected anew, or
        a minute has passed. `ArtworkReady` names each item whose picture came, or is known not to
        be had.
        """
        sources = set()
        for item_id, ref in reversed(list(refs.items())):
            if not self._failures.has((ref, width)):
                self._add(item_id, ref, kind, width)
                sources.add(ref.source_id)
        for source_id in sources:
            self._start_workers(source_id)

    def can_ask(self, ref: PictureRef, width: int) -> bool:
        """Say whether a picture may come soon: its source is connected and did not just fail."""
        source_id = ref.source_id
        if not self._statuses.has(source_id):
            return False
        is_connected = self._statuses.status(source_id).status is PublicStatus.CONNECTED
        return is_connected and not self._failures.has((ref, width))

    def start_one(self, item_id: ItemId, ref: PictureRef, kind: ArtworkKind, width: int) -> Fetch:
        """Fetch a picture that somebody waits for, also when that failed a moment ago."""
        fetch = self._add(item_id, ref, kind, width)
        self._start_workers(ref.source_id)
        return fetch

    def _add(self, item_id: ItemId, ref: PictureRef, kind: ArtworkKind, width: int) -> Fetch:
        key = (ref, width)
        queue = self._queues.setdefault(ref.source_id, _Queue())
        fetch = self._fetches.get(key)
        if fetch is None:
            fetch = self._fetches[key] = queue.waiting[key] = Fetch(ref=ref, width=width)
        ids = fetch.wanted.setdefault(kind, [])
        if item_id not in ids:
            ids.append(item_id)
        if key in queue.waiting:
            queue.waiting.move_to_end(key, last=False)
        if len(queue.waiting) > MOST_WAITING:
            _, oldest = queue.waiting.popitem()
            oldest.error = LimitExceededError(f"{MOST_WAITING} newer pictures are waited for")
            self._end(oldest)
        return fetch

    def _start_workers(self, source_id: SourceId) -> None:
        queue = self._queues[source_id]
        for _ in range(min(len(queue.waiting), AT_ONCE - queue.running)):
            queue.running += 1
            self._work.start_soon(source_id, self._fetch_waiting, source_id, queue)

    def _end(self, fetch: Fetch) -> None:
        del self._fetches[fetch.ref, fetch.width]
        fetch.done.set()

    def _give_up(self, queue: _Queue, error: MsdError | None = None) -> None:
        while queue.waiting:
            _, fetch = queue.waiting.popitem()
            fetch.error = error
            self._end(fetch)

    # --- at work -----------------------------------------------------------------------------

    async def _fetch_waiting(self, source_id: SourceId, queue: _Queue) -> None:
        """Fetch one picture after the other until none waits."""
        try:
            while queue.waiting:
                _, fetch = queue.waiting.popitem(last=False)
                try:
                    await self._fetch_guarded(fetch, queue)
                finally:
                    self._end(fetch)
                self._announce(queue)
        finally:
            queue.running -= 1
            if not queue.running:
                self._give_up(queue)  # the source is removed, or msd ends
                del self._queues[source_id]

    async def _fetch_guarded(self, fetch: Fetch, queue: _Queue) -> None:
        key = (fetch.ref, fetch.width)
        try:
            await guarded(lambda: self._fetch(fetch), "fetching a picture")
        except MsdError as error:
            log.debug("a picture of %s was not fetched: %s", fetch.ref.source_id, error)
            fetch.error = error
            self._failures.add(key)
            queue.failures += isinstance(error, UnreachableError)
            if queue.failures >= MOST_FAILURES:
                self._failures.add_source(fetch.ref.source_id)
                self._give_up(queue, error)
            return
        queue.failures = 0
        self._failures.forget(key)
        for kind, ids in fetch.wanted.items():
            queue.ready[kind, fetch.width].extend(ids)

    async def _fetch(self, fetch: Fetch) -> None:
        backend = self._services.backends.opened(fetch.ref.source_id)
        self._publish(SourceUsed(fetch.ref.source_id))
        picture = None
        if isinstance(backend, HasArtwork):
            with anyio.move_on_after(PICTURE_S) as deadline:
                picture = await backend.picture(fetch.ref.ref, width=fetch.width)
            if deadline.cancelled_caught:
                raise UnreachableError(
                    "the server did not send the picture in time", reason=StatusReason.TIMEOUT
                )
        if not await self._is_current(fetch):
            return  # these may be the bytes of its successor
        try:
            if picture is None or len(picture.content) > MOST_PICTURE_BYTES:
                await self._services.artwork.remember_absent(fetch.ref)
            else:
                await self._services.artwork.keep(fetch.ref, fetch.width, picture.content)
        except TimeoutError as error:
            raise StorageError("the picture could not be checked in time") from error
        except OSError as error:
            raise StorageError(f"the picture can't be stored: {error.strerror}") from error

    async def _is_current(self, fetch: Fetch) -> bool:
        """Say whether a row still names this picture: servers send the newest one for any ref."""
        for kind, ids in list(fetch.wanted.items()):  # another kind may be asked for meanwhile
            refs = await self._current_refs(ids[:_COMPARED], kind)
            if fetch.ref in refs.values():
                return True
        return False

    def _announce(self, queue: _Queue) -> None:
        """Publish what is ready: a few pictures together, none of them late."""
        now = self._clock()
        count = sum(map(len, queue.ready.values()))
        if count and (
            count >= BATCH or not queue.waiting or now - queue.announced_at >= ANNOUNCE_S
        ):
            for (kind, width), ids in queue.ready.items():
                self._publish(ArtworkReady(ids=tuple(ids), kind=kind, width=width))
            queue.ready.clear()
            queue.announced_at = now
