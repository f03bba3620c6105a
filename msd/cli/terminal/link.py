"""A link for whoever signs in: opened in the browser, or drawn as a QR code for a telephone."""

from __future__ import annotations

import os
import shutil
import subprocess
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


def open_in_browser(link: str) -> bool:
    """Open a link where there is a desktop; return whether a browser was asked to.

    Only http and https links are opened: the link comes from a server. A console over the
    network or without a display opens nothing, for a browser there would be on the wrong screen.
    """
    if not link.startswith(("https://", "http://")) or not _has_desktop():
        return False
    opener = shutil.which("xdg-open")
    if opener is None:
        return False
    try:
        subprocess.Popen(  # noqa: S603 - the link is one argument and no option
            [opener, link],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except OSError:
        return False
    return True


def _has_desktop() -> bool:
    has_display = bool(os.environ.get("WAYLAND_DISPLAY") or os.environ.get("DISPLAY"))
    return has_display and not os.environ.get("SSH_CONNECTION")
