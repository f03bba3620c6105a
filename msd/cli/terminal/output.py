"""Where a command's answer goes: JSON, plain text, or rich text on a terminal.

rich is imported on the first use on a terminal and never for a pipe: it would cost a third of
the time that `msdctl sources` takes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TextIO

from msd.cli.terminal.text import json_text, safe

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rich.console import Console

    from msd.cli.errors import CommandError
    from msd.cli.terminal.table import Table


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
    def console(self) -> Console:
        """The terminal, for live displays; only to be asked for when `is_rich`."""
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

    def table(self, table: Table) -> None:
        """Write a table; one that a terminal would have to cut is written as plain text."""
        if self.is_rich and table.whole_width() <= self.console.width:
            self.console.print(table.rich())
            return
        self.say(*table.lines())

    def pairs(self, pairs: Iterable[tuple[str, str]]) -> None:
        """Write `name  value` lines, aligned; nothing is written for empty values."""
        shown = [(name, value) for name, value in pairs if value]
        width = max((len(name) for name, _ in shown), default=0)
        self.say(*(f"{name:<{width}}  {value}" for name, value in shown))

    def write(self, text: str) -> None:
        """Write text as it is."""
        self._stdout.write(text)

    def note(self, text: str) -> None:
        """Write one line for a person beside the answer."""
        self._stderr.write(f"{text}\n")
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


def columns_of(rows: Sequence[dict[str, object]], names: Sequence[str]) -> list[str]:
    """Return those of the names that at least one row has a value for."""
    return [name for name in names if any(row.get(name) not in (None, "") for row in rows)]
