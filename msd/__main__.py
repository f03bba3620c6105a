"""`msd`, the daemon: arguments, settings, logging, then `msd.app`."""

import logging
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from msd import __version__, logs
from msd.errors import InvalidArgumentError
from msd.redaction import Redactor
from msd.settings import load

if TYPE_CHECKING:
    import argparse

CONFIG_ERROR = 78  # sysexits EX_CONFIG; the unit does not restart after it

EPILOG = """\
exit codes:
  0   stopped by SIGTERM or SIGINT
  1   the session bus is missing or was lost (systemd starts msd again)
  78  the settings can't be used, or another process owns the bus name

msd is a session service: `systemctl --user start msd` or the first D-Bus call starts it.
`msdctl` talks to it."""


def main(argv: Sequence[str] | None = None, *, redactor: Redactor | None = None) -> int:
    """Run the daemon until it is told to stop; return its exit code."""
    redactor = redactor or Redactor()
    arguments = sys.argv[1:] if argv is None else argv
    options = _parser().parse_args(arguments) if arguments else None
    try:
        settings = load(options.config if options else None)
    except InvalidArgumentError as error:
        sys.stderr.write(f"msd: {error}\n")
        return CONFIG_ERROR
    logs.set_up((options and options.log_level) or settings.log.level, redactor)

    from msd import app, reloading  # noqa: PLC0415 - `--help` and a bad file answer at once

    code = app.main(settings, redactor)
    if code == reloading.START_AGAIN:
        reloading.start_again()
    return code


def _parser() -> "argparse.ArgumentParser":
    import argparse  # noqa: PLC0415 - started by the desktop, msd has no arguments

    parser = argparse.ArgumentParser(
        prog="msd",
        description="Media Source Daemon: every media source of one user on the session D-Bus.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"msd {__version__}")
    parser.add_argument(
        "--config",
        type=Path,
        metavar="FILE",
        help="settings file (default: msd/msd.toml in $XDG_CONFIG_HOME)",
    )
    parser.add_argument(
        "--log-level",
        choices=("debug", "info", "warning", "error"),
        help="what to log; replaces log.level of the settings",
    )
    return parser


def run_and_leave(redactor: Redactor | None = None) -> None:
    """Run `main` and leave without waiting for threads that hang in a disk or a keyring (O4).

    Everything that must be kept is on disk by then.
    """
    try:
        code = main(redactor=redactor)
    except SystemExit:
        raise  # --help, --version or a wrong option: no thread runs yet
    except BaseException:
        logging.getLogger("msd").critical("msd ends after an unexpected error", exc_info=True)
        code = 1
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    run_and_leave()
