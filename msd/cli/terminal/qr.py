"""A link as a QR code on a terminal, for the telephone of whoever signs in."""

from __future__ import annotations

from io import StringIO

_WHITE_ON_BLACK = "\x1b[97;40m"  # whatever the colours of the terminal are: scanners want contrast
_RESET = "\x1b[0m"
_BORDER = 2  # modules on each side, the least that telephones accept


def qr_lines(link: str, *, width: int, height: int) -> list[str]:
    """Return the lines of a QR code, or none where it does not fit.

    A line shows two rows of the code, so the code of a usual link is 33 to 41 columns wide and
    17 to 21 lines high.

    Args:
        link: what the code says.
        width: columns of the terminal.
        height: lines of the terminal that are free for the code; 0 when nobody knows.
    """
    import segno  # noqa: PLC0415 - only for people at a terminal

    try:
        code = segno.make(link, error="l", micro=False)
    except segno.DataOverflowError:
        return []
    columns, rows = code.symbol_size(border=_BORDER)
    if columns > width or (rows + 1) // 2 > height:
        return []
    drawn = StringIO()
    code.terminal(out=drawn, border=_BORDER, compact=True)
    return [f"{_WHITE_ON_BLACK}{line}{_RESET}" for line in drawn.getvalue().splitlines()]
