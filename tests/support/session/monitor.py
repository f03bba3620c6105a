"""Every message on the bus inside a block, so that a test can say what was not sent."""

import json
import os
import select
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any


class Monitor:
    """What `busctl monitor` prints; `messages` is complete up to the last `mark`."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self._process = subprocess.Popen(
            ["busctl", "--user", "--json=short", "monitor"],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        self._rest = b""
        self.messages: list[dict[str, Any]] = []

    def mark(self) -> None:
        """Read until a message of this call's own came by; the bus keeps the order."""
        seen = len(self.messages)
        while not any(message.get("member") == "GetId" for message in self.messages[seen:]):
            if not self._read(within_s=0.2):  # it may not listen yet: ask again
                subprocess.run(
                    ["busctl", "--user", "call", *_BUS, "GetId"],
                    env=self._environment,
                    check=True,
                    capture_output=True,
                )

    def close(self) -> None:
        """Stop listening."""
        self._process.terminate()
        self._process.communicate()

    def signals(self, member: str) -> list[list[Any]]:
        """Return the arguments of each signal of this name, in order."""
        return [
            message["payload"]["data"]
            for message in self.messages
            if (message.get("type"), message.get("member")) == ("signal", member)
        ]

    def _read(self, *, within_s: float) -> bool:
        assert self._process.stdout is not None
        output = self._process.stdout.fileno()
        if not select.select([output], [], [], within_s)[0]:
            return False
        *lines, self._rest = (self._rest + os.read(output, 1 << 16)).split(b"\n")
        self.messages += [json.loads(line) for line in lines if line.startswith(b"{")]
        return True


_BUS = ("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus")


@contextmanager
def monitored(environment: Mapping[str, str]) -> Iterator[Monitor]:
    """Collect every message that is sent inside the block."""
    monitor = Monitor(environment)
    try:
        monitor.mark()
        monitor.messages.clear()
        yield monitor
        monitor.mark()
    finally:
        monitor.close()
