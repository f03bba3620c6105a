"""Who calls, and how much of the server each caller may take.

A limit that counts all callers together hands an abuser a switch for everybody else. So calls are
counted per caller, and interfaces that do real work let each caller have a few calls at once; the
rest of its calls wait in its own queue, and go when the caller leaves the bus.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from contextvars import ContextVar

import anyio

from msd.dbus.errors import LimitError

MAX_CALLS = 4000  # in progress, of all callers
MAX_CALLS_OF_A_CALLER = 500
WATCHED_CALLS = 8  # a caller with more calls in progress is watched: it may leave the bus
WATCHED_AFTER_S = 0.1  # so is one with a call that lasts; watching costs the bus three messages


class Caller:
    """One connection that has calls in progress."""

    def __init__(self, name: str = "") -> None:
        self.name = name
        self.calls = 0
        self.watch: anyio.CancelScope | None = None
        self._queues: dict[str, anyio.Semaphore] = {}
        self._waiting: set[anyio.CancelScope] = set()

    @asynccontextmanager
    async def turn(self, queue: str, at_once: int) -> AsyncIterator[None]:
        """Wait for a turn in a queue of this caller, in which so many have theirs at once.

        When the caller leaves the bus, what is inside the block ends, and nothing follows.
        """
        semaphore = self._queues.setdefault(queue, anyio.Semaphore(at_once))
        with anyio.CancelScope() as scope:
            self._waiting.add(scope)
            try:
                async with semaphore:
                    yield
            finally:
                self._waiting.discard(scope)

    def leave(self) -> None:
        """End what waits for a turn or has one: the caller has left."""
        for scope in list(self._waiting):
            scope.cancel()


caller: ContextVar[Caller] = ContextVar("caller")
"""Who called, inside a method of an adapter."""


class Callers:
    """The callers that have calls in progress, by their unique names."""

    def __init__(self, most: int = MAX_CALLS, most_each: int = MAX_CALLS_OF_A_CALLER) -> None:
        self._most = most
        self._most_each = most_each
        self._callers: dict[str, Caller] = {}
        self._calls = 0

    def enter(self, name: str) -> Caller:
        """Count a call.

        Raises:
            LimitError: this caller, or all together, have too many in progress.
        """
        entry = self._callers.get(name) or Caller(name)
        if entry.calls >= self._most_each:
            raise LimitError(f"at most {self._most_each} calls of one caller are taken at once")
        if self._calls >= self._most:
            raise LimitError("too many calls in progress")
        self._callers[name] = entry
        entry.calls += 1
        self._calls += 1
        return entry

    def exit(self, entry: Caller) -> None:
        """A call ended."""
        entry.calls -= 1
        self._calls -= 1
        if not entry.calls:
            del self._callers[entry.name]
            if entry.watch is not None:
                entry.watch.cancel()
