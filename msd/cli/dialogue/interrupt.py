"""Ctrl-C while jobs are followed: cancel them, or leave them to the daemon.

On a terminal the first Ctrl-C asks; a second one cancels without asking further; a third one
leaves at once. Scripts decide beforehand with `--on-interrupt`.
"""

from __future__ import annotations

import os
import signal
import sys
from contextlib import contextmanager
from enum import StrEnum
from typing import TYPE_CHECKING

from msd.cli.terminal.prompt import can_ask

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from msd.cli.dialogue.progress import Progress

_QUESTION = "Cancel the job [c], let it run without msdctl [d], or go on watching [Enter]? "


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
    """Turns Ctrl-C into a decision: `cancel` is called, or the wait is ended.

    `descriptor` becomes readable at a Ctrl-C, so that a wait for signals can end in order instead
    of being torn out of the middle of a message.
    """

    def __init__(
        self,
        policy: OnInterrupt,
        progress: Progress,
        cancel: Callable[[], None],
        descriptor: int,
    ) -> None:
        self.descriptor = descriptor
        self.interrupted = False  # whether a Ctrl-C led to more than a question
        self._policy = policy
        self._progress = progress
        self._cancel = cancel

    def handle(self) -> bool:
        """Handle a Ctrl-C; return whether to go on following."""
        os.read(self.descriptor, 1)
        decision = self._policy
        if self.interrupted:
            decision = OnInterrupt.DETACH  # cancelling takes too long: leave at once
        elif decision is OnInterrupt.ASK:
            decision = self._ask()
        if decision is OnInterrupt.ASK:
            return True
        self.interrupted = True
        if decision is OnInterrupt.CANCEL:
            self._cancel()
        return decision is OnInterrupt.CANCEL

    def _ask(self) -> OnInterrupt:
        self._progress.pause()
        before = signal.signal(signal.SIGINT, signal.default_int_handler)
        try:
            sys.stderr.write(f"\n{_QUESTION}")
            sys.stderr.flush()
            answer = sys.stdin.readline().strip().lower()
        except KeyboardInterrupt:
            sys.stderr.write("\n")
            return OnInterrupt.CANCEL
        finally:
            signal.signal(signal.SIGINT, before)
            self._progress.resume()
        if answer.startswith("c"):
            return OnInterrupt.CANCEL
        return OnInterrupt.DETACH if answer.startswith("d") else OnInterrupt.ASK


@contextmanager
def interrupts(
    policy: OnInterrupt, progress: Progress, cancel: Callable[[], None]
) -> Iterator[Interrupts]:
    """Handle Ctrl-C by policy inside the `with` block."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)

    def wake(_number: int, _frame: object) -> None:
        os.write(writer, b"c")

    before = signal.signal(signal.SIGINT, wake)
    try:
        yield Interrupts(policy, progress, cancel, reader)
    finally:
        signal.signal(signal.SIGINT, before)
        os.close(reader)
        os.close(writer)
