"""`logs`: what msd wrote to the journal, all of it or about one source."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

from msd.cli import programs
from msd.cli.daemon.lookup import list_sources, match
from msd.cli.errors import CommandError, ExitCode
from msd.cli.setup.places import UNIT
from msd.cli.terminal.text import safe

if TYPE_CHECKING:
    from argparse import Namespace

    from msd.cli.session import Commands, Session

DEFAULT_LINES = 100
_NOTES = "SOURCE is an id, a name, or the unique start of either; its lines name its id."


def register(commands: Commands) -> None:
    """Declare the command of this module."""
    logs = commands.add(
        "logs", _logs, notes=_NOTES, examples="msdctl logs\nmsdctl logs -f\nmsdctl logs NAS"
    )
    logs.add_argument("source", nargs="?", metavar="SOURCE")
    logs.add_argument("-f", "--follow", action="store_true", help="go on until Ctrl-C")
    logs.add_argument("-n", "--lines", type=int, default=DEFAULT_LINES, metavar="N")
    logs.add_argument("--since", metavar="WHEN", help="such as today or '1 hour ago'")


def journal_command(*, lines: int, since: str | None = None, follow: bool = False) -> list[str]:
    """Return the journalctl command for msd's lines."""
    command = ["journalctl", "--user", f"--user-unit={UNIT}", "--no-pager", f"--lines={lines}"]
    command.append("--output=short-iso")
    if since:
        command.append(f"--since={since}")
    return [*command, "--follow"] if follow else command


def _logs(session: Session, options: Namespace) -> ExitCode:
    if not programs.has("journalctl"):
        raise CommandError(
            "there is no journal here",
            hint="`scripts/run` writes msd.log into its folder; else run `msd` in a terminal",
            exit_code=ExitCode.FAILED,
        )
    wanted = ""
    if options.source is not None:
        wanted = match("Source", list_sources(session.client), options.source)
    command = journal_command(lines=options.lines, since=options.since, follow=options.follow)
    with subprocess.Popen(  # noqa: S603 - our own command; no shell
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, errors="replace"
    ) as journal:
        assert journal.stdout is not None  # noqa: S101 - a pipe was asked for
        for line in journal.stdout:
            if wanted in line:
                _write(session, line.rstrip("\n"))
        return ExitCode.FAILED if journal.wait() and not os.isatty(0) else ExitCode.OK


def _write(session: Session, line: str) -> None:
    if session.out.as_json:
        session.out.record({"line": line})
    else:
        session.out.say(safe(line))
