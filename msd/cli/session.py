"""What a command is given, and how commands are declared."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from msd.cli import catalog

if TYPE_CHECKING:
    from msd.cli.daemon.client import Client
    from msd.cli.errors import ExitCode
    from msd.cli.terminal.output import Output

_USUAL_WIDTH = 100
_LEAST_WIDTH = 60


class Session:
    """The output of one run of msdctl, and the connection to the daemon once it is needed."""

    def __init__(self, out: Output, client: Client | None = None) -> None:
        self.out = out
        self._client = client

    @property
    def client(self) -> Client:
        """The daemon; the first use connects to the session bus.

        Raises:
            CommandError: there is no session bus.
        """
        if self._client is None:
            from msd.cli.daemon.client import connected  # noqa: PLC0415 - `--help` does without

            self._client = connected()
        return self._client

    def close(self) -> None:
        """End the connection, if there is one."""
        if self._client is not None:
            self._client.close()


Run = Callable[[Session, argparse.Namespace], "ExitCode"]


class Commands:
    """Parsers of commands by name, filled by the modules of the commands."""

    def __init__(self, new_parser: Callable[..., argparse.ArgumentParser]) -> None:
        self.parsers: dict[str, argparse.ArgumentParser] = {}
        self._new_parser = new_parser

    def add(
        self, name: str, run: Run, *, examples: str = "", notes: str = ""
    ) -> argparse.ArgumentParser:
        """Declare a command of the catalog and return the parser for its arguments."""
        command = catalog.find(name)
        assert command is not None, name  # noqa: S101 - a mistake in the program
        epilog = "\n\n".join(
            part
            for part in (notes, "examples:\n" + _indented(examples) if examples else "")
            if part
        )
        parser = self._new_parser(
            prog=f"msdctl {name}",
            description=command.summary[0].upper() + command.summary[1:] + ".",
            epilog=epilog,
            formatter_class=_help_formatter,
            allow_abbrev=False,
        )
        add_json_option(parser)
        parser.set_defaults(run=run)
        self.parsers[name] = parser
        return parser


def _help_formatter(prog: str) -> argparse.HelpFormatter:
    # Without a width, argparse imports shutil with its compressors for every argument.
    try:
        width = os.get_terminal_size(sys.stdout.fileno()).columns
    except (OSError, ValueError):
        width = _USUAL_WIDTH
    return argparse.RawDescriptionHelpFormatter(prog, width=max(width, _LEAST_WIDTH) - 2)


def add_json_option(parser: argparse.ArgumentParser) -> None:
    """Let `--json` stand before as well as after the command."""
    parser.add_argument(
        "--json",
        action="store_true",
        default=argparse.SUPPRESS,
        dest="as_json",
        help="write JSON, errors included",
    )


def _indented(text: str) -> str:
    return "\n".join(f"  {line}" for line in text.strip().splitlines())
