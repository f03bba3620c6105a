"""Other programs that msdctl runs: systemctl, journalctl, a browser."""

from __future__ import annotations

import shutil
import subprocess

TIMEOUT_S = 30
NOT_FOUND = 127  # as a shell reports it


def has(program: str) -> bool:
    """Return whether a program can be found."""
    return shutil.which(program) is not None


def run(*command: str, timeout_s: float = TIMEOUT_S) -> subprocess.CompletedProcess[str]:
    """Run a program to its end and return what it printed; it never raises.

    A program that is not there or does not end in time has exit code 127.
    """
    try:
        return subprocess.run(  # noqa: S603 - arguments are ours, never a shell
            command,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            timeout=timeout_s,
        )
    except (OSError, subprocess.TimeoutExpired) as exc:
        return subprocess.CompletedProcess(command, NOT_FOUND, "", str(exc))
