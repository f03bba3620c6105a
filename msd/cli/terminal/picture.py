"""Pictures in a terminal, drawn by a program that knows what the terminal can.

chafa speaks kitty's, iTerm's and the sixel protocol and falls back to coloured characters; kitty
and WezTerm come with a program of their own.
"""

from __future__ import annotations

import os
import shutil
import subprocess

_TIMEOUT_S = 5
_CHAFA = ("chafa", "--animate", "off", "--size", "40x16")
_OF_TERMINALS = {
    "KITTY_WINDOW_ID": ("kitten", "icat", "--align", "left"),
    "WEZTERM_PANE": ("wezterm", "imgcat", "--height", "16"),
}


def drawing_program() -> tuple[str, ...]:
    """Return the program that draws a picture when its path is added; empty without one."""
    own = (command for name, command in _OF_TERMINALS.items() if os.environ.get(name))
    return next((command for command in (_CHAFA, *own) if shutil.which(command[0])), ())


def draw(path: str) -> None:
    """Draw the picture of an absolute path where the cursor is; nothing when it can't be drawn."""
    command = drawing_program()
    if not command:
        return
    try:
        subprocess.run(  # noqa: S603 - one of the programs above; the path is no option
            [*command, path], stderr=subprocess.DEVNULL, timeout=_TIMEOUT_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return
