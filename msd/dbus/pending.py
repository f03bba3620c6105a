"""Calls of ours that wait for their answers; none is left behind, whatever happens to it."""

from collections.abc import Iterator
from contextlib import contextmanager

import anyio

from msd.dbus.errors import BusError, BusLostError, RemoteError
from msd.dbus.messages.message import Message, MessageKind


class Answer:
    """The answer to one call, once it has come."""

    def __init__(self) -> None:
        self._decided = anyio.Event()
        self._arguments: list[object] = []
        self._error: BusError | None = None

    async def arguments(self) -> list[object]:
        """Return the arguments of the answer.

        Raises:
            RemoteError: the answer is an error.
            BusLostError: there will be no answer.
        """
        await self._decided.wait()
        if self._error is not None:
            raise self._error
        return self._arguments

    def take(self, reply: Message) -> None:
        """Decide by the message that came."""
        if reply.kind == MessageKind.ERROR:
            text = reply.body[0] if reply.body and isinstance(reply.body[0], str) else ""
            self._error = RemoteError(reply.error_name, text)
        self._arguments = reply.body
        self._decided.set()

    def fail(self, error: BusError) -> None:
        """Decide without a message."""
        self._error = error
        self._decided.set()


class PendingCalls:
    """The answers that are waited for, by the serial numbers of their calls."""

    def __init__(self) -> None:
        self._answers: dict[int, Answer] = {}

    def __len__(self) -> int:
        return len(self._answers)

    @contextmanager
    def expected(self, serial: int) -> Iterator[Answer]:
        """Wait for an answer inside the block; one that comes later is passed over."""
        answer = self._answers[serial] = Answer()
        try:
            yield answer
        finally:
            del self._answers[serial]

    def answer(self, reply: Message) -> None:
        """Hand a message to who waits for it, if anybody still does."""
        answer = self._answers.get(reply.reply_serial)
        if answer is not None:
            answer.take(reply)

    def fail(self, because: str) -> None:
        """End all waiting: the bus is lost."""
        for answer in self._answers.values():
            answer.fail(BusLostError(because))
