"""Draw docs/msdctl.svg: msdctl at work on a sample library, as a picture for the README.

    .venv/bin/python scripts/draw_screenshot.py [FILE]

A private bus, the daemon and a sample library are started for it; what msdctl writes to a terminal
of 90 columns is drawn as it is, so the picture is what a user sees.
"""

from __future__ import annotations

import fcntl
import io
import os
import pty
import re
import shutil
import struct
import subprocess
import sys
import termios
from contextlib import ExitStack
from pathlib import Path
from tempfile import mkdtemp

from child_process import Environment
from rich.console import Console
from rich.text import Text
from session_bus import private_bus
from try_msd import daemon_running, wait_for_name

ROOT = Path(__file__).resolve().parents[1]
COLUMNS = 90
PROMPT = "\x1b[1;34m$\x1b[0m "
# What is shown: the words that stand behind the prompt, and the arguments that are run.
SHOWN = (
    ("msdctl", ()),
    ("msdctl items --type movie --sort added --descending", ("--limit", "4")),
    ("msdctl explain NAS", ()),
    ("msdctl stauts", ()),
)


def main() -> int:
    """Write the picture and return the exit code."""
    target = Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "docs/msdctl.svg")
    folder = Path(mkdtemp(prefix="msd-picture-"))
    try:
        with ExitStack() as stack:
            environment = {**os.environ, "COLUMNS": str(COLUMNS), "TERM": "xterm-256color"}
            environment["DBUS_SESSION_BUS_ADDRESS"] = stack.enter_context(private_bus(folder))
            log = folder / "msd.log"
            daemon = stack.enter_context(daemon_running(folder / "data", log, environment))
            wait_for_name(daemon, log, environment)
            _prepare(folder, environment)
            text = "".join(_run(shown, more, environment) for shown, more in SHOWN)
    finally:
        shutil.rmtree(folder)
    target.write_text(_drawn(text))
    print(f"wrote {target}")
    return 0


def _prepare(folder: Path, environment: Environment) -> None:
    """Add a sample library, and a folder whose disk is then taken away."""
    films, gone = folder / "Films", folder / "nas"
    gone.mkdir()
    subprocess.run([sys.executable, ROOT / "scripts/make_samples.py", films], check=True)
    _msdctl(environment, "add", "local", str(films), "--name", "Living room")
    _msdctl(environment, "add", "local", str(gone), "--name", "NAS")
    _msdctl(environment, "sync")
    gone.rmdir()
    _msdctl(environment, "reconnect", "NAS")
    _msdctl(environment, "status")  # by now the daemon has looked


def _msdctl(environment: Environment, *arguments: str) -> None:
    command = [sys.executable, "-m", "msd.cli", *arguments]
    subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, check=True)


def _run(shown: str, more: tuple[str, ...], environment: Environment) -> str:
    """Return the prompt, the command, and what it writes to a terminal."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, COLUMNS, 0, 0))
    arguments = [*shown.split()[1:], *more]
    with subprocess.Popen(
        [sys.executable, "-m", "msd.cli", *arguments],
        stdin=slave,
        stdout=slave,
        stderr=slave,
        env=environment,
    ):
        os.close(slave)
        written = io.BytesIO()
        try:
            while data := os.read(master, 65536):
                written.write(data)
        except OSError:  # EIO: the program has ended
            pass
    os.close(master)
    text = written.getvalue().decode().replace("\r\n", "\n")
    return f"{PROMPT}{shown}\n{_without_the_folder(text)}\n"


def _without_the_folder(text: str) -> str:
    """Return the text with the folder of the day replaced by a usual one."""
    return re.sub(r"\S*/msd-picture-\w+/nas", "/media/nas", text)


def _drawn(text: str) -> str:
    console = Console(
        record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True, highlight=False
    )
    console.print(Text.from_ansi(text.rstrip()))
    svg = console.export_svg(title="msdctl")
    # the fonts would come from a server; any monospace font does
    svg = re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL)
    return svg.replace("Fira Code, monospace", "monospace")


if __name__ == "__main__":
    sys.exit(main())
