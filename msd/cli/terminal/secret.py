"""Passwords: from a prompt or from stdin, to the daemon through a descriptor.

A password is never an argument (the process list shows those) and never part of a message (a bus
monitor shows those): the message carries a pipe, and only the daemon can read what is in it.
"""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from msd.cli.errors import usage_error
from msd.cli.terminal.prompt import ask_secret

if TYPE_CHECKING:
    from collections.abc import Iterator

# One write of this size fits into a pipe at once, and the daemon refuses longer ones.
MAX_BYTES = 4096


def read_secret(name: str, *, from_stdin: bool) -> str:
    """Return a secret: the first line of stdin, or what a person types without echo.

    Raises:
        CommandError: there is nobody to ask, or the answer can't be a secret.
    """
    if from_stdin:
        secret = _first_line(name)
    elif sys.stdin.isatty():
        secret = ask_secret(name)
    else:
        raise usage_error(
            f"the {name} can't be asked for: this is no terminal",
            hint="give it on stdin with --password-stdin",
        )
    if len(secret.encode(errors="surrogateescape")) > MAX_BYTES:
        raise usage_error(f"the {name} is longer than {MAX_BYTES} bytes")
    return secret


def _first_line(name: str) -> str:
    line = sys.stdin.buffer.readline(MAX_BYTES + 2)
    try:
        return line.removesuffix(b"\n").removesuffix(b"\r").decode()
    except UnicodeDecodeError as exc:
        raise usage_error(f"the {name} on stdin is not UTF-8") from exc


@contextmanager
def as_descriptor(secret: str) -> Iterator[int]:
    """Offer the secret on the reading end of a pipe, closed at the end of the block."""
    reader, writer = os.pipe()
    try:
        try:
            os.write(writer, secret.encode(errors="surrogateescape"))
        finally:
            os.close(writer)
        yield reader
    finally:
        os.close(reader)
