"""Entry point of msdctl: arguments in, one command, an exit code out."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from msd.cli.errors import CommandError, ExitCode
from msd.cli.terminal.output import Output

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Run msdctl and return its exit code."""
    arguments = sys.argv[1:] if argv is None else list(argv)
    sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    try:
        code = _reported(arguments)
        sys.stdout.flush()
    except KeyboardInterrupt:
        return ExitCode.INTERRUPTED
    except BrokenPipeError:
        _forget_stdout()
        return ExitCode.PIPE_CLOSED
    return code


def _reported(arguments: list[str]) -> int:
    out = Output(sys.stdout, sys.stderr, as_json="--json" in arguments)
    try:
        return _run(arguments, out)
    except CommandError as error:
        out.error(error)
        return error.exit_code


def _run(arguments: list[str], out: Output) -> int:
    # inside the error border, so that a wrong command line is one sentence
    from msd.cli.command_line import parse  # noqa: PLC0415
    from msd.cli.session import Session  # noqa: PLC0415

    options = parse(arguments)
    session = Session(out)
    try:
        code: ExitCode = options.run(session, options)
    finally:
        session.close()
    return code


def _forget_stdout() -> None:
    # What is still buffered can't be written, and Python would complain about it at exit.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    sys.exit(main())
