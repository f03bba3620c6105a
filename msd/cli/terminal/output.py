"""Where a command's answer goes: JSON, plain text for pipes, text that fits a terminal.

rich draws progress bars and nothing else; it is imported when the first bar is drawn.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, TextIO

from msd.cli.terminal.table import bold, width_of, wrapped
from msd.cli.terminal.text import json_text, safe

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.console import Console

    from msd.cli.errors import CommandError
    from msd.cli.terminal.table import Table

_USUAL_WIDTH = 80


class Output:
    """Writes answers to one stream and errors to another."""

    def __init__(self, stdout: TextIO, stderr: TextIO, *, as_json: bool) -> None:
        self.as_json = as_json
        self._stdout = stdout
        self._stderr = stderr
        self._console: Console | None = None

    @property
    def is_rich(self) -> bool:
        """Whether a person looks at a terminal, as opposed to a pipe or a JSON reader."""
        return not self.as_json and self._stdout.isatty()

    @property
    def is_styled(self) -> bool:
        """Whether colours are shown: on a terminal, unless NO_COLOR or TERM=dumb forbid them."""
        return self.is_rich and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"

    @property
    def width(self) -> int:
        """Columns of the terminal; those of a usual one for a pipe."""
        if not self.is_rich:
            return _USUAL_WIDTH
        try:
            return os.get_terminal_size(self._stdout.fileno()).columns or _USUAL_WIDTH
        except (OSError, ValueError):
            return _USUAL_WIDTH

    @property
    def height(self) -> int:
        """Lines of the terminal; 0 when it is not known."""
        try:
            return os.get_terminal_size(self._stdout.fileno()).lines
        except (OSError, ValueError):
            return 0

    @property
    def console(self) -> Console:
        """The terminal, for progress bars; only to be asked for when `is_rich`."""
        if self._console is None:
            from rich.console import Console  # noqa: PLC0415 - see the module's docstring

            self._console = Console(file=self._stdout, markup=False, emoji=False, highlight=False)
        return self._console

    def document(self, value: object) -> None:
        """Write one JSON document, indented for reading."""
        self.write(json_text(value, indent=2) + "\n")

    def record(self, value: object) -> None:
        """Write one JSON document on a line of its own, at once."""
        self.write(json_text(value) + "\n")
        self._stdout.flush()

    def say(self, *lines: str) -> None:
        """Write lines for a person; the caller has made foreign text safe."""
        self.write("".join(f"{line}\n" for line in lines))
        self._stdout.flush()

    def paragraph(self, text: str, *, indent: str = "") -> None:
        """Write a sentence; a terminal gets it broken between words, a pipe on one line."""
        if self.is_rich:
            self.say(*wrapped(text, self.width, indent=indent))
        else:
            self.say(indent + text)

    def heading(self, text: str) -> None:
        """Write the title of what follows, bold on a terminal."""
        for line in wrapped(text, self.width) if self.is_rich else [text]:
            self.say(bold(line) if self.is_styled else line)

    def table(self, table: Table) -> None:
        """Write a table; on a terminal it is made to fit."""
        width = self.width if self.is_rich else None
        self.say(*table.lines(width, styled=self.is_styled))

    def pairs(self, pairs: Iterable[tuple[str, str]]) -> None:
        """Write `name  value` lines, aligned; nothing is written for empty values."""
        shown = [(name, value) for name, value in pairs if value]
        column = max((len(name) for name, _ in shown), default=0) + 2
        for name, value in shown:
            lines = wrapped(value, max(self.width - column, 20)) if self.is_rich else [value]
            for index, line in enumerate(lines):
                self.say(f"{'' if index else name:<{column}}{line}")

    def write(self, text: str) -> None:
        """Write text as it is."""
        self._stdout.write(text)

    def flush(self) -> None:
        """Show what was written."""
        self._stdout.flush()

    def note(self, text: str) -> None:
        """Write a sentence for a person beside the answer."""
        is_too_wide = self.is_rich and self._stderr.isatty() and width_of(text) > self.width
        lines = wrapped(text, self.width) if is_too_wide else [text]
        self._stderr.write("".join(f"{line}\n" for line in lines))
        self._stderr.flush()

    def error(self, error: CommandError) -> None:
        """Write an error: JSON beside the other answers, or one sentence and a hint."""
        self._stdout.flush()
        if self.as_json:
            self.record({"error": {"code": error.code, "message": error.message}})
            return
        self.note(f"msdctl: {safe(error.message)}")
        if error.hint:
            self.note(f"hint: {safe(error.hint)}")
