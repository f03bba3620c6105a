"""Run scripts/run like a newcomer without a session bus, and talk to what it serves."""

import os
import re
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[2]
NEWS_BEGIN = "Its news, as they come:"
NAME = "org.msd.Msd1"


@dataclass(kw_only=True)
class Trial:
    """One scripts/run: what it printed until it served, and its private bus."""

    process: subprocess.Popen[str]
    environment: dict[str, str]
    printed: str = field(default="")

    def wait_until_it_serves(self) -> None:
        """Read what is printed until the examples are; the test's own timeout is the limit."""
        assert self.process.stdout
        for line in self.process.stdout:
            self.printed += line
            if NEWS_BEGIN in line:
                break
        else:
            raise AssertionError(f"scripts/run ended:\n{self.printed}")
        address = re.search(r"export DBUS_SESSION_BUS_ADDRESS=(.*)", self.printed)
        assert address, self.printed
        self.environment["DBUS_SESSION_BUS_ADDRESS"] = address[1]

    def shell(self, commands: str) -> str:
        """Run what was typed into another terminal and return what it printed."""
        done = subprocess.run(
            ["bash", "-eu", "-o", "pipefail", "-c", commands],
            env=self.environment,
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=40,
            check=False,
        )
        assert done.returncode == 0, f"{commands}\n{done.stdout}{done.stderr}"
        return done.stdout

    def press_ctrl_c(self) -> int:
        """Interrupt it and return its exit code."""
        self.process.send_signal(signal.SIGINT)
        assert self.process.stdout
        self.printed += self.process.stdout.read()
        return self.process.wait(20)


def newcomer(home: Path) -> dict[str, str]:
    """Return the environment of a user with an empty home and no session bus."""
    home.mkdir(exist_ok=True)
    own = ("DBUS_", "XDG_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(own)}
    return {
        **kept,
        "HOME": str(home),
        "PATH": f"{ROOT / '.venv/bin'}:{kept['PATH']}",
        "PYENV_ROOT": kept.get("PYENV_ROOT", str(Path.home() / ".pyenv")),
    }


@contextmanager
def trying(directory: Path, environment: dict[str, str], *, root: Path = ROOT) -> Iterator[Trial]:
    """Start scripts/run with its data in a directory; it is stopped with the block."""
    with subprocess.Popen(
        [root / "scripts/run", "--dir", directory],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        trial = Trial(process=process, environment=dict(environment))
        try:
            trial.wait_until_it_serves()
            yield trial
        finally:
            if process.poll() is None:
                process.terminate()
