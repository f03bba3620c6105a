"""The command line of msdctl."""

from __future__ import annotations

import argparse
from typing import NoReturn

from msd import __version__
from msd.cli.commands import (
    account,
    add,
    connection,
    discover,
    item,
    job,
    library,
    login,
    source,
    status,
    sync,
    watch,
)
from msd.cli.errors import usage_error
from msd.cli.session import Commands, add_json_option

_MODULES = (
    source,
    add,
    login,
    discover,
    account,
    connection,
    status,
    sync,
    job,
    library,
    item,
    watch,
)
_EPILOG = """\
examples:
  msdctl add local ~/Videos
  msdctl login plex
  msdctl login jellyfin http://nas.lan:8096
  msdctl status
  msdctl sync
  msdctl items --type movie --unwatched
  msdctl --json watch

exit codes:
  0    done
  1    failed
  2    the command line or a value in it is wrong
  3    the daemon or the session bus does not answer
  4    no such source, account, library, item or job, or more than one
  5    a sign-in was refused or expired, or the keyring is locked or absent
  130  interrupted
  141  whoever read the output stopped reading

With --json an error is {"error": {"code": ..., "message": ...}} on standard output; the codes
are those of the D-Bus errors (org.msd.Msd1.Error.*), and NotReachable, TimedOut, Usage,
Ambiguous, Cancelled and Refused.

MSD_DBUS_LIB=dbus_fast chooses the other D-Bus library."""


class _Parser(argparse.ArgumentParser):
    """An argument parser whose errors are raised, so that `--json` can show them as JSON."""

    def error(self, message: str) -> NoReturn:
        """Raise instead of printing the usage and ending the process."""
        raise usage_error(message, hint=f"`{self.prog} --help` tells what there is")


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of all commands."""
    parser = _Parser(
        prog="msdctl",
        description="Talk to msd, the Media Source Daemon, over the session bus.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"msdctl {__version__}")
    add_json_option(parser)
    commands = Commands(parser)
    for module in _MODULES:
        module.register(commands)
    return parser
