"""Ctrl-C while jobs are followed: cancel them, or leave them to the daemon.

On a terminal the first Ctrl-C asks; a second one cancels without asking further; a third one
leaves at once. Scripts decide beforehand with `--on-interrupt`.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Awaitable, Callable
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING

import anyio

from msd.cli.terminal.prompt import can_ask

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from anyio.abc import TaskStatus

    from msd.cli.dialogue.progress import Progress

_QUESTION = "Cancel the job [c], let it run without msdctl [d], or go on watching [Enter]? "
_LONGEST_ANSWER = 1024


class OnInterrupt(StrEnum):
    """What Ctrl-C does."""

    ASK = "ask"
    CANCEL = "cancel"
    DETACH = "detach"


def on_interrupt(chosen: str | None, *, as_json: bool) -> OnInterrupt:
    """Return what Ctrl-C shall do: what was chosen, else ask, else (nobody there) cancel."""
    if chosen is not None:
        return OnInterrupt(chosen)
    return OnInterrupt.ASK if can_ask() and not as_json else OnInterrupt.CANCEL


class Interrupts:
    """Turns Ctrl-C into a decision: `cancel` is sent to the daemon, `detach` ends the wait."""

    def __init__(
        self,
        policy: OnInterrupt,
        progress: Progress,
        *,
        cancel: Callable[[], Awaitable[None]],
        detach: Callable[[], None],
    ) -> None:
        self.interrupted = False  # whether a Ctrl-C led to more than a question
        self._policy = policy
        self._progress = progress
        self._cancel = cancel
        self._detach = detach

    async def watch(self, *, task_status: TaskStatus[None]) -> None:
        """Handle each Ctrl-C until cancelled itself."""
        with anyio.open_signal_receiver(signal.SIGINT) as received:
            task_status.started()
            async for _ in received:
                decision = self._policy
                if self.interrupted:
                    decision = OnInterrupt.DETACH  # cancelling takes too long: leave at once
                elif decision is OnInterrupt.ASK:
                    decision = await self._ask(received)
                await self._act(decision)

    async def _act(self, decision: OnInterrupt) -> None:
        if decision is OnInterrupt.ASK:
            return
        self.interrupted = True
        if decision is OnInterrupt.DETACH:
            self._detach()
        else:
            await self._cancel()

    async def _ask(self, received: AsyncIterator[signal.Signals]) -> OnInterrupt:
        answers: list[OnInterrupt] = []
        self._progress.pause()
        try:
            sys.stderr.write(f"\n{_QUESTION}")
            sys.stderr.flush()
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(_answer_first, _read_answer, answers, tasks.cancel_scope)
                tasks.start_soon(
                    _answer_first, partial(_second, received), answers, tasks.cancel_scope
                )
        finally:
            self._progress.resume()
        return answers[0]


async def _answer_first(
    question: Callable[[], Awaitable[OnInterrupt]],
    answers: list[OnInterrupt],
    scope: anyio.CancelScope,
) -> None:
    answers.append(await question())
    scope.cancel()


async def _second(received: AsyncIterator[signal.Signals]) -> OnInterrupt:
    await anext(received)
    sys.stderr.write("\n")
    return OnInterrupt.CANCEL


async def _read_answer() -> OnInterrupt:
    # Waiting for the descriptor, and not reading in a thread, keeps msdctl free to leave.
    await anyio.wait_readable(sys.stdin)
    answer = os.read(sys.stdin.fileno(), _LONGEST_ANSWER).strip().lower()
    if answer.startswith(b"c"):
        return OnInterrupt.CANCEL
    return OnInterrupt.DETACH if answer.startswith(b"d") else OnInterrupt.ASK
