"""Opens the link of a sign-in in the browser of the desktop."""

from __future__ import annotations

import os
import shutil
import subprocess


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
