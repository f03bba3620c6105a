"""Child processes that end with a block, and the error that ends a trial."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

STOP_SECONDS = 6

Environment = Mapping[str, str]


class TrialError(Exception):
    """Why msd can't be tried now, as a sentence for the user."""


@contextmanager
def stopping(process: subprocess.Popen[str]) -> Iterator[subprocess.Popen[str]]:
    """End the process with the block, even when another Ctrl-C comes."""
    try:
        yield process
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            print(f"process {process.pid} did not stop within {STOP_SECONDS} s: killed")
            process.kill()
