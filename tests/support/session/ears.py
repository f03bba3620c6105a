"""Hears the signals of msd, so that a test asks again when something happened, not all the time."""

import os
import select
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field

NAME = "org.msd.Msd1"
_LONGEST_S = 0.2  # what has no signal is asked for again after this long


@dataclass
class Ears:
    """A process that prints what msd sends; it is started when somebody first waits."""

    environment: Mapping[str, str]
    _monitor: subprocess.Popen[bytes] | None = field(default=None, init=False)

    def wait(self) -> None:
        """Return when msd sent a signal, came or went; also after a moment without any."""
        if self._monitor is None:
            self._monitor = subprocess.Popen(
                ["gdbus", "monitor", "--session", "--dest", NAME],
                env=self.environment,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
        assert self._monitor.stdout is not None
        output = self._monitor.stdout.fileno()
        ready, _, _ = select.select([output], [], [], _LONGEST_S)
        if ready and not os.read(output, 1 << 16):
            select.select([], [], [], _LONGEST_S)  # the bus is gone

    def close(self) -> None:
        """Stop listening."""
        if self._monitor is not None:
            self._monitor.terminate()
            self._monitor.communicate()
