"""Subscribe to a media server's event stream and detect when it is dead (Y9).

The server sends a ping every ten seconds, so a stream on which nothing comes is dead. Nothing is
ever sent again: every new stream begins with a catch-up. It is plain HTTP, which passes wherever
requests do; the websocket tells nothing more.
"""

from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Self

import anyio
from anyio.streams.memory import MemoryObjectReceiveStream
from msgspec.structs import replace

from msd.backend_api.changes import Aspect, PushedChange
from msd.backends.plex.changes.events import Event, EventReader, PendingEvents
from msd.backends.plex.connect.link import ServerLink
from msd.backends.plex.listing.locate import parents_of, rows_by_id
from msd.errors import BackendError, MsdError, UnreachableError
from msd.models import StatusReason

EVENTS = "/:/eventsource/notifications"
SILENCE_S = 30.0  # three pings that did not come
_WANTED = {"filters": "timeline,activity,playing"}
_GATHER_S = 0.25  # an item is pushed several times in a row
_WAITING = 1_000


@asynccontextmanager
async def live_changes(
    link: ServerLink, silence_s: float = SILENCE_S
) -> AsyncIterator[AsyncIterator[PushedChange]]:
    """Subscribe. Once entered, no event is missed.

    Raises:
        BackendError: as `PlexClient.stream`.
    """
    client = await link.client()
    raised: list[MsdError] = []
    async with client.stream(EVENTS, _WANTED, silence_s=silence_s) as chunks:
        send, receive = anyio.create_memory_object_stream[Event](_WAITING)
        ended: list[MsdError] = []

        async def read() -> None:
            async with send:
                try:
                    async for event in _events(chunks):
                        await send.send(event)
                except MsdError as error:
                    ended.append(error)

        async with anyio.create_task_group() as tasks, receive:
            tasks.start_soon(read)
            try:
                yield _Channel(link, receive, ended)
            except MsdError as error:  # leaving the group with it would wrap it in another
                raised.append(error)
            tasks.cancel_scope.cancel()
    if raised:
        raise raised[0]


async def _events(chunks: AsyncIterator[bytes]) -> AsyncIterator[Event]:
    reader = EventReader()
    async for chunk in chunks:
        try:
            for event in reader.feed(chunk):
                yield event
        except ValueError as error:
            raise _dead("the server's stream of events can't be understood") from error
    raise _dead("the server ended the stream of its events")


class _Channel:
    """Iterates over changes, gathered for a quarter of a second. Waiting may be cancelled."""

    def __init__(
        self,
        link: ServerLink,
        events: MemoryObjectReceiveStream[Event],
        ended: list[MsdError],
    ) -> None:
        self._link = link
        self._events = events
        self._ended = ended
        self._pending = PendingEvents()
        self._waiting: deque[PushedChange] = deque()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> PushedChange:
        while not self._waiting:
            await self._gather()
        change = await _with_parents(self._link, self._waiting[0])
        self._waiting.popleft()
        return change

    async def _gather(self) -> None:
        try:
            self._pending.add(await self._events.receive())
        except anyio.EndOfStream:
            raise self._ended[0] if self._ended else _dead("the events ended") from None
        with anyio.move_on_after(_GATHER_S), suppress(anyio.EndOfStream):
            while True:
                self._pending.add(await self._events.receive())
        self._waiting.extend(self._pending.changes())
        self._pending = PendingEvents()


async def _with_parents(link: ServerLink, change: PushedChange) -> PushedChange:
    """Add the parents of watched items, whose counts of watched items changed with them."""
    if change.aspect is not Aspect.WATCH or not change.changed:
        return change
    try:
        rows = (await rows_by_id(link, change.changed)).rows
    except UnreachableError:
        raise
    except BackendError:
        return change
    above = sorted(parents_of(rows) - set(change.changed))
    return replace(change, changed=(*change.changed, *above))


def _dead(message: str) -> UnreachableError:
    return UnreachableError(message, reason=StatusReason.SERVER_ERROR)
