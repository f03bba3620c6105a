"""What the doctor finds, and the machine that it looks at."""

from __future__ import annotations

import json
import os
import sys
import time
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from msd.cli import programs
from msd.cli.setup.places import Folders, user_folders

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Mapping

    Run = Callable[..., "subprocess.CompletedProcess[str]"]


class Severity(StrEnum):
    """How bad a finding is."""

    ERROR = "error"  # msd does not work, or a source does not
    WARNING = "warning"  # it works, and something will or may go wrong
    OK = "ok"


class Finding(NamedTuple):
    """One thing that the doctor looked at.

    Attributes:
        code: a word for scripts, e.g. "disk-full".
        severity: how bad it is.
        sentence: what is so, for a person.
        remedy: the command that mends it, or what to do; empty when there is nothing to do.
    """

    code: str
    severity: Severity
    sentence: str
    remedy: str = ""


class Machine(NamedTuple):
    """Where the doctor looks; tests point it elsewhere."""

    folders: Folders = user_folders()
    environment: Mapping[str, str] = os.environ
    mounts: Path = Path("/proc/self/mountinfo")
    watch_limit: Path = Path("/proc/sys/fs/inotify/max_user_watches")
    run: Run = programs.run
    now: Callable[[], float] = time.time
    python: str = sys.executable

    def selfcheck(self) -> dict[str, object]:
        """Return what msd says of its settings and databases; see `msd.selfcheck`.

        Empty when this installation of msd can't even be imported.
        """
        done = self.run(self.python, "-m", "msd.selfcheck")
        try:
            found = json.loads(done.stdout)
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}


def error(code: str, sentence: str, remedy: str = "") -> Finding:
    """Return a finding that keeps msd or a source from working."""
    return Finding(code, Severity.ERROR, sentence, remedy)


def warning(code: str, sentence: str, remedy: str = "") -> Finding:
    """Return a finding that may become a fault."""
    return Finding(code, Severity.WARNING, sentence, remedy)


def fine(code: str, sentence: str) -> Finding:
    """Return a finding that is as it should be."""
    return Finding(code, Severity.OK, sentence)
