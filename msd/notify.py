"""Tell systemd how the service is doing: the sd_notify protocol, a datagram each."""

import os
import socket
from contextlib import suppress

import anyio


def notify(*assignments: str) -> None:
    """Send lines like `READY=1` to the service manager; without one nothing happens."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return
    if address.startswith("@"):  # an abstract socket
        address = "\0" + address[1:]
    with (
        suppress(OSError),  # a manager that went away is no reason to stop serving
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sock,
    ):
        sock.connect(address)
        sock.sendall("\n".join(assignments).encode())


async def keep_watchdog_fed() -> None:
    """Ping the watchdog from the event loop, three times per period; return when it is off.

    A loop that blocks longer than the period gets SIGABRT from systemd; with faulthandler on,
    the journal then shows where it hung.
    """
    period_us = int(os.environ.get("WATCHDOG_USEC", "0"))
    if period_us <= 0 or os.environ.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return
    while True:
        notify("WATCHDOG=1")
        await anyio.sleep(period_us / 3_000_000)
