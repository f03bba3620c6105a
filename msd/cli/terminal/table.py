"""Tables that fit the terminal: no word is broken, the less important gives way first."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

GAP = "  "
ELLIPSIS = "…"
_RESET = "\x1b[0m"
_BOLD = "\x1b[1m"
_STYLES = {
    "connected": "\x1b[32m",
    "done": "\x1b[32m",
    "ok": "\x1b[32m",
    "running": "\x1b[36m",
    "offline": "\x1b[33m",
    "disabled": "\x1b[33m",
    "queued": "\x1b[33m",
    "needs-auth": "\x1b[35m",
    "needs you": "\x1b[35m",
    "error": "\x1b[31m",
    "failed": "\x1b[31m",
    "warning": "\x1b[33m",
}


class Column(NamedTuple):
    """One column.

    Attributes:
        title: what stands above it.
        least: the width to which its texts may be shortened; 0 keeps them uncut.
        rank: columns of a higher rank are left out first; those of rank 0 always stay.
        right: whether texts stand at the right, as numbers do.
    """

    title: str
    least: int = 0
    rank: int = 0
    right: bool = False


class Table(NamedTuple):
    """Rows of safe one-line texts under their columns."""

    columns: Sequence[Column]
    rows: Sequence[Sequence[str]]
    titled: bool = True

    def lines(self, width: int | None = None, *, styled: bool = False) -> Iterator[str]:
        """Yield the table as lines.

        Args:
            width: columns of the terminal; None for a pipe, where nothing is shortened or left
                out.
            styled: whether to mark titles and status words with colours.
        """
        shown = self._shown_columns()
        widths = {index: self._natural_width(index) for index in shown}
        if width is not None:
            widths = self._fitted(widths, width)
        if self.titled:
            titles = [column.title.upper() for column in self.columns]
            yield self._line(titles, widths, _BOLD if styled else "")
        for row in self.rows:
            yield self._line(row, widths, None if styled else "")

    def _shown_columns(self) -> list[int]:
        """Return the columns that have a text in any row; all when there are no rows."""
        if not self.rows:
            return list(range(len(self.columns)))
        return [index for index in range(len(self.columns)) if any(row[index] for row in self.rows)]

    def _natural_width(self, index: int) -> int:
        title = width_of(self.columns[index].title) if self.titled else 0
        return max([title, *(width_of(row[index]) for row in self.rows)])

    def _fitted(self, natural: dict[int, int], width: int) -> dict[int, int]:
        """Return the widths that fit: columns are left out by rank, then shortened."""
        least = {index: self._least_width(index, natural[index]) for index in natural}
        while _total(least) > width:
            ranked = max(least, key=lambda index: self.columns[index].rank)
            if self.columns[ranked].rank == 0:
                break
            del least[ranked]
        widths, spare = dict(least), width - _total(least)
        for index in sorted(widths, key=lambda index: self.columns[index].rank):
            more = max(min(natural[index] - widths[index], spare), 0)
            widths[index] += more
            spare -= more
        return widths

    def _least_width(self, index: int, natural: int) -> int:
        column = self.columns[index]
        if not column.least:
            return natural
        return min(natural, max(column.least, width_of(column.title) if self.titled else 0))

    def _line(self, row: Sequence[str], widths: dict[int, int], style: str | None) -> str:
        """Return one line; a style of None colours each text by what it says."""
        cells = []
        for index, width in widths.items():
            text = shortened(row[index], width)
            space = " " * (width - width_of(text))
            mark = _STYLES.get(text, "") if style is None else style
            text = f"{mark}{text}{_RESET}" if mark and text else text
            cells.append(space + text if self.columns[index].right else text + space)
        return GAP.join(cells).rstrip()


def _total(widths: dict[int, int]) -> int:
    return sum(widths.values()) + len(GAP) * (len(widths) - 1)


def shortened(text: str, width: int) -> str:
    """Return the text, cut before a word where possible, with an ellipsis when it is too wide."""
    if width_of(text) <= width:
        return text
    kept = ""
    used = 0
    for character in text:
        used += _character_width(character)
        if used > width - 1:
            break
        kept += character
    before_word = kept.rpartition(" ")[0]
    if width_of(before_word) * 2 > width:
        kept = before_word
    return kept.rstrip(" ·,;:") + ELLIPSIS


def bold(text: str) -> str:
    """Return a text as a terminal shows it in bold letters."""
    return f"{_BOLD}{text}{_RESET}"


def width_of(text: str) -> int:
    """Return how many columns of a terminal a text takes."""
    return len(text) if text.isascii() else sum(map(_character_width, text))


def _character_width(character: str) -> int:
    """Return 2 for wide East Asian characters, 0 for combining ones, else 1."""
    import unicodedata  # noqa: PLC0415 - for titles that are not ASCII

    if character.isascii():
        return 1
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def wrapped(text: str, width: int, *, indent: str = "") -> list[str]:
    """Return the text in lines of at most `width`, broken between words only.

    A word that is wider than a line keeps a line of its own and is not cut.
    """
    lines: list[str] = []
    for word in text.split():
        if lines and width_of(lines[-1]) + 1 + width_of(word) <= width:
            lines[-1] += f" {word}"
        else:
            lines.append(indent + word)
    return lines
