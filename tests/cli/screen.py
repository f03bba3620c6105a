"""msdctl on a terminal of its own: what a person sees, and what they type."""

import fcntl
import os
import pty
import re
import struct
import sys
import termios
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress

import anyio
from anyio.abc import Process

DEADLINE_S = 15
CTRL_C = b"\x03"
_ESCAPES = re.compile(rb"\x1b\[[0-9;?]*[A-Za-z]")


class Terminal:
    """A running msdctl and the terminal that it is on."""

    def __init__(self, process: Process, master: int) -> None:
        self.process = process
        self.raw = b""
        self._master = master

    @property
    def text(self) -> str:
        """All that was shown so far, without escape sequences."""
        return _ESCAPES.sub(b"", self.raw).decode(errors="replace").replace("\r\n", "\n")

    async def expect(self, pattern: str) -> re.Match[str]:
        """Wait until the terminal has shown the pattern."""
        with anyio.fail_after(DEADLINE_S):
            while not (found := re.search(pattern, self.text)):
                if not await self._read():
                    raise EOFError(f"msdctl ended; it showed {self.text!r}")
        return found

    async def type(self, keys: bytes) -> None:
        """Type keys; `CTRL_C` does what it does on a terminal."""
        os.write(self._master, keys)

    async def exit_code(self) -> int:
        """Wait for the end, reading what is still shown."""
        with anyio.fail_after(DEADLINE_S):
            while await self._read():
                pass
            return await self.process.wait()

    async def _read(self) -> bool:
        """Read what is there; return whether there can be more."""
        await anyio.wait_readable(self._master)
        try:
            data = os.read(self._master, 65536)
        except OSError:  # EIO: the last program on the terminal is gone
            return False
        self.raw += data
        return bool(data)


@asynccontextmanager
async def msdctl_on_terminal(
    *arguments: str, env: Mapping[str, str], columns: int = 100
) -> AsyncIterator[Terminal]:
    """Run msdctl on a new terminal; it is killed at the end of the block."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 30, columns, 0, 0))
    # setsid makes the terminal the controlling one, so that its Ctrl-C is a signal.
    process = await anyio.open_process(
        ["setsid", "--ctty", sys.executable, "-m", "msd.cli", *arguments],
        stdin=slave,
        stdout=slave,
        stderr=slave,
        env=dict(env) | {"TERM": "xterm-256color"},
    )
    os.close(slave)
    try:
        yield Terminal(process, master)
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        with anyio.CancelScope(shield=True):
            await process.wait()
        os.close(master)
