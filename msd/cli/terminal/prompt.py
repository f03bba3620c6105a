"""Questions to the person at the terminal."""

from __future__ import annotations

import signal
import sys
from contextlib import contextmanager
from getpass import getpass
from typing import TYPE_CHECKING

from msd.cli.errors import usage_error

if TYPE_CHECKING:
    from collections.abc import Iterator


def can_ask() -> bool:
    """Return whether a person sees our questions and can answer them."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def confirm(question: str) -> bool:
    """Ask a yes-no question; anything but yes is no."""
    with _interruptible():
        sys.stderr.write(f"{question} [y/N] ")
        sys.stderr.flush()
        return sys.stdin.readline().strip().lower() in ("y", "yes")


def ask(name: str) -> str:
    """Ask for a word; nothing when the person ends the input instead."""
    with _interruptible():
        sys.stderr.write(f"{name}: ")
        sys.stderr.flush()
        return sys.stdin.readline().strip()


def ask_secret(name: str) -> str:
    """Ask for something that is not shown while it is typed.

    Raises:
        CommandError: the person ended the input instead.
    """
    with _interruptible():
        try:
            return getpass(f"{name.capitalize()}: ")
        except EOFError as exc:
            raise usage_error(f"no {name} was given") from exc


@contextmanager
def _interruptible() -> Iterator[None]:
    # The event loop's own handler only asks the running task to stop at its next await, and a
    # blocking read has none: Ctrl-C at a prompt would do nothing.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
