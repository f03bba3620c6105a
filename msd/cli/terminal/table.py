"""Tables: aligned plain text for pipes, rich ones for terminals; ids are never cut."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rich.table import Table as RichTable

GAP = "  "
_STATUS_STYLES = {
    "connected": "green",
    "done": "green",
    "running": "cyan",
    "offline": "yellow",
    "queued": "yellow",
    "needs-auth": "magenta",
    "error": "red",
    "failed": "red",
}


@dataclass(frozen=True, slots=True)
class Column:
    """One column; a `whole` one keeps its text on one line, uncut, whatever the width."""

    title: str
    whole: bool = False
    right: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of safe one-line texts under their columns."""

    columns: Sequence[Column]
    rows: Sequence[Sequence[str]]
    titled: bool = True

    def lines(self) -> Iterable[str]:
        """Yield the table as plain text, every column as wide as its widest text."""
        titles = [column.title.upper() for column in self.columns]
        shown = [titles, *self.rows] if self.titled else self.rows
        widths = [max(map(_width, texts)) for texts in zip(*shown, strict=True)]
        for row in shown:
            cells = zip(row, widths, self.columns, strict=True)
            line = GAP.join(_pad(text, width, column) for text, width, column in cells)
            yield line.rstrip()

    def whole_width(self) -> int:
        """Return the width below which a column that must stay whole would be cut."""
        total = 0
        for index, column in enumerate(self.columns):
            texts = [column.title, *(row[index] for row in self.rows)]
            total += max(map(_width, texts)) if column.whole else _width(column.title)
            total += len(GAP)
        return total

    def rich(self) -> RichTable:
        """Return the table for a terminal; texts are never read as markup."""
        from rich import box  # noqa: PLC0415 - only for people, see msd.cli.terminal.output
        from rich.table import Table as Grid  # noqa: PLC0415
        from rich.text import Text  # noqa: PLC0415

        grid = Grid(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, show_header=self.titled)
        for index, column in enumerate(self.columns):
            longest = max((_width(row[index]) for row in self.rows), default=0)
            grid.add_column(
                Text(column.title),
                no_wrap=column.whole,
                min_width=longest if column.whole else None,
                justify="right" if column.right else "left",
                overflow="fold",
            )
        for row in self.rows:
            grid.add_row(*(Text(text, style=_STATUS_STYLES.get(text, "")) for text in row))
        return grid


def _width(text: str) -> int:
    """Count terminal columns: wide East Asian characters take two, combining ones none."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1
        for char in text
    )


def _pad(text: str, width: int, column: Column) -> str:
    space = " " * (width - _width(text))
    return space + text if column.right else text + space
