"""A link as a QR code on a terminal, for the telephone of whoever signs in."""

from __future__ import annotations

from io import StringIO

_WHITE_ON_BLACK = "\x1b[97;40m"  # whatever the colours of the terminal are: scanners want contrast
_RESET = "\x1b[0m"


def qr_lines(link: str) -> list[str]:
    """Return the lines of a QR code, half as many as it has rows; none for what is too long."""
    import segno  # noqa: PLC0415 - only for people, see msd.cli.terminal.output

    try:
        code = segno.make(link, error="l", micro=False)
    except segno.DataOverflowError:
        return []
    drawn = StringIO()
    code.terminal(out=drawn, border=2, compact=True)
    return [f"{_WHITE_ON_BLACK}{line}{_RESET}" for line in drawn.getvalue().splitlines()]
