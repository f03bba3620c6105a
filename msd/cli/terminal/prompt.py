"""Questions to the person at the terminal; Ctrl-C at any of them ends msdctl."""

from __future__ import annotations

import sys

from msd.cli.errors import usage_error


def can_ask() -> bool:
    """Return whether a person sees our questions and can answer them."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def confirm(question: str, *, default: bool = False) -> bool:
    """Ask a yes-no question; Enter means the default, the end of the input means no."""
    line = _typed(f"{question} [{'Y/n' if default else 'y/N'}] ")
    answer = line.strip().lower()
    return answer in ("y", "yes") if answer else default and line != ""


def ask(name: str) -> str:
    """Ask for a word; nothing when the person ends the input instead."""
    return _typed(f"{name}: ").strip()


def ask_secret(name: str) -> str:
    """Ask for something that is not shown while it is typed.

    Raises:
        CommandError: the person ended the input instead.
    """
    from getpass import getpass  # noqa: PLC0415 - only here

    try:
        return getpass(f"{name[0].upper()}{name[1:]}: ")
    except EOFError as exc:
        raise usage_error(f"no {name} was given") from exc


def _typed(question: str) -> str:
    """Return the line that is typed, with its end; empty at the end of the input."""
    sys.stderr.write(question)
    sys.stderr.flush()
    return sys.stdin.readline()
