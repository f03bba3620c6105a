"""A private session bus: a real dbus-daemon with no services but those a test puts there."""

import os
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.session.ears import Ears

_CONFIG = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>session</type><keep_umask/>
<listen>unix:path={folder}/bus</listen><auth>EXTERNAL</auth>
<servicedir>{folder}/services</servicedir>
<policy context="default">
<allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/>
</policy>{limits}</busconfig>"""

_SESSION_LIMITS = "".join(
    f'<limit name="{name}">{value}</limit>'
    for name, value in {
        "max_incoming_bytes": 1_000_000_000,
        "max_outgoing_bytes": 1_000_000_000,
        "max_message_size": 1_000_000_000,
        "max_replies_per_connection": 50_000,
        "max_match_rules_per_connection": 50_000,
    }.items()
)


@dataclass(frozen=True)
class PrivateBus:
    """A running dbus-daemon."""

    address: str
    folder: Path
    process: subprocess.Popen[bytes]
    ears: Ears

    @property
    def environment(self) -> Mapping[str, str]:
        """An environment in which this is the session bus."""
        return {**os.environ, **self.variables}

    @property
    def variables(self) -> Mapping[str, str]:
        """What makes this the session bus (and the system bus, so that the real one is safe)."""
        return _variables(self.address)

    def add_service(self, name: str, command: str) -> None:
        """Make a name activatable; the daemon must be told by `reload`."""
        text = f"[D-BUS Service]\nName={name}\nExec={command}\n"
        (self.folder / "services" / f"{name}.service").write_text(text)

    def stop_for_a_while(self) -> None:
        """Freeze the daemon."""
        self.process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """Let a frozen daemon run again."""
        self.process.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        """End the daemon at once."""
        self.process.kill()
        self.process.wait(5)


def _variables(address: str) -> Mapping[str, str]:
    return {"DBUS_SESSION_BUS_ADDRESS": address, "DBUS_SYSTEM_BUS_ADDRESS": address}


@contextmanager
def private_bus(folder: Path) -> Iterator[PrivateBus]:
    """Run a dbus-daemon whose socket and services are below `folder`."""
    (folder / "services").mkdir(parents=True, exist_ok=True)
    config = folder / "bus.conf"
    config.write_text(_CONFIG.format(folder=folder, limits=_SESSION_LIMITS))
    ready, tell = os.pipe()
    process = subprocess.Popen(
        [
            "dbus-daemon",
            "--nofork",
            "--nopidfile",
            f"--config-file={config}",
            f"--print-address={tell}",
        ],
        pass_fds=[tell],
        stderr=subprocess.DEVNULL,
    )
    os.close(tell)
    with os.fdopen(ready) as lines:
        address = lines.readline().strip()
    assert address, "dbus-daemon did not start"
    ears = Ears({**os.environ, **_variables(address)})
    bus = PrivateBus(address, folder, process, ears)
    try:
        yield bus
    finally:
        ears.close()
        bus.go_on()
        process.terminate()
        process.wait(5)


@pytest.fixture
def bus(tmp_path: Path) -> Iterator[PrivateBus]:
    """A private bus for one test; import it into a conftest to use it."""
    with private_bus(tmp_path / "dbus") as running:
        yield running
