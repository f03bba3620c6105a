"""The session bus that msd is tried on: the user's, or a private one."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from child_process import Environment, TrialError, stopping

from msd.cli.daemon.connection import escaped

BUS_NAME = "org.msd.Msd1"
LONGEST_SOCKET_PATH = 100  # bytes, of the 108 that the kernel allows

BUS_CONFIG = """<busconfig>
  <type>session</type>
  <listen>{address}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"""


def _bus_call(environment: Environment, member: str, *arguments: str) -> Any:  # noqa: ANN401
    """Return what a method of the bus itself answers, None when it doesn't."""
    service = ("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus")
    done = subprocess.run(
        ["busctl", "--user", "--json=short", "--timeout=5", "call", *service, member, *arguments],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    return json.loads(done.stdout)["data"][0] if done.returncode == 0 else None


def answers(environment: Environment) -> bool:
    """Tell whether there is a session bus that can be used."""
    return _bus_call(environment, "GetId") is not None


@contextmanager
def private_bus(directory: Path) -> Iterator[str]:
    """Run a bus of our own, or join the one that another scripts/run has started here."""
    socket = directory / "bus"
    if len(os.fsencode(socket)) > LONGEST_SOCKET_PATH:
        raise TrialError(f"{socket} is too long for a socket; use --dir with a shorter path")
    address = f"unix:path={escaped(str(socket))}"
    if answers({**os.environ, "DBUS_SESSION_BUS_ADDRESS": address}):
        yield address
        return
    socket.unlink(missing_ok=True)
    config = directory / "bus.conf"
    config.write_text(BUS_CONFIG.format(address=escape(address)))
    command = ("dbus-daemon", f"--config-file={config}", "--nofork", "--print-address")
    with (
        subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
            text=True,
        ) as bus,
        stopping(bus),
    ):
        if not bus.stdout or not bus.stdout.readline():
            said = bus.stderr.read().strip() if bus.stderr else ""
            raise TrialError(f"dbus-daemon did not start: {said or 'it said nothing'}")
        print("There is no session bus here, so msd gets a private one.")
        yield address
        socket.unlink(missing_ok=True)


def refuse_second_daemon(environment: Environment) -> None:
    """Say who has msd's name, if anybody.

    Raises:
        TrialError: the name is taken.
    """
    owner = _bus_call(environment, "GetNameOwner", "s", BUS_NAME)
    if owner is None:
        return
    pid = _bus_call(environment, "GetConnectionUnixProcessID", "s", owner)
    command = "a process that can't be read"
    with suppress(OSError):
        command = Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ").strip()
    raise TrialError(f"{BUS_NAME} is taken by process {pid}: {command}\n{_how_to_stop(pid)}")


def _how_to_stop(pid: object) -> str:
    """Return how to end the msd that is there already."""
    with suppress(OSError):
        if "msd.service" in Path(f"/proc/{pid}/cgroup").read_text():
            return "It is the installed msd; `systemctl --user stop msd` stops it."
    return f"`kill {pid}` stops it; another scripts/run ends with Ctrl-C in its terminal."
