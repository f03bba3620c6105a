"""What a command is given, and how commands are declared."""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from msd.cli import catalog

if TYPE_CHECKING:
    from collections.abc import Iterator

    from msd.cli.daemon.client import Client
    from msd.cli.errors import ExitCode
    from msd.cli.terminal.output import Output

_USUAL_WIDTH = 100
_LEAST_WIDTH = 60
# Where the words of an indented line begin: behind its margin, or behind a term and two spaces.
_MARGIN = re.compile(r" +(?:\S+(?: [A-Z]+)*  +)?")


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
            formatter_class=_HelpFormatter,
            allow_abbrev=False,
        )
        add_json_option(parser)
        parser.set_defaults(run=run)
        self.parsers[name] = parser
        return parser


class _HelpFormatter(argparse.RawDescriptionHelpFormatter):
    """Breaks what stands below the options between words; commands stay whole, to be pasted."""

    def __init__(self, prog: str) -> None:
        # Without a width, argparse imports shutil with its compressors for every argument.
        super().__init__(prog, width=max(terminal_width(), _LEAST_WIDTH) - 2)

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        del indent  # argparse gives none for descriptions and epilogs
        return fitted(text, width)


def terminal_width() -> int:
    """Return the columns of the terminal; those of a usual one for a pipe."""
    try:
        return os.get_terminal_size(sys.stdout.fileno()).columns
    except (OSError, ValueError):
        return _USUAL_WIDTH


def fitted(text: str, width: int) -> str:
    """Return paragraphs in lines of a width; indented lines begin lines of their own."""
    return "\n\n".join("\n".join(_filled(part, width)) for part in text.split("\n\n"))


def _filled(paragraph: str, width: int) -> Iterator[str]:
    from msd.cli.terminal.table import wrapped  # noqa: PLC0415 - for help alone

    for text in re.sub(r"(?<=\S)\n(?=\S)", " ", paragraph).split("\n"):
        if text.startswith("  msdctl"):
            yield text
            continue
        margin = _MARGIN.match(text)
        at = margin.end() if margin else 0
        first, *others = wrapped(text[at:], width - at) or [""]
        yield text[:at] + first
        yield from (" " * at + line for line in others)


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
