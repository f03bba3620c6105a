"""What a command is given, and how commands are declared."""

from __future__ import annotations

import argparse
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from msd.cli.daemon.client import Client
    from msd.cli.errors import ExitCode
    from msd.cli.terminal.output import Output


@dataclass(frozen=True, slots=True)
class Session:
    """The connection and the output of one run of msdctl."""

    client: Client
    out: Output


Run = Callable[[Session, argparse.Namespace], "Awaitable[ExitCode]"]


class Commands:
    """The sub-commands of msdctl; each one knows its arguments and what to run."""

    def __init__(self, parser: argparse.ArgumentParser) -> None:
        self._choices = parser.add_subparsers(
            title="commands", metavar="COMMAND", required=True, dest="command"
        )

    def add(
        self, name: str, run: Run, summary: str, *, examples: str = "", notes: str = ""
    ) -> argparse.ArgumentParser:
        """Declare a command and return the parser for its arguments."""
        epilog = "\n\n".join(
            part
            for part in (notes, "examples:\n" + _indented(examples) if examples else "")
            if part
        )
        parser = self._choices.add_parser(
            name,
            help=summary,
            description=summary[0].upper() + summary[1:] + ".",
            epilog=epilog,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )
        add_json_option(parser)
        parser.set_defaults(run=run)
        return parser


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
